//! Contracts of the hub's template: it is current, and it permits what the binaries say of themselves, no more and no less.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
};

use remedy_policy::{
    Kind, Policy,
    evaluate::{Caller, Decision, Policies, Request, decide},
};
use remedy_testkit::lambda::binary;
use serde_json::{Value, json};

/// What has no default, so that nobody gets it by pressing Enter.
pub const LOCK: &str = "EvidenceLockMode=GOVERNANCE";
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The needs of a function beside its own calls: its key, log, traces, queue and dead-letter queue.
const OF_THE_RUNTIME: [&str; 10] = [
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

pub fn python(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(format!("{ROOT}/.venv/bin/python")).args(arguments).current_dir(ROOT).output();
    let output = output.expect("Python starts: `make venv`");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Runs tests that are written in Python, as what they test is. unittest is content with none at all, so at least so many
/// must run, and none be skipped.
pub fn unittests(file: &str, at_least: u32) {
    let output = Command::new(format!("{ROOT}/.venv/bin/python")).arg(file).current_dir(ROOT).output();
    let output = output.expect("Python starts: `make venv`");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stdout));
    let ran = told.lines().find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse::<u32>().ok());
    assert!(ran.is_some_and(|ran| ran >= at_least) && !told.contains("skipped"), "{told}");
}

/// The resources that CloudFormation would make of a template, with these parameters.
pub fn resolved(template: &str, parameters: &[&str]) -> BTreeMap<String, Value> {
    let printed = python(&[&["tools/template_resolve.py", template], parameters].concat());
    serde_json::from_slice(&printed).expect("resources are JSON")
}

/// Those of the hub.
pub fn resources(parameters: &[&str]) -> BTreeMap<String, Value> {
    resolved("template.yaml", &[&[LOCK], parameters].concat())
}

pub fn of_type<'a>(resources: &'a BTreeMap<String, Value>, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let of_type = resources.iter().filter(|(_, resource)| resource["Type"] == kind);
    of_type.map(|(name, resource)| (name.as_str(), &resource["Properties"])).collect()
}

pub fn described(function: &str) -> Value {
    let output = Command::new(binary(function)).arg("--describe").env_clear().output().expect("the binary starts");
    serde_json::from_slice(&output.stdout).expect("--describe prints JSON")
}

pub fn functions() -> Vec<String> {
    let folders = fs::read_dir(format!("{ROOT}/functions")).expect("the functions are there");
    let mut names: Vec<_> = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// `s3-public-access` as `S3PublicAccess`.
pub fn logical(function: &str) -> String {
    let capital = |part: &str| part.chars().next().unwrap().to_uppercase().to_string() + &part[1..];
    function.split('-').map(capital).collect()
}

pub fn statements(policy: &Value) -> Vec<&Value> {
    policy["Properties"]["PolicyDocument"]["Statement"].as_array().expect("a policy has statements").iter().collect()
}

pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => vec![],
    }
}

pub fn allowed(policy: &Value) -> BTreeSet<String> {
    let allowing = statements(policy).into_iter().filter(|statement| statement["Effect"] == "Allow");
    allowing.flat_map(|statement| texts(&statement["Action"])).collect()
}

pub fn actions<'a>(calls: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    calls.into_iter().filter_map(|call| call["action"].as_str()).map(str::to_owned).collect()
}

pub fn declared(described: &Value, which: &str) -> BTreeSet<String> {
    let controls = described["controls"].as_array().expect("a list").iter();
    actions(controls.flat_map(|control| control[which].as_array().expect("a list")))
}

/// A committed template is what its generator writes of the binaries.
pub fn assert_current(generator: &str, template: &str) {
    let folder: PathBuf = binary("sealer").parent().expect("binaries are in a folder").to_owned();
    let written = python(&[generator, &folder.display().to_string()]);
    let committed = fs::read(PathBuf::from(ROOT).join(template)).expect("the template is there");
    assert!(written == committed, "{template} is out of date: `make template`");
}

/// What a policy of a role permits it to do to a resource of an account.
pub fn decision(policy: &Value, role: &str, (action, resource): (&str, &str), owner: &str) -> Decision {
    let text = policy["PolicyDocument"].to_string();
    let policy = Policy::parse(Kind::Identity, &text).expect("a policy of the template");
    decide(
        &Policies { identity: vec![&policy], ..Policies::default() },
        &Request {
            caller: Caller::Session { session: role.replace(":iam:", ":sts:"), role: role.to_owned() },
            action: action.to_owned(),
            resource: resource.to_owned(),
            resource_account: role.split(':').nth(4).unwrap_or_default().to_owned(),
            context: BTreeMap::from([("aws:resourceaccount".to_owned(), vec![owner.to_owned()])]),
        },
    )
}

#[test]
fn it_is_what_make_template_writes() {
    assert_current("tools/template.py", "template.yaml");
}

