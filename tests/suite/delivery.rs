//! What the template says of delivery: who may use the keys and the buckets, where what is not delivered goes, what reports it; and what a
//! second deployment meets.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use serde_json::{Value, json};

use crate::template::{LOCK, ROOT, of_type, resources, statements, texts};

const EVERYTHING: [&str; 4] = [
    "Writes=permitted",
    "OrganizationId=o-exampleorg1",
    "ExternalId=7f3a9c-4d21-8e5b",
    "Witness=arn:aws:events:us-east-1:999988887777:event-bus/security",
];

fn key_statement<'a>(resources: &'a BTreeMap<String, Value>, key: &str, sid: &str) -> &'a Value {
    let all = resources[key]["Properties"]["KeyPolicy"]["Statement"].as_array().expect("a list");
    all.iter().find(|statement| statement["Sid"] == sid).expect("it is there")
}

/// Amazon SNS Developer Guide, Key management: `aws:SourceAccount`, `aws:SourceArn` and `aws:SourceOrgID` are not supported for EventBridge to
/// encrypted topics.
#[test]
fn eventbridge_uses_the_data_key_without_a_source_and_the_targets_say_whose_rules_may_send() {
    let resources = resources(&EVERYTHING);
    let events = key_statement(&resources, "DataKey", "Events");
    assert_eq!(
        (&events["Principal"], &events["Condition"]),
        (&json!({"Service": "events.amazonaws.com"}), &Value::Null)
    );
    let alarms = key_statement(&resources, "DataKey", "Alarms");
    assert_eq!(alarms["Principal"], json!({"Service": "cloudwatch.amazonaws.com"}));
    assert_eq!(alarms["Condition"], json!({"StringEquals": {"aws:SourceAccount": "111122223333"}}));
    for kind in ["AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"] {
        for (name, _) in of_type(&resources, kind) {
            for statement in statements(&resources[name]).into_iter().filter(|statement| statement["Effect"] == "Allow")
            {
                let condition = statement["Condition"].to_string();
                assert!(
                    condition.contains("aws:SourceArn") || condition.contains("aws:SourceAccount"),
                    "{name}: {statement}"
                );
            }
        }
    }
}

#[test]
fn a_grant_is_denied_to_whoever_calls_directly_and_not_to_a_service_for_whoever_deploys() {
    let resources = resources(&[]);
    for key in ["DataKey", "SealKey"] {
        let deny = key_statement(&resources, key, "GrantsForAwsServicesOnly");
        assert_eq!((&deny["Effect"], &deny["Principal"]), (&json!("Deny"), &json!("*")));
        let boolean = json!({"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"});
        assert_eq!(deny["Condition"], json!({"BoolIfExists": boolean, "Null": {"kms:ViaService": "true"}}), "{key}");
    }
}

#[test]
fn what_no_target_took_is_a_dead_letter() {
    let resources = resources(&EVERYTHING);
    for (name, rule) in of_type(&resources, "AWS::Events::Rule") {
        for target in rule["Targets"].as_array().expect("targets") {
            assert_eq!(
                target["DeadLetterConfig"]["Arn"], "arn:aws:sqs:us-east-1:111122223333:remedy-dead-letters",
                "{name}"
            );
            assert_eq!(target["RetryPolicy"]["MaximumRetryAttempts"], 185, "{name}");
        }
    }
}

/// Who may send is a matter of the target: one rule that reaches it shows it.
#[test]
fn the_alarm_undelivered_watches_a_rule_of_each_target() {
    let resources = resources(&EVERYTHING);
    let reached = |watched: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
        let rules = of_type(&resources, "AWS::Events::Rule")
            .into_iter()
            .filter(|(_, rule)| watched(rule["Name"].as_str().expect("a name")));
        let targets = rules.flat_map(|(_, rule)| rule["Targets"].as_array().expect("targets").clone());
        // The witness is another account's.
        targets.filter(|target| target["Id"] != "witness").map(|target| target["Arn"].to_string()).collect()
    };
    let alarms =
        of_type(&resources, "AWS::CloudWatch::Alarm").into_iter().filter(|(name, _)| name.starts_with("Undelivered"));
    let mut watched: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for metric in alarms.flat_map(|(_, alarm)| alarm["Metrics"].as_array().expect("metrics").clone()) {
        if let Some(of) = metric.get("MetricStat") {
            let rule = of["Metric"]["Dimensions"][0]["Value"].as_str().expect("a rule").to_owned();
            watched.entry(rule).or_default().extend(texts(&of["Metric"]["MetricName"]));
        }
    }
    assert!(watched.values().all(|metrics| metrics.len() == 2), "{watched:?}");
    assert_eq!(reached(&|rule| watched.contains_key(rule)), reached(&|_| true));
}

