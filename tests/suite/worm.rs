//! Write once, read many: what Object Lock keeps. moto enforces no lock, so this runs on a second emulator, MiniStack.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    primitives::DateTime,
    types::{
        DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetention, ObjectLockRetentionMode,
        ObjectLockRule,
    },
};
use remedy_aws::{Connect, clock};
use remedy_testkit::lambda::{Lambda, Spec, binary};
use serde_json::json;

use crate::{
    ministack::{ACCOUNT, MiniStack, Policies},
    seal::{
        numbers,
        vault::{bytes, signing_key},
    },
};

const EVIDENCE: &str = "remedy-evidence-111122223333";
const STATE: &str = "remedy-state-111122223333";
/// What production keeps evidence for.
const DAYS: i32 = 2557;

fn sealer(emulator: &MiniStack, key: &str) -> Lambda {
    let env = [
        ("AWS_ENDPOINT_URL", emulator.endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", ACCOUNT),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("REMEDY_EVIDENCE_BUCKET", EVIDENCE),
        ("REMEDY_STATE_BUCKET", STATE),
        ("REMEDY_SEAL_KEY", key),
    ];
    let env = env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (binary, timeout) = (binary("sealer"), Duration::from_mins(1));
    let (account, region) = (ACCOUNT.to_owned(), "us-east-1".to_owned());
    Lambda::deploy(Spec { name: "sealer".to_owned(), binary, env, account, region, timeout })
}

/// The evidence bucket as production has it.
async fn make_buckets(s3: &Client) {
    s3.create_bucket().bucket(STATE).send().await.expect("a bucket is created");
    s3.create_bucket().bucket(EVIDENCE).object_lock_enabled_for_bucket(true).send().await.expect("a bucket is created");
    let retention = DefaultRetention::builder().mode(ObjectLockRetentionMode::Compliance).days(DAYS).build();
    let lock = ObjectLockConfiguration::builder().object_lock_enabled(ObjectLockEnabled::Enabled);
    let lock = lock.rule(ObjectLockRule::builder().default_retention(retention).build()).build();
    let put = s3.put_object_lock_configuration().bucket(EVIDENCE).object_lock_configuration(lock);
    put.send().await.expect("a lock is configured");
}

/// The one version of an object.
async fn version(s3: &Client, key: &str) -> String {
    let versions = s3.list_object_versions().bucket(EVIDENCE).prefix(key).send().await.expect("versions are listed");
    let [only] = versions.versions() else { panic!("{key} has one version: {versions:?}") };
    only.version_id().expect("a version has an id").to_owned()
}

fn days_from_now(days: u64) -> DateTime {
    let then = clock::now() + Duration::from_hours(24 * days);
    DateTime::from_secs(then.as_second())
}

/// Neither the version can be deleted nor its retention be shortened or weakened; with whatever bypass.
async fn assert_locked(s3: &Client, key: &str) {
    use ObjectLockRetentionMode::{Compliance, Governance};
    let version = version(s3, key).await;
    let held =
        s3.get_object_retention().bucket(EVIDENCE).key(key).send().await.expect("it is retained").retention.unwrap();
    assert_eq!(held.mode(), Some(&Compliance), "{key}");
    assert!(held.retain_until_date().unwrap().secs() > days_from_now(2550).secs(), "{key}");
    for bypass in [false, true] {
        let delete =
            s3.delete_object().bucket(EVIDENCE).key(key).version_id(&version).bypass_governance_retention(bypass);
        assert!(delete.send().await.is_err(), "{key}: its version was deleted");
        for (mode, days) in [(Compliance, 1), (Governance, 4000)] {
            let retention =
                ObjectLockRetention::builder().mode(mode.clone()).retain_until_date(days_from_now(days)).build();
            let put = s3.put_object_retention().bucket(EVIDENCE).key(key).version_id(&version).retention(retention);
            let put = put.bypass_governance_retention(bypass).send().await;
            assert!(put.is_err(), "{key}: its retention became {mode:?} for {days} days");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_evidence_cannot_be_destroyed_and_a_marker_over_it_is_named() {
    let emulator = MiniStack::start("s3,kms,sts", Policies::Ignored);
    let (s3, kms) = (Client::connect(&emulator.session()), aws_sdk_kms::Client::new(emulator.session().config()));
    make_buckets(&s3).await;
    let hour = remedy_evidence::Hour::of(clock::now()).plus(-3);
    let record = format!("{}rejected-kms-keys-{}.json", hour.folder(), "a".repeat(64));
    let body = json!({"format": 1, "kind": "rejected", "at": hour.begins(), "function": "kms-keys",
        "payload_sha256": "a".repeat(64)});
    let body = body.to_string().into_bytes();
    s3.put_object().bucket(EVIDENCE).key(&record).if_none_match("*").body(body.clone().into()).send().await.unwrap();

    let sealer = sealer(&emulator, &signing_key(&kms).await);
    let answer = remedy_testkit::world::done(sealer.invoke(b"{}").await);
    assert!(numbers(&answer).len() >= 2 && answer["sealed"][0]["count"] == 1, "{answer:#}");
    let stored = bytes(&s3, EVIDENCE).await;
    for key in stored.keys() {
        assert_locked(&s3, key).await;
    }
    let again = s3.put_object().bucket(EVIDENCE).key(&record).if_none_match("*").body(b"x".to_vec().into());
    assert!(again.send().await.is_err(), "what is there is not written over");

    // A lock does not stop delete markers: the bucket's policy must, and the seal shows if it did not.
    let locked = version(&s3, &record).await;
    s3.delete_object().bucket(EVIDENCE).key(&record).send().await.expect("a marker is put");
    let report = verified(&s3).await;
    let found: Vec<_> = report.findings.iter().map(|it| (it.kind, it.object.as_str())).collect();
    assert_eq!(found, [(remedy_evidence::Kind::Deleted, record.as_str())]);
    let kept = s3.get_object().bucket(EVIDENCE).key(&record).version_id(&locked).send().await.expect("it is kept");
    assert_eq!(kept.body.collect().await.unwrap().to_vec(), body);
}

async fn verified(s3: &Client) -> remedy_evidence::Report {
    let (mut archive, stored) = (remedy_evidence::Archive::default(), bytes(s3, EVIDENCE).await);
    for (key, bytes) in &stored {
        archive.add(key, bytes);
    }
    let (_, pem) = stored.iter().find(|(key, _)| key.starts_with("seal/keys/")).expect("the key is archived");
    let key = remedy_evidence::PublicKey::from_pem(std::str::from_utf8(pem).unwrap()).unwrap();
    remedy_evidence::verify(&archive, &[key], None, clock::now())
}
