//! The sealer's other tasks: closing what nobody closed, and sending what nobody sent.

use remedy_domain::{AttemptId, PlanId, Target, evidence::Lock, guard::Purpose};
use remedy_engine::{
    Put, outbox,
    sweep::{Author, close_unseen},
};

use super::*;

const AUTHOR: Author<'_> = Author { settings: None, cause: "sealer", invocation: "r" };

fn lock(ports: &MemoryPorts, control: &str) -> Lock {
    let target: Target = serde_json::from_value(serde_json::json!({
        "account": "111122223333", "region": "us-east-1", "resource_type": "AWS::S3::Bucket", "id": "b",
    }))
    .unwrap();
    Lock {
        format: 1,
        attempt: AttemptId::parse(format!("{:032x}", 1)).unwrap(),
        control: control.into(),
        target,
        plan: PlanId::parse("ab".repeat(32)).unwrap(),
        purpose: Purpose::Repair.into(),
        since: ports.now(),
        until: ports.now() + MINUTE,
    }
}

async fn locked(ports: &MemoryPorts, control: &str) -> String {
    let lock = lock(ports, control);
    let key = format!("lock/{control}/{}/0000000000", lock.target.hash());
    let put = ports.put_new(LedgerBucket::State, &key, &canonical::to_bytes(&lock).unwrap()).await;
    assert_eq!(put.unwrap(), Put::Created);
    key
}

#[tokio::test]
async fn what_nobody_closes_for_an_hour_is_closed_once_and_told() {
    let ports = ports();
    let lock = locked(&ports, "s3-bucket-public").await;
    write(&ports, &ports.now().to_string(), 1, evidence::Kind::Intent).await;
    ports.time().advance(Duration::from_hours(1));
    assert!(close_unseen(&ports, &AUTHOR).await.unwrap().is_empty(), "somebody may still come by");
    ports.time().advance(MINUTE);
    let closed = close_unseen(&ports, &AUTHOR).await.unwrap();
    assert_eq!(closed.len(), 1);
    let outcome: serde_json::Value = serde_json::from_slice(&ports.shelf(LedgerBucket::Evidence)[&closed[0]]).unwrap();
    assert_eq!((&outcome["outcome"], &outcome["cause"]), (&"unverified".into(), &"sealer".into()));
    assert!(ports.shelf(LedgerBucket::State).contains_key(&format!("{lock}.done")));
    assert_eq!(ports.notices().len(), 1);
    assert!(close_unseen(&ports, &AUTHOR).await.unwrap().is_empty());
    assert_eq!(outbox::resend(&ports).await.unwrap(), 0, "it was told");
}

#[tokio::test]
async fn a_lock_without_an_intent_is_only_released() {
    let ports = ports();
    let lock = locked(&ports, "administrators").await;
    ports.time().advance(Duration::from_hours(2));
    assert!(close_unseen(&ports, &AUTHOR).await.unwrap().is_empty());
    assert!(ports.shelf(LedgerBucket::State).contains_key(&format!("{lock}.done")));
    assert!(ports.notices().is_empty() && ports.shelf(LedgerBucket::Evidence).is_empty());
}

/// Leaves one notice untold.
async fn untold(ports: &MemoryPorts) {
    locked(ports, "s3-bucket-public").await;
    write(ports, &ports.now().to_string(), 1, evidence::Kind::Intent).await;
    ports.time().advance(Duration::from_hours(2));
    ports.mute(true);
    assert_eq!(close_unseen(ports, &AUTHOR).await.unwrap().len(), 1, "a notice that fails fails no run");
    ports.mute(false);
}

#[tokio::test]
async fn an_untold_notice_is_told_once_after_a_while() {
    let ports = ports();
    untold(&ports).await;
    assert_eq!(outbox::resend(&ports).await.unwrap(), 0, "its worker may be about to tell it");
    ports.time().advance(MINUTE * 5);
    assert_eq!(outbox::resend(&ports).await.unwrap(), 1);
    assert_eq!(outbox::resend(&ports).await.unwrap(), 0);
    assert_eq!(ports.notices().len(), 1);
}

#[tokio::test]
async fn a_notice_that_is_no_news_any_more_lapses() {
    let ports = ports();
    untold(&ports).await;
    ports.time().advance(Duration::from_hours(73));
    for _ in 0..2 {
        assert_eq!(outbox::resend(&ports).await.unwrap(), 0);
    }
    assert!(ports.notices().is_empty());
    assert!(ports.shelf(LedgerBucket::State).keys().any(|key| key.ends_with(".lapsed")));
}
