//! Stored forms, both ways: objects of each release read as they were, and possible changes by a later one (one more
//! member, another word, a higher format, damage) stop only their own target.

mod others;
mod own;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use remedy_domain::{
    Timestamp,
    ask::{Ask, Decision, Subject},
    evidence::{Changed, Deed, Lock, Record, Released, SpentBy, StoredPlan},
    exemption::Exemption,
    hold::Hold,
};
use remedy_engine::{LedgerBucket, Notice, asks::Superseded, backlog::Baseline, four_eyes::InForce, ledger::HeldPlan};
use remedy_evidence::{Manifest, Seal, is_record};
use remedy_testkit::forms::Form;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

const FORMATS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/formats");
/// The releases whose forms are in the tree.
const RELEASES: [&str; 1] = ["0.1.0"];
/// A word, and a member, that no release has.
const WORD: &str = "word-of-a-later-release";

/// A notice as it is stored.
#[derive(Serialize, Deserialize)]
struct Kept {
    format: u32,
    at: Timestamp,
    writer: String,
    notice: Notice,
}

/// An object that a release stored.
pub(crate) struct Fixture {
    pub(crate) form: Form,
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
}

/// The objects that the releases stored in one bucket, by key.
pub(crate) fn fixtures(shelf: LedgerBucket) -> Vec<Fixture> {
    let bucket = match shelf {
        LedgerBucket::State => "state",
        LedgerBucket::Evidence => "evidence",
    };
    let mut all = Vec::new();
    for release in RELEASES {
        let folder = PathBuf::from(FORMATS).join(release).join(bucket);
        for (key, bytes) in files(&folder, &folder) {
            let form = Form::of(shelf, &key).unwrap_or_else(|| panic!("{key} is of no form"));
            all.push(Fixture { form, key, bytes });
        }
    }
    all
}

fn files(folder: &Path, root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}; `make formats`", folder.display()));
    for entry in entries.map(|entry| entry.expect("a folder lists").path()) {
        if entry.is_dir() {
            all.extend(files(&entry, root));
        } else {
            let key = entry.strip_prefix(root).expect("it lies in its folder").to_string_lossy().into_owned();
            all.insert(key, std::fs::read(&entry).expect("a fixture reads"));
        }
    }
    all
}

/// The object as this release reads it, and would store it again. A new form does not compile until it has a reader.
fn again(fixture: &Fixture) -> Result<Value, String> {
    let bytes = fixture.bytes.as_slice();
    match fixture.form {
        Form::Lock => through::<Lock>(bytes),
        Form::Released => through::<Released>(bytes),
        Form::Held => through::<HeldPlan>(bytes),
        Form::Plan => through::<StoredPlan>(bytes),
        Form::Ask => through::<Ask>(bytes),
        Form::Decision => through::<Decision>(bytes),
        Form::Spent => through::<SpentBy>(bytes),
        Form::Exemption => through::<Exemption>(bytes),
        Form::Hold => through::<Hold>(bytes),
        Form::Notice => through::<Kept>(bytes),
        Form::Baseline => through::<Baseline>(bytes),
        Form::InForce => through::<InForce>(bytes),
        Form::Superseded => through::<Superseded>(bytes),
        Form::Changed => through::<Changed>(bytes),
        Form::Record => through::<Record>(bytes),
        Form::Deed => through::<Deed>(bytes),
        Form::Manifest => Manifest::parse(bytes).map(|it| json!(it)).ok_or_else(|| "no manifest".to_owned()),
        // Only their keys are read, or their bytes compared.
        Form::Told
        | Form::Budget
        | Form::Wave
        | Form::Backlog
        | Form::Nonce
        | Form::Rejected
        | Form::Adopted
        | Form::Open
        | Form::Noted
        | Form::Seen
        | Form::Mark
        | Form::Draft => through::<Value>(bytes),
        Form::Seal => Seal::parse(bytes).map(|_| Value::Null).map_err(|error| error.to_string()),
        Form::PublicKey | Form::KnownKey => {
            std::str::from_utf8(bytes).map(|_| Value::Null).map_err(|error| error.to_string())
        }
    }
}

fn through<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<Value, String> {
    let read: T = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    serde_json::to_value(read).map_err(|error| error.to_string())
}

/// Whether later releases may add to it. Seals are compared byte by byte; for settings, the document's text is in
/// force.
fn may_grow(form: Form) -> bool {
    !matches!(form, Form::Manifest | Form::Seal | Form::PublicKey | Form::KnownKey | Form::InForce)
}

/// How a later release, or damage, could change an entry.
pub(crate) const CHANGES: [(&str, Change); 4] =
    [("a member", member), ("a word", word), ("a format", format), ("damage", damage)];

