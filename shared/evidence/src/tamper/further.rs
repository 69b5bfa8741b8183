//! Findings that do not concern one position: keys, time, anchors, pairs, and objects that belong nowhere.

use super::*;
use crate::{Pins, Previous, Verdict};

#[test]
fn a_cut_is_named_by_the_anchor_at_once() {
    let mut bucket = bucket();
    let anchor = sample::archive(&bucket);
    bucket.remove(&name::manifest(LAST));
    bucket.remove(&name::seal(LAST));
    let early = Hour::of(start()).plus(25).begins();
    let report = verify(&sample::archive(&bucket), &keys(), Some(&anchor), early);
    let named: Vec<_> = report.findings.iter().map(|it| (it.kind, it.object.as_str())).collect();
    assert_eq!(named, [(Kind::CutOff, name::manifest(LAST).as_str())]);
    let empty = crate::Archive::default();
    assert!(!verify(&anchor, &keys(), Some(&empty), soon()).is_intact(), "an empty anchor proves nothing");
}

#[test]
fn another_key_is_not_trusted() {
    let bucket = bucket();
    let report = verify(&sample::archive(&bucket), &[Signer::new(8).public()], None, soon());
    assert_eq!(report.manifests, 0);
    assert_eq!(report.findings.iter().filter(|it| it.kind == Kind::BadSignature).count(), 25);
    let both = [Signer::new(8).public(), signer().public()];
    assert!(verify(&sample::archive(&bucket), &both, None, soon()).is_intact(), "keys change over the years");
}

#[test]
fn what_is_not_sealed_yet_is_listed_and_overdue_later() {
    let mut bucket = bucket();
    let now = Hour::of(start()).plus(25);
    let (fresh, bytes) = sample::record("2026-03-03T11:05:00Z", 90_001);
    assert_eq!(Hour::of_key(&fresh), Some(now));
    bucket.insert(fresh.clone(), bytes);
    // The outcome of an old attempt, written after the last seal.
    let (_, bytes) = sample::of_kind(soon(), 90_001, evidence::Kind::Outcome);
    let outcome = fresh.replace("-intent-", "-outcome-").replace("2026/03/03/11", "2026/03/03/10");
    bucket.insert(outcome.clone(), bytes);
    let report = report(&bucket);
    assert_eq!(report.findings, []);
    assert_eq!(report.unsealed, [outcome, fresh.clone()]);
    let later = verify(&sample::archive(&bucket), &keys(), None, soon() + std::time::Duration::from_hours(3));
    assert!(later.findings.iter().any(|it| (it.kind, &it.object) == (Kind::Unsealed, &fresh)));
}

#[test]
fn every_intent_has_one_outcome() {
    let mut bucket = built().0;
    let (old, _) = sample::record("2026-03-02T10:00:00.000Z", 0);
    bucket.remove(&old.replace("-intent-", "-outcome-"));
    let (second, _) = sample::record("2026-03-02T10:00:14.400Z", 1);
    bucket.remove(&second);
    let (copy, bytes) = sample::of_kind("2026-03-02T11:59:00Z".parse().unwrap(), 2, evidence::Kind::Outcome);
    bucket.insert(copy.clone(), bytes);
    sample::seal(&mut bucket, &signer(), 25, &[]);
    let expected = [
        (Kind::DuplicateOutcome, copy.as_str()),
        (Kind::IntentWithoutOutcome, &old),
        (Kind::OutcomeWithoutIntent, &second.replace("-intent-", "-outcome-")),
    ];
    assert_eq!(found(&bucket), set(expected));
}

#[test]
fn what_belongs_nowhere_is_named() {
    let mut bucket = bucket();
    let keys = ["readme.txt", "seal/9999999999.json", "seal/0000000003.json~", "2025/03/02/10/x.json"];
    bucket.extend(keys.map(|key| (key.to_owned(), b"{}".to_vec())));
    assert_eq!(found(&bucket), set(keys.map(|key| (Kind::Inserted, key))));
    let mut bucket = self::bucket();
    let (own, other) = (signer().public(), Signer::new(9).public());
    bucket.insert(name::public_key(own.fingerprint()), own.pem().into());
    assert!(report(&bucket).is_intact());
    bucket.insert(name::public_key(own.fingerprint()), other.pem().into());
    assert_eq!(found(&bucket), set([(Kind::Changed, &name::public_key(own.fingerprint()))]));
}

