//! The sealer on a ledger in memory: catching up, crashes, races, forgeries; and what else it does.

mod boundaries;
mod errands;
mod flood;
mod history;

use std::time::Duration;

use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::EncodePublicKey as _,
};
use remedy_aws::objects::KeyPage;
use remedy_domain::{Fault, Timestamp, canonical, evidence};
use remedy_engine::{Clock as _, LedgerBucket, Store as _};
use remedy_evidence::{Archive, Contents, Hour, Manifest, Place, PublicKey, Report, Verdict, Why, name, verify};
use remedy_testkit::{
    fake::{FakeAws, Mishap, Moment},
    memory::MemoryPorts,
};

use crate::{Depot, Read, Run, Signer, Start, seal};

/// The body of an object that the sealer may not read.
const DENIED: &[u8] = b"encrypted with another key";

impl Depot for MemoryPorts {
    async fn page(&self, prefix: &str, after: &str) -> Result<KeyPage, Fault> {
        let keys = self.list(LedgerBucket::Evidence, prefix).await?.into_iter();
        let mut keys: Vec<_> = keys.filter(|key| key.as_str() > after).take(1001).collect();
        let more = keys.len() > 1000;
        keys.truncate(1000);
        Ok(KeyPage { keys, more })
    }

    async fn pieces(&self, key: &str, longest: u64, take: &mut dyn FnMut(&[u8])) -> Result<Read<()>, Fault> {
        Ok(match self.get(LedgerBucket::Evidence, key).await? {
            None => Err(Why::Gone),
            Some(bytes) if bytes == DENIED => Err(Why::Denied),
            Some(bytes) if u64::try_from(bytes.len()).unwrap() > longest => Err(Why::TooLarge),
            Some(bytes) => {
                bytes.chunks(1000).for_each(take);
                Ok(())
            }
        })
    }
}

struct TestSigner(SigningKey);

impl Signer for TestSigner {
    async fn public_key(&self) -> Result<PublicKey, Fault> {
        let der = self.0.verifying_key().to_public_key_der().unwrap();
        Ok(PublicKey::from_der(der.as_bytes()).unwrap())
    }