#[test]
fn each_role_permits_what_its_function_declares_and_nothing_else() {
    let resources = resources(&["Writes=permitted"]);
    println!("{:<22}{:>6}{:>6}{:>6}{:>6}", "", "reads", "host", "writes", "own");
    for function in functions() {
        let (described, name) = (described(&function), logical(&function));
        let host = described["host"].as_object().expect("an object").values();
        let host = actions(host.flat_map(|calls| calls.as_array().expect("a list")));
        let (reads, writes) = (declared(&described, "reads"), declared(&described, "writes"));
        let mut read = allowed(&resources[&format!("{name}Read")]);
        let own: BTreeSet<_> = OF_THE_RUNTIME.iter().map(|action| (*action).to_owned()).collect();
        let used = own.intersection(&read).count();
        read.retain(|action| !own.contains(action) || host.contains(action) || reads.contains(action));
        // Every function has a place for what it could not do, and nothing else is sent there.
        let expected: BTreeSet<_> = reads.union(&host).cloned().chain(["sqs:SendMessage".to_owned()]).collect();
        // A bucket of another account may be named as the anchor; none is here.
        assert_eq!(read, expected, "{function} reads");
        let write = resources.get(&format!("{name}Write")).map(allowed).unwrap_or_default();
        assert_eq!(write, writes, "{function} writes");
        println!("{function:<22}{:>6}{:>6}{:>6}{used:>6}", reads.len(), host.len(), writes.len());
    }
}

#[test]
fn no_permission_is_a_pattern_and_none_of_the_ledger_is_for_everything() {
    let resources = resources(&["Writes=permitted", "AnchorBucket=anchor"]);
    for (name, properties) in of_type(&resources, "AWS::IAM::ManagedPolicy") {
        for statement in properties["PolicyDocument"]["Statement"].as_array().unwrap() {
            if statement["Effect"] == "Deny" {
                continue;
            }
            let actions = texts(&statement["Action"]);
            assert!(actions.iter().all(|action| !action.contains('*')), "{name}: {statement}");
            let everything = texts(&statement["Resource"]).iter().any(|resource| resource == "*");
            let may =
                ["Observe", "Config", "Tracing", "Identity", "RepairTheAccount", "RemedyListDevices", "ObserveLists"];
            assert!(!everything || may.contains(&statement["Sid"].as_str().unwrap()), "{name}: {statement}");
        }
    }
    for kind in ["AWS::IAM::Policy", "AWS::IAM::User"] {
        assert!(of_type(&resources, kind).is_empty(), "no {kind}");
    }
    for (name, role) in of_type(&resources, "AWS::IAM::Role") {
        assert!(role.get("Policies").is_none(), "{name} has an inline policy");
    }
}

#[test]
fn a_write_role_of_identities_is_about_what_its_actions_are_about() {
    let resources = resources(&["Writes=permitted"]);
    let repair = |name: &str, sid: &str| {
        let statement = statements(&resources[name]).into_iter().find(|statement| statement["Sid"] == sid);
        texts(&statement.expect("it repairs")["Resource"])
    };
    let iam = |kind: &str| format!("arn:aws:iam::111122223333:{kind}/*");
    assert_eq!(repair("IamPoliciesWrite", "Repair"), ["user", "group", "role", "policy"].map(iam));
    assert!(!repair("IamMfaWrite", "Repair").contains(&iam("role")), "it is about users");
    let made = repair("IamPoliciesWrite", "RepairByOwnPolicies");
    let described = described("iam-policies").to_string();
    let [pattern] = made.as_slice() else { panic!("one name of policies: {made:?}") };
    let prefix = pattern.rsplit('/').next().and_then(|name| name.strip_suffix('*')).expect("a prefix");
    assert!(described.contains(&format!("policies named {prefix} and their attachments")), "{prefix}");
}

#[test]
fn without_leave_to_write_there_is_no_role_that_could() {
    for parameters in [&["Mode=enforce"][..], &["Mode=enforce", "Writes=none"]] {
        let resources = resources(parameters);
        assert!(!resources.keys().any(|name| name.ends_with("WriteRole") || name.ends_with("Write")));
        for (_, function) in of_type(&resources, "AWS::Serverless::Function") {
            let role = &function["Environment"]["Variables"]["REMEDY_WRITE_ROLE"];
            assert!(role.is_null() || role == "", "{role}");
        }
    }
}

#[test]
fn every_function_is_told_what_its_binary_asks_for() {
    let resources = resources(&["Writes=permitted", "SettingsKey=settings.json", "AnchorBucket=anchor"]);
    for function in functions() {
        let told = &resources[&format!("{}Function", logical(&function))]["Properties"]["Environment"]["Variables"];
        let told: BTreeSet<_> = told.as_object().unwrap().keys().cloned().collect();
        let environment = &described(&function)["environment"];
        let required: BTreeSet<_> = texts(&environment["required"]).into_iter().collect();
        let optional: BTreeSet<_> = texts(&environment["optional"]).into_iter().collect();
        assert!(required.is_subset(&told), "{function} lacks {:?}", required.difference(&told));
        assert!(optional.is_subset(&told), "{function} lacks {:?}", optional.difference(&told));
    }
}

