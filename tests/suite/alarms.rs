//! The alarms of the template, fired: each by its fault of the runbook, brought about with real processes, and by nothing
//! that goes well. CloudWatch is a model (`remedy_tests::cloudwatch`) that reads their logs, and counts what AWS itself would.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

use remedy_testkit::{
    lambda::{Answer, Lambda},
    proxy::Fault,
    queue::Queue,
    world::{TIMEOUT, World, done},
};
use remedy_tests::cloudwatch::{CloudWatch, State};
use serde_json::{Value, json};

use crate::{
    drift::{self, Drift},
    seal::vault::Vault,
    template::{functions, of_type, resources},
};

const FUNCTION: &str = "s3-public-access";

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs().try_into().expect("it fits")
}

/// The alarms by their names without the stack's.
static ALARMS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let resources = resources(&[]);
    let alarms = of_type(&resources, "AWS::CloudWatch::Alarm").into_iter();
    let name =
        |alarm: &Value| alarm["AlarmName"].as_str().and_then(|name| name.strip_prefix("remedy-")).map(str::to_owned);
    alarms.map(|(_, alarm)| (name(alarm).expect("an alarm is named after the stack"), alarm.clone())).collect()
});

/// The names of the alarms that fired. That the sealer does not run here is another test's.
fn fired(metrics: &CloudWatch) -> BTreeSet<String> {
    let others = ALARMS.iter().filter(|(name, _)| *name != "seal-lag");
    others.filter(|(_, alarm)| metrics.has_fired(alarm)).map(|(name, _)| name.clone()).collect()
}

/// Invokes as Lambda does, which counts what fails.
async fn invoke(metrics: &mut CloudWatch, lambda: &Lambda, event: &[u8]) -> Answer {
    let answer = lambda.invoke(event).await;
    let failed = if matches!(answer, Answer::Done(_)) { 0.0 } else { 1.0 };
    metrics.put(("AWS/Lambda", "Errors"), ("FunctionName", &format!("remedy-{FUNCTION}")), now(), failed);
    answer
}

/// The alarms that fired by the logs of this function.
fn after(mut metrics: CloudWatch, lambda: &Lambda) -> BTreeSet<String> {
    metrics.read(&lambda.logs());
    fired(&metrics)
}

fn only<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[tokio::test]
async fn nothing_fires_where_all_goes_well() {
    let (world, mut metrics) = (World::new().await, CloudWatch::default());
    let lambda = world.deploy(FUNCTION, "enforce");
    let bucket = drift::bucket(&world, "a").await;
    for _ in 0..2 {
        invoke(&mut metrics, &lambda, &Drift::Bucket.event(&bucket)).await;
    }
    assert_eq!(after(metrics, &lambda), only([]));
}

#[tokio::test]
async fn an_invocation_that_fails_fires_errors() {
    let (world, mut metrics) = (World::new().await, CloudWatch::default());
    let lambda = world.deploy(FUNCTION, "enforce");
    invoke(&mut metrics, &lambda, br#"{"control": "no-such-control", "resource": "x"}"#).await;
    assert_eq!(after(metrics, &lambda), only(["errors", "look"]), "a refused event asks somebody to look");
}

#[tokio::test]
async fn a_poison_message_fires_dead_letters() {
    let (world, mut metrics) = (World::new().await, CloudWatch::default());
    let lambda = world.deploy(FUNCTION, "enforce");
    let mut queue = Queue::new(5);
    queue.push(r#"{"nonsense": 1}"#);
    let drained = queue.drain(std::slice::from_ref(&lambda), 10, async |_| {}).await;
    let dead = f64::from(u32::try_from(drained.dead_lettered.len()).unwrap());
    let visible = ("AWS/SQS", "ApproximateNumberOfMessagesVisible");
    metrics.put(visible, ("QueueName", "remedy-dead-letters"), now(), dead);
    assert_eq!(after(metrics, &lambda), only(["deadletters", "look"]));
}

#[tokio::test]
async fn what_drifts_a_fourth_time_fires_page() {
    let (world, mut metrics) = (World::new().await, CloudWatch::default());
    let lambda = world.deploy(FUNCTION, "enforce");
    let bucket = drift::bucket(&world, "a").await;
    for _ in 0..4 {
        let _no_block_the_fourth_time = world.s3().delete_public_access_block().bucket(&bucket).send().await;
        invoke(&mut metrics, &lambda, &Drift::Bucket.event(&bucket)).await;
    }
    assert_eq!(after(metrics, &lambda), only(["page"]));
}

#[tokio::test]
async fn a_protected_resource_that_drifts_fires_look() {
    let (world, mut metrics) = (World::new().await, CloudWatch::default());
    let bucket = drift::bucket(&world, "a").await;
    let settings =
        json!({"modes": {"default": "enforce"}, "protected": {"resources": [format!("arn:aws:s3:::{bucket}")]}});
    let mut env = world.environment("observe");
    env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&settings));
    let lambda = world.deploy_with(FUNCTION, env, TIMEOUT);
    invoke(&mut metrics, &lambda, &Drift::Bucket.event(&bucket)).await;
    assert_eq!(after(metrics, &lambda), only(["look"]));
}