#[test]
fn nobody_gets_a_lock_of_years_without_saying_so() {
    let resolve = |parameters: &[&str]| {
        let mut command = Command::new(format!("{ROOT}/.venv/bin/python"));
        command.args(["tools/template_resolve.py", "template.yaml"]).args(parameters).current_dir(ROOT);
        command.output().expect("Python starts: `make venv`")
    };
    let silent = resolve(&[]);
    assert!(
        !silent.status.success() && String::from_utf8_lossy(&silent.stderr).contains("EvidenceLockMode has no default")
    );
    assert!(resolve(&[LOCK]).status.success());
}

/// IAM is one for all Regions: the names of docs/deploy.md, Regions.
#[test]
fn two_stacks_of_one_account_take_no_name_from_each_other() {
    let deploy = fs::read_to_string(format!("{ROOT}/docs/deploy.md")).expect("the page is there");
    let names = ["remedy-use1", "remedy-usw2"];
    assert!(names.iter().all(|name| deploy.contains(name)), "docs/deploy.md names the stacks");
    let roles = |stack: &str| -> BTreeSet<String> {
        let resources = resources(&[&format!("AWS::StackName={stack}"), "Writes=permitted"]);
        let roles = of_type(&resources, "AWS::IAM::Role").into_iter().map(|(_, role)| role["RoleName"].to_string());
        let policies = of_type(&resources, "AWS::IAM::ManagedPolicy")
            .into_iter()
            .map(|(_, policy)| policy["ManagedPolicyName"].clone());
        roles.chain(policies.filter_map(|name| name.as_str().map(str::to_owned))).collect()
    };
    let [first, second] = names.map(roles);
    assert!(first.len() > 10 && first.is_disjoint(&second), "{first:?} {second:?}");
    // The name of no stack begins with another's and a hyphen: policies know roles by it.
    assert!(!names[1].starts_with(&format!("{}-", names[0])) && !names[0].starts_with(&format!("{}-", names[1])));
}

#[test]
fn no_template_is_for_one_partition() {
    for file in fs::read_dir(ROOT).expect("the repository").map(|entry| entry.expect("an entry").path()) {
        if file.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&file).expect("a template");
            for fixed in ["arn:aws:", "us-east-1]", "amazonaws.com/"] {
                assert!(!text.contains(fixed), "{}: {fixed}", file.display());
            }
        }
    }
}

#[test]
fn its_buckets_and_keys_are_as_its_own_controls_want_them() {
    use remedy_policy::{Answer, Kind, Policy, Resource, Upload, denies_uploads};
    let resources = resources(&[]);
    for bucket in ["EvidenceBucket", "StateBucket"] {
        let policy = resources[&format!("{bucket}Policy")]["Properties"]["PolicyDocument"].to_string();
        let policy = Policy::parse(Kind::Bucket, &policy).expect("a bucket policy");
        let arn = format!("arn:aws:s3:::remedy-{}", bucket.to_lowercase());
        assert!(denies_uploads(&policy, &arn, Upload::NamingAnother), "{bucket} takes other encryption");
    }
    for bucket in ["EvidenceBucket", "StateBucket", "AccessLogBucket"] {
        let policy = &resources[&format!("{bucket}Policy")];
        let denied = statements(policy).into_iter().find(|statement| statement["Sid"] == "TlsOnly");
        let denied = denied.expect("requests without TLS are denied");
        assert_eq!((&denied["Action"], &denied["Principal"]), (&"s3:*".into(), &"*".into()), "{bucket}");
        assert_eq!(texts(&denied["Resource"]).len(), 2, "{bucket}: the bucket and what is in it");
    }
    for key in ["DataKey", "SealKey"] {
        let policy = resources[key]["Properties"]["KeyPolicy"].to_string();
        let found = Resource::of(&Policy::parse(Kind::Key, &policy).expect("a key policy"));
        assert_eq!((found.public, found.confused_deputy), (Answer::No, vec![]), "{key} admits external principals");
    }
}
