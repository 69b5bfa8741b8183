//! `remedy scan`: the real binary, with credentials in the environment, on an account whose configuration has drifted.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt as _, path::Path};

use remedy_testkit::{
    lambda::binary,
    proxy::{Call, Fault},
    world::World,
};
use serde_json::Value;
use tokio::process::Command;

use crate::{drift, template};

mod comparing;
mod formats;
mod places;
mod stopping;

/// What the command printed, and its exit status.
#[derive(Debug)]
struct Said {
    status: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
}

fn command(world: &World) -> Command {
    let mut command = Command::new(binary("remedy"));
    let account = &world.account;
    command.arg("scan").env_clear().env("PATH", "/usr/bin:/bin").env("AWS_REGION", &account.region);
    command.env("AWS_ENDPOINT_URL", world.proxy.endpoint()).env("AWS_ACCESS_KEY_ID", &account.access_key);
    command.env("AWS_SECRET_ACCESS_KEY", &account.secret_key).env("AWS_SESSION_TOKEN", &account.session_token);
    command
}

async fn ran(mut command: Command) -> Said {
    let output = command.output().await.expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
    Said { status: output.status.code().expect("it ends"), out: text(output.stdout), err: text(output.stderr) }
}

async fn scan(world: &World, arguments: &[&str]) -> Said {
    let mut command = command(world);
    command.args(arguments);
    ran(command).await
}

/// Control and resource of each finding for which this holds.
fn found(scan: &Value, holds: impl Fn(&Value) -> bool) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let findings = scan["findings"].as_array().expect("findings").iter().filter(|finding| holds(finding));
    findings.map(|finding| (text(&finding["control"]), text(&finding["resource"]))).collect()
}

fn is_drift(finding: &Value) -> bool {
    ["drifted", "needs-human"].iter().any(|word| finding["outcome"] == *word)
}

