//! Ten thousand records, tampered with in every way: all of it is found, and located.

mod further;

use std::{collections::BTreeSet, sync::OnceLock};

use proptest::prelude::*;
use proptest::sample::Index;
use remedy_domain::{Timestamp, evidence};

use crate::{
    Contents, GRACE, Hour, Kind, Place, PublicKey, Report,
    name::{self, Name},
    sample::{self, Bucket, Signer},
    verify,
};

const RECORDS: u64 = 10_000;
const HOURS: u64 = 25;
const LAST: u64 = HOURS - 1;

fn start() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

/// A quarter of an hour after the last seal: nothing is due yet.
fn soon() -> Timestamp {
    Hour::of(start()).plus(25).begins() + GRACE + GRACE
}

fn signer() -> Signer {
    Signer::new(7)
}

/// 5,000 intents and their outcomes over 20 hours, then five empty hours. Every 500th outcome is late by an hour.
fn built() -> (Bucket, Vec<String>) {
    let (mut bucket, mut late) = (Bucket::new(), Vec::new());
    for n in 0..RECORDS / 2 {
        let at = start() + std::time::Duration::from_millis(14_400 * n);
        bucket.extend([sample::of_kind(at, n, evidence::Kind::Intent)]);
        let (key, bytes) = sample::of_kind(at, n, evidence::Kind::Outcome);
        if n % 500 == 250 {
            late.push(key.clone());
        }
        bucket.insert(key, bytes);
    }
    (bucket, late)
}

fn bucket() -> Bucket {
    static SEALED: OnceLock<Bucket> = OnceLock::new();
    let sealed = SEALED.get_or_init(|| {
        let (mut bucket, late) = built();
        sample::seal(&mut bucket, &signer(), 25, &late);
        bucket
    });
    sealed.clone()
}

fn keys() -> [PublicKey; 1] {
    [signer().public()]
}

fn report(bucket: &Bucket) -> Report {
    verify(&sample::archive(bucket), &keys(), None, soon())
}

/// The findings, except those that are unproven only because of them.
fn found(bucket: &Bucket) -> BTreeSet<(Kind, String)> {
    let findings = report(bucket).findings;
    findings.into_iter().filter(|it| it.kind != Kind::Unproven).map(|it| (it.kind, it.object)).collect()
}

fn set<const N: usize>(all: [(Kind, &str); N]) -> BTreeSet<(Kind, String)> {
    all.into_iter().map(|(kind, object)| (kind, object.to_owned())).collect()
}

fn records(bucket: &Bucket) -> Vec<String> {
    bucket.keys().filter(|key| matches!(Name::of(key), Name::Record(_))).cloned().collect()
}

fn pick(bucket: &Bucket, at: &Index) -> String {
    at.get(&records(bucket)).clone()
}

fn swap(bucket: &mut Bucket, a: &str, b: &str) {
    let (first, second) = (bucket[a].clone(), bucket[b].clone());
    bucket.insert(a.to_owned(), second);
    bucket.insert(b.to_owned(), first);
}