/// One way to change an entry.
pub(crate) type Change = fn(&Fixture) -> Vec<u8>;

fn changed(fixture: &Fixture, change: fn(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(&fixture.bytes).expect("a fixture is JSON");
    everywhere(&mut value, change);
    serde_json::to_vec(&value).expect("it is JSON")
}

fn everywhere(value: &mut Value, change: fn(&mut Value)) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| everywhere(member, change)),
        Value::Array(items) => items.iter_mut().for_each(|item| everywhere(item, change)),
        _ => {}
    }
    change(value);
}

/// One more member in every object.
fn member(fixture: &Fixture) -> Vec<u8> {
    changed(fixture, |value| {
        if let Value::Object(members) = value {
            members.insert(WORD.to_owned(), json!({"since": 2, "so": ["much", "more"]}));
        }
    })
}

/// Another word wherever there is one: in place of a string, and of the name of an only member.
fn word(fixture: &Fixture) -> Vec<u8> {
    changed(fixture, |value| match value {
        Value::String(text) if is_word(text) => WORD.clone_into(text),
        Value::Object(members) if members.len() == 1 => {
            let only = std::mem::take(members).into_iter().map(|(_, member)| (WORD.to_owned(), member));
            *members = only.collect::<Map<_, _>>();
        }
        _ => {}
    })
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// A format that is yet to come.
fn format(fixture: &Fixture) -> Vec<u8> {
    changed(fixture, |value| {
        if let Some(format) = value.get_mut("format") {
            *format = json!(99);
        }
    })
}

/// Half of it.
fn damage(fixture: &Fixture) -> Vec<u8> {
    fixture.bytes[..fixture.bytes.len() / 2].to_vec()
}

fn all() -> Vec<Fixture> {
    let mut all = fixtures(LedgerBucket::State);
    all.extend(fixtures(LedgerBucket::Evidence));
    all
}

#[test]
fn every_form_that_is_stored_is_in_the_tree() {
    let all = all();
    for form in Form::ALL {
        assert!(all.iter().any(|fixture| fixture.form == form), "{form:?} has no fixture: `make formats`");
    }
}

#[test]
fn what_every_release_stored_reads_as_it_was() {
    for fixture in all() {
        let read = again(&fixture).unwrap_or_else(|error| panic!("{}: {error}", fixture.key));
        if let Ok(stored) = serde_json::from_slice::<Value>(&fixture.bytes) {
            assert_eq!(read, stored, "{}", fixture.key);
        }
        if fixture.form == Form::Ask {
            let ask: Ask = serde_json::from_slice(&fixture.bytes).expect("it reads");
            assert!(!matches!(ask.subject, Subject::Other(_)), "what is asked for is understood: {}", fixture.key);
        }
        if matches!(fixture.form, Form::Record | Form::Deed | Form::Rejected) {
            assert!(is_record(&fixture.key, &fixture.bytes), "{}", fixture.key);
        }
    }
}

#[test]
fn what_a_later_release_adds_is_read_as_far_as_it_is_known() {
    for (name, change) in &CHANGES[..3] {
        for fixture in all().into_iter().filter(|fixture| may_grow(fixture.form)) {
            let is_evidence = matches!(fixture.form, Form::Record | Form::Deed | Form::Rejected);
            if is_evidence && *name == "a word" {
                // Its kind is another: the verifier calls it unknown, and nothing else reads it.
                continue;
            }
            let later = Fixture { bytes: change(&fixture), ..fixture };
            let read = again(&later).unwrap_or_else(|error| panic!("{name}: {}: {error}", later.key));
            let stored: Value = serde_json::from_slice(&later.bytes).expect("it is JSON");
            if *name != "a member" && later.form != Form::Notice {
                assert_eq!(read, stored, "{name}: what was not known is written as it was read: {}", later.key);
            }
        }
    }
}

#[test]
fn a_plan_to_which_a_later_release_added_is_the_same_plan_here() {
    let plans = fixtures(LedgerBucket::State).into_iter().filter(|fixture| fixture.form == Form::Plan);
    for fixture in plans {
        let later: Value = serde_json::from_slice(&member(&fixture)).expect("it is JSON");
        let read: StoredPlan = serde_json::from_value(later.clone()).expect("it reads");
        let id = remedy_domain::canonical::digest(&later["plan"]).expect("it is canonical");
        assert_eq!(read.plan.id().expect("it has an id").as_str(), id);
    }
}

#[test]
fn half_an_entry_is_damage_and_nothing_else() {
    for fixture in all().into_iter().filter(|fixture| may_grow(fixture.form)) {
        let half = Fixture { bytes: damage(&fixture), ..fixture };
        assert!(again(&half).is_err(), "{}", half.key);
    }
}
