//! A history that somebody changes: the sealer continues from what it sealed, signs only what it made, and never goes
//! back.

use remedy_evidence::Name;

use super::*;

/// The removed objects.
type Gone = Box<dyn Fn(LedgerBucket, &str) -> bool>;

const FOLDER: &str = "seal/last/";

/// Three hours sealed.
pub(super) async fn sealed_morning() -> MemoryPorts {
    let ports = ports();
    morning(&ports).await;
    let run = sealed(&ports).await.unwrap();
    assert_eq!((run.last, run.start), (Some(2), Start::Nothing));
    pass(&ports, Duration::from_hours(1));
    ports
}

/// All objects except the removed ones.
async fn without(ports: &MemoryPorts, is_gone: impl Fn(LedgerBucket, &str) -> bool) -> MemoryPorts {
    let left = MemoryPorts::over_fake(&FakeAws::default());
    left.time().set(ports.now());
    left.begin(MINUTE);
    for shelf in [LedgerBucket::State, LedgerBucket::Evidence] {
        for (key, bytes) in ports.shelf(shelf).iter().filter(|(key, _)| !is_gone(shelf, key)) {
            left.put_new(shelf, key, bytes).await.unwrap();
        }
    }
    left
}

async fn plant(ports: &MemoryPorts, key: &str, bytes: &[u8]) {
    ports.put_new(LedgerBucket::Evidence, key, bytes).await.unwrap();
}

/// Manifests that others might leave for number 3, to have them signed.
fn forgeries(ports: &MemoryPorts) -> Vec<Vec<u8>> {
    let evidence = ports.shelf(LedgerBucket::Evidence);
    let digest = |key: String| canonical::sha256_hex(&evidence[&key]);
    let previous = remedy_evidence::Previous { manifest: digest(name::manifest(2)), seal: digest(name::seal(2)) };
    let hour = Hour::of_key("2026/03/02/13/x").unwrap();
    let later: Timestamp = "2026-03-02T14:20:00Z".parse().unwrap();
    let place = |hour: Hour, at, previous: &remedy_evidence::Previous| Place {
        origin: "evidence".into(),
        number: 3,
        hour,
        at,
        previous: Some(previous.clone()),
        over: None,
    };
    let mut invented = Contents::default();
    invented.add("2026/03/02/13/0000.000-x-intent-ff.json", b"never written");
    let other = remedy_evidence::Previous { manifest: "0".repeat(64), ..previous.clone() };
    let places = [
        (place(hour, later, &previous), invented),
        (place(hour, later, &other), Contents::default()),
        (place(hour.plus(5), later, &previous), Contents::default()),
        (place(hour, later + Duration::from_hours(9), &previous), Contents::default()),
        (Place { origin: "another".into(), ..place(hour, later, &previous) }, Contents::default()),
        // It holds, but for what the hour holds: one record is left out.
        (place(hour, later, &previous), Contents::default()),
    ];
    let bytes = |(place, found)| Manifest::new(place, found).unwrap().to_bytes().unwrap();
    let mut all: Vec<_> = places.into_iter().map(bytes).collect();
    let plain = String::from_utf8(all[5].clone()).unwrap();
    let noted = plain.replace("{\"at\"", "{\n  \"note\": \"audited and found complete\",\n  \"at\"");
    all.push(noted.replace(env!("CARGO_PKG_VERSION"), "9.9.9").into_bytes());
    all.extend([b"{}".to_vec(), b"junk".to_vec(), DENIED.to_vec(), vec![b' '; 70_000]]);
    all
}

#[tokio::test]
async fn what_others_leave_at_a_manifests_number_is_stepped_over_and_never_signed() {
    let genuine = sealed_morning().await;
    write(&genuine, "2026-03-02T13:10:00Z", 7, evidence::Kind::Held).await;
    for (index, planted) in forgeries(&genuine).into_iter().enumerate() {
        let ports = without(&genuine, |_, _| false).await;
        plant(&ports, &name::manifest(3), &planted).await;
        let run = sealed(&ports).await.unwrap();
        assert_eq!((counts(&run), run.due), (vec![(4, 1, 0)], 0), "forgery {index}");
        assert_eq!(run.sealed[0].over, 1);
        assert!(!ports.shelf(LedgerBucket::Evidence).contains_key(&name::seal(3)), "forgery {index} was signed");
        let report = verified(&ports).await;
        assert_eq!((report.findings, report.manifests), (vec![], 4), "forgery {index}");
        assert_eq!(report.stepped_over, [name::manifest(3)]);
        assert!(sealed(&ports).await.unwrap().sealed.is_empty(), "it is stepped over once");
    }
}

