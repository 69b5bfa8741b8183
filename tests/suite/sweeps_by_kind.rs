//! Sweeps by kind of resource: one listing, one message a target and one answer of AWS serve all controls of the kind, page by
//! page of the listing.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use remedy_testkit::{
    lambda::{Answer, Lambda},
    proxy::{Call, Fault},
    queue::Queue,
    world::{World, done},
};
use serde_json::{Value, json};

use crate::drift::{self, Database, Drift};

const OF_KEYS: [&str; 3] = ["kms-key-pending-deletion", "kms-key-unrotated", "kms-key-open-policy"];
/// Of users, groups and roles, each of which AWS IAM lists by itself.
const OF_PRINCIPALS: [&str; 3] = ["iam-admin-attached", "iam-inline-policy", "iam-inline-kms"];
const MINUTE: Duration = Duration::from_mins(1);

async fn deploy(world: &World, function: &str, timeout: Duration) -> Lambda {
    let settings = world.settings_with(&json!({"modes": {"default": "enforce"}}));
    let mut env = world.environment("enforce");
    env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&settings));
    env.insert("REMEDY_QUEUE_URL".to_owned(), drift::queue(world, "targets").await);
    world.deploy_with(function, env, timeout)
}

async fn swept_before(world: &World, controls: &[&str]) {
    for control in controls {
        world.swept_before(control).await;
    }
}

async fn queued(world: &World) -> Vec<Value> {
    let bodies = drift::messages(world, "targets").await;
    bodies.iter().map(|body| serde_json::from_str(body).expect("messages are JSON")).collect()
}

async fn deliver(lambda: &Lambda, message: &Value) {
    let mut queue = Queue::new(1);
    queue.push(message.to_string());
    let drained = queue.drain(std::slice::from_ref(lambda), 1, async |_| {}).await;
    assert!(drained.dead_lettered.is_empty(), "{message}: {}", lambda.logs());
}

