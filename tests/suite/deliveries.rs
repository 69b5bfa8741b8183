//! Many deliveries at once: duplicates, disorder, faults. Nothing is lost, and nothing is done twice.

use std::sync::atomic::{AtomicU64, Ordering};

use remedy_testkit::{
    depth::Depth,
    lambda::Lambda,
    proxy::Fault,
    queue::{Drained, Queue},
    world::{World, done},
};
use serde_json::json;

use crate::drift::{self, Drift, block_of};

/// A compliance-change event for a bucket.
fn compliance_change(world: &World, bucket: &str) -> String {
    let account = &world.account.id;
    json!({
        "version": "0", "id": "1", "detail-type": "Config Rules Compliance Change", "source": "aws.config",
        "account": account, "time": "2026-03-02T10:15:32Z", "region": "us-east-1", "resources": [],
        "detail": {
            "resourceId": bucket, "resourceType": "AWS::S3::Bucket", "awsRegion": "us-east-1", "awsAccountId": account,
            "configRuleName": "s3-bucket-public-read-prohibited-conformance-pack-ab12cd34e",
            "configRuleARN": format!("arn:aws:config:us-east-1:{account}:config-rule/config-rule-abc123"),
            "messageType": "ComplianceChangeNotification", "recordVersion": "1.0",
            "newEvaluationResult": {
                "evaluationResultIdentifier": {
                    "evaluationResultQualifier": {
                        "configRuleName": "s3-bucket-public-read-prohibited-conformance-pack-ab12cd34e",
                        "resourceType": "AWS::S3::Bucket", "resourceId": bucket,
                    },
                    "orderingTimestamp": "2026-03-02T10:15:30.123Z",
                },
                "complianceType": "NON_COMPLIANT",
                "resultRecordedTime": "2026-03-02T10:15:30.123Z", "configRuleInvokedTime": "2026-03-02T10:15:30.123Z",
            },
            "notificationCreationTime": "2026-03-02T10:15:31.456Z",
        },
    })
    .to_string()
}

async fn buckets(world: &World, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for number in 0..count {
        names.push(drift::bucket(world, &number.to_string()).await);
    }
    names
}

fn workers(world: &World, count: usize) -> Vec<Lambda> {
    (0..count).map(|_| world.deploy("s3-public-access", "enforce")).collect()
}

