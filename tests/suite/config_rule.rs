//! Invocations by AWS Config: evaluated and answered, never repaired.

use remedy_testkit::{
    depth::Depth,
    lambda::Answer,
    world::{World, done},
};
use serde_json::{Value, json};

use crate::{drift, triggers::FUNCTIONS};

fn invocation(world: &World, invoking: &Value, left_scope: Option<bool>, token: &str) -> Vec<u8> {
    let mut event = json!({
        "version": "1.0", "invokingEvent": invoking.to_string(), "ruleParameters": "{}", "resultToken": token,
        "executionRoleArn": format!("arn:aws:iam::{}:role/config", world.account.id),
        "configRuleArn": format!("arn:aws:config:us-east-1:{}:config-rule/config-rule-abc123", world.account.id),
        "configRuleName": "hipaa-s3-public", "configRuleId": "config-rule-abc123", "accountId": world.account.id,
    });
    if let Some(left) = left_scope {
        event["eventLeftScope"] = json!(left);
    }
    event.to_string().into_bytes()
}

fn item(world: &World, bucket: &str, status: &str) -> Value {
    json!({
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-03-02T10:15:30.123Z",
        "configurationStateId": 1, "awsAccountId": world.account.id, "configurationItemStatus": status,
        "resourceType": "AWS::S3::Bucket", "resourceId": bucket, "resourceName": bucket,
        "ARN": format!("arn:aws:s3:::{bucket}"), "awsRegion": "us-east-1", "availabilityZone": "Regional",
    })
}

fn changed(world: &World, bucket: &str, status: &str) -> Value {
    json!({"messageType": "ConfigurationItemChangeNotification", "configurationItem": item(world, bucket, status),
        "notificationCreationTime": "2026-03-02T10:15:31.456Z", "recordVersion": "1.3"})
}

fn oversized(world: &World, bucket: &str) -> Value {
    json!({"messageType": "OversizedConfigurationItemChangeNotification",
        "configurationItemSummary": item(world, bucket, "OK"),
        "notificationCreationTime": "2026-03-02T10:15:31.456Z", "recordVersion": "1.0"})
}

fn periodic(world: &World, kind: &str) -> Value {
    json!({"messageType": kind, "awsAccountId": world.account.id,
        "notificationCreationTime": "2026-03-02T10:15:31.456Z", "recordVersion": "1.0"})
}

