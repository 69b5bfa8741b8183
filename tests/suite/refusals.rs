//! Malformed input: a typed refusal each, logged and counted, no panic, little memory, nothing written but the refusal.

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::{canonical, trigger::malformed};
use remedy_testkit::{
    depth::Depth,
    lambda::{Answer, Lambda},
    queue::Queue,
    world::World,
};
use remedy_tests::clinic::Clinic;
use serde_json::Value;

use crate::{seal::vault::Vault, triggers::FUNCTIONS};

/// A process that refuses everything stays below this, in KiB.
const MOST_MEMORY: u64 = 64 * 1024;
/// SQS takes no larger message.
const LARGEST_MESSAGE: usize = 1024 * 1024;

type Cases = Vec<(String, Vec<u8>)>;

/// All of them, or at the standard depth every tenth, beginning elsewhere for each function.
fn some(offset: usize) -> Cases {
    let step = Depth::asked().of(10, 1);
    malformed::cases().into_iter().skip(offset % step).step_by(step).collect()
}

fn kind(name: &str) -> &str {
    name.split('/').next().expect("a case is named after its kind")
}

/// Each is refused by its kind, with one line in the log and one count, and each kind is on record.
async fn refuses(world: &World, lambda: &Lambda, function: &str, cases: &Cases, kind_of: impl Fn(&str) -> String) {
    for (name, payload) in cases {
        match lambda.invoke(payload).await {
            Answer::Failed { error_type, message, .. } => {
                assert_eq!(error_type, kind_of(name), "{function}, {name}: {message}");
                assert!(message.len() < 400 && !message.chars().any(char::is_control), "{name}: {message}");
            }
            other => panic!("{function}, {name}: {other:?}"),
        }
    }
    let logs = lambda.logs();
    assert!(!logs.contains("panicked"), "{logs}");
    assert_accounted(&logs, cases, &kind_of);
    let recorded: BTreeSet<String> = recorded(world, function).await;
    let expected: BTreeSet<String> = cases.iter().map(|(name, _)| kind_of(name)).collect();
    assert_eq!(recorded, expected, "{function}: each kind of refusal is on record");
    let peak = lambda.peak_rss_kib().expect("a running process has a peak");
    assert!(peak < MOST_MEMORY, "{function}: peak RSS {peak} KiB");
    println!("{function}: {} malformed payloads of {} kinds, peak {peak} KiB", cases.len(), expected.len());
}

/// One line and one count for each payload.
fn assert_accounted(logs: &str, cases: &Cases, kind_of: &impl Fn(&str) -> String) {
    let lines = logs.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let (mut told, mut counted) = (BTreeMap::new(), BTreeMap::new());
    for line in lines {
        if let (Some(digest), Some(kind)) = (line["payload.sha256"].as_str(), line["refusal.kind"].as_str()) {
            *told.entry((digest.to_owned(), kind.to_owned())).or_insert(0) += 1;
        }
        if let (Some(count), Some(kind)) = (line["Refused"].as_i64(), line["kind"].as_str()) {
            *counted.entry(kind.to_owned()).or_insert(0) += count;
        }
    }
    let (mut sent, mut of_kind) = (BTreeMap::new(), BTreeMap::new());
    for (name, payload) in cases {
        *sent.entry((canonical::sha256_hex(payload), kind_of(name))).or_insert(0) += 1;
        *of_kind.entry(kind_of(name)).or_insert(0) += 1;
    }
    assert_eq!(told, sent, "one line in the log for each payload");
    assert_eq!(counted, of_kind, "one count for each payload");
}

