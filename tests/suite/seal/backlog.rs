//! Unsealed hours, at 30 ms a call: the real sealer catches up within the time that the template gives it.

use std::time::{Duration, Instant};

use remedy_testkit::{depth::Depth, proxy::Fault};

use super::*;

const A_CALL: Duration = Duration::from_millis(30);

/// 72 hours without a sealer; at full depth, 30 days.
#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_caught_up_in_one_run() {
    let hours = i64::try_from(Depth::asked().of(72, 720)).unwrap();
    let vault = Vault::new().await;
    vault.make_anchor().await;
    vault.repair("a").await;
    vault.age(hours).await;
    vault.world.proxy.on_call(|_| Some(Fault::Slow(A_CALL)));
    let begun = Instant::now();
    let answer = done(vault.sealer_for(Duration::from_secs(900)).invoke(b"{}").await);
    let took = begun.elapsed();
    println!("{} hours at 30 ms a call: {took:?}", numbers(&answer).len());
    vault.world.proxy.clear_faults();
    assert_eq!(answer["due"], 0, "{answer:#}");
    assert!(numbers(&answer).len() >= usize::try_from(hours - 1).unwrap());
    assert!(took < Duration::from_secs(600), "{took:?}");
    assert_intact(&vault).await;
    let anchored = vault.bytes(&vault.anchor()).await.len();
    assert_eq!(anchored, numbers(&answer).len(), "every seal is anchored, however many");
}

/// An hour with more objects than one manifest holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_hour_is_sealed_in_parts_with_little_memory() {
    let objects = Depth::asked().of(600, 6000);
    let vault = Vault::new().await;
    vault.make_anchor().await;
    let folder = remedy_evidence::Hour::of(remedy_aws::clock::now()).plus(-3).folder();
    vault.put_many((0..objects).map(|n| format!("{folder}{n:06}")).collect()).await;
    let sealer = vault.sealer_for(Duration::from_secs(900));
    let begun = Instant::now();
    let answer = done(sealer.invoke(b"{}").await);
    println!("{objects} objects: {:?}, peak {:?} KiB", begun.elapsed(), sealer.peak_rss_kib());
    let counted: u64 = answer["sealed"].as_array().unwrap().iter().map(|one| one["count"].as_u64().unwrap()).sum();
    assert_eq!((counted, answer["due"].clone()), (objects as u64, json!(0)), "{answer:#}");
    assert!(sealer.peak_rss_kib().expect("a running process has a peak") < 96 * 1024);
    assert_intact(&vault).await;
}