/// The evaluation that AWS Config got for a bucket, by this one invocation.
async fn told(world: &World, event: &[u8], bucket: &str) -> Option<(String, String)> {
    let before = world.proxy.evaluations(&world.account.id).len();
    done(world.deploy("s3-public-access", "enforce").invoke(event).await);
    let told = world.proxy.evaluations(&world.account.id).split_off(before);
    let ours = told.iter().find(|evaluation| evaluation["ComplianceResourceId"] == bucket)?;
    let text = |name: &str| ours[name].as_str().unwrap_or_default().to_owned();
    Some((text("ComplianceType"), text("Annotation")))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_type_is_answered_and_nothing_is_repaired() {
    let world = World::new().await;
    world.remember_settings().await;
    let bucket = drift::bucket(&world, "a").await;
    let drifted = [
        invocation(&world, &changed(&world, &bucket, "OK"), Some(false), "token"),
        invocation(&world, &changed(&world, &bucket, "ResourceDiscovered"), None, "token"),
        invocation(&world, &oversized(&world, &bucket), Some(false), "token"),
        invocation(&world, &periodic(&world, "ScheduledNotification"), Some(false), "token"),
    ];
    for event in drifted {
        let (compliance, annotation) = told(&world, &event, &bucket).await.expect("the bucket is evaluated");
        assert_eq!(compliance, "NON_COMPLIANT", "{}", String::from_utf8_lossy(&event));
        assert!(annotation.contains("BlockPublicAcls is off") && annotation.len() <= 256, "{annotation}");
    }
    let ended = [
        invocation(&world, &changed(&world, &bucket, "ResourceDeleted"), Some(false), "token"),
        invocation(&world, &changed(&world, &bucket, "OK"), Some(true), "token"),
    ];
    for event in ended {
        assert_eq!(told(&world, &event, &bucket).await.expect("it is answered").0, "NOT_APPLICABLE");
    }
    assert!(world.repairs().is_empty(), "the violation stays visible");
    assert!(world.evidence().await.is_empty(), "an evaluation leaves no evidence");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_stores_nothing() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let event = invocation(&world, &changed(&world, &bucket, "OK"), Some(false), "TESTMODE");
    assert_eq!(told(&world, &event, &bucket).await, None);
    let put = world.proxy.calls_where(|call| call.operation == "PutEvaluations");
    assert_eq!(put.len(), 1);
    assert_eq!(put[0].json()["TestMode"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_hundred_resources_go_in_batches_and_failures_are_seen() {
    let world = World::new().await;
    for number in 0..120 {
        drift::bucket(&world, &number.to_string()).await;
    }
    let event = invocation(&world, &periodic(&world, "ScheduledNotification"), Some(false), "token");
    let lambda = world.deploy("s3-public-access", "enforce");
    let answer = done(lambda.invoke(&event).await);
    assert_eq!(answer["evaluations"], 123, "120 buckets, Remedy's own two, the account");
    let puts = world.proxy.calls_where(|call| call.operation == "PutEvaluations");
    let sizes: Vec<_> = puts.iter().map(|put| put.json()["Evaluations"].as_array().map_or(0, Vec::len)).collect();
    assert_eq!(sizes, [100, 23]);
    let stubborn = format!("phi-{}-7", world.account.id);
    world.proxy.shims().evaluations.fail(&world.account.id, &stubborn);
    let answer = lambda.invoke(&event).await;
    assert!(matches!(answer, Answer::Failed { .. }), "a failed evaluation is not lost: {answer:?}");
}

/// The sizes of the batches that AWS Config got.
fn batches(world: &World) -> Vec<usize> {
    let puts = world.proxy.calls_where(|call| call.operation == "PutEvaluations");
    puts.iter().map(|put| put.json()["Evaluations"].as_array().map_or(0, Vec::len)).collect()
}

/// The last size, a thousand, is that of the full depth.
#[tokio::test(flavor = "multi_thread")]
async fn every_resource_is_reported_once_however_many_there_are() {
    let world = World::new().await;
    let lambda = world.deploy("kms-keys", "enforce");
    let event = invocation(&world, &periodic(&world, "ScheduledNotification"), Some(false), "token");
    let mut made = 0;
    for size in [0, 1, 100, 101, Depth::asked().of(101, 1000)] {
        while made < size {
            drift::key(&world).await;
            made += 1;
        }
        world.proxy.clear();
        let before = world.proxy.evaluations(&world.account.id).len();
        let answer = done(lambda.invoke(&event).await);
        assert_eq!(answer["evaluations"], size);
        let full = std::iter::repeat_n(100, size / 100).chain((size % 100 > 0).then_some(size % 100));
        assert_eq!(batches(&world), full.collect::<Vec<_>>(), "{size} keys");
        let told = world.proxy.evaluations(&world.account.id).split_off(before);
        let ids: std::collections::BTreeSet<_> =
            told.iter().map(|one| one["ComplianceResourceId"].to_string()).collect();
        assert_eq!((told.len(), ids.len()), (size, size));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_that_fails_once_is_sent_again_alone() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    world.proxy.shims().evaluations.fail_times(&world.account.id, &bucket, 1);
    let event = invocation(&world, &periodic(&world, "ScheduledNotification"), Some(false), "token");
    let answer = done(world.deploy("s3-public-access", "enforce").invoke(&event).await);
    assert_eq!(answer["evaluations"], 4, "the bucket, Remedy's own two, the account");
    assert_eq!(batches(&world), [4, 1]);
    let told = world.proxy.evaluations(&world.account.id);
    assert_eq!(told.iter().filter(|one| one["ComplianceResourceId"] == bucket.as_str()).count(), 1);
    assert_eq!(told.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_has_the_rule_evaluated_again() {
    let world = World::new().await;
    for drift in [drift::Drift::Bucket, drift::Drift::Rotation, drift::Drift::User, drift::Drift::Password] {
        drift.make(&world, "a").await;
    }
    drift::database(&world, "records", drift::Database::Open).await;
    world.proxy.shims().evaluations.expire("late");
    let event = invocation(&world, &periodic(&world, "ScheduledNotification"), Some(false), "late");
    for function in FUNCTIONS {
        world.proxy.clear();
        let before = world.proxy.shims().rule_evaluation.of(&world.account.id).len();
        let lambda = world.deploy(function, "enforce");
        let answer = done(lambda.invoke(&event).await);
        assert_eq!(answer["evaluations"], 0, "{function}: none arrived: {answer:#}");
        let asked = world.proxy.shims().rule_evaluation.of(&world.account.id).split_off(before);
        assert_eq!(asked, ["hipaa-s3-public"], "{function}");
        assert_eq!(batches(&world).len(), 1, "{function}: a dead token is not tried again");
        assert!(lambda.logs().contains("the result token is not valid any more"), "{function}");
    }
    // AWS Config refuses more than one a minute: then the invocation is given back.
    world.proxy.on_call(|call| {
        let is_asked = call.operation == "StartConfigRulesEvaluation";
        is_asked.then(|| remedy_testkit::proxy::Fault::Status(400, "LimitExceededException".to_owned()))
    });
    let answer = world.deploy("kms-keys", "enforce").invoke(&event).await;
    assert!(matches!(answer, Answer::Failed { .. }), "what was not told and not asked for is given back: {answer:?}");
}