#[test]
fn a_clock_that_is_wrong_is_named() {
    let (mut bucket, hour) = (built().0, Hour::of(start()));
    for (number, at) in [(0, hour.begins()), (1, hour.plus(90).begins())] {
        let mut bucket = std::mem::take(&mut bucket);
        let place = |previous| Place {
            origin: "evidence".into(),
            number,
            hour: hour.plus(i64::try_from(number).unwrap()),
            at,
            previous,
            over: None,
        };
        let previous = (number > 0).then(|| {
            let first = Place { number: 0, hour, at: hour.ends(), ..place(None) };
            sample::store(&mut bucket, &signer(), first, Contents::default())
        });
        sample::store(&mut bucket, &signer(), place(previous), Contents::default());
        let skewed = (Kind::ClockSkew, name::manifest(number));
        assert!(found(&bucket).contains(&skewed), "{number}");
    }
}

#[test]
fn without_any_manifest_old_records_are_cut_off() {
    let (bucket, _) = built();
    assert!(found(&bucket).contains(&(Kind::CutOff, name::manifest(0))));
}

#[test]
fn where_nothing_is_sealed_nothing_is_intact() {
    let fresh = Bucket::from([sample::of_kind(soon(), 1, evidence::Kind::Held)]);
    for bucket in [Bucket::new(), fresh] {
        assert_eq!((report(&bucket).findings, report(&bucket).verdict()), (vec![], Verdict::CannotSay));
    }
}

#[test]
fn a_known_beginning_is_pinned() {
    let (bucket, digest) = (bucket(), remedy_domain::canonical::sha256_hex);
    let genesis = report(&bucket).genesis.unwrap();
    assert_eq!(genesis, digest(&bucket[&name::manifest(0)]));
    let pinned = |bucket: &Bucket, pins: &Pins| {
        let report = crate::verify_pinned(&sample::archive(bucket), &keys(), None, soon(), pins);
        report.findings.into_iter().map(|it| it.kind).collect::<BTreeSet<_>>()
    };
    let first = Hour::of(start());
    let good = Pins { genesis: Some(genesis.clone()), since: Some(first.plus(3)), origin: Some("evidence".into()) };
    assert_eq!(pinned(&bucket, &good), BTreeSet::new());
    // Everything is wiped, and a sealer without marks begins anew, with the genuine key.
    let mut anew = Bucket::from([sample::of_kind(first.plus(24).begins(), 1, evidence::Kind::Held)]);
    sample::seal(&mut anew, &signer(), 1, &[]);
    assert!(report(&anew).is_intact(), "without a pin nobody can tell");
    let other = BTreeSet::from([Kind::OtherBeginning]);
    for pins in [Pins { genesis: Some(genesis), ..Pins::default() }, Pins { since: Some(first), ..Pins::default() }] {
        assert_eq!(pinned(&anew, &pins), other);
        assert_eq!(pinned(&Bucket::new(), &pins), other, "nothing at all is another beginning, too");
    }
    let elsewhere = Pins { origin: Some("another".into()), ..Pins::default() };
    assert_eq!(pinned(&bucket, &elsewhere), BTreeSet::from([Kind::OtherOrigin]));
}

#[test]
fn a_key_that_was_not_given_is_named() {
    let (mut bucket, other) = (bucket(), Signer::new(9).public());
    let key = name::public_key(other.fingerprint());
    bucket.insert(key.clone(), other.pem().into());
    assert_eq!(found(&bucket), set([(Kind::ForeignKey, &key)]));
}

