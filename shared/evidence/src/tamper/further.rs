//! What is not about one position: keys, time, anchors, pairs, and what belongs nowhere.

use super::*;

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
    assert!(report(&Bucket::new()).is_intact(), "nothing is wrong with nothing");
}
