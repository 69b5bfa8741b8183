//! Small histories: each finding by its words, and to the second from which on it is one.

use std::time::Duration;

use remedy_domain::{Timestamp, canonical::sha256_hex, evidence};

use crate::{
    Archive, Checkpoint, Contents, GRACE, Hour, Kind, Manifest, Pins, Place, Previous, PublicKey, Report, Seal, Why,
    name,
    sample::{self, Bucket, Signer},
    verify, verify_pinned,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
/// Two sealers' clocks may differ by as much.
const SKEW: Duration = Duration::from_mins(5);

fn hour(number: i64) -> Hour {
    Hour::of("2026-03-02T10:00:00Z".parse().unwrap()).plus(number)
}

fn signer() -> Signer {
    Signer::new(7)
}

fn keys() -> [PublicKey; 1] {
    [signer().public()]
}

/// When the last of four manifests was made: nothing is due.
fn now() -> Timestamp {
    hour(3).ends() + GRACE
}

/// The intent or the outcome of an hour's one repair, five minutes after it began.
fn of(number: i64, kind: evidence::Kind) -> (String, Vec<u8>) {
    sample::of_kind(hour(number).begins() + 5 * MINUTE, u64::try_from(number).unwrap(), kind)
}

fn intent(number: i64) -> String {
    of(number, evidence::Kind::Intent).0
}

fn outcome(number: i64) -> String {
    of(number, evidence::Kind::Outcome).0
}

/// A repair an hour, four hours long.
fn records() -> Bucket {
    (0..4).flat_map(|number| [evidence::Kind::Intent, evidence::Kind::Outcome].map(|kind| of(number, kind))).collect()
}

fn sealed(mut bucket: Bucket) -> Bucket {
    sample::seal(&mut bucket, &signer(), 4, &[]);
    bucket
}

fn history() -> Bucket {
    sealed(records())
}

fn report(bucket: &Bucket, at: Timestamp) -> Report {
    verify(&sample::archive(bucket), &keys(), None, at)
}

type Told = (Kind, String, String);

fn told(report: &Report) -> Vec<Told> {
    report.findings.iter().map(|it| (it.kind, it.object.clone(), it.detail.clone())).collect()
}

fn says(bucket: &Bucket) -> Vec<Told> {
    told(&report(bucket, now()))
}

fn one(kind: Kind, object: impl Into<String>, detail: impl Into<String>) -> Told {
    (kind, object.into(), detail.into())
}

fn place(number: u64, of: i64, previous: Option<Previous>) -> Place {
    Place { origin: "evidence".into(), number, hour: hour(of), at: hour(of).ends() + GRACE, previous, over: None }
}

/// How the manifest after `number` names it.
fn naming(bucket: &Bucket, number: u64) -> Previous {
    let digest = |key: String| sha256_hex(&bucket[&key]);
    Previous { manifest: digest(name::manifest(number)), seal: digest(name::seal(number)) }
}

/// The contents of the last hour, as its manifest lists them.
fn of_last(bucket: &Bucket) -> Contents {
    let mut contents = Contents::default();
    for key in [intent(3), outcome(3)] {
        contents.add(&key, &bucket[&key]);
    }
    contents
}

/// The history with another last manifest.
fn ends_with(change: impl FnOnce(&mut Place)) -> Bucket {
    let mut bucket = history();
    let (mut last, contents) = (place(3, 3, Some(naming(&bucket, 2))), of_last(&bucket));
    change(&mut last);
    sample::store(&mut bucket, &signer(), last, contents);
    bucket
}

/// A record of this content where only one of another time may be.
fn misdated(bucket: &mut Bucket, key: &str, at: Timestamp, kind: evidence::Kind) {
    bucket.insert(key.to_owned(), sample::of_kind(at, 77, kind).1);
}

fn forged(number: i64, minutes: u32, kind: evidence::Kind) -> String {
    sample::of_kind(hour(number).begins() + minutes * MINUTE, 77, kind).0
}

#[test]
fn what_is_whole_is_described() {
    let bucket = history();
    let report = report(&bucket, now());
    assert_eq!(report.findings, []);
    assert_eq!(report.keys, [signer().public().fingerprint()]);
    assert_eq!((report.origin.as_deref(), report.at), (Some("evidence"), now()));
    assert_eq!(report.genesis, Some(sha256_hex(&bucket[&name::manifest(0)])));
    assert_eq!((report.from, report.to), (Some(hour(0)), Some(hour(3))));
    assert_eq!((report.manifests, report.sealed, report.anchored), (4, 8, 0));
    assert!(report.unsealed.is_empty() && report.invalid.is_empty() && report.stepped_over.is_empty());
    assert!(report.unknown.is_empty() && report.unreadable.is_empty());
}

#[test]
fn a_manifest_is_overdue_two_hours_after_its_time() {
    let due = hour(4).ends() + GRACE + 2 * HOUR;
    let why = format!("no manifest for {} follows, though one is due for every hour", hour(4));
    assert_eq!(told(&report(&history(), due - SECOND)), []);
    assert_eq!(told(&report(&history(), due)), [one(Kind::CutOff, name::manifest(3), why)]);
    let (unsealed, due) = (records(), hour(0).ends() + GRACE + 2 * HOUR);
    assert_eq!(told(&report(&unsealed, due - SECOND)), []);
    assert_eq!(report(&unsealed, due - SECOND).unsealed.len(), 8);
    let why = "there are records, and no manifest at all";
    assert_eq!(told(&report(&unsealed, due)), [one(Kind::CutOff, name::manifest(0), why)]);
}

#[test]
fn an_anchor_says_what_differs() {
    let (bucket, mut anchor) = (history(), history());
    anchor.insert(name::seal(1), b"junk".to_vec());
    let of = |bucket: &Bucket, anchor: &Bucket| {
        verify(&sample::archive(bucket), &keys(), Some(&sample::archive(anchor)), now())
    };
    let report = of(&bucket, &anchor);
    let why = "in the anchor: not a seal of a form that is known";
    assert_eq!((told(&report), report.anchored), (vec![one(Kind::Changed, name::seal(1), why)], 3));
    let other = ends_with(|last| last.at += SECOND);
    let report = of(&other, &history());
    let why = "the anchor holds the seal of another one";
    assert_eq!((told(&report), report.anchored), (vec![one(Kind::Rewritten, name::manifest(3), why)], 3));
    let mut cut = history();
    cut.remove(&name::manifest(3));
    cut.remove(&name::seal(3));
    let why = format!("the anchor holds its seal: it was made for {}", hour(3));
    assert_eq!(told(&of(&cut, &history())), [one(Kind::CutOff, name::manifest(3), why)]);
    let why = "the anchor holds no seal at all";
    assert_eq!(told(&of(&bucket, &Bucket::new())), [one(Kind::CutOff, name::SEALS, why)]);
}

#[test]
fn pins_say_which_beginning_was_found() {
    let of = |bucket: &Bucket, pins: Pins| told(&verify_pinned(&sample::archive(bucket), &keys(), None, now(), &pins));
    let genesis = |wanted: &str| Pins { genesis: Some(wanted.to_owned()), ..Pins::default() };
    let (bucket, first) = (history(), sha256_hex(&history()[&name::manifest(0)]));
    assert_eq!(of(&bucket, genesis(&first.to_uppercase())), []);
    let why = format!("the chain begins with {first}, and is known to begin with abc");
    assert_eq!(of(&bucket, genesis("abc")), [one(Kind::OtherBeginning, name::manifest(0), why)]);
    // Of a chain that lost its beginning, nobody can say with what it began.
    let mut cut = history();
    for number in [0, 1] {
        cut.remove(&name::manifest(number));
        cut.remove(&name::seal(number));
    }
    let why = format!("the chain begins with nothing that can be relied on, and is known to begin with {first}");
    assert!(of(&cut, genesis(&first)).contains(&one(Kind::OtherBeginning, name::manifest(2), why)));
    let since = |number| Pins { since: Some(hour(number)), ..Pins::default() };
    assert_eq!((of(&bucket, since(0)), of(&bucket, since(2))), (vec![], vec![]));
    let why = format!("the first hour sealed is {}, and {} is known to be sealed", hour(0), hour(-1));
    assert_eq!(of(&bucket, since(-1)), [one(Kind::OtherBeginning, name::manifest(0), why)]);
    let origin = Pins { origin: Some("other".into()), ..Pins::default() };
    let why = "it seals the bucket evidence, and other was asked for";
    assert_eq!(of(&bucket, origin), [one(Kind::OtherOrigin, name::manifest(0), why)]);
    assert_eq!(of(&bucket, Pins { origin: Some("evidence".into()), ..Pins::default() }), []);
}

#[test]
fn a_lost_manifest_or_seal_is_named_and_nothing_else() {
    let gone = |keys: &[String]| {
        let mut bucket = history();
        for key in keys {
            bucket.remove(key);
        }
        let findings = says(&bucket).into_iter().filter(|(kind, ..)| *kind != Kind::Unproven);
        findings.collect::<Vec<_>>()
    };
    let goes_on = "the chain goes on to number 3";
    assert_eq!(gone(&[name::manifest(1)]), [one(Kind::Deleted, name::manifest(1), goes_on)]);
    let both = [name::manifest(1), name::seal(1)];
    assert_eq!(gone(&both), both.clone().map(|key| one(Kind::Deleted, key, goes_on)));
    let was_sealed = "the chain goes on after it, so it was sealed";
    assert_eq!(gone(&[name::seal(1)]), [one(Kind::Deleted, name::seal(1), was_sealed)]);
    let no_seal = "it has no seal; the sealer's next run completes it, or steps over it";
    assert_eq!(gone(&[name::seal(3)]), [one(Kind::Unsigned, name::manifest(3), no_seal)]);
}

#[test]
fn what_cannot_be_read_hides_no_other_finding() {
    let (mut bucket, held) = (history(), intent(1));
    for key in [&held, &name::seal(3)] {
        bucket.remove(key);
    }
    let mut archive = sample::archive(&bucket);
    archive.add_unreadable(&held, "AccessDenied");
    archive.add_unreadable(&name::seal(3), "AccessDenied");
    let of = |archive: &Archive| {
        let findings = told(&verify(archive, &keys(), None, now())).into_iter();
        findings.filter(|(kind, ..)| *kind != Kind::Unproven).collect::<Vec<_>>()
    };
    assert_eq!(of(&archive), []);
    // Others are gone, too, and what is there was changed.
    bucket.remove(&intent(2));
    bucket.insert(outcome(1), b"junk".to_vec());
    let mut archive = sample::archive(&bucket);
    archive.add_unreadable(&held, "AccessDenied");
    archive.add_unreadable(&outcome(1), "AccessDenied");
    archive.add_unreadable(&name::seal(3), "AccessDenied");
    let kinds: Vec<_> = of(&archive).into_iter().map(|(kind, object, _)| (kind, object)).collect();
    assert_eq!(kinds, [(Kind::Deleted, intent(2)), (Kind::Changed, outcome(1))]);
}

#[test]
fn a_foreign_key_is_named() {
    let (mut bucket, other) = (history(), Signer::new(9).public());
    bucket.insert(name::public_key(signer().public().fingerprint()), signer().public().pem().into());
    assert_eq!(says(&bucket), []);
    bucket.insert(name::public_key(other.fingerprint()), other.pem().into());
    let why = "it was not given; give it with --key if you know it from somewhere else than this bucket";
    assert_eq!(says(&bucket), [one(Kind::ForeignKey, name::public_key(other.fingerprint()), why)]);
}

#[test]
fn a_manifest_is_dated_between_the_end_of_its_hour_and_now() {
    let dated = |at: Timestamp| ends_with(|last| last.at = at);
    let skew = |why: &str, at: Timestamp| vec![one(Kind::ClockSkew, name::manifest(3), format!("{why}: {at}"))];
    assert_eq!(says(&dated(hour(3).ends())), []);
    let early = hour(3).ends() - SECOND;
    assert_eq!(says(&dated(early)), skew("it is dated before the end of its hour", early));
    assert_eq!(says(&dated(now() + SKEW)), []);
    let late = now() + SKEW + SECOND;
    assert_eq!(says(&dated(late)), skew("it is dated after this verification", late));
}

#[test]
fn a_manifest_is_dated_no_earlier_than_the_one_before() {
    let after = |first: Duration, second: Duration| {
        let (mut bucket, at) = (Bucket::new(), |of: i64, late| hour(of).ends() + late);
        let first = Place { at: at(0, first), ..place(0, 0, None) };
        let previous = Some(sample::store(&mut bucket, &signer(), first, Contents::default()));
        let second = Place { at: at(1, second), ..place(1, 1, previous) };
        sample::store(&mut bucket, &signer(), second, Contents::default());
        told(&report(&bucket, hour(2).ends() + GRACE))
    };
    assert_eq!(after(HOUR + SKEW, Duration::ZERO), []);
    let why = format!("it is dated before the one before it: {}", hour(1).ends());
    assert_eq!(after(HOUR + SKEW + SECOND, Duration::ZERO), [one(Kind::ClockSkew, name::manifest(1), why)]);
}

#[test]
fn a_manifest_follows_the_one_before_in_all_that_it_says() {
    let broken = |why: String| vec![one(Kind::ChainBroken, name::manifest(3), why)];
    let other = ends_with(|last| last.origin = "other".into());
    assert_eq!(says(&other), broken("it seals the bucket other, the first one evidence".into()));
    let skipped = ends_with(|last| (last.hour, last.at) = (hour(4), hour(4).ends()));
    let at = hour(4).ends();
    let why = format!("it is about {}, where {} follows", hour(4), hour(3));
    assert!(told(&report(&skipped, at)).contains(&broken(why)[0]));
    let unnamed = ends_with(|last| last.previous.as_mut().unwrap().manifest = "ab".repeat(32));
    assert_eq!(says(&unnamed), broken("it was made after another number 2".into()));
    let resealed = ends_with(|last| last.previous.as_mut().unwrap().seal = "ab".repeat(32));
    let why = "number 3 was made after another seal";
    assert_eq!(says(&resealed), [one(Kind::ChainBroken, name::seal(2), why)]);
}

#[test]
fn after_a_gap_a_manifest_is_about_an_hour_that_is_possible() {
    let with_gap = |of: i64| {
        let mut bucket = Bucket::new();
        sample::store(&mut bucket, &signer(), place(0, 0, None), Contents::default());
        let unknown = Previous { manifest: "ab".repeat(32), seal: "cd".repeat(32) };
        sample::store(&mut bucket, &signer(), place(2, of, Some(unknown)), Contents::default());
        let findings = told(&report(&bucket, hour(4).ends())).into_iter();
        findings.filter(|(kind, ..)| *kind == Kind::ChainBroken).collect::<Vec<_>>()
    };
    assert_eq!((with_gap(1), with_gap(2)), (vec![], vec![]), "the lost one closed an hour, or was a part of one");
    for impossible in [0, 3] {
        let why = format!("it is about {}, where {} follows", hour(impossible), hour(2));
        assert_eq!(with_gap(impossible), [one(Kind::ChainBroken, name::manifest(2), why)]);
    }
}

#[test]
fn what_a_manifest_steps_over_was_never_signed() {
    let over = |from: u64, signed: bool| {
        let mut bucket = Bucket::new();
        let first = sample::store(&mut bucket, &signer(), place(0, 0, None), Contents::default());
        if signed {
            sample::store(&mut bucket, &signer(), place(1, 1, Some(first.clone())), Contents::default());
        } else {
            bucket.insert(name::manifest(1), b"junk".to_vec());
        }
        bucket.insert(name::seal(2), b"junk".to_vec());
        let last = Place { over: Some(from), ..place(3, 1, Some(first)) };
        sample::store(&mut bucket, &signer(), last, Contents::default());
        report(&bucket, hour(1).ends() + GRACE)
    };
    let two = over(1, false);
    assert_eq!((told(&two), two.stepped_over), (vec![], vec![name::manifest(1), name::seal(2)]));
    let signed = told(&over(1, true));
    let why = "it steps over number 1, which is signed";
    assert!(signed.contains(&one(Kind::ChainBroken, name::manifest(3), why)), "{signed:?}");
}

#[test]
fn a_number_that_no_chain_can_lead_to_is_inserted() {
    let with = |number: u64| {
        let mut bucket = history();
        bucket.insert(name::manifest(number), b"junk".to_vec());
        says(&bucket)
    };
    // Five numbers are there, and 3 is the last that is signed.
    let beyond = "no chain leads to this number";
    assert_eq!(with(9), [one(Kind::Inserted, name::manifest(9), beyond)]);
    let mut both = history();
    both.insert(name::seal(9), b"junk".to_vec());
    assert_eq!(says(&both), [one(Kind::Inserted, name::seal(9), beyond)]);
    let no_seal = "it has no seal; the sealer's next run completes it, or steps over it";
    let reachable = with(8);
    assert!(reachable.contains(&one(Kind::Unsigned, name::manifest(8), no_seal)), "{reachable:?}");
    assert!(reachable.contains(&one(Kind::Deleted, name::manifest(4), "the chain goes on to number 8")));
}

#[test]
fn a_seal_is_about_its_own_manifest() {
    // Moved together, they are numbers of other places.
    let mut moved = history();
    for key in [name::manifest, name::seal] {
        let (one, two) = (moved[&key(1)].clone(), moved[&key(2)].clone());
        moved.extend([(key(1), two), (key(2), one)]);
    }
    let found = says(&moved);
    for (key, number) in [(name::manifest(1), 2), (name::seal(1), 2), (name::manifest(2), 1), (name::seal(2), 1)] {
        assert!(found.contains(&one(Kind::Reordered, key, format!("it is number {number}"))), "{found:?}");
    }
    // The manifest alone: it is no other's, and its seal is right.
    let mut changed = history();
    changed.get_mut(&name::manifest(1)).unwrap().push(b' ');
    let why = "its bytes are not those that were signed";
    assert!(says(&changed).contains(&one(Kind::Changed, name::manifest(1), why)));
    // Beside the seal of another number, nobody can say what its bytes should be.
    let mut strange = history();
    strange.insert(name::seal(1), strange[&name::seal(2)].clone());
    strange.get_mut(&name::manifest(1)).unwrap().push(b' ');
    let of_both: Vec<_> =
        says(&strange).into_iter().filter(|(_, key, _)| [name::manifest(1), name::seal(1)].contains(key)).collect();
    assert_eq!(of_both, [one(Kind::Reordered, name::seal(1), "it is number 2")]);
    // The genuine key signed a checkpoint that contradicts it.
    let mut lying = history();
    let bytes = lying[&name::manifest(1)].clone();
    let honest = Checkpoint::of(&Manifest::parse(&bytes).unwrap(), &bytes);
    let seal = signer().seal(Checkpoint { count: honest.count + 1, ..honest.clone() });
    lying.insert(name::seal(1), seal.text().into_bytes());
    let why = "it is signed, and its seal says something else";
    assert!(says(&lying).contains(&one(Kind::Contradictory, name::manifest(1), why)));
    // Somebody wrote the name of the genuine key under another's signature.
    let other = Signer::new(8).seal(honest.clone());
    let seal = Seal { key: signer().public().fingerprint().to_owned(), ..other.clone() };
    lying.insert(name::seal(1), seal.text().into_bytes());
    let why = "its text or its signature was changed after it was signed";
    assert!(says(&lying).contains(&one(Kind::BadSignature, name::seal(1), why)));
    lying.insert(name::seal(1), other.text().into_bytes());
    let [strange, known] = [&other.key, &signer().seal(honest).key].map(String::clone);
    let why = format!("it names the key {strange}; given were {known}");
    assert!(says(&lying).contains(&one(Kind::BadSignature, name::seal(1), why)));
}

#[test]
fn a_record_that_differs_says_how() {
    let with = |change: &dyn Fn(&mut Bucket)| {
        let mut bucket = history();
        change(&mut bucket);
        says(&bucket)
    };
    let (key, size) = (intent(1), history()[&intent(1)].len());
    let changed = |why: String| vec![one(Kind::Changed, key.clone(), why)];
    let shorter = with(&|bucket| bucket.get_mut(&key).unwrap().truncate(3));
    assert_eq!(shorter, changed(format!("3 of {size} bytes are left")));
    let longer = with(&|bucket| bucket.get_mut(&key).unwrap().push(b' '));
    assert_eq!(longer, changed(format!("{size} bytes became {}", size + 1)));
    let same = with(&|bucket| bucket.get_mut(&key).unwrap()[0] = b' ');
    assert_eq!(same, changed("its bytes are not those that were sealed".into()));
    let moved = with(&|bucket| drop(bucket.insert(key.clone(), bucket[&intent(2)].clone())));
    assert_eq!(moved, [one(Kind::Reordered, &key, format!("it holds what was sealed as {}", intent(2)))]);
    let gone = with(&|bucket| drop(bucket.remove(&key)));
    assert_eq!(gone, [one(Kind::Deleted, &key, "it was sealed, and is gone")]);
}

#[test]
fn what_was_sealed_twice_is_the_same_both_times() {
    let twice = |again: &[u8]| {
        let mut bucket = history();
        let mut contents = of_last(&bucket);
        contents.add(&outcome(2), again);
        let last = place(3, 3, Some(naming(&bucket, 2)));
        sample::store(&mut bucket, &signer(), last, contents);
        says(&bucket)
    };
    assert_eq!(twice(&history()[&outcome(2)]), []);
    let why = "it was sealed twice, and differently; the second time as number 3";
    assert!(twice(b"{}").contains(&one(Kind::Contradictory, outcome(2), why)));
}

#[test]
fn what_lies_where_nothing_of_remedys_belongs_is_named() {
    let mut bucket = history();
    let own = name::public_key(signer().public().fingerprint());
    bucket.extend([("readme.txt".to_owned(), vec![]), (own.clone(), Signer::new(9).public().pem().into())]);
    let mut archive = sample::archive(&bucket);
    archive.add_marker(&intent(0));
    archive.add_older_version(&intent(1));
    archive.add_unreadable("x", "AccessDenied");
    let report = verify(&archive, &keys(), None, now());
    let expected = [
        one(Kind::Changed, own, "it does not hold the key that it is called after"),
        one(Kind::Inserted, "readme.txt", "Remedy writes nothing of this name"),
        one(Kind::DeleteMarker, intent(0), "somebody deleted it, and nobody may"),
        one(Kind::OtherVersion, intent(1), "it was written a second time, and everything is written once"),
    ];
    let (mut found, mut expected) = (told(&report), expected.to_vec());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let unread: Vec<_> = report.unreadable.iter().map(|it| (it.object.as_str(), it.detail.as_str())).collect();
    assert_eq!(unread, [("x", "AccessDenied")]);
}

#[test]
fn what_was_unreadable_when_it_was_sealed_says_when() {
    let mut bucket = history();
    let (mut contents, key) = (of_last(&bucket), forged(3, 40, evidence::Kind::Held));
    contents.add_unread(&key, Why::Denied);
    let last = place(3, 3, Some(naming(&bucket, 2)));
    sample::store(&mut bucket, &signer(), last, contents);
    let report = report(&bucket, now());
    let unread: Vec<_> = report.unreadable.iter().map(|it| (it.object.clone(), it.detail.clone())).collect();
    assert_eq!(unread, [(key.clone(), "it may not be read when it was sealed as number 3".to_owned())]);
    // It is listed: there, and readable by now, it is not inserted.
    bucket.insert(key, b"{}".to_vec());
    assert_eq!(says(&bucket), []);
}

#[test]
fn objects_that_are_no_records_are_listed_as_they_were_sealed() {
    let (junk, census) = ("2026/03/02/13/junk".to_owned(), "2026/03/02/13/census".to_owned());
    let mut bucket = records();
    bucket.insert(junk.clone(), b"junk".to_vec());
    bucket.insert(census.clone(), br#"{"at":"2026-03-02T13:30:00Z","format":1,"kind":"census"}"#.to_vec());
    let mut bucket = sealed(bucket);
    let of = |bucket: &Bucket| {
        let report = report(bucket, now());
        (told(&report), report.invalid, report.unknown)
    };
    assert_eq!(of(&bucket), (vec![], vec![junk.clone()], vec![census.clone()]));
    // Not sealed, junk is inserted; what a later release may have written is unknown.
    let [late_junk, late_census] = ["2026/03/02/11/junk", "2026/03/02/11/census"].map(str::to_owned);
    bucket.extend([(late_junk.clone(), bucket[&junk].clone()), (late_census.clone(), bucket[&census].clone())]);
    let why = "its hour was sealed without it, as number 1, and no later manifest lists it";
    let unknown = vec![census, late_census];
    assert_eq!(of(&bucket), (vec![one(Kind::Inserted, late_junk, why)], vec![junk], unknown));
}

/// Sealed with the manifest of the last hour, from the folder of `number`.
fn sealed_late(number: i64, kind: evidence::Kind, written: Timestamp) -> Vec<Told> {
    let mut bucket = history();
    let (mut contents, key) = (of_last(&bucket), forged(number, 30, kind));
    misdated(&mut bucket, &key, written, kind);
    contents.add(&key, &bucket[&key]);
    let last = place(3, 3, Some(naming(&bucket, 2)));
    sample::store(&mut bucket, &signer(), last, contents);
    says(&bucket)
}

#[test]
fn a_record_is_sealed_at_most_two_hours_late_but_an_outcome_at_any_time() {
    let written = hour(1).begins();
    assert_eq!(sealed_late(1, evidence::Kind::Held, written), []);
    let why = "it was sealed as late, 3 hours after its hour; no worker lives so long";
    let key = forged(0, 30, evidence::Kind::Held);
    assert_eq!(sealed_late(0, evidence::Kind::Held, written), [one(Kind::Belated, key, why)]);
    let outcome = sealed_late(0, evidence::Kind::Outcome, written);
    assert!(outcome.iter().all(|(kind, ..)| *kind == Kind::OutcomeWithoutIntent), "{outcome:?}");
}

#[test]
fn a_record_is_written_before_it_is_sealed() {
    let made = hour(3).ends() + GRACE;
    assert_eq!(sealed_late(3, evidence::Kind::Held, made + SKEW), []);
    let written = made + SKEW + SECOND;
    let why = format!("it says that it was written at {written}, and was sealed before that");
    let key = forged(3, 30, evidence::Kind::Held);
    assert_eq!(sealed_late(3, evidence::Kind::Held, written), [one(Kind::ClockSkew, key, why)]);
}

#[test]
fn an_object_outside_the_sealed_hours_is_older_or_not_due() {
    let with = |number: i64, at: Timestamp| {
        let (mut bucket, key) = (history(), forged(number, 30, evidence::Kind::Held));
        misdated(&mut bucket, &key, hour(number).begins(), evidence::Kind::Held);
        let report = report(&bucket, at);
        let findings: Vec<_> = told(&report).into_iter().filter(|(_, object, _)| *object == key).collect();
        (findings.into_iter().map(|(kind, _, why)| (kind, why)).collect::<Vec<_>>(), report.unsealed.contains(&key))
    };
    let found = |kind, why: &str| (vec![(kind, why.to_owned())], false);
    assert_eq!(with(-1, now()), found(Kind::Inserted, "it is older than the first hour that was sealed"));
    for (number, sealed) in [(0, 0), (2, 2)] {
        let why = format!("its hour was sealed without it, as number {sealed}, and no later manifest lists it");
        assert_eq!(with(number, now()), found(Kind::Inserted, &why));
    }
    let due = hour(4).ends() + GRACE + 2 * HOUR;
    assert_eq!(with(4, due - SECOND), (vec![], true));
    assert_eq!(with(4, due), found(Kind::Unsealed, "its hour should have a manifest by now"));
}

#[test]
fn where_manifests_are_missing_objects_of_their_hours_are_unproven() {
    let with = |number: i64| {
        let (mut bucket, key) = (history(), forged(number, 30, evidence::Kind::Held));
        bucket.remove(&name::manifest(1));
        misdated(&mut bucket, &key, hour(number).begins(), evidence::Kind::Held);
        let found = says(&bucket).into_iter().find(|(_, object, _)| *object == key).expect("it is named");
        (found.0, found.2)
    };
    let unproven = "the manifest of its hour, or one that may list it as late, is missing or cannot be relied on";
    for number in [0, 1] {
        assert_eq!(with(number), (Kind::Unproven, unproven.to_owned()), "{number}");
    }
    for number in [2, 3] {
        let why = format!("its hour was sealed without it, as number {number}, and no later manifest lists it");
        assert_eq!(with(number), (Kind::Inserted, why));
    }
}

/// In the folder of the last hour, after its manifest was made.
fn newer(placed: &str, written: Timestamp, at: Timestamp) -> (Vec<Told>, bool) {
    let mut bucket = history();
    misdated(&mut bucket, placed, written, evidence::Kind::Held);
    let report = report(&bucket, at);
    (told(&report), report.unsealed.iter().any(|key| key == placed))
}

#[test]
fn a_record_that_is_newer_than_the_last_seal_is_not_sealed_yet() {
    let (made, key) = (hour(3).ends() + GRACE, forged(3, 59, evidence::Kind::Held));
    let inserted = "its hour was sealed without it, as number 3, and no later manifest lists it";
    let at = made + HOUR;
    assert_eq!(newer(&key, made, at), (vec![], true));
    assert_eq!(newer(&key, made - SECOND, at), (vec![one(Kind::Inserted, &key, inserted)], false));
    assert_eq!(newer(&key, made + SECOND, made + SECOND), (vec![], true));
    assert_eq!(newer(&key, made + 2 * SECOND, made + SECOND), (vec![one(Kind::Inserted, &key, inserted)], false));
}

#[test]
fn a_record_is_placed_at_most_twenty_minutes_before_it_is_written() {
    let key = forged(3, 59, evidence::Kind::Held);
    let longest = hour(3).begins() + 79 * MINUTE;
    assert_eq!(newer(&key, longest, longest + HOUR), (vec![], true));
    let longer = longest + SECOND;
    let why = format!("it says that it was written at {longer}, long after its place tells; no worker lives so long");
    assert_eq!(newer(&key, longer, longer), (vec![one(Kind::Inserted, &key, why)], false));
    // The outcome of a crashed worker comes later, under the key that the intent names.
    let mut bucket = history();
    let key = forged(3, 59, evidence::Kind::Outcome);
    misdated(&mut bucket, &key, longer, evidence::Kind::Outcome);
    assert!(report(&bucket, longer).unsealed.contains(&key));
}

#[test]
fn an_intent_has_its_outcome_within_four_hours() {
    let mut bucket = records();
    bucket.remove(&outcome(1));
    let bucket = sealed(bucket);
    let due = hour(1).ends() + 4 * HOUR;
    let of_pairs = |bucket: &Bucket, at| {
        let findings = told(&report(bucket, at)).into_iter();
        findings.filter(|(_, object, _)| *object == intent(1)).collect::<Vec<_>>()
    };
    assert_eq!(of_pairs(&bucket, due - SECOND), []);
    let why = "its worker is long gone, and nobody wrote how it ended";
    assert_eq!(of_pairs(&bucket, due), [one(Kind::IntentWithoutOutcome, intent(1), why)]);
    // One that somebody inserted is none.
    let mut forged = bucket;
    let (key, bytes) = of(1, evidence::Kind::Outcome);
    forged.insert(key, bytes);
    assert_eq!(of_pairs(&forged, due), [one(Kind::IntentWithoutOutcome, intent(1), why)]);
}

#[test]
fn an_outcome_has_one_intent_and_an_intent_one_outcome() {
    let mut bucket = records();
    bucket.remove(&intent(1));
    let (second, bytes) = sample::of_kind(hour(2).begins() + 9 * MINUTE, 2, evidence::Kind::Outcome);
    bucket.insert(second.clone(), bytes);
    let expected = [
        one(Kind::DuplicateOutcome, second, "its attempt has another outcome"),
        one(Kind::OutcomeWithoutIntent, outcome(1), "nothing says that it was intended"),
    ];
    assert_eq!(says(&sealed(bucket)), expected);
}

#[test]
fn what_a_manifest_of_a_later_form_lists_is_unknown() {
    let mut bucket = history();
    let text = String::from_utf8(bucket[&name::manifest(1)].clone()).unwrap();
    let manifest = Manifest::parse(text.as_bytes()).unwrap();
    let later = text.replace(r#""format":1"#, r#""format":3"#);
    let checkpoint = Checkpoint::of(&manifest, later.as_bytes());
    bucket.insert(name::seal(1), signer().seal(checkpoint).text().into_bytes());
    bucket.insert(name::manifest(1), later.into_bytes());
    let report = report(&bucket, now());
    assert_eq!((told(&report), report.verdict()), (vec![], crate::Verdict::CannotSay));
    assert_eq!(report.unknown, [intent(1), outcome(1), name::manifest(1)]);
}