#[test]
fn what_is_forged_into_an_old_hour_is_named_before_it_is_sealed_and_after() {
    let (mut bucket, late) = built();
    let placed = start() + std::time::Duration::from_mins(70);
    let [intent, outcome] = [evidence::Kind::Intent, evidence::Kind::Outcome].map(|kind| {
        let (key, _) = sample::of_kind(placed, 90_002, kind);
        (key, sample::of_kind(soon(), 90_002, kind).1)
    });
    let mut fresh = self::bucket();
    fresh.extend([intent.clone(), outcome.clone()]);
    let named = set([(Kind::Inserted, &intent.0), (Kind::OutcomeWithoutIntent, &outcome.0)]);
    assert_eq!(found(&fresh), named, "it says that it was written now");
    // A sealer lists the objects that it finds, as late.
    sample::seal(&mut bucket, &signer(), 25, &late);
    let bytes = bucket[&name::manifest(LAST - 1)].clone();
    let before = crate::Manifest::parse(&bytes).unwrap();
    let digest = remedy_domain::canonical::sha256_hex;
    let previous = Previous { manifest: digest(&bytes), seal: digest(&bucket[&name::seal(LAST - 1)]) };
    let mut listed = Contents::default();
    for (key, bytes) in [&intent, &outcome] {
        listed.add(key, bytes);
        bucket.insert(key.clone(), bytes.clone());
    }
    let (hour, at, previous) = (before.hour.plus(1), soon(), Some(previous));
    let place = Place { origin: "evidence".into(), number: LAST, hour, at, previous, over: None };
    sample::store(&mut bucket, &signer(), place, listed);
    assert_eq!(found(&bucket), set([(Kind::Belated, &intent.0)]));
}