#[tokio::test]
async fn a_seal_that_others_leave_is_stepped_over_and_so_is_a_hundred_of_them() {
    let foreign = "remedy evidence 1\nevidence\nnumber 3\nhour 2026-03-02T13:00:00Z\ncount 0\nroot 00\nmanifest 00\n\
        previous 00\n\n— 00 AAAA\n";
    for planted in [&b"junk"[..], foreign.as_bytes(), DENIED] {
        let ports = sealed_morning().await;
        plant(&ports, &name::seal(3), planted).await;
        assert_eq!(sealed(&ports).await.unwrap().last, Some(4));
        let report = verified(&ports).await;
        assert_eq!((report.findings, report.manifests), (vec![], 4));
        assert_eq!(report.stepped_over, [name::manifest(3), name::seal(3)]);
    }
    let ports = sealed_morning().await;
    for number in (3..150).chain(152..155) {
        plant(&ports, &name::manifest(number), b"{}").await;
        plant(&ports, &name::seal(number), b"junk").await;
    }
    pass(&ports, Duration::from_hours(2));
    let run = sealed(&ports).await.unwrap();
    assert_eq!(run.sealed.iter().map(|it| it.number).collect::<Vec<_>>(), [150, 151, 155]);
    assert_eq!(verified(&ports).await.findings, []);
}

#[tokio::test]
async fn the_first_number_may_be_planted_too() {
    let ports = ports();
    morning(&ports).await;
    plant(&ports, &name::manifest(0), b"{}").await;
    assert_eq!(sealed(&ports).await.unwrap().last, Some(3));
    let report = verified(&ports).await;
    assert_eq!((report.findings, report.sealed, report.stepped_over), (vec![], 4, vec![name::manifest(0)]));
    pass(&ports, Duration::from_hours(1));
    assert_eq!(sealed(&ports).await.unwrap().last, Some(4), "and the sealer goes on from there");
}

#[tokio::test]
async fn what_was_sealed_is_gone_and_the_sealer_neither_begins_anew_nor_goes_back() {
    let whole = sealed_morning().await;
    let is_seal = |shelf, key: &str| shelf == LedgerBucket::Evidence && key.starts_with(name::SEALS);
    let attacks: [(&str, Gone); 5] = [
        ("everything", Box::new(|shelf, _| shelf == LedgerBucket::Evidence)),
        ("all manifests", Box::new(is_seal)),
        ("the first", Box::new(|shelf, key| shelf == LedgerBucket::Evidence && key == name::manifest(0))),
        ("the last", Box::new(|shelf, key| shelf == LedgerBucket::Evidence && key == name::manifest(2))),
        ("all but the first", Box::new(move |shelf, key| is_seal(shelf, key) && !key.contains("0000000000"))),
    ];
    for (attack, is_gone) in attacks {
        let ports = without(&whole, is_gone).await;
        let before = ports
            .shelf(LedgerBucket::Evidence)
            .into_keys()
            .filter(|key| !matches!(Name::of(key), Name::Seal(_) | Name::PublicKey))
            .count();
        for _ in 0..2 {
            let fault = sealed(&ports).await.unwrap_err();
            assert!(!fault.is_transient() && fault.kind.alarm() == remedy_domain::outcome::Alarm::Page, "{attack}");
        }
        let after = ports
            .shelf(LedgerBucket::Evidence)
            .into_keys()
            .filter(|key| !matches!(Name::of(key), Name::Seal(_) | Name::PublicKey))
            .count();
        assert_eq!(before, after, "{attack}: something was sealed");
        assert_ne!(verified(&ports).await.verdict(), Verdict::Intact, "{attack}");
    }
    let cut = without(&whole, |shelf, key| shelf == LedgerBucket::Evidence && key == name::seal(2)).await;
    assert_eq!(sealed(&cut).await.unwrap().last, Some(3), "a seal is made again: the manifest is marked");
    assert_eq!(verified(&cut).await.findings, []);
}

/// An attacker who deletes a record, and puts something over the seal of its hour, has that hour sealed as it was.
#[tokio::test]
async fn an_hour_that_was_marked_is_never_sealed_differently() {
    let whole = sealed_morning().await;
    let evidence = whole.shelf(LedgerBucket::Evidence);
    let record = evidence.keys().find(|key| key.starts_with("2026/03/02/12/")).unwrap().clone();
    let removed = record.clone();
    let is_gone = move |shelf, key: &str| shelf == LedgerBucket::Evidence && (key == removed || key == name::seal(2));
    let ports = without(&whole, is_gone).await;
    plant(&ports, &name::seal(2), b"junk").await;
    let run = sealed(&ports).await.unwrap();
    assert_eq!(counts(&run), [(3, 2, 0), (4, 0, 0)], "number 3 lists what number 2 did");
    let report = verified(&ports).await;
    let found: Vec<_> = report.findings.iter().map(|it| (it.kind, it.object.as_str())).collect();
    assert_eq!(found, [(remedy_evidence::Kind::Deleted, record.as_str())]);
}

