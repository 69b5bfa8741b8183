//! The alarms of the template, fired: each by its fault of the runbook, brought about with real processes, and by nothing
//! that goes well. CloudWatch is a model (`remedy_tests::cloudwatch`) that reads their logs, and counts what AWS itself would.

use std::{
    collections::{BTreeMap, BTreeSet},
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
fn alarms() -> BTreeMap<String, Value> {
    let resources = resources(&[]);
    let alarms = of_type(&resources, "AWS::CloudWatch::Alarm").into_iter();
    let name =
        |alarm: &Value| alarm["AlarmName"].as_str().and_then(|name| name.strip_prefix("remedy-")).map(str::to_owned);
    alarms.map(|(_, alarm)| (name(alarm).expect("an alarm is named after the stack"), alarm.clone())).collect()
}

/// The names of the alarms of one function that fired, without the function's name.
fn fired(metrics: &CloudWatch, function: &str) -> BTreeSet<String> {
    let of_function =
        |(name, alarm): (String, Value)| Some((name.strip_prefix(&format!("{function}-"))?.to_owned(), alarm));
    let own = alarms().into_iter().filter_map(of_function);
    own.filter(|(_, alarm)| metrics.has_fired(alarm)).map(|(name, _)| name).collect()
}

/// Invokes as Lambda does, which counts what fails.
async fn invoke(metrics: &mut CloudWatch, lambda: &Lambda, event: &[u8]) -> Answer {
    let answer = lambda.invoke(event).await;
    let failed = if matches!(answer, Answer::Done(_)) { 0.0 } else { 1.0 };
    metrics.put(("AWS/Lambda", "Errors"), ("FunctionName", &format!("remedy-{FUNCTION}")), now(), failed);
    answer
}

/// The alarms of this world's function that fired.
fn after(mut metrics: CloudWatch, lambda: &Lambda) -> BTreeSet<String> {
    metrics.read(&lambda.logs());
    fired(&metrics, FUNCTION)
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
    let name = format!("remedy-{FUNCTION}-dead-letters");
    metrics.put(("AWS/SQS", "ApproximateNumberOfMessagesVisible"), ("QueueName", &name), now(), dead);
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
#[tokio::test]
async fn what_does_not_reach_the_function_fires_throttles_and_waiting() {
    let mut metrics = CloudWatch::default();
    metrics.put(("AWS/Lambda", "Throttles"), ("FunctionName", &format!("remedy-{FUNCTION}")), now(), 1.0);
    assert_eq!(fired(&metrics, FUNCTION), only(["throttles"]));
    let mut metrics = CloudWatch::default();
    let age = ("AWS/SQS", "ApproximateAgeOfOldestMessage");
    let queue = format!("remedy-{FUNCTION}");
    metrics.put(age, ("QueueName", &queue), now(), 3_600.0);
    assert_eq!(fired(&metrics, FUNCTION), only([]), "an hour is not too long");
    metrics.put(age, ("QueueName", &queue), now(), 3_601.0);
    assert_eq!(fired(&metrics, FUNCTION), only(["waiting"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_are_not_sealed_fire_seal_lag_and_so_does_a_sealer_that_does_not_run() {
    let lag = alarms().remove("seal-lag").expect("there is one");
    assert_eq!(CloudWatch::default().state(&lag, now()), State::Alarm, "it does not run");
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(5).await;
    let sealer = vault.sealer();
    assert_eq!(done(sealer.invoke(b"{}").await)["due"], 0);
    let mut metrics = CloudWatch::default();
    metrics.read(&sealer.logs());
    assert_eq!(metrics.state(&lag, now()), State::Ok);
    assert_eq!(fired(&metrics, "sealer"), only([]));
}

/// An alarm that was fired above for one function fires for all: their alarms differ only in the function.
#[test]
fn all_functions_have_the_same_alarms() {
    let mut alarms = alarms();
    let without_name = |alarm: &Value, function: &str| {
        let text = alarm
            .to_string()
            .replace(&format!("remedy-{function}"), "FN")
            .replace(&format!("\"{function}\""), "\"FN\"");
        serde_json::from_str::<Value>(&text).expect("it is still JSON")
    };
    let kinds = ["errors", "throttles", "deadletters", "waiting", "page", "look", "unsent"];
    let of = |alarms: &mut BTreeMap<String, Value>, function: &str| {
        let own = kinds.map(|kind| (kind, alarms.remove(&format!("{function}-{kind}"))));
        own.map(|(kind, alarm)| (kind, alarm.map(|alarm| without_name(&alarm, function))))
    };
    let model = of(&mut alarms, FUNCTION);
    for function in functions().iter().filter(|function| *function != FUNCTION) {
        for ((kind, own), (_, other)) in of(&mut alarms, function).into_iter().zip(&model) {
            let has_no_queue = kind == "waiting" && matches!(function.as_str(), "operator" | "sealer");
            assert_eq!(own.as_ref(), other.as_ref().filter(|_| !has_no_queue), "{function} {kind}");
        }
    }
    assert_eq!(alarms.into_keys().collect::<Vec<_>>(), ["seal-lag"], "no alarm is left that was not fired");
}