/// The kinds of refusal that a function recorded.
async fn recorded(world: &World, function: &str) -> BTreeSet<String> {
    let evidence = world.evidence().await;
    assert!(evidence.values().all(|record| record["kind"] == "rejected"), "nothing else is on record");
    let ours = evidence.values().filter(|record| record["function"] == function);
    ours.map(|record| record["refusal"].as_str().expect("a word").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_payload_is_refused_by_its_kind() {
    let world = World::new().await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let cases = malformed::cases();
    assert!(cases.len() >= 500, "{} cases", cases.len());
    refuses(&world, &lambda, "s3-public-access", &cases, |name| kind(name).to_owned()).await;
    assert!(world.attempts().is_empty());
}

/// At the full depth each function gets all of them, at the standard depth a tenth.
#[tokio::test(flavor = "multi_thread")]
async fn every_function_refuses_malformed_payloads() {
    for (offset, function) in FUNCTIONS.into_iter().enumerate().skip(1) {
        let world = World::new().await;
        let lambda = world.deploy(function, "enforce");
        refuses(&world, &lambda, function, &some(offset), |name| kind(name).to_owned()).await;
        assert!(world.attempts().is_empty(), "{function}");
    }
}

/// An unsigned request is unproven, whatever else is wrong with it.
#[tokio::test(flavor = "multi_thread")]
async fn the_operator_takes_nothing_that_nobody_signed() {
    let clinic = Clinic::open("enforce").await;
    refuses(&clinic.world, &clinic.operator, "operator", &some(6), |_| "unproven".to_owned()).await;
    assert!(clinic.world.attempts().is_empty());
}

/// The sealer's event does not matter: whatever it is, the evidence is sealed.
#[tokio::test(flavor = "multi_thread")]
async fn the_sealer_reads_no_payload() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    let sealer = vault.sealer();
    for (name, payload) in some(7) {
        let answer = sealer.invoke(&payload).await;
        assert!(matches!(answer, Answer::Done(_)), "{name}: {answer:?}");
    }
    assert!(!sealer.logs().contains("panicked"));
}

/// At the full depth all of them, at the standard depth a tenth.
#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_message_is_a_dead_letter_at_last_and_takes_no_neighbour_along() {
    let world = World::new().await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let mut queue = Queue::new(5);
    let texts = some(0).into_iter().filter_map(|(_, payload)| String::from_utf8(payload).ok());
    let poison: BTreeSet<_> = texts.filter(|text| text.len() <= LARGEST_MESSAGE).map(|text| queue.push(text)).collect();
    let good: BTreeSet<_> = (0..10).map(|_| queue.push(r#"{"sweep":{"control":"s3-account-public"}}"#)).collect();
    let drained = queue.drain(std::slice::from_ref(&lambda), 5, async |_| {}).await;
    assert_eq!(drained.dead_lettered.into_iter().map(|(id, _)| id).collect::<BTreeSet<_>>(), poison);
    assert_eq!(drained.acknowledged.into_iter().collect::<BTreeSet<_>>(), good);
    println!("{} malformed messages, each a dead letter after five deliveries", poison.len());
}

/// An invoker of a function cannot fill a bucket that nobody may empty.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_cost_a_record_a_kind_and_hour_and_not_one_a_payload() {
    let world = World::new().await;
    let record = |n: usize| {
        serde_json::json!({"messageId": format!("{n}"), "eventSource": "aws:sqs", "body": format!("x{n}"),
        "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:q", "receiptHandle": "r", "attributes": {}, "messageAttributes": {},
        "md5OfBody": "", "awsRegion": "us-east-1"})
    };
    let batch = serde_json::json!({"Records": (0..2000).map(record).collect::<Vec<_>>()}).to_string();
    for _ in 0..2 {
        let lambda = world.deploy("s3-public-access", "enforce");
        let _answer = lambda.invoke(batch.as_bytes()).await;
        for n in 0..20 {
            let _refused = lambda.invoke(format!("x{n}").as_bytes()).await;
        }
        let logged = lambda.logs().lines().filter(|line| line.contains("\"message\":\"refused\"")).count();
        assert!(logged >= 21, "each is in the log: {logged}");
    }
    let records = world.evidence().await;
    assert!((1..=6).contains(&records.len()), "{} records: {:?}", records.len(), records.keys().collect::<Vec<_>>());
    let puts = world.proxy.calls().iter().filter(|call| call.operation == "PutObject").count();
    assert!(puts <= 12, "{puts}: a process asks once an hour");
}

#[tokio::test(flavor = "multi_thread")]
async fn six_megabytes_of_hostile_json_cost_little_memory() {
    let world = World::new().await;
    let lambda = world.deploy("iam-mfa", "enforce");
    let hostile = format!("[{}]", vec![r#"{"":0}"#; 800_000].join(","));
    assert!(hostile.len() > 5_000_000);
    assert!(matches!(lambda.invoke(hostile.as_bytes()).await, Answer::Failed { .. }));
    assert_small(&lambda, "6 MB that are refused");
}

/// The largest message that SQS accepts: an event of AWS with much foreign content.
#[tokio::test(flavor = "multi_thread")]
async fn a_valid_megabyte_costs_little_memory() {
    let world = World::new().await;
    let lambda = world.deploy("s3-public-access", "observe");
    let event = remedy_tests::megabyte(&world.account.id);
    assert!((1_000_000..=LARGEST_MESSAGE).contains(&event.len()), "{} bytes", event.len());
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(remedy_testkit::world::done(lambda.invoke(&event).await));
    }
    assert!(answers.iter().all(|answer| answer["runs"].is_array()), "{answers:?}");
    assert_small(&lambda, "a valid megabyte, three times");
}

/// The time is printed and not asserted: machines differ. `make bench` measures it on release binaries.
fn assert_small(lambda: &Lambda, what: &str) {
    let peak = lambda.peak_rss_kib().expect("a running process has a peak");
    assert!(peak < MOST_MEMORY, "{what}: peak RSS {peak} KiB");
    println!("{what}: peak {peak} KiB, {:?} of a processor in this build", lambda.processor_time());
}