#[test]
fn what_a_later_release_writes_is_unknown_and_never_intact() {
    let hour = Hour::of(start());
    let census = |key: &str| (key.to_owned(), br#"{"at":"2026-03-02T10:30:00Z","format":1,"kind":"census"}"#.to_vec());
    let sealed = census("2026/03/02/10/3000.000-s3-bucket-public-census-ff.json");
    let (mut bucket, late) = built();
    bucket.extend([sealed.clone()]);
    sample::seal(&mut bucket, &signer(), 25, &late);
    assert_eq!((report(&bucket).findings, report(&bucket).unknown), (vec![], vec![sealed.0.clone()]));
    let fresh = census("2026/03/02/11/3000.000-s3-bucket-public-census-ff.json");
    bucket.extend([fresh.clone()]);
    let of_all = report(&bucket);
    assert_eq!((of_all.findings.clone(), of_all.verdict()), (vec![], Verdict::CannotSay));
    assert_eq!(of_all.unknown, [sealed.0, fresh.0]);
    // A manifest of a later form, signed with the genuine key.
    let mut bucket = self::bucket();
    let text = String::from_utf8(bucket[&name::manifest(LAST)].clone()).unwrap();
    let manifest = crate::Manifest::parse(text.as_bytes()).unwrap();
    for later in [text.replace(r#"{"at""#, r#"{"annex":[],"at""#), text.replace(r#""format":1"#, r#""format":3"#)] {
        let checkpoint = crate::Checkpoint::of(&manifest, later.as_bytes());
        bucket.insert(name::seal(LAST), signer().seal(checkpoint).text().into_bytes());
        bucket.insert(name::manifest(LAST), later.into_bytes());
        let report = report(&bucket);
        assert_eq!((report.findings.clone(), report.verdict()), (vec![], Verdict::CannotSay), "{hour}");
        assert_eq!(report.unknown, [name::manifest(LAST)]);
    }
    let checkpoint = crate::Checkpoint::of(&manifest, br#"{ "format": 1 }"#);
    bucket.insert(name::seal(LAST), signer().seal(checkpoint).text().into_bytes());
    bucket.insert(name::manifest(LAST), br#"{ "format": 1 }"#.to_vec());
    assert_eq!(found(&bucket), set([(Kind::Contradictory, &name::manifest(LAST))]), "no release writes like this");
}

#[test]
fn versions_tell_what_the_latest_ones_hide() {
    let (mut archive, key) = (sample::archive(&bucket()), records(&bucket())[0].clone());
    archive.add_marker(&key);
    archive.add_older_version(&key);
    let report = verify(&archive, &keys(), None, soon());
    let kinds: Vec<_> = report.findings.iter().map(|it| (it.kind, &it.object)).collect();
    assert_eq!(kinds, [(Kind::DeleteMarker, &key), (Kind::OtherVersion, &key)]);
}

#[test]
fn what_cannot_be_read_is_neither_gone_nor_intact() {
    for key in [records(&bucket())[0].clone(), name::manifest(3), name::seal(LAST)] {
        let mut bucket = bucket();
        bucket.remove(&key);
        let mut archive = sample::archive(&bucket);
        archive.add_unreadable(&key, "AccessDenied");
        let report = verify(&archive, &keys(), None, soon());
        assert_eq!(report.verdict(), Verdict::CannotSay, "{key}: {:?}", report.findings);
        assert_eq!(report.unreadable.len(), 1);
    }
}

/// A chain whose second manifest steps over number 1, and whose third hour has two parts.
fn stepping() -> (Bucket, [Place; 4]) {
    let hour = Hour::of(start());
    let place = |number, after: i64, over| Place {
        origin: "evidence".into(),
        number,
        hour: hour.plus(after),
        at: hour.plus(after).ends() + GRACE,
        previous: None,
        over,
    };
    let places = [place(0, 0, None), place(2, 1, Some(1)), place(3, 2, None), place(4, 2, None)];
    let (mut bucket, mut previous) = (Bucket::new(), None);
    bucket.insert(name::manifest(1), b"junk".to_vec());
    for place in &places {
        let (mut found, at) = (Contents::default(), place.hour.begins() + GRACE);
        let (key, bytes) = sample::of_kind(at, place.number, evidence::Kind::Held);
        found.add(&key, &bytes);
        bucket.insert(key, bytes);
        if place.number == 3 {
            found.goes_on();
            found.add_unread("2026/03/02/12/x", crate::Why::Denied);
        }
        let place = Place { previous, ..place.clone() };
        previous = Some(sample::store(&mut bucket, &signer(), place, found));
    }
    (bucket, places)
}

#[test]
fn what_a_signed_manifest_steps_over_is_no_link_and_parts_are_one_hour() {
    let (bucket, places) = stepping();
    let at = places[3].at + GRACE;
    let of = |bucket: &Bucket| verify(&sample::archive(bucket), &keys(), None, at);
    let report = of(&bucket);
    assert_eq!((report.findings.clone(), report.manifests, report.sealed), (vec![], 4, 4));
    assert_eq!((report.stepped_over.clone(), report.to), (vec![name::manifest(1)], Some(places[3].hour)));
    assert_eq!((report.unreadable.len(), report.verdict()), (1, Verdict::CannotSay));
    // A part of an hour is no end.
    let mut cut = bucket.clone();
    cut.remove(&name::manifest(4));
    cut.remove(&name::seal(4));
    let late = at + std::time::Duration::from_hours(4);
    let report = verify(&sample::archive(&cut), &keys(), None, late);
    assert!(report.findings.iter().any(|it| it.kind == Kind::CutOff), "{:?}", report.findings);
    // A signed manifest is never skipped.
    let mut genuine = bucket.clone();
    let digest = |key: String| remedy_domain::canonical::sha256_hex(&bucket[&key]);
    let previous = Some(Previous { manifest: digest(name::manifest(0)), seal: digest(name::seal(0)) });
    let place = Place { number: 1, over: None, previous, ..places[1].clone() };
    sample::store(&mut genuine, &signer(), place, Contents::default());
    assert!(of(&genuine).findings.iter().any(|it| it.kind == Kind::ChainBroken));
    for number in [0, 2, 3, 4] {
        let mut gone = bucket.clone();
        gone.remove(&name::manifest(number));
        gone.remove(&name::seal(number));
        assert!(!of(&gone).is_intact(), "{number}");
        let kinds: BTreeSet<_> = of(&gone).findings.iter().map(|it| it.kind).collect();
        assert!(kinds.contains(&Kind::Deleted) || number == 4, "{number}: {kinds:?}");
    }
}
