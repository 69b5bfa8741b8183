//! Malformed input: a typed refusal each, no panic, little memory, nothing written but the refusal.

use std::collections::BTreeMap;

use remedy_domain::trigger::malformed;
use remedy_testkit::{lambda::Answer, world::World};

/// A process that refuses everything stays below this, in KiB.
const MOST_MEMORY: u64 = 64 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_payload_is_refused_by_its_kind() {
    let world = World::new().await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let cases = malformed::cases();
    assert!(cases.len() >= 200, "{} cases", cases.len());
    for (name, payload) in &cases {
        let kind = name.split('/').next().expect("a case is named after its kind");
        match lambda.invoke(payload).await {
            Answer::Failed { error_type, message, .. } => {
                assert_eq!(error_type, kind, "{name}: {message}");
                assert!(message.len() < 400 && !message.chars().any(char::is_control), "{name}: {message}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    assert!(!lambda.logs().contains("panicked"), "{}", lambda.logs());
    assert!(world.repairs().is_empty());
    let peak = lambda.peak_rss_kib().expect("a running process has a peak");
    assert!(peak < MOST_MEMORY, "peak RSS {peak} KiB");
    let kinds = world.evidence().await.into_values().fold(BTreeMap::new(), |mut kinds, record| {
        assert_eq!(record["kind"], "rejected");
        *kinds.entry(record["refusal"].to_string()).or_insert(0) += 1;
        kinds
    });
    assert!(kinds.len() >= 7, "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn six_megabytes_of_hostile_json_cost_little_memory() {
    let world = World::new().await;
    let lambda = world.deploy("iam-mfa", "enforce");
    let hostile = format!("[{}]", vec![r#"{"":0}"#; 800_000].join(","));
    assert!(hostile.len() > 5_000_000);
    assert!(matches!(lambda.invoke(hostile.as_bytes()).await, Answer::Failed { .. }));
    let peak = lambda.peak_rss_kib().expect("a running process has a peak");
    assert!(peak < MOST_MEMORY, "peak RSS {peak} KiB");
}