fn asked(world: &World, operation: &str) -> usize {
    world.proxy.calls_where(|call| call.operation == operation).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_controls_of_a_kind_list_once_and_a_target_has_one_message_and_is_asked_for_once() {
    let world = World::new().await;
    let keys = [drift::key(&world).await, drift::key(&world).await];
    swept_before(&world, &OF_KEYS).await;
    let lambda = deploy(&world, "kms-keys", MINUTE).await;
    world.proxy.clear();
    let answer = done(lambda.invoke(br#"{"sweep":{}}"#).await);
    assert_eq!((asked(&world, "ListKeys"), &answer["enqueued"]), (1, &json!(keys.len())));
    let messages = queued(&world).await;
    let named: BTreeSet<_> = messages.iter().filter_map(|message| message["resource"].as_str()).collect();
    assert_eq!(named.len(), keys.len(), "{messages:?}");
    for message in &messages {
        assert_eq!(message["controls"], json!(OF_KEYS), "{message}");
        deliver(&lambda, message).await;
    }
    for key in &keys {
        let rotates = aws_sdk_kms::Client::new(&world.config()).get_key_rotation_status().key_id(key).send().await;
        assert!(rotates.expect("the emulator answers").key_rotation_enabled(), "{key} is repaired");
    }
    // Nothing has drifted any more: each question is asked once for all three controls.
    world.proxy.clear();
    deliver(&lambda, &messages[0]).await;
    let reads = ["DescribeKey", "GetKeyRotationStatus", "GetKeyPolicy"];
    assert_eq!(reads.map(|operation| asked(&world, operation)), [1, 1, 1]);
}

/// The next control of a message sees the write of the one before.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_write_aws_is_asked_again() {
    let world = World::new().await;
    let bucket = Drift::Plaintext.make(&world, "asked").await;
    let lambda = deploy(&world, "s3-encryption", MINUTE).await;
    let event = json!({"controls": ["s3-bucket-without-tls", "s3-bucket-unencrypted-put"], "resource": bucket});
    world.proxy.clear();
    let answer = done(lambda.invoke(event.to_string().as_bytes()).await);
    assert_eq!(answer["runs"][0]["outcome"], "repaired", "{answer:#}");
    let calls = world.proxy.calls();
    let is_outcome = |call: &Call| call.operation == "PutObject" && call.path.contains("-outcome-");
    let repaired = calls.iter().position(is_outcome).expect("the repair is recorded");
    let asked = |calls: &[Call]| calls.iter().filter(|call| call.operation == "GetBucketPolicy").count();
    assert!(asked(&calls[..repaired]) >= 3, "a repair looks twice before it writes, and once more after");
    assert!(asked(&calls[repaired..]) >= 1, "the other control does not judge the policy as it was before");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_queue_each_kind_of_resource_is_swept_by_a_message_of_its_own() {
    let world = World::new().await;
    let lambda = deploy(&world, "iam-mfa", MINUTE).await;
    let answer = done(lambda.invoke(br#"{"sweep":{}}"#).await);
    let messages = queued(&world).await;
    assert_eq!(answer["enqueued"], messages.len(), "{answer:#}");
    let controls: BTreeSet<_> = messages.iter().filter_map(|message| message["sweep"]["control"].as_str()).collect();
    assert_eq!(controls, BTreeSet::from(["iam-user-without-mfa", "iam-root-without-mfa"]), "{messages:?}");
    assert_eq!(asked(&world, "ListUsers"), 0);
}

/// One failed control does not stop the others at the same resource, and the message comes again.
#[tokio::test(flavor = "multi_thread")]
async fn a_control_that_fails_does_not_stop_the_others_of_its_message() {
    let world = World::new().await;
    let key = drift::key(&world).await;
    swept_before(&world, &OF_KEYS).await;
    let lambda = deploy(&world, "kms-keys", MINUTE).await;
    world.proxy.on_call(|call: &Call| (call.operation == "GetKeyPolicy").then_some(Fault::Throttle));
    let message = json!({"controls": ["kms-key-open-policy", "kms-key-unrotated"], "resource": key});
    let answer = lambda.invoke(message.to_string().as_bytes()).await;
    assert!(matches!(answer, Answer::Failed { .. }), "{answer:?}");
    assert_eq!(asked(&world, "EnableKeyRotation"), 1);
}

/// Users, groups and roles: three pages of one listing, and every invocation has time for two looks.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_sweep_of_several_pages_looks_at_each_target_once_for_all_controls_together() {
    let world = World::new().await;
    for number in 0..3 {
        drift::user(&world, &format!("page{number}")).await;
        make_group_and_role(&world, number).await;
    }
    let lambda = deploy(&world, "iam-policies", Duration::from_secs(8)).await;
    let late = Duration::from_millis(1_200);
    let is_look =
        |call: &Call| ["ListUserPolicies", "ListGroupPolicies", "ListRolePolicies"].contains(&call.operation.as_str());
    world.proxy.on_call(move |call: &Call| is_look(call).then_some(Fault::Late(late)));
    world.proxy.clear();
    let event = json!({"sweep": {"controls": OF_PRINCIPALS}}).to_string();
    done(lambda.invoke(event.as_bytes()).await);
    let (mut rounds, mut pages) = (0, BTreeSet::new());
    loop {
        let marks = world.state("baseline/").await;
        assert_eq!(marks.len(), OF_PRINCIPALS.len(), "{marks:?}");
        assert_eq!(
            marks
                .values()
                .map(|mark| &mark["from"])
                .collect::<Vec<_>>()
                .windows(2)
                .filter(|two| two[0] != two[1])
                .count(),
            0
        );
        if marks.values().all(|mark| mark.get("after").is_none()) {
            break;
        }
        pages.extend(marks.values().map(|mark| mark["from"].to_string()));
        let messages = queued(&world).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_eq!(messages[0]["sweep"]["controls"], json!(OF_PRINCIPALS));
        deliver(&lambda, &messages[0]).await;
        rounds += 1;
    }
    assert!(rounds >= 2 && pages.len() >= 2, "{rounds} rounds stopped in the pages {pages:?}");
    let mut looks = BTreeMap::new();
    for call in world.proxy.calls_where(is_look) {
        *looks.entry((call.operation.clone(), call.resource.clone())).or_insert(0) += 1;
    }
    let twice: Vec<_> = looks.iter().filter(|(_, looks)| **looks > 1).collect();
    assert!(looks.len() >= 9 && twice.is_empty(), "each is looked at once: {looks:?}");
}

async fn make_group_and_role(world: &World, number: usize) {
    let iam = drift::iam(world);
    iam.create_group().group_name(format!("group{number}")).send().await.expect("the emulator makes a group");
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    });
    let role = iam.create_role().role_name(format!("role{number}")).assume_role_policy_document(trust.to_string());
    role.send().await.expect("the emulator makes a role");
}

/// A sweep that goes on by a message begins in its page: what came before is neither listed nor sent again.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_goes_on_in_its_page() {
    let world = World::new().await;
    for number in 0..2 {
        drift::user(&world, &format!("page{number}")).await;
        make_group_and_role(&world, number).await;
    }
    swept_before(&world, &OF_PRINCIPALS).await;
    let lambda = deploy(&world, "iam-policies", MINUTE).await;
    world.proxy.clear();
    let event = json!({"sweep": {"controls": OF_PRINCIPALS, "from": "2|"}}).to_string();
    done(lambda.invoke(event.as_bytes()).await);
    assert_eq!(["ListUsers", "ListGroups", "ListRoles"].map(|operation| asked(&world, operation)), [0, 0, 1]);
    let messages = queued(&world).await;
    assert!(messages.len() >= 2, "{messages:?}");
    assert!(messages.iter().all(|message| message["resource"].as_str().is_some_and(|arn| arn.contains(":role/"))));
}

/// A place belongs to one listing.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_listing_of_two_kinds_is_refused() {
    let world = World::new().await;
    let lambda = deploy(&world, "iam-mfa", MINUTE).await;
    let event = json!({"sweep": {"controls": ["iam-user-without-mfa", "iam-root-without-mfa"], "from": "page-2"}});
    let answer = lambda.invoke(event.to_string().as_bytes()).await;
    let is_why = |message: &str| message.contains("a place in one listing");
    assert!(matches!(&answer, Answer::Failed { message, .. } if is_why(message)), "{answer:?}");
    assert!(queued(&world).await.is_empty());
}