fn assert_delivered(drained: &Drained, pushed: usize) {
    assert_eq!(drained.acknowledged.len() + drained.dead_lettered.len(), pushed, "deliveries = done + dead letters");
    assert!(drained.dead_lettered.is_empty(), "nothing is lost: {:?}", drained.dead_lettered);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_deliveries_of_each_event_make_one_write_for_each() {
    let world = World::new().await;
    let events = Depth::asked().of(20, 100);
    let names = buckets(&world, events).await;
    let mut queue = Queue::new(20).shuffled(7);
    for name in names.iter().cycle().take(20 * events) {
        queue.push(compliance_change(&world, name));
    }
    let drained = queue.drain(&workers(&world, 4), 10, async |_| {}).await;
    assert_delivered(&drained, 20 * events);
    let mut repaired: Vec<_> = world.repairs().into_iter().map(|call| (call.name(), call.resource.unwrap())).collect();
    repaired.sort();
    let mut expected: Vec<_> = names.into_iter().map(|name| ("s3:PutPublicAccessBlock".to_owned(), name)).collect();
    expected.sort();
    assert_eq!(repaired, expected);
    world.assert_conserved().await;
}

/// One in five calls fails, in four ways, half of them after taking effect.
fn one_in_five(seed: u64) -> impl Fn(&remedy_testkit::proxy::Call) -> Option<Fault> + Send + Sync + 'static {
    let state = AtomicU64::new(seed.wrapping_mul(0xD134_2543_DE82_EF95));
    move |_| {
        let draw = state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mixed = (draw ^ (draw >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        match (mixed >> 32) % 20 {
            0 => Some(Fault::Throttle),
            1 => Some(Fault::ServerError),
            2 => Some(Fault::ResetBefore),
            3 => Some(Fault::ResetAfter),
            _ => None,
        }
    }
}

/// At the full depth five hundred events in all, a hundred in each test: each has an account, an order and faults of its own.
mod with_one_call_in_five_failing_nothing_is_lost {
    use super::events_survive;

    #[tokio::test(flavor = "multi_thread")]
    async fn among_the_first_hundred() {
        events_survive(11).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn among_the_second_hundred() {
        events_survive(13).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn among_the_third_hundred() {
        events_survive(15).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn among_the_fourth_hundred() {
        events_survive(17).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn among_the_fifth_hundred() {
        events_survive(19).await;
    }
}

async fn events_survive(seed: u64) {
    let world = World::new().await;
    let names = buckets(&world, Depth::asked().of(20, 100)).await;
    let mut queue = Queue::new(50).shuffled(seed);
    for name in &names {
        queue.push(compliance_change(&world, name));
    }
    world.proxy.on_call(one_in_five(seed));
    let workers = workers(&world, 4);
    let drained = queue.drain(&workers, 5, async |_| world.age_locks().await).await;
    assert_delivered(&drained, names.len());
    world.proxy.clear_faults();
    world.age_locks().await;
    done(workers[0].invoke(br#"{"sweep":{"control":"s3-bucket-public"}}"#).await);
    for name in &names {
        assert_eq!(block_of(&world, name).await, Some([true; 4]), "{name}");
    }
    world.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_between_two_looks_is_left_alone() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let (s3, name) = (world.s3(), bucket.clone());
    let change = move || async move {
        let block = aws_sdk_s3::types::PublicAccessBlockConfiguration::builder().block_public_acls(true).build();
        let put = s3.put_public_access_block().bucket(name).public_access_block_configuration(block);
        put.send().await.expect("somebody else changes the bucket");
    };
    world.proxy.mutate_before(|call| call.operation == "AssumeRole", change);
    let lambda = world.deploy("s3-public-access", "enforce");
    let run = remedy_testkit::world::only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "superseded", "{run:#}");
    assert!(world.repairs().is_empty());
    assert_eq!(block_of(&world, &bucket).await, Some([true, false, false, false]));
    world.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_write_is_blocked_once_and_not_tried_again() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    world.proxy.on_call(|call| (call.operation == "PutPublicAccessBlock").then_some(Fault::Denied));
    let lambda = world.deploy("s3-public-access", "enforce");
    let run = remedy_testkit::world::only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "blocked", "{run:#}");
    assert_eq!(world.proxy.calls_where(|call| call.operation == "PutPublicAccessBlock").len(), 1);
    world.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_ledger_nothing_is_written() {
    for denied in ["PutObject", "ListObjectsV2", "GetObject"] {
        let world = World::new().await;
        let bucket = drift::bucket(&world, "a").await;
        world.proxy.on_call(move |call| (call.operation == denied).then_some(Fault::Denied));
        let lambda = world.deploy("s3-public-access", "enforce");
        let run = remedy_testkit::world::only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
        assert_eq!(run["outcome"], "blocked", "{denied}: {run:#}");
        assert!(world.repairs().is_empty(), "{denied}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_answers_lead_to_no_harm() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let seen = AtomicU64::new(0);
    world.proxy.on_call(move |call| {
        let is_look = call.operation == "GetPublicAccessBlock";
        (is_look && seen.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)).then_some(Fault::Stale)
    });
    for _ in 0..3 {
        let run = remedy_testkit::world::only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
        assert!(["repaired", "already-compliant", "superseded"].contains(&run["outcome"].as_str().unwrap()), "{run:#}");
    }
    assert_eq!(block_of(&world, &bucket).await, Some([true; 4]));
    world.assert_conserved().await;
}
