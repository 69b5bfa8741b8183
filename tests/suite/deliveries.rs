//! Many deliveries at once: duplicates, disorder, faults. Nothing is lost, and nothing is done twice.

use std::sync::atomic::{AtomicU64, Ordering};

use remedy_testkit::{
    depth::Depth,
    lambda::{Answer, Lambda},
    proxy::Fault,
    queue::Queue,
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

/// The deliveries that production gives a message: `maxReceiveCount` of the queues in template.yaml.
const REDRIVE: u32 = 5;

/// Deliveries of each event in tests of duplicates.
const COPIES: usize = 20;

/// At the full depth ten thousand deliveries of five hundred events, at the standard one four hundred of twenty.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_deliveries_of_each_event_make_one_write_for_each() {
    let world = World::new().await;
    let events = Depth::asked().of(20, 500);
    let names = buckets(&world, events).await;
    let mut queue = Queue::new(REDRIVE).shuffled(7);
    for name in names.iter().cycle().take(COPIES * events) {
        queue.push(compliance_change(&world, name));
    }
    let drained = queue.drain(&workers(&world, 4), 10, async |_| {}).await;
    assert_eq!(drained.acknowledged.len() + drained.dead_lettered.len(), COPIES * events, "done + dead letters");
    assert!(drained.dead_lettered.is_empty(), "nothing is lost: {:?}", drained.dead_lettered);
    let mut repaired: Vec<_> = world.repairs().into_iter().map(|call| (call.name(), call.resource.unwrap())).collect();
    repaired.sort();
    let mut expected: Vec<_> = names.into_iter().map(|name| ("s3:PutPublicAccessBlock".to_owned(), name)).collect();
    expected.sort();
    assert_eq!(repaired, expected);
    world.assert_conserved().await;
    println!("{} deliveries of {events} events by 4 processes, redrive {REDRIVE}: one write each", drained.delivered);
}

/// One in five calls fails, in five ways, half of them after taking effect.
fn one_in_five(seed: u64) -> impl Fn(&remedy_testkit::proxy::Call) -> Option<Fault> + Send + Sync + 'static {
    let state = AtomicU64::new(seed.wrapping_mul(0xD134_2543_DE82_EF95));
    move |_| {
        let draw = state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mixed = (draw ^ (draw >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        match (mixed >> 32) % 40 {
            0 | 1 => Some(Fault::Throttle),
            2 => Some(Fault::ServerError),
            3 => Some(Fault::ResetBefore),
            4 | 5 => Some(Fault::ResetAfter),
            6 | 7 => Some(Fault::ErrorAfter),
            _ => None,
        }
    }
}

#[tokio::test]
async fn one_in_five_is_one_in_five_and_half_of_them_are_after_the_effect() {
    let (world, rule) = (World::new().await, one_in_five(11));
    let remedy = aws_sdk_s3::Client::new(&world.proxied_config());
    remedy.list_buckets().send().await.expect("a call through the proxy");
    let call = world.proxy.calls().pop().expect("it is in the journal");
    let faults: Vec<_> = (0..100_000).filter_map(|_| rule(&call)).collect();
    let after = faults.iter().filter(|fault| fault.lets_through()).count();
    assert!((19_000..21_000).contains(&faults.len()), "{} of 100,000 calls fail", faults.len());
    assert!((9_500..10_500).contains(&after), "{after} of them after the effect");
}

/// At the full depth two thousand events in all, four hundred in each test: each has an account, an order and faults of its
/// own. At the standard depth a hundred in all.
mod with_one_call_in_five_failing_nothing_is_lost {
    use super::events_survive;

    #[tokio::test(flavor = "multi_thread")]
    async fn among_the_first_fifth() {
        events_survive(11).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn among_the_second_fifth() {
        events_survive(13).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn among_the_third_fifth() {
        events_survive(15).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn among_the_fourth_fifth() {
        events_survive(17).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn among_the_last_fifth() {
        events_survive(19).await;
    }
}

/// With one call in five failing, one in a hundred messages may fail five times: these are in the dead-letter queue,
/// and the sweep repairs their resources.
async fn events_survive(seed: u64) {
    let world = World::new().await;
    // Otherwise the sweep at the end would be the first, and its findings the backlog of a new control.
    world.swept_before("s3-bucket-public").await;
    let names = buckets(&world, Depth::asked().of(20, 400)).await;
    let mut queue = Queue::new(REDRIVE).shuffled(seed);
    for name in &names {
        queue.push(compliance_change(&world, name));
    }
    world.proxy.on_call(one_in_five(seed));
    let workers = workers(&world, 4);
    let drained = queue.drain(&workers, 5, async |_| world.age_locks().await).await;
    let dead = drained.dead_lettered.len();
    assert_eq!(drained.acknowledged.len() + dead, names.len(), "deliveries = done + dead letters");
    assert!(dead <= names.len().div_ceil(100), "seed {seed}: {dead} of {} are dead letters", names.len());
    world.proxy.clear_faults();
    world.age_locks().await;
    done(workers[0].invoke(br#"{"sweep":{"control":"s3-bucket-public"}}"#).await);
    for name in &names {
        assert_eq!(block_of(&world, name).await, Some([true; 4]), "{name}");
    }
    world.assert_conserved().await;
    let (events, delivered) = (names.len(), drained.delivered);
    println!("seed {seed}: {events} events, {delivered} deliveries, redrive {REDRIVE}, {dead} dead letters: none lost");
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
        world.remember_settings().await;
        let bucket = drift::bucket(&world, "a").await;
        world.proxy.on_call(move |call| (call.operation == denied).then_some(Fault::Denied));
        let lambda = world.deploy("s3-public-access", "enforce");
        let answer = lambda.invoke(&Drift::Bucket.event(&bucket)).await;
        let is_given_back = matches!(&answer, Answer::Failed { error_type, .. } if error_type == "ledger");
        assert!(is_given_back, "{denied}: the message stays in its queue: {answer:?}");
        assert!(world.attempts().is_empty(), "{denied}");
        assert!(world.evidence().await.is_empty(), "{denied}");
        world.proxy.clear_faults();
        let run = remedy_testkit::world::only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
        assert_eq!(run["outcome"], "repaired", "{denied}: once it is healed: {run:#}");
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
