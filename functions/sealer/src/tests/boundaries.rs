//! What is nearly ours, and how often a place is tried.

use remedy_engine::{Put, Store};
use remedy_evidence::{Checkpoint, Previous, Seal};
use remedy_testkit::memory::{Access, Entry};

use super::{history::sealed_morning, *};
use crate::chain::create;

async fn signed(checkpoint: Checkpoint) -> Vec<u8> {
    let signature = signer().sign(&checkpoint.text()).await.unwrap();
    let key = signer().public_key().await.unwrap().fingerprint().to_owned();
    Seal { checkpoint, key, signature }.text().into_bytes()
}

/// Our key signed it, but it continues another chain: that of another bucket, of another history, or from another number.
#[tokio::test]
async fn what_our_key_signed_for_another_chain_is_not_taken_over() {
    let evidence = sealed_morning().await.shelf(LedgerBucket::Evidence);
    let digest = |key: String| canonical::sha256_hex(&evidence[&key]);
    let previous = Previous { manifest: digest(name::manifest(2)), seal: digest(name::seal(2)) };
    let hour = Hour::of_key("2026/03/02/13/x").unwrap();
    let next = Place {
        origin: "evidence".into(),
        number: 3,
        hour,
        at: hour.ends(),
        previous: Some(previous.clone()),
        over: None,
    };
    let others = [
        Place { origin: "another".into(), ..next.clone() },
        Place { previous: Some(Previous { manifest: "0".repeat(64), ..previous }), ..next.clone() },
        Place { over: Some(1), ..next.clone() },
    ];
    let own = std::iter::once((next, 3));
    for (place, number) in others.into_iter().map(|place| (place, 4)).chain(own) {
        let ports = sealed_morning().await;
        let manifest = Manifest::new(place.clone(), Contents::default()).unwrap();
        let bytes = manifest.to_bytes().unwrap();
        ports.put_new(LedgerBucket::Evidence, &name::manifest(3), &bytes).await.unwrap();
        let seal = signed(Checkpoint::of(&manifest, &bytes)).await;
        ports.put_new(LedgerBucket::Evidence, &name::seal(3), &seal).await.unwrap();
        assert_eq!(sealed(&ports).await.unwrap().last, Some(number), "{place:?}");
    }
}

/// Whatever it signs, somebody else's seal is there first.
struct Overtaken<'a>(&'a MemoryPorts);

impl Signer for Overtaken<'_> {
    async fn public_key(&self) -> Result<PublicKey, Fault> {
        signer().public_key().await
    }

    async fn sign(&self, text: &str) -> Result<Vec<u8>, Fault> {
        let number = text.lines().find_map(|line| line.strip_prefix("number ")?.parse().ok()).unwrap();
        self.0.put_new(LedgerBucket::Evidence, &name::seal(number), b"junk").await?;
        signer().sign(text).await
    }
}

#[tokio::test]
async fn three_manifests_are_made_in_vain_and_no_more() {
    let ports = sealed_morning().await;
    let fault = seal(&ports, &Overtaken(&ports), "evidence", &[]).await.unwrap_err();
    assert_eq!((fault.code.as_str(), fault.is_transient()), ("no-manifest-can-be-sealed", true));
    let made: Vec<_> =
        (3..9).filter(|number| ports.shelf(LedgerBucket::Evidence).contains_key(&name::manifest(*number))).collect();
    assert_eq!(made, [3, 4, 5]);
    assert_eq!(sealed(&ports).await.unwrap().last, Some(6), "the next run goes on");
}

/// Everything that a run listed under a prefix.
fn lists(ports: &MemoryPorts, shelf: LedgerBucket, prefix: &str) -> usize {
    let is_meant = |entry: &&Entry| entry.access == Access::Listed && entry.shelf == shelf;
    ports.log().iter().filter(is_meant).filter(|entry| entry.key.starts_with(prefix)).count()
}

/// The numbers for which a manifest was drafted.
fn drafts(ports: &MemoryPorts) -> Vec<u64> {
    let state = ports.shelf(LedgerBucket::State);
    let number = |key: &String| key.strip_prefix("seal/draft/")?.split_once('-')?.0.parse().ok();
    state.keys().filter_map(number).filter(|number| *number > 2).collect()
}

async fn plant(ports: &MemoryPorts, numbers: impl Iterator<Item = u64>) {
    for number in numbers {
        ports.put_new(LedgerBucket::Evidence, &name::manifest(number), b"{}").await.unwrap();
    }
}

/// Junk at eleven hundred numbers costs a list a thousand keys, and one a hundred numbers to see whether one of them is ours.
#[tokio::test]
async fn junk_is_stepped_over_page_by_page_and_nothing_is_drafted_on_the_way() {
    let ports = sealed_morning().await;
    plant(&ports, 3..=1102).await;
    let before =
        [lists(&ports, LedgerBucket::Evidence, name::SEALS), lists(&ports, LedgerBucket::State, "seal/draft/")];
    assert_eq!(sealed(&ports).await.unwrap().last, Some(1103));
    let after = [lists(&ports, LedgerBucket::Evidence, name::SEALS), lists(&ports, LedgerBucket::State, "seal/draft/")];
    assert_eq!(drafts(&ports), [3, 1103]);
    assert_eq!([after[0] - before[0], after[1] - before[1]], [2, 12]);
}