/// A token that AWS no longer takes ends the sweep, which says so; the next one begins the listing anew, and is whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_sweep_whose_token_is_refused_begins_anew_at_the_next_sweep() {
    let world = World::new().await;
    let key = drift::key(&world).await;
    let lambda = deploy(&world, "kms-keys", MINUTE).await;
    let (account, region) = (&world.account.id, &world.account.region);
    let mark = json!({"format": 1, "since": "2026-03-02T10:00:00Z", "from": "long-ago", "after": ""});
    let path = format!("baseline/kms-key-unrotated/{account}/{region}");
    let put =
        world.s3().put_object().bucket(world.state_bucket()).key(&path).body(mark.to_string().into_bytes().into());
    put.send().await.expect("the emulator stores it");
    world.proxy.on_call(|call: &Call| {
        let is_old = call.operation == "ListKeys" && call.json()["Marker"] == "long-ago";
        is_old.then(|| Fault::Status(400, "InvalidMarkerException".to_owned()))
    });
    let sweep = br#"{"sweep":{"control":"kms-key-unrotated"}}"#;
    let answer = done(lambda.invoke(sweep).await);
    assert_eq!(answer["runs"][0]["outcome"], "failed", "{answer:#}");
    done(lambda.invoke(sweep).await);
    let marks = world.state("baseline/").await;
    assert!(marks.values().all(|mark| mark.get("after").is_none() && mark.get("from").is_none()), "{marks:?}");
    let backlog: Vec<_> = world.state("backlog/").await.into_keys().collect();
    assert_eq!(backlog.len(), 1, "{key}: {backlog:?}");
}

/// Two controls and one answer of RDS: the listing, and one call for each database that is compliant.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_of_compliant_databases_costs_one_call_each() {
    const CONTROLS: [&str; 2] = ["db-instance-deletable", "db-instance-password-only"];
    const DATABASES: usize = 5;
    let world = World::new().await;
    for number in 0..DATABASES {
        drift::database(&world, &format!("clinic-{number}"), Database::Safe).await;
    }
    swept_before(&world, &CONTROLS).await;
    let lambda = deploy(&world, "rds", MINUTE).await;
    world.proxy.clear();
    done(lambda.invoke(json!({"sweep": {"controls": CONTROLS}}).to_string().as_bytes()).await);
    let messages = queued(&world).await;
    assert_eq!(messages.len(), DATABASES, "{messages:?}");
    for message in &messages {
        let answer = done(lambda.invoke(message.to_string().as_bytes()).await);
        let runs = answer["runs"].as_array().expect("runs");
        assert_eq!(runs.len(), CONTROLS.len(), "{answer:#}");
        assert!(runs.iter().all(|run| run["outcome"] == "already-compliant"), "{answer:#}");
    }
    let asked = world.proxy.calls_where(|call| call.service == "rds");
    assert_eq!(asked.len(), 1 + DATABASES, "{:?}", asked.iter().map(Call::name).collect::<Vec<_>>());
}