/// The reads that all controls declare, as operation and action.
fn declared() -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let functions = template::functions().into_iter().filter(|name| !["operator", "sealer"].contains(&name.as_str()));
    let controls =
        functions.flat_map(|name| template::described(&name)["controls"].as_array().expect("a list").clone());
    let reads = controls.flat_map(|control| control["reads"].as_array().expect("a list").clone());
    reads.map(|call| (text(&call["operation"]), text(&call["action"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_finds_each_drift_with_its_repair_and_makes_declared_reads_alone() {
    let world = World::new().await;
    let mut broken = Vec::new();
    for drift in drift::ALL {
        broken.push((drift, drift.make(&world, "a").await));
    }
    principals(&world).await;
    drift::database(&world, "records", drift::Database::Open).await;
    let own = drift::iam(&world).put_user_policy().user_name("nurse-a").policy_name("own");
    own.policy_document(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}}"#,
    )
    .send()
    .await
    .expect("inline");
    world.proxy.clear();
    let said = scan(&world, &["--format", "json"]).await;
    assert_eq!(said.status, 1, "{}", said.err);
    let scan = said.json();
    for (drift, resource) in broken {
        let is_meant = |finding: &&Value| {
            let name = finding["resource"].as_str().unwrap_or_default();
            finding["control"] == drift.control() && (name.ends_with(&resource) || name.contains(&world.account.id))
        };
        let findings = scan["findings"].as_array().expect("findings");
        let one = findings.iter().filter(is_meant).find(|finding| is_drift(finding));
        let one = one.unwrap_or_else(|| panic!("{drift:?} {resource}: {scan:#}"));
        assert_eq!(one["repair"]["calls"], serde_json::json!([drift.repair()]), "{one:#}");
        assert!(one["violations"].as_array().is_some_and(|told| !told.is_empty()), "{one:#}");
        assert_ne!(one["repair"]["before"], one["repair"]["after"], "{one:#}");
    }
    assert!(found(&scan, |finding| finding.get("unread").is_some()).is_empty(), "{scan:#}");
    assert!(world.attempts().is_empty(), "a write was tried: {:?}", world.attempts());
    let declared: BTreeSet<_> = declared().into_iter().map(|(operation, _)| operation).collect();
    let made: BTreeSet<_> = world.proxy.calls().iter().map(|call| call.name()).collect();
    let beyond: Vec<_> =
        made.iter().filter(|call| !declared.contains(*call) && *call != "sts:GetCallerIdentity").collect();
    assert!(beyond.is_empty(), "not declared: {beyond:?}");
    // Two ask for one that an event names, where a scan lists all; the others for what the network of a database has, and this
    // one's has no prefix list, and no group of subnets (`databases.rs` has both).
    let by_name = ["iam:GetGroup", "iam:GetRole", "ec2:DescribeRouteTables", "ec2:GetManagedPrefixListEntries"];
    let unmade: Vec<_> =
        declared.iter().filter(|call| !made.contains(*call) && !by_name.contains(&call.as_str())).collect();
    assert!(unmade.is_empty(), "declared, and not made: {unmade:?}");
    let twice = repeated(&world);
    assert!(twice.is_empty(), "asked again: {twice:?}");
}

/// A user in a group, and a role, with what controls of IAM ask about.
async fn principals(world: &World) {
    let iam = drift::iam(world);
    let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let made = iam.create_policy().policy_name("everything").policy_document(all).send().await.expect("a policy");
    let arn = made.policy.and_then(|policy| policy.arn).expect("its ARN");
    iam.create_group().group_name("ward").send().await.expect("a group");
    iam.put_group_policy().group_name("ward").policy_name("own").policy_document(all).send().await.expect("inline");
    iam.attach_group_policy().group_name("ward").policy_arn(&arn).send().await.expect("it is attached");
    iam.add_user_to_group().group_name("ward").user_name("nurse-a").send().await.expect("a member");
    iam.attach_user_policy().user_name("nurse-a").policy_arn(&arn).send().await.expect("it is attached");
    iam.create_role().role_name("task").assume_role_policy_document(trust).send().await.expect("a role");
    iam.put_role_policy().role_name("task").policy_name("own").policy_document(all).send().await.expect("inline");
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    iam.attach_role_policy().role_name("task").policy_arn(admin).send().await.expect("it is attached");
}

/// Calls that asked the same as one before.
fn repeated(world: &World) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let answered = world.proxy.calls_where(|call| [200, 404].contains(&call.status));
    let again = answered.into_iter().filter_map(|call| {
        let what = format!("{} {} {} {}", call.name(), call.region, call.path, call.query);
        let body = String::from_utf8_lossy(&call.body).into_owned();
        (!seen.insert((what.clone(), body))).then_some(what)
    });
    again.collect()
}

/// The field's most repeated defect is a pass for what was denied.
#[tokio::test(flavor = "multi_thread")]
async fn each_read_denied_in_turn_is_told_and_nothing_unread_is_in_order() {
    let world = World::new().await;
    for drift in drift::ALL {
        drift.make(&world, "a").await;
    }
    let whole = scan(&world, &["--format", "json"]).await.json();
    let outcome = |scan: &Value, key: &(String, String)| {
        let is_meant = |finding: &&Value| finding["control"] == *key.0 && finding["resource"] == *key.1;
        scan["findings"].as_array().expect("findings").iter().find(is_meant).map(|finding| finding["outcome"].clone())
    };
    let everything = found(&whole, |_| true);
    let made: BTreeSet<_> = world.proxy.calls().iter().map(|call| call.name()).collect();
    let mut denied = 0;
    // On an emulator the session answers this one itself where it fails: shared/aws/src/emulator.rs.
    let is_bridged = |operation: &str| operation == "iam:ListServiceSpecificCredentials";
    let asked = |(operation, _): &(String, String)| made.contains(operation) && !is_bridged(operation);
    for (operation, action) in declared().into_iter().filter(asked) {
        let asked = operation.clone();
        world.proxy.on_call(move |call: &Call| (call.name() == asked).then_some(Fault::Denied));
        let said = scan(&world, &["--format", "json"]).await;
        world.proxy.clear_faults();
        let scan = said.json();
        assert!([1, 3].contains(&said.status), "{operation}: {}", said.status);
        let unread = |place: &Value| place.get("unread").is_some_and(|unread| !unread.is_null());
        let told =
            scan["cells"].as_array().expect("cells").iter().chain(scan["findings"].as_array().expect("findings"));
        let told: Vec<_> = told.filter(|place| unread(place)).collect();
        assert!(!told.is_empty(), "{operation}: nobody says what was denied");
        for place in told {
            assert_eq!(
                (&place["unread"]["state"], &place["unread"]["detail"]),
                (&"denied".into(), &action.clone().into())
            );
        }
        // What could be read is as it was, and what could not is nothing at all.
        for key in &everything {
            let now = outcome(&scan, key);
            let same = now == outcome(&whole, key);
            let none = now.is_none_or(|now| now.is_null());
            assert!(same || none, "{operation}: {key:?}");
        }
        denied += 1;
    }
    assert!(denied > 20, "{denied}");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_status_says_drift_order_and_what_was_not_looked_at() {
    let world = World::new().await;
    let key = ["--control", "kms-key-unrotated"];
    assert_eq!(scan(&world, &key).await.status, 0, "there is no key");
    drift::key(&world).await;
    assert_eq!(scan(&world, &key).await.status, 1);
    assert_eq!(scan(&world, &[&key[..], &["--fail-on", "never"]].concat()).await.status, 0);
    world.proxy.on_call(|call: &Call| (call.operation == "ListKeys").then_some(Fault::Denied));
    let said = scan(&world, &[&key[..], &["--fail-on", "never"]].concat()).await;
    assert_eq!(said.status, 3, "what was not looked at is never hidden");
    assert!(said.out.contains("needs kms:ListKeys") && said.out.contains("1 not looked at"), "{}", said.out);
    world.proxy.clear_faults();
    world.proxy.on_call(|call: &Call| (call.operation == "ListKeys").then_some(Fault::Throttle));
    let said = scan(&world, &key).await;
    assert_eq!(said.status, 3);
    assert!(said.out.contains("throttled at kms:ListKeys"), "{}", said.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_why_it_could_not_run_and_what_to_do() {
    let world = World::new().await;
    for (arguments, told) in [
        (&["--control", "no-such"][..], "--list"),
        (&["--settings", "/no/such.json"], "/no/such.json cannot be read"),
        (&["--region", "Moon"], "Region"),
        (&["--profile", "clinic"], "AWS CLI"),
        (&["--concurrency", "0"], "1..=32"),
        (&["--timeout", "soon"], "90s, 15m or 1h"),
        (&["--fail-on", "new"], "--since"),
        (&["--since", "/no/such.json"], "remedy scan --format json"),
        (&["--exemptions", "/no/such.json"], "/no/such.json cannot be read"),
        (&["--resume", "/no/such"], "--out"),
        (&["--requirement", "164.999"], "no control supports"),
        (&["--format", "csv", "--format", "json"], "--out"),
        (&["--account", "999988887777"], "--role"),
        (&["--all-accounts"], "--role"),
    ] {
        let said = scan(&world, arguments).await;
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(told), "{arguments:?}: {}", said.err);
    }
    let mut nowhere = command(&world);
    nowhere.env_remove("AWS_REGION");
    let said = ran(nowhere).await;
    assert!(said.status == 2 && said.err.contains("--region") && said.err.contains("us-east-1"), "{}", said.err);
    let mut nobody = command(&world);
    nobody.env_remove("AWS_ACCESS_KEY_ID");
    let said = ran(nobody).await;
    assert_eq!(said.status, 2);
    assert!(said.err.contains("AWS_ACCESS_KEY_ID is not set"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_a_region_is_looked_at_in_each_and_the_rest_once() {
    let world = World::new().await;
    let arguments = ["--region", "us-east-1", "--region", "eu-west-1", "--format", "json"];
    let chosen = ["--control", "kms-key-unrotated", "--control", "iam-password-policy-weak"];
    let said = scan(&world, &[&arguments[..], &chosen].concat()).await;
    let scan = said.json();
    let cells: Vec<_> = scan["cells"].as_array().expect("cells").iter().collect();
    let of = |control: &str| cells.iter().filter(|cell| cell["control"] == control).count();
    assert_eq!((of("kms-key-unrotated"), of("iam-password-policy-weak")), (2, 1), "{scan:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_asked_of_the_aws_cli() {
    let world = World::new().await;
    let folder = std::env::temp_dir().join(format!("remedy-scan-{}", world.account.id));
    std::fs::create_dir_all(&folder).expect("a folder");
    let account = &world.account;
    let answer = serde_json::json!({
        "Version": 1, "AccessKeyId": account.access_key, "SecretAccessKey": account.secret_key,
        "SessionToken": account.session_token, "Expiration": "2099-01-01T00:00:00Z",
    });
    let script = format!(
        "#!/bin/sh\n[ \"$*\" = 'configure get region --profile clinic' ] && echo eu-west-1 && exit\n\
         [ \"$*\" = 'configure export-credentials --profile clinic --format process' ] || exit 255\necho '{answer}'\n"
    );
    put(&folder.join("aws"), &script);
    let with = |profile: &str| {
        let mut command = command(&world);
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").env_remove("AWS_SESSION_TOKEN");
        command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        command.args(["--profile", profile, "--control", "kms-key-unrotated", "--format", "json"]);
        command
    };
    let said = ran(with("clinic")).await;
    assert_eq!((said.status, &said.json()["account"]), (0, &account.id.as_str().into()), "{}", said.err);
    let mut elsewhere = with("clinic");
    elsewhere.env_remove("AWS_REGION");
    assert_eq!(ran(elsewhere).await.json()["regions"], serde_json::json!(["eu-west-1"]), "that of the profile");
    let said = ran(with("other")).await;
    assert_eq!(said.status, 2);
    assert!(said.err.contains("aws sso login --profile other"), "{}", said.err);
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

fn put(file: &Path, text: &str) {
    std::fs::write(file, text).expect("a file");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_prints_for_people_and_for_programs() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let chosen = ["--control", "s3-bucket-public"];
    let table = scan(&world, &chosen).await.out;
    assert!(table.contains("1 control  read-only") && table.contains("auto"), "{table}");
    assert!(table.contains("Next: remedy scan --control s3-bucket-public --plan"), "{table}");
    let plan = scan(&world, &[&chosen[..], &["--plan"]].concat()).await.out;
    assert!(plan.contains(&bucket) && plan.contains("calls    1. s3:PutPublicAccessBlock"), "{plan}");
    assert!(plan.contains("would repair it by itself"), "{plan}");
    let shared = drift::Drift::Plaintext.make(&world, "shared").await;
    let open = r#"{"Sid":"Temporary","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::NAME/*"}"#;
    let policy = format!(r#"{{"Statement":[{},{}]}}"#, drift::partner(&shared), open.replace("NAME", &shared));
    world.s3().put_bucket_policy().bucket(&shared).policy(policy).send().await.expect("a policy is put");
    let plan = scan(&world, &[&chosen[..], &["--resource", &shared, "--plan"]].concat()).await.out;
    assert!(plan.contains("1 statement stays: statement 1, Partner"), "{plan}");
    assert!(plan.contains("- statement 2, Temporary") && !plan.contains("- statement 1"), "{plan}");
    assert!(plan.contains(r#"-     "Principal": "*""#) && plan.contains("1. s3:PutBucketPolicy"), "{plan}");
    let lines = scan(&world, &[&chosen[..], &["--format", "jsonl"]].concat()).await.out;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<_> = lines.iter().map(|line| line["kind"].as_str().expect("a kind")).collect();
    assert!(kinds.starts_with(&["scan", "cell", "finding"]), "{kinds:?}");
    let rows = scan(&world, &[&chosen[..], &["--format", "csv"]].concat()).await.out;
    let ours = rows.split("\r\n").find(|row| row.contains(&bucket)).expect("a row of the bucket");
    assert!(ours.contains(",drifted,") && ours.contains(",auto,s3:PutPublicAccessBlock,"), "{ours}");
}

/// By a validator that is not ours.
#[tokio::test(flavor = "multi_thread")]
async fn its_document_is_as_its_schema_says() {
    let world = World::new().await;
    for drift in drift::ALL {
        drift.make(&world, "a").await;
    }
    world.proxy.on_call(|call: &Call| (call.operation == "DescribeKey").then_some(Fault::Denied));
    let document = scan(&world, &["--format", "json"]).await.out;
    let file = std::env::temp_dir().join(format!("remedy-scan-{}.json", world.account.id));
    std::fs::write(&file, document).expect("a file");
    let validate = "import json, sys; from jsonschema import Draft202012Validator as V; schema, document = (json.load(open(f)) for f in sys.argv[1:]); \
        V.check_schema(schema); V(schema).validate(document); print(len(document['findings']))";
    let schema = format!("{}/docs/schema/scan.schema.json", template::ROOT);
    let said = template::python(&["-c", validate, &schema, &file.to_string_lossy()]);
    assert!(String::from_utf8_lossy(&said).trim().parse::<usize>().is_ok_and(|findings| findings > 10));
    std::fs::remove_file(&file).expect("the file goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_that_it_prints_is_all_that_it_needs() {
    let world = World::new().await;
    world.proxy.clear();
    let policy = scan(&world, &["--print-policy"]).await.json();
    let actions = policy["Statement"][0]["Action"].as_array().expect("actions");
    let actions: BTreeSet<_> = actions.iter().map(|action| action.as_str().expect("a text").to_owned()).collect();
    assert_eq!(actions, declared().into_iter().map(|(_, action)| action).collect());
    let list = scan(&world, &["--list"]).await.out;
    assert!(list.contains("s3-bucket-ssec-allowed") && list.contains("164.312(a)(2)(iv)"), "{list}");
    assert!(world.proxy.calls().is_empty(), "neither looks at anything");
}