    async fn sign(&self, text: &str) -> Result<Vec<u8>, Fault> {
        let signature: Signature = self.0.sign(text.as_bytes());
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

fn signer() -> TestSigner {
    TestSigner(SigningKey::from_slice(&[7; 32]).unwrap())
}

const MINUTE: Duration = Duration::from_mins(1);

/// Ports at twenty past one.
fn ports() -> MemoryPorts {
    let ports = MemoryPorts::over_fake(&FakeAws::default());
    ports.time().set("2026-03-02T13:20:00Z".parse().unwrap());
    ports.begin(MINUTE);
    ports
}

/// Lets time pass; then another invocation begins.
fn pass(ports: &MemoryPorts, time: Duration) {
    ports.time().advance(time);
    ports.begin(MINUTE);
}

/// Writes the intent or the outcome number `n` under the key of a time. Returns the key.
async fn write(ports: &MemoryPorts, at: &str, n: u32, kind: evidence::Kind) -> String {
    let (attempt, at) = (format!("{n:032x}"), at.parse::<Timestamp>().unwrap());
    let record = serde_json::json!({
        "format": 1, "kind": kind.word(), "at": ports.now(), "control": "s3-bucket-public", "plan": "ab".repeat(32),
        "target": {"account": "111122223333", "region": "us-east-1", "resource_type": "AWS::S3::Bucket", "id": "b"},
        "attempt": attempt, "purpose": "repair", "before": null, "after": null, "mode": "enforce", "settings": "",
        "cause": "manual", "invocation": "r",
    });
    let key = evidence::key(at, "s3-bucket-public", kind, &attempt);
    ports.put_new(LedgerBucket::Evidence, &key, &canonical::to_bytes(&record).unwrap()).await.unwrap();
    key
}

/// An attempt at a quarter past ten, one at five past twelve, and nothing in between.
async fn morning(ports: &MemoryPorts) {
    for (n, at) in [(1, "2026-03-02T10:15:00Z"), (2, "2026-03-02T12:05:00Z")] {
        write(ports, at, n, evidence::Kind::Intent).await;
        write(ports, at, n, evidence::Kind::Outcome).await;
    }
}

async fn sealed(ports: &MemoryPorts) -> Result<Run, Fault> {
    seal(ports, &signer(), "evidence", &[]).await
}

async fn verified(ports: &MemoryPorts) -> Report {
    let mut archive = Archive::default();
    for (key, bytes) in ports.shelf(LedgerBucket::Evidence) {
        archive.add(&key, &bytes);
    }
    verify(&archive, &[signer().public_key().await.unwrap()], None, ports.now())
}

fn counts(run: &Run) -> Vec<(u64, u64, usize)> {
    run.sealed.iter().map(|sealed| (sealed.number, sealed.count, sealed.late)).collect()
}

#[tokio::test]
async fn hours_are_caught_up_and_empty_ones_are_sealed_too() {
    let ports = ports();
    morning(&ports).await;
    let run = sealed(&ports).await.unwrap();
    assert_eq!((counts(&run), run.due, run.last), (vec![(0, 2, 0), (1, 0, 0), (2, 2, 0)], 0, Some(2)));
    assert_eq!(sealed(&ports).await.unwrap().sealed, []);
    let report = verified(&ports).await;
    assert_eq!((report.findings, report.sealed, report.manifests), (vec![], 4, 3));
}

#[tokio::test]
async fn an_hour_is_left_open_until_its_last_workers_are_done() {
    let ports = ports();
    ports.time().set("2026-03-02T13:14:59Z".parse().unwrap());
    ports.begin(MINUTE);
    morning(&ports).await;
    assert_eq!(sealed(&ports).await.unwrap().last, Some(1));
}

#[tokio::test]
async fn where_there_are_no_records_the_chain_begins_nevertheless() {
    let ports = ports();
    let run = sealed(&ports).await.unwrap();
    assert_eq!(counts(&run), [(0, 0, 0)]);
    assert_eq!(run.sealed[0].hour.to_string(), "2026-03-02T12:00:00Z");
    assert!(verified(&ports).await.is_intact());
}

#[tokio::test]
async fn what_arrives_late_is_listed_with_the_next_hour_as_late() {
    let ports = ports();
    morning(&ports).await;
    let _ = sealed(&ports).await.unwrap();
    write(&ports, "2026-03-02T13:20:00Z", 3, evidence::Kind::Intent).await;
    write(&ports, "2026-03-02T12:59:59Z", 3, evidence::Kind::Outcome).await;
    assert!(verified(&ports).await.is_intact(), "what is newer than the last seal is only not sealed yet");
    pass(&ports, Duration::from_hours(1));
    assert_eq!(counts(&sealed(&ports).await.unwrap()), [(3, 2, 1)]);
    assert_eq!(verified(&ports).await.findings, []);
}

#[tokio::test]
async fn what_the_sealer_closed_itself_is_sealed_however_old() {
    let ports = ports();
    pass(&ports, Duration::from_hours(240));
    morning(&ports).await;
    write(&ports, "2026-03-02T11:00:00Z", 3, evidence::Kind::Intent).await;
    let run = sealed(&ports).await.unwrap();
    assert_eq!((run.sealed.len(), run.last), (243, Some(242)));
    pass(&ports, Duration::from_hours(1));
    let keys = [write(&ports, "2026-03-02T11:00:00Z", 3, evidence::Kind::Outcome).await];
    let run = seal(&ports, &signer(), "evidence", &keys).await.unwrap();
    assert_eq!(counts(&run), [(243, 1, 1)], "its place is found among several hundreds");
    assert_eq!(verified(&ports).await.findings, []);
}

#[tokio::test]
async fn what_is_no_record_is_listed_as_such() {
    let ports = ports();
    ports.put_new(LedgerBucket::Evidence, "2026/03/02/10/junk", b"junk").await.unwrap();
    assert_eq!(sealed(&ports).await.unwrap().sealed[0].invalid, 1);
    let report = verified(&ports).await;
    assert_eq!((report.findings, report.invalid), (vec![], vec!["2026/03/02/10/junk".to_owned()]));
}

#[tokio::test]
async fn with_too_little_time_the_rest_is_left_for_the_next_run() {
    let ports = ports();
    morning(&ports).await;
    ports.begin(Duration::from_secs(10));
    let run = sealed(&ports).await.unwrap();
    assert_eq!((run.sealed.len(), run.due), (0, 3));
}

#[tokio::test]
async fn a_sealer_may_be_lost_anywhere_and_the_next_one_goes_on() {
    let mut points = 0;
    for mishap in [Mishap::Crash, Mishap::Unavailable] {
        for nth in 0.. {
            let ports = ports();
            morning(&ports).await;
            ports.fate().fail_at(nth, Moment::After, mishap);
            let first = ports.until_crash(sealed(&ports)).await;
            if ports.fate().spare() {
                break;
            }
            assert!(first.is_none_or(|run| run.is_err()), "effect {nth}");
            let run = sealed(&ports).await.unwrap();
            assert_eq!((run.last, run.due), (Some(2), 0), "effect {nth}");
            let report = verified(&ports).await;
            assert_eq!((report.findings, report.sealed), (vec![], 4), "{mishap:?} effect {nth}");
            points += 1;
        }
    }
    assert!(points > 30, "{points}");
}

#[tokio::test]
async fn two_sealers_make_one_chain() {
    for seed in 0..10 {
        let ports = ports();
        morning(&ports).await;
        ports.fate().shuffle(seed);
        let (signer, other) = (signer(), signer());
        let runs = tokio::join!(seal(&ports, &signer, "evidence", &[]), seal(&ports, &other, "evidence", &[]));
        assert_eq!((runs.0.unwrap().last, runs.1.unwrap().last), (Some(2), Some(2)), "seed {seed}");
        let report = verified(&ports).await;
        assert_eq!((report.findings, report.manifests, report.sealed), (vec![], 3, 4), "seed {seed}");
    }
}