#[test]
fn ten_thousand_records_are_intact() {
    let bucket = bucket();
    let report = report(&bucket);
    assert_eq!(report.findings, []);
    assert_eq!((report.sealed, report.manifests), (10_000, 25));
    assert_eq!((report.from, report.to), (Some(Hour::of(start())), Some(Hour::of(start()).plus(24))));
    assert!(report.unsealed.is_empty() && report.invalid.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn a_deleted_record_is_named(at: Index) {
        let mut bucket = bucket();
        let key = pick(&bucket, &at);
        bucket.remove(&key);
        prop_assert_eq!(found(&bucket), set([(Kind::Deleted, &key)]));
    }

    #[test]
    fn a_changed_record_is_named(at: Index, which: Index, bit in 0_u8..8) {
        let mut bucket = bucket();
        let key = pick(&bucket, &at);
        let bytes = bucket.get_mut(&key).unwrap();
        let index = which.index(bytes.len());
        bytes[index] ^= 1 << bit;
        prop_assert_eq!(found(&bucket), set([(Kind::Changed, &key)]));
    }

    #[test]
    fn a_truncated_record_is_named(at: Index, which: Index) {
        let mut bucket = bucket();
        let key = pick(&bucket, &at);
        let bytes = bucket.get_mut(&key).unwrap();
        bytes.truncate(which.index(bytes.len()));
        prop_assert_eq!(found(&bucket), set([(Kind::Changed, &key)]));
    }

    #[test]
    fn a_replayed_record_is_named(at: Index, hour in 0_i64..25, n in 0_u64..1000) {
        let mut bucket = bucket();
        let copy = bucket[&pick(&bucket, &at)].clone();
        let place = Hour::of(start()).plus(hour).begins() + std::time::Duration::from_millis(n);
        let key = evidence::key(place, "s3-bucket-public", evidence::Kind::Intent, &"f".repeat(32));
        bucket.insert(key.clone(), copy);
        prop_assert_eq!(found(&bucket), set([(Kind::Inserted, &key)]));
    }

    #[test]
    fn swapped_records_are_named(a: Index, b: Index) {
        let mut bucket = bucket();
        let (a, b) = (pick(&bucket, &a), pick(&bucket, &b));
        prop_assume!(a != b);
        swap(&mut bucket, &a, &b);
        prop_assert_eq!(found(&bucket), set([(Kind::Reordered, &a), (Kind::Reordered, &b)]));
    }

    #[test]
    fn many_tampered_records_are_all_named(picks in prop::collection::btree_set(0_usize..10_000, 1..60)) {
        let mut bucket = bucket();
        let keys = records(&bucket);
        let mut expected = BTreeSet::new();
        for (turn, index) in picks.into_iter().enumerate() {
            let key = &keys[index];
            let kind = if turn % 2 == 0 { Kind::Deleted } else { Kind::Changed };
            if kind == Kind::Deleted { bucket.remove(key); } else { bucket.get_mut(key).unwrap().push(b' '); }
            expected.insert((kind, key.clone()));
        }
        prop_assert_eq!(found(&bucket), expected);
    }

    #[test]
    fn a_deleted_or_changed_manifest_or_seal_is_named(number in 0..LAST, which: Index, bit in 0_u8..8) {
        for key in [name::manifest(number), name::seal(number)] {
            let mut bucket = bucket();
            bucket.remove(&key);
            prop_assert_eq!(found(&bucket), set([(Kind::Deleted, &key)]));
        }
        for key in [name::manifest(number), name::seal(number)] {
            let mut bucket = bucket();
            let bytes = bucket.get_mut(&key).unwrap();
            let index = which.index(bytes.len());
            bytes[index] ^= 1 << bit;
            let found = found(&bucket);
            let named: Vec<_> = found.iter().map(|(_, object)| object.as_str()).collect();
            prop_assert_eq!(named, [key.as_str()], "{:?}", found);
            let kind = found.first().unwrap().0;
            prop_assert!(matches!(kind, Kind::Changed | Kind::BadSignature), "{:?}", kind);
        }
    }

    #[test]
    fn what_an_unreliable_manifest_listed_is_unproven_and_nothing_else(number in 0_u64..20) {
        let mut bucket = bucket();
        bucket.remove(&name::manifest(number));
        let hour = Hour::of(start()).plus(i64::try_from(number).unwrap());
        let report = report(&bucket);
        let unproven = report.findings.iter().filter(|it| it.kind == Kind::Unproven);
        let hours: BTreeSet<_> = unproven.map(|it| Hour::of_key(&it.object).unwrap()).collect();
        prop_assert!(hours.contains(&hour) && hours.iter().all(|it| *it == hour || it.plus(1) == hour), "{:?}", hours);
    }

    #[test]
    fn swapped_manifests_are_named(a in 0..HOURS, b in 0..HOURS) {
        prop_assume!(a != b);
        let mut bucket = bucket();
        swap(&mut bucket, &name::manifest(a), &name::manifest(b));
        let manifests = [name::manifest(a), name::manifest(b)];
        prop_assert_eq!(found(&bucket), set([(Kind::Reordered, &manifests[0]), (Kind::Reordered, &manifests[1])]));
        swap(&mut bucket, &name::seal(a), &name::seal(b));
        let seals = [name::seal(a), name::seal(b)];
        let all = [&manifests[0], &manifests[1], &seals[0], &seals[1]].map(|key| (Kind::Reordered, key.as_str()));
        prop_assert_eq!(found(&bucket), set(all));
    }

    #[test]
    fn a_chain_cut_off_at_its_end_is_named(left in 1..LAST) {
        let mut bucket = bucket();
        for number in left..HOURS {
            bucket.remove(&name::manifest(number));
            bucket.remove(&name::seal(number));
        }
        let (end, late) = (name::manifest(left - 1), soon() + std::time::Duration::from_hours(24));
        let report = verify(&sample::archive(&bucket), &keys(), None, late);
        let cut: Vec<_> = report.findings.iter().filter(|it| it.kind == Kind::CutOff).map(|it| &it.object).collect();
        prop_assert_eq!(cut, [&end]);
        let gone = |key: &str| Hour::of_key(key).unwrap().since(Hour::of(start())) >= i64::try_from(left).unwrap();
        let unsealed = report.findings.iter().filter(|it| it.kind == Kind::Unsealed).count();
        prop_assert_eq!(unsealed, records(&bucket).iter().filter(|key| gone(key)).count());
        // The records of these hours go too: what is left would be whole, were it not for the time.
        for key in records(&bucket).into_iter().filter(|key| gone(key)) {
            bucket.remove(&key);
        }
        let report = verify(&sample::archive(&bucket), &keys(), None, late);
        let kinds: BTreeSet<_> = report.findings.iter().filter(|it| it.object == end).map(|it| it.kind).collect();
        prop_assert!(kinds.contains(&Kind::CutOff));
    }

    #[test]
    fn a_chain_cut_off_at_its_beginning_is_named(first in 1..LAST) {
        let mut bucket = bucket();
        let mut expected = BTreeSet::new();
        for key in (0..first).flat_map(|number| [name::manifest(number), name::seal(number)]) {
            bucket.remove(&key);
            expected.insert((Kind::Deleted, key));
        }
        prop_assert_eq!(found(&bucket), expected);
    }

    #[test]
    fn a_manifest_replaced_by_another_of_the_same_key_breaks_the_chain(number in 0..LAST) {
        let mut bucket = bucket();
        let hour = Hour::of(start()).plus(i64::try_from(number).unwrap());
        let text = bucket[&name::manifest(number)].clone();
        let genuine = crate::Manifest::parse(&text).unwrap();
        let place = Place { origin: "evidence".into(), number, hour, at: genuine.at, previous: genuine.previous, over: None };
        sample::store(&mut bucket, &signer(), place, Contents::default());
        // An hour without records is the same without them.
        prop_assume!(bucket[&name::manifest(number)] != text);
        let broken = (Kind::ChainBroken, name::manifest(number + 1));
        prop_assert!(found(&bucket).contains(&broken));
    }
}

proptest! {
    // Each case seals ten thousand records anew.
    #![proptest_config(ProptestConfig { cases: 3, ..ProptestConfig::default() })]

    #[test]
    fn a_history_that_is_sealed_anew_is_named_by_its_anchor(at: Index) {
        let (old, mut new, late) = (bucket(), built().0, built().1);
        let key = pick(&new, &at);
        prop_assume!(!late.contains(&key));
        new.get_mut(&key).unwrap().push(b' ');
        sample::seal(&mut new, &signer(), 25, &late);
        let (anchor, new) = (sample::archive(&old), sample::archive(&new));
        prop_assert!(verify(&new, &keys(), None, soon()).is_intact(), "without an anchor nobody can tell");
        let report = verify(&new, &keys(), Some(&anchor), soon());
        let since = u64::try_from(Hour::of_key(&key).unwrap().since(Hour::of(start()))).unwrap();
        let named: Vec<_> = report.findings.iter().map(|it| (it.kind, it.object.clone())).collect();
        let expected: Vec<_> = (since..HOURS).map(|number| (Kind::Rewritten, name::manifest(number))).collect();
        prop_assert_eq!(named, expected);
        prop_assert_eq!(report.anchored, usize::try_from(since).unwrap());
    }
}