/// What a pattern says of a member of `detail`, on either side of its `$or`.
pub fn heard(pattern: &Value, member: &str) -> Vec<String> {
    let detail = &pattern["detail"];
    let sides = detail["$or"].as_array().cloned().unwrap_or_else(|| vec![detail.clone()]);
    sides.iter().flat_map(|side| texts(&side[member])).collect()
}

#[test]
fn what_tells_of_drift_is_pinned_to_the_account() {
    let resources = resources(&["Writes=permitted"]);
    for (name, rule) in of_type(&resources, "AWS::Events::Rule") {
        let is_timed = rule.get("ScheduleExpression").is_some();
        assert!(is_timed || rule["EventPattern"]["account"] == serde_json::json!(["111122223333"]), "{name}");
        let of_people = |target: &&Value| target["Id"] == "people" || target["Id"] == "witness";
        for target in rule["Targets"].as_array().unwrap().iter().filter(|target| !of_people(target)) {
            assert!(target["DeadLetterConfig"]["Arn"].is_string(), "{name} loses what it cannot deliver");
        }
    }
    for function in functions() {
        let described = described(&function);
        let events = described["controls"].as_array().unwrap().iter();
        let events: Vec<_> = events.flat_map(|control| control["api_events"].as_array().unwrap()).collect();
        let rule = resources.get(&format!("{}Drift", logical(&function)));
        let heard = rule.map(|rule| heard(&rule["Properties"]["EventPattern"], "eventName"));
        for event in events {
            let name = event["name"].as_str().unwrap();
            assert!(heard.as_ref().is_some_and(|heard| heard.iter().any(|one| one == name)), "{function}: {name}");
        }
    }
}

#[test]
fn every_alarm_tells_somebody_and_has_a_chapter_of_the_runbook() {
    let resources = resources(&[]);
    let runbook = fs::read_to_string(format!("{ROOT}/docs/runbook.md")).expect("the runbook is there");
    let alarms = of_type(&resources, "AWS::CloudWatch::Alarm");
    assert!(!alarms.is_empty());
    for (name, alarm) in alarms {
        assert_eq!(alarm["AlarmActions"].as_array().map(Vec::len), Some(1), "{name}");
        let said = alarm["AlarmDescription"].as_str().unwrap();
        let chapter = said.rsplit_once("docs/runbook.md, ").expect("it names a chapter").1.trim_end_matches('.');
        assert!(runbook.contains(&format!("## {chapter}\n")), "{name}: the runbook has no chapter `{chapter}`");
    }
}

#[test]
fn what_decides_does_not_expire() {
    let resources = resources(&[]);
    let rules = &resources["StateBucket"]["Properties"]["LifecycleConfiguration"]["Rules"];
    let expiring: BTreeSet<_> = rules.as_array().unwrap().iter().filter_map(|rule| rule["Prefix"].as_str()).collect();
    for stays in ["hold/", "settings/", "baseline/", "backlog/", "seen/", "indexed/", "seal/last/", "seal/key/"] {
        assert!(!expiring.iter().any(|prefix| stays.starts_with(prefix)), "{stays} expires");
    }
    for expires in ["lock/", "budget/", "plan/", "held/", "notice/", "ask/", "nonce/", "wave/", "exemption/"] {
        assert!(expiring.contains(expires), "{expires} stays for ever");
    }
}

#[test]
fn one_named_principal_puts_the_settings_document_or_root_alone() {
    let writer = "arn:aws:iam::111122223333:role/settings";
    for (parameters, expected) in [(vec![], 1), (vec![format!("SettingsWriter={writer}")], 2)] {
        let parameters: Vec<_> = parameters.iter().map(String::as_str).collect();
        let resources = resources(&parameters);
        let policy = &resources["StateBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"];
        let statements = policy.as_array().unwrap().iter();
        let is_of_settings = |statement: &&Value| {
            statement["Resource"].as_str().is_some_and(|resource| resource.ends_with("/settings*.json"))
        };
        let [deny] = statements.filter(is_of_settings).collect::<Vec<_>>().try_into().expect("one statement");
        assert_eq!((&deny["Effect"], &deny["Principal"]), (&json!("Deny"), &json!("*")));
        assert!(texts(&deny["Action"]).contains(&"s3:PutObject".to_owned()));
        let spared = texts(&deny["Condition"]["ArnNotLike"]["aws:PrincipalArn"]);
        assert_eq!(spared.len(), expected, "{spared:?}");
        assert!(spared[0].ends_with(":root") && spared[1..].iter().all(|arn| arn == writer), "{spared:?}");
    }
}