#[tokio::test]
async fn another_beginning_is_not_taken_for_ours() {
    let whole = sealed_morning().await;
    let other = ports();
    write(&other, "2026-03-02T10:20:00Z", 9, evidence::Kind::Held).await;
    let _ = sealed(&other).await.unwrap();
    let swapped = without(&whole, |shelf, key| shelf == LedgerBucket::Evidence && key.contains("0000000000")).await;
    for key in [name::manifest(0), name::seal(0)] {
        plant(&swapped, &key, &other.shelf(LedgerBucket::Evidence)[&key]).await;
    }
    assert_eq!(sealed(&swapped).await.unwrap_err().code, "beginning-is-gone");
}

#[tokio::test]
async fn marks_that_are_gone_or_too_low_heal_and_too_high_ones_stop() {
    let whole = sealed_morning().await;
    let last = |ports: &MemoryPorts| {
        ports.shelf(LedgerBucket::State).into_keys().rfind(|key| key.starts_with(FOLDER)).unwrap()
    };
    let gone = without(&whole, |shelf, key| shelf == LedgerBucket::State && key.starts_with("seal/")).await;
    let run = sealed(&gone).await.unwrap();
    assert_eq!((run.start, run.last, counts(&run)), (Start::Adopted, Some(3), vec![(3, 0, 0)]));
    assert_eq!(verified(&gone).await.findings, []);
    let highest = last(&whole);
    let low = without(&whole, |shelf, key| shelf == LedgerBucket::State && key == highest).await;
    let run = sealed(&low).await.unwrap();
    assert_eq!((run.start, run.last), (Start::Marked, Some(3)), "number 2 is taken over, and then comes 3");
    assert_eq!(verified(&low).await.findings, []);
    let high = without(&whole, |_, _| false).await;
    let mut mark: serde_json::Value = serde_json::from_slice(&high.shelf(LedgerBucket::State)[&highest]).unwrap();
    mark["number"] = 9.into();
    let key = highest.replace("0000000002", "0000000009");
    high.put_new(LedgerBucket::State, &key, &serde_json::to_vec(&mark).unwrap()).await.unwrap();
    assert_eq!(sealed(&high).await.unwrap_err().code, "manifests-are-gone");
}

#[tokio::test]
async fn a_chain_of_a_release_without_marks_is_taken_over_once() {
    let whole = sealed_morning().await;
    let old = without(&whole, |shelf, _| shelf == LedgerBucket::State).await;
    plant(&old, &name::manifest(9), b"{}").await;
    assert_eq!(sealed(&old).await.unwrap().start, Start::Adopted);
    pass(&old, Duration::from_hours(1));
    let run = sealed(&old).await.unwrap();
    assert_eq!((run.start, run.last), (Start::Marked, Some(4)));
    let foreign = TestSigner(SigningKey::from_slice(&[9; 32]).unwrap());
    let other = without(&whole, |shelf, _| shelf == LedgerBucket::State).await;
    let run = seal(&other, &foreign, "evidence", &[]).await.unwrap();
    assert_eq!((run.start, run.sealed[0].over), (Start::Nothing, 3), "what another key signed is not ours");
}

#[tokio::test]
async fn a_key_that_is_replaced_ends_no_chain() {
    let ports = sealed_morning().await;
    let second = TestSigner(SigningKey::from_slice(&[9; 32]).unwrap());
    let run = seal(&ports, &second, "evidence", &[]).await.unwrap();
    assert_eq!((run.start, run.last), (Start::Marked, Some(3)));
    let mut archive = Archive::default();
    for (key, bytes) in ports.shelf(LedgerBucket::Evidence) {
        archive.add(&key, &bytes);
    }
    let keys = [signer().public_key().await.unwrap(), second.public_key().await.unwrap()];
    assert_eq!(verify(&archive, &keys, None, ports.now()).findings, []);
}

#[tokio::test]
async fn what_cannot_be_read_or_is_too_long_is_listed_and_stops_nothing() {
    let ports = ports();
    morning(&ports).await;
    plant(&ports, "2026/03/02/10/junk", b"junk").await;
    plant(&ports, "2026/03/02/10/long", &vec![b'x'; 3_000_000]).await;
    plant(&ports, "2026/03/02/10/of-another-key", DENIED).await;
    plant(&ports, "2026/03/02/10/census", br#"{"format":1,"kind":"census","at":"2026-03-02T10:15:00Z"}"#).await;
    let run = sealed(&ports).await.unwrap();
    assert_eq!((run.sealed[0].count, run.sealed[0].invalid, run.sealed[0].unreadable), (5, 2, 1));
    assert_eq!((run.last, run.due), (Some(2), 0));
    let report = verified(&ports).await;
    assert_eq!((report.findings.clone(), report.verdict()), (vec![], Verdict::CannotSay));
    assert_eq!(report.invalid, ["2026/03/02/10/junk", "2026/03/02/10/long"]);
    assert_eq!(report.unknown, ["2026/03/02/10/census"]);
    assert_eq!(report.unreadable[0].object, "2026/03/02/10/of-another-key");
}