/// The first free number is enough: what stands behind it is not listed.
#[tokio::test]
async fn a_gap_in_the_junk_is_taken_at_once() {
    let ports = sealed_morning().await;
    plant(&ports, (3..=10).chain(12..=1500)).await;
    let before = lists(&ports, LedgerBucket::Evidence, name::SEALS);
    assert_eq!(sealed(&ports).await.unwrap().last, Some(11));
    assert_eq!((lists(&ports, LedgerBucket::Evidence, name::SEALS) - before, drafts(&ports)), (1, vec![3, 11]));
}

/// A lost sealer stepped over junk, and made the manifest behind it.
#[tokio::test]
async fn a_manifest_that_a_lost_sealer_made_behind_junk_is_taken_over() {
    let ports = sealed_morning().await;
    plant(&ports, 3..5).await;
    let lost = without_seals(&ports).await;
    assert_eq!(lost, Some(5));
    let seals = ports.shelf(LedgerBucket::Evidence).into_keys().filter(|key| *key == name::seal(5)).count();
    assert_eq!(seals, 0, "it was lost before it sealed");
    assert_eq!(sealed(&ports).await.unwrap().last, Some(5));
    assert_eq!(verified(&ports).await.findings, []);
}

/// Loses a sealer as it signs. Returns the last manifest that it made.
async fn without_seals(ports: &MemoryPorts) -> Option<u64> {
    struct Lost;
    impl Signer for Lost {
        async fn public_key(&self) -> Result<PublicKey, Fault> {
            signer().public_key().await
        }

        async fn sign(&self, _: &str) -> Result<Vec<u8>, Fault> {
            Err(Fault::transient("kms:Sign", "lost"))
        }
    }
    assert!(seal(ports, &Lost, "evidence", &[]).await.is_err());
    drafts(ports).last().copied()
}

#[tokio::test]
async fn a_manifest_is_begun_while_there_are_fifteen_seconds() {
    for (left, manifests) in [(15_000, 3), (14_999, 0)] {
        let ports = ports();
        morning(&ports).await;
        ports.begin(Duration::from_millis(left));
        assert_eq!(sealed(&ports).await.unwrap().sealed.len(), manifests, "{left} ms");
    }
}

#[tokio::test]
async fn a_chain_without_records_begins_with_the_last_hour_that_can_be_sealed() {
    let ports = ports();
    ports.time().set("2026-03-02T13:50:00Z".parse().unwrap());
    ports.begin(MINUTE);
    let run = sealed(&ports).await.unwrap();
    assert_eq!(run.sealed.iter().map(|one| one.hour.to_string()).collect::<Vec<_>>(), ["2026-03-02T12:00:00Z"]);
    assert_eq!(run.key, signer().public_key().await.unwrap().fingerprint());
}

/// A store that answers each creation with a fault.
struct Refusing(Fault);

impl Store for Refusing {
    async fn put_new(&self, _: LedgerBucket, _: &str, _: &[u8]) -> Result<Put, Fault> {
        Err(self.0.clone())
    }

    async fn put(&self, _: &str, _: &[u8]) -> Result<(), Fault> {
        Err(self.0.clone())
    }

    async fn get(&self, _: LedgerBucket, _: &str) -> Result<Option<Vec<u8>>, Fault> {
        Err(self.0.clone())
    }

    async fn list(&self, _: LedgerBucket, _: &str) -> Result<Vec<String>, Fault> {
        Err(self.0.clone())
    }
}

/// What is there and cannot be compared is somebody else's; a fault that may pass says nothing.
#[tokio::test]
async fn an_object_that_cannot_be_read_is_taken_for_foreign() {
    let of =
        |fault: Fault| async move { create(&Refusing(fault), "seal/0.json", b"x").await.map_err(|it| it.code.clone()) };
    assert_eq!(of(Fault::rejected("s3:GetObject", "AccessDenied", "look")).await, Ok(Put::Exists));
    assert_eq!(of(Fault::transient("s3:GetObject", "timeout")).await, Err("timeout".into()));
    assert_eq!(of(Fault::rejected("s3:PutObject", "AccessDenied", "look")).await, Err("AccessDenied".into()));
    assert_eq!(of(Fault::transient("s3:PutObject", "timeout")).await, Err("timeout".into()));
}

/// Sixty hours sealed; then a record arrives `hours` before the last of them.
async fn late_by(hours: u32) -> usize {
    let ports = ports();
    morning(&ports).await;
    pass(&ports, Duration::from_hours(60));
    let last = sealed(&ports).await.unwrap().sealed.last().unwrap().hour;
    let at = last.plus(-i64::from(hours)).begins() + MINUTE;
    write(&ports, &at.to_string(), 9, evidence::Kind::Held).await;
    pass(&ports, Duration::from_hours(1));
    sealed(&ports).await.unwrap().sealed.iter().map(|sealed| sealed.late).sum()
}

#[tokio::test]
async fn late_records_are_looked_for_in_the_last_forty_eight_hours() {
    for (hours, found) in [(0, 1), (2, 1), (47, 1), (48, 0)] {
        assert_eq!(late_by(hours).await, found, "{hours} hours");
    }
}

#[tokio::test]
async fn where_nothing_is_late_no_old_manifest_is_read() {
    let ports = ports();
    morning(&ports).await;
    pass(&ports, Duration::from_hours(60));
    let last = sealed(&ports).await.unwrap().last.unwrap();
    pass(&ports, Duration::from_hours(1));
    let before = ports.log().len();
    assert_eq!(sealed(&ports).await.unwrap().last, Some(last + 1));
    let is_old = |entry: &&Entry| (1..last - 5).any(|number| entry.key == name::manifest(number));
    let log = ports.log();
    assert_eq!(log[before..].iter().filter(is_old).count(), 0);
}
