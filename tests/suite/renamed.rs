//! Events, messages, sweeps and scans that name a control by an earlier id, as real processes (ADR 0052).

use std::path::Path;

use remedy_domain::renamed;
use remedy_testkit::{
    lambda::{Answer, binary},
    world::{World, done, only_run},
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::drift::Drift;

const OLD: &str = "kms-key-dying";
const NEW: &str = "kms-key-pending-deletion";

#[tokio::test]
async fn events_messages_and_sweeps_under_an_earlier_id_mean_the_control() {
    let world = World::new().await;
    let lambda = world.deploy("kms-keys", "enforce");
    let event = |resource: &str| json!({"control": OLD, "resource": resource}).to_string();
    let run = only_run(lambda.invoke(event(&Drift::Dying.make(&world, "a").await).as_bytes()).await);
    assert_eq!((&run["control"], &run["outcome"]), (&json!(NEW), &json!("repaired")), "{run:#}");
    let batch = json!({"Records": [{
        "messageId": "m-1", "eventSource": "aws:sqs", "receiptHandle": "r", "awsRegion": "us-east-1", "attributes": {},
        "messageAttributes": {}, "md5OfBody": "", "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:q",
        "body": event(&Drift::Dying.make(&world, "b").await),
    }]});
    assert_eq!(
        done(lambda.invoke(batch.to_string().as_bytes()).await),
        json!({"batchItemFailures": []}),
        "no dead letter"
    );
    assert_eq!(world.repairs().len(), 2);
    let swept = done(lambda.invoke(json!({"sweep": {"control": OLD}}).to_string().as_bytes()).await);
    let runs = swept["runs"].as_array().expect("runs");
    assert!(runs.len() >= 2 && runs.iter().all(|run| run["control"] == NEW), "{swept:#}");
    let unknown = lambda.invoke(json!({"control": "kms-key-lost", "resource": "x"}).to_string().as_bytes()).await;
    let Answer::Failed { message, .. } = unknown else { panic!("{unknown:?}") };
    assert!(message.contains(NEW) && !message.contains(OLD), "{message}");
}

async fn scan(world: &World, arguments: &[&str]) -> (i32, Value) {
    let (mut command, account) = (Command::new(binary("remedy")), &world.account);
    command.arg("scan").args(arguments);
    let folder = arguments.iter().skip_while(|one| !["--out", "--resume"].contains(*one)).nth(1).map(Path::new);
    if folder.is_none() {
        command.args(["--format", "json"]);
    }
    command.env_clear().env("PATH", "/usr/bin:/bin").env("AWS_REGION", &account.region);
    command.env("AWS_ENDPOINT_URL", world.proxy.endpoint()).env("AWS_ACCESS_KEY_ID", &account.access_key);
    command.env("AWS_SECRET_ACCESS_KEY", &account.secret_key).env("AWS_SESSION_TOKEN", &account.session_token);
    let output = command.output().await.expect("the command starts");
    let err = String::from_utf8_lossy(&output.stderr);
    let written =
        folder.map(|folder| std::fs::read(folder.join("scan.json")).unwrap_or_else(|error| panic!("{error}: {err}")));
    let document = written.unwrap_or(output.stdout);
    let document = serde_json::from_slice(&document).unwrap_or_else(|error| panic!("{error}: {err}"));
    (output.status.code().expect("it ends"), document)
}

/// Rewrites a file as a version before the renaming wrote it.
fn as_before(file: &Path) {
    let text = std::fs::read_to_string(file).expect("a file").replace(NEW, OLD);
    assert!(text.contains(OLD));
    std::fs::write(file, text).expect("it is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_files_and_arguments_under_an_earlier_id_are_understood() {
    let world = World::new().await;
    let key = Drift::Dying.make(&world, "a").await;
    let folder = std::env::temp_dir().join(format!("remedy-renamed-{}", world.account.id));
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let control = ["--control", OLD];
    let (status, found) = scan(&world, &[&control[..], &["--out", &file("")]].concat()).await;
    assert_eq!((status, &found["findings"][0]["control"]), (1, &json!(NEW)), "{found:#}");
    // An earlier scan to compare with.
    let earlier = file("earlier.json");
    std::fs::write(&earlier, found.to_string()).expect("it is written");
    as_before(Path::new(&earlier));
    let (status, since) = scan(&world, &["--control", NEW, "--since", &earlier, "--fail-on", "new"]).await;
    assert_eq!((status, &since["gone"]), (0, &json!([])), "{since:#}");
    assert_eq!(since["findings"][0]["seen"], "unchanged");
    // One that ended early, to go on with.
    as_before(&folder.join("journal.jsonl"));
    world.proxy.clear();
    let (_, resumed) = scan(&world, &[&control[..], &["--resume", &file("")]].concat()).await;
    assert_eq!(resumed["findings"], found["findings"]);
    let calls = world.proxy.calls();
    assert!(calls.iter().all(|call| call.service == "sts"), "it was looked at before: {calls:?}");
    // What people exempted.
    let one = json!({"control": OLD, "account": world.account.id, "resource": key, "owner": "web", "reason": "retired",
        "ticket": "CHG-7", "alternative": "a copy", "days": 30});
    std::fs::write(file("exemptions.json"), json!({"exemptions": [one]}).to_string()).expect("it is written");
    let (_, exempt) = scan(&world, &["--control", NEW, "--exemptions", &file("exemptions.json")]).await;
    assert_eq!(exempt["findings"][0]["outcome"], "exempt", "{exempt:#}");
    std::fs::remove_dir_all(folder).expect("the folder goes");
}

/// A role may put what it may put under any version: the first id stands in its policy, and no other.
#[test]
fn the_roles_may_put_the_keys_of_the_first_id_and_no_others() {
    let template =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).expect("a template");
    for id in renamed::all() {
        for folder in ["backlog", "baseline", "budget", "exemption", "held", "lock", "noted", "open", "wave"] {
            assert!(template.contains(&format!("/{folder}/{}/*", renamed::filed(id))), "{folder}/{id}");
            assert!(!template.contains(&format!("/{folder}/{id}/*")), "{folder}/{id}");
        }
    }
}