#[tokio::test]
async fn a_topic_that_may_not_be_told_fires_unsent() {
    let (world, mut metrics) = (World::new().await, CloudWatch::default());
    let mut env = world.environment("enforce");
    env.insert("REMEDY_TOPIC_ARN".to_owned(), drift::topic(&world, "notices").await);
    let lambda = world.deploy_with(FUNCTION, env, TIMEOUT);
    world.proxy.on_call(|call| (call.operation == "Publish").then_some(Fault::Denied));
    let bucket = drift::bucket(&world, "a").await;
    invoke(&mut metrics, &lambda, &Drift::Bucket.event(&bucket)).await;
    assert_eq!(after(metrics, &lambda), only(["unsent"]));
}

/// Lambda refuses, and SQS waits, without any part of ours: their own numbers, as AWS documents them.
#[test]
fn what_does_not_reach_the_function_fires_throttles_and_waiting() {
    let mut metrics = CloudWatch::default();
    metrics.put(("AWS/Lambda", "Throttles"), ("FunctionName", &format!("remedy-{FUNCTION}")), now(), 1.0);
    assert_eq!(fired(&metrics), only(["throttles"]));
    let mut metrics = CloudWatch::default();
    let age = ("AWS/SQS", "ApproximateAgeOfOldestMessage");
    let queue = format!("remedy-{FUNCTION}");
    metrics.put(age, ("QueueName", &queue), now(), 3_600.0);
    assert_eq!(fired(&metrics), only([]), "an hour is not too long");
    metrics.put(age, ("QueueName", &queue), now(), 3_601.0);
    assert_eq!(fired(&metrics), only(["waiting"]));
}

/// What AWS counts by function or queue counts for each of them, and for nobody else.
#[test]
fn every_function_fires_what_another_fired_above() {
    for function in functions() {
        let (name, has_queue) = (format!("remedy-{function}"), !matches!(function.as_str(), "operator" | "sealer"));
        for (metric, dimension, value, alarm) in [
            (("AWS/Lambda", "Errors"), "FunctionName", 1.0, Some("errors")),
            (("AWS/Lambda", "Throttles"), "FunctionName", 1.0, Some("throttles")),
            (("AWS/SQS", "ApproximateAgeOfOldestMessage"), "QueueName", 3_601.0, has_queue.then_some("waiting")),
        ] {
            let mut metrics = CloudWatch::default();
            metrics.put(metric, (dimension, &name), now(), value);
            assert_eq!(fired(&metrics), alarm.map(str::to_owned).into_iter().collect(), "{function} {metric:?}");
        }
    }
    let mut metrics = CloudWatch::default();
    metrics.put(("AWS/Lambda", "Errors"), ("FunctionName", "theirs"), now(), 1.0);
    metrics.put(("AWS/SQS", "ApproximateAgeOfOldestMessage"), ("QueueName", "theirs"), now(), 9_999.0);
    assert_eq!(fired(&metrics), only([]), "functions and queues of others are not ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_are_not_sealed_fire_seal_lag_and_so_does_a_sealer_that_does_not_run() {
    let lag = &ALARMS["seal-lag"];
    assert_eq!(CloudWatch::default().state(lag, now()), State::Alarm, "it does not run");
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(5).await;
    let sealer = vault.sealer();
    assert_eq!(done(sealer.invoke(b"{}").await)["due"], 0);
    let mut metrics = CloudWatch::default();
    metrics.read(&sealer.logs());
    assert_eq!(metrics.state(lag, now()), State::Ok);
    assert_eq!(fired(&metrics), only([]));
}

/// EventBridge counts by rule what it gave up, and what not even the dead-letter queue took.
#[test]
fn an_event_that_reaches_nobody_fires_undelivered() {
    for rule in ["sweep", "global-sweep", "operator-schedule", "sealer-schedule", "TamperingKeys"] {
        for metric in ["FailedInvocations", "InvocationsFailedToBeSentToDlq"] {
            let mut metrics = CloudWatch::default();
            metrics.put(("AWS/Events", metric), ("RuleName", &format!("remedy-{rule}")), now(), 1.0);
            assert_eq!(fired(&metrics), only(["undelivered"]), "{rule} {metric}");
        }
    }
    let mut metrics = CloudWatch::default();
    metrics.put(("AWS/Events", "FailedInvocations"), ("RuleName", "theirs"), now(), 1.0);
    assert_eq!(fired(&metrics), only([]), "rules of others are not ours");
}

#[test]
fn no_alarm_is_left_that_was_not_fired() {
    let fired = ["deadletters", "errors", "look", "page", "seal-lag", "throttles", "undelivered", "unsent", "waiting"];
    assert_eq!(ALARMS.keys().collect::<Vec<_>>(), fired);
}

#[test]
fn without_the_iam_functions_the_alarms_are_about_the_others() {
    for (_, alarm) in of_type(&resources(&["GlobalControls=no"]), "AWS::CloudWatch::Alarm") {
        assert!(!alarm.to_string().contains("remedy-iam-"), "{alarm}");
    }
}
