//! The metrics that the alarms of a deployment count: CloudWatch's embedded format, in the logs of real processes.

use std::collections::BTreeMap;

use remedy_testkit::{
    lambda::{Answer, Lambda},
    proxy::Fault,
    world::{TIMEOUT, World},
};
use serde_json::{Value, json};

use crate::drift::{self, Drift};

/// How often each metric was counted, by its dimensions but `function`; fails on a line that CloudWatch would not take.
fn counted(lambda: &Lambda, function: &str) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for line in lambda.logs().lines().filter(|line| line.contains("_aws")) {
        let line: Value = serde_json::from_str(line).expect("a line of embedded metrics is JSON");
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        let dimensions: Vec<&str> =
            directive["Dimensions"][0].as_array().expect("a set").iter().filter_map(Value::as_str).collect();
        assert_eq!((directive["Namespace"].as_str(), line["function"].as_str()), (Some("Remedy"), Some(function)));
        assert!(line["_aws"]["Timestamp"].as_i64().is_some_and(|at| at > 1_700_000_000_000), "milliseconds");
        // The metrics that an alarm counts over all functions have a second set of dimensions, without the function.
        let is_of_the_stack =
            ["Alarms", "NoticesUnsent"].contains(&directive["Metrics"][0]["Name"].as_str().expect("a name"));
        let sets = if is_of_the_stack { json!([dimensions, dimensions[1..]]) } else { json!([dimensions]) };
        assert_eq!(directive["Dimensions"], sets, "{line}");
        let values: Vec<&str> = dimensions.iter().map(|name| line[*name].as_str().expect("a text")).collect();
        let name = directive["Metrics"][0]["Name"].as_str().expect("a name");
        let key = [&[name], &values[1..]].concat().join(" ");
        *counts.entry(key).or_default() += line[name].as_i64().expect("a whole number");
    }
    counts
}

fn of<const N: usize>(expected: [(&str, i64); N]) -> BTreeMap<String, i64> {
    expected.into_iter().map(|(key, count)| (key.to_owned(), count)).collect()
}

#[tokio::test]
async fn each_run_counts_once_by_its_end_and_once_by_how_soon_somebody_must_look() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let lambda = world.deploy("s3-public-access", "enforce");
    for _ in 0..2 {
        lambda.invoke(&Drift::Bucket.event(&bucket)).await;
    }
    let expected = of([
        ("Outcomes s3-bucket-public repaired", 1),
        ("Outcomes s3-bucket-public already-compliant", 1),
        ("Alarms notice", 1),
    ]);
    assert_eq!(counted(&lambda, "s3-public-access"), expected);
    let logs = lambda.logs();
    let repaired = logs.lines().find(|line| line.contains("_aws") && line.contains("repaired")).expect("a line");
    let repaired: Value = serde_json::from_str(repaired).unwrap();
    let elements = repaired["elements"].as_array().expect("the elements, which are no dimensions");
    assert!(elements.contains(&json!("block-public-acls")), "{elements:?}");
}

#[tokio::test]
async fn what_blocks_or_denies_raises_an_alarm() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let mut env = world.environment("enforce");
    env.remove("REMEDY_WRITE_ROLE");
    let lambda = world.deploy_with("s3-public-access", env, TIMEOUT);
    lambda.invoke(&Drift::Bucket.event(&bucket)).await;
    let expected = of([("Outcomes s3-bucket-public blocked", 1), ("Alarms alarm", 1)]);
    assert_eq!(counted(&lambda, "s3-public-access"), expected);

    world.proxy.on_call(|call| (call.operation == "PutPublicAccessBlock").then_some(Fault::Denied));
    let lambda = world.deploy("s3-public-access", "enforce");
    let answer = lambda.invoke(&Drift::Bucket.event(&bucket)).await;
    let counts = counted(&lambda, "s3-public-access");
    assert_eq!(counts.get("Alarms alarm"), Some(&1), "{answer:?} {counts:?}");
}

#[tokio::test]
async fn what_cannot_start_and_what_is_refused_are_counted() {
    let world = World::new().await;
    let mut env = world.environment("enforce");
    env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&json!({"modes": 7})));
    let lambda = world.deploy_with("s3-public-access", env, TIMEOUT);
    let answer = lambda.invoke(&Drift::Bucket.event("any")).await;
    assert!(matches!(answer, Answer::Failed { .. }), "{answer:?}");
    assert_eq!(counted(&lambda, "s3-public-access"), of([("Alarms alarm", 1)]));

    let mut env = world.environment("enforce");
    env.remove("REMEDY_STATE_BUCKET");
    let lambda = world.deploy_with("s3-public-access", env, TIMEOUT);
    lambda.invoke(&Drift::Bucket.event("any")).await;
    assert_eq!(counted(&lambda, "s3-public-access"), of([("Alarms alarm", 1)]), "a wrong environment too");

    let lambda = world.deploy("s3-public-access", "enforce");
    lambda.invoke(b"{}").await;
    let counts = counted(&lambda, "s3-public-access");
    let refused: Vec<_> = counts.iter().filter(|(key, _)| key.starts_with("Refused ")).collect();
    assert!(refused.len() == 1 && counts.get("Alarms alarm") == Some(&1), "{counts:?}");
}

#[tokio::test]
async fn what_drifts_again_and_again_pages() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let lambda = world.deploy("s3-public-access", "enforce");
    for _ in 0..4 {
        lambda.invoke(&Drift::Bucket.event(&bucket)).await;
        // The fourth time it is open already.
        let _ = world.s3().delete_public_access_block().bucket(&bucket).send().await;
    }
    let expected = of([("Outcomes s3-bucket-public repaired", 4), ("Alarms notice", 3), ("Alarms page", 1)]);
    assert_eq!(counted(&lambda, "s3-public-access"), expected, "what is open to everybody is closed each time");

    let bucket = Drift::Plaintext.make(&world, "b").await;
    let before = drift::policy_of(&world, &bucket).await.expect("a policy");
    let lambda = world.deploy("s3-encryption", "enforce");
    for _ in 0..4 {
        lambda.invoke(&Drift::Plaintext.event(&bucket)).await;
        world.s3().put_bucket_policy().bucket(&bucket).policy(&before).send().await.expect("it drifts again");
    }
    let expected = of([
        ("Outcomes s3-bucket-without-tls repaired", 3),
        ("Outcomes s3-bucket-without-tls blocked", 1),
        ("Alarms notice", 3),
        ("Alarms page", 1),
    ]);
    assert_eq!(counted(&lambda, "s3-encryption"), expected, "nothing else is fought for");
}

#[tokio::test]
async fn a_notice_that_is_not_sent_is_counted() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let mut env = world.environment("enforce");
    env.insert("REMEDY_TOPIC_ARN".to_owned(), drift::topic(&world, "notices").await);
    let lambda = world.deploy_with("s3-public-access", env, TIMEOUT);
    world.proxy.on_call(|call| (call.operation == "Publish").then_some(Fault::Denied));
    lambda.invoke(&Drift::Bucket.event(&bucket)).await;
    assert_eq!(counted(&lambda, "s3-public-access").get("NoticesUnsent"), Some(&1));
}
