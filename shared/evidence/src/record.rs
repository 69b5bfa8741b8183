//! Records, and objects that only lie in the place of records.

use remedy_domain::{
    Timestamp,
    evidence::{Changed, Deed, FORMAT, Record},
};
use serde::Deserialize;

/// No record is longer, in bytes.
pub(crate) const LONGEST: usize = 64 * 1024;
/// The kinds of records that this release knows.
const KINDS: [&str; 6] = ["intent", "outcome", "held", "exemption", "decision", "rejected"];

/// The class of an object in the folder of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A record.
    Record,
    /// A record of a kind or a form that a later release may know.
    Unknown,
    /// No record.
    Invalid,
}

/// The members that every record of any release has.
#[derive(Deserialize)]
struct Head {
    format: u32,
    kind: String,
}

/// The note of a refused delivery, as functions write it.
#[derive(Deserialize)]
struct Rejected {
    format: u32,
    kind: String,
    function: String,
    payload_sha256: String,
}

/// The one member that everything written in an hour has.
#[derive(Deserialize)]
struct Dated {
    at: Timestamp,
}

/// The class of the object at `key`.
pub(crate) fn classify(key: &str, bytes: &[u8]) -> Class {
    if is_record(key, bytes) {
        return Class::Record;
    }
    let is_unknown = bytes.len() <= LONGEST && serde_json::from_slice(bytes).is_ok_and(|head| is_of_later(&head));
    if is_unknown { Class::Unknown } else { Class::Invalid }
}

/// Whether a later release may have written it.
fn is_of_later(head: &Head) -> bool {
    let is_word = (1..=32).contains(&head.kind.len()) && head.kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let is_new = head.format > FORMAT || !KINDS.contains(&head.kind.as_str());
    is_word && head.format > 0 && is_new
}

/// Whether the object at `key` is a record of a form that is known, and stands where such a record belongs.
#[must_use]
pub fn is_record(key: &str, bytes: &[u8]) -> bool {
    if bytes.len() > LONGEST {
        return false;
    }
    let Some((_, name)) = key.rsplit_once('/') else { return false };
    if name.starts_with("rejected-") {
        return serde_json::from_slice(bytes).is_ok_and(|rejected| is_of_rejected(&rejected, name));
    }
    let is_deed = || serde_json::from_slice(bytes).is_ok_and(|deed| is_of_deed(&deed, key));
    let is_change = || serde_json::from_slice(bytes).is_ok_and(|change| is_of_change(&change, name));
    serde_json::from_slice(bytes).is_ok_and(|record| is_of_record(&record, name)) || is_deed() || is_change()
}

/// Other settings came into force.
fn is_of_change(change: &Changed, name: &str) -> bool {
    change.format <= FORMAT && change.key().rsplit('/').next() == Some(name)
}

/// An act of a person.
fn is_of_deed(deed: &Deed, key: &str) -> bool {
    let own = deed.key();
    let name = |key: &str| key.rsplit('/').next().map(str::to_owned);
    deed.format <= FORMAT && name(&own) == name(key)
}

fn is_of_rejected(rejected: &Rejected, name: &str) -> bool {
    let known = rejected.format <= FORMAT && rejected.kind == "rejected" && rejected.payload_sha256.len() == 64;
    known && name.starts_with(&format!("rejected-{}-", rejected.function))
}

fn is_of_record(record: &Record, name: &str) -> bool {
    let unique = record.attempt.as_ref().map_or(record.plan.as_str(), |attempt| attempt.as_str());
    let ending = format!("-{}-{}-{unique}.json", record.control, record.kind.word());
    record.format <= FORMAT && name.ends_with(&ending)
}

/// When the object says that it was written.
pub(crate) fn written_at(bytes: &[u8]) -> Option<Timestamp> {
    serde_json::from_slice::<Dated>(bytes).ok().map(|dated| dated.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_record_belongs_where_it_stands() {
        let (key, bytes) = sample::record("2026-03-02T10:15:30.123Z", 7);
        assert!(is_record(&key, &bytes));
        assert!(!is_record(&key.replace("-intent-", "-outcome-"), &bytes));
        assert!(!is_record(&key, b"{}"));
        assert!(!is_record(&key, &bytes[1..]));
        assert_eq!(written_at(&bytes).unwrap().to_string(), "2026-03-02T10:15:30.123Z");
    }

    #[test]
    fn what_a_later_release_writes_is_unknown_and_not_invalid() {
        let (key, _) = sample::record("2026-03-02T10:15:30.123Z", 7);
        let of = |text: &str| classify(&key, text.as_bytes());
        assert_eq!(of(r#"{"format":1,"kind":"census","at":"2026-03-02T10:15:30Z"}"#), Class::Unknown);
        assert_eq!(of(r#"{"format":2,"kind":"intent"}"#), Class::Unknown);
        for invalid in [
            "{}",
            r#"{"format":1,"kind":"intent"}"#,
            r#"{"format":0,"kind":"census"}"#,
            r#"{"format":1,"kind":"Census 2"}"#,
            r#"{"format":1,"kind":""}"#,
        ] {
            assert_eq!(of(invalid), Class::Invalid, "{invalid}");
        }
        assert_eq!(of(&format!(r#"{{"format":1,"kind":"census","x":"{}"}}"#, "x".repeat(LONGEST))), Class::Invalid);
    }

    #[test]
    fn what_people_did_is_a_record_too() {
        let attempt = "b".repeat(32);
        let bytes = format!(
            r#"{{"about":{{}},"at":"2026-03-02T10:15:30.123Z","attempt":"{attempt}","by":{{"account":"111122223333","arn":"arn:aws:iam::111122223333:user/ann","id":"AIDAEXAMPLE"}},"deed":"holds","format":1,"kind":"decision","request":"","settings":"","subject":"hold"}}"#
        );
        let key = format!("2026/03/02/10/1530.123-operator-decision-{attempt}.json");
        assert!(is_record(&key, bytes.as_bytes()));
        assert!(!is_record(&key.replace("1530.123", "1530.124"), bytes.as_bytes()));
        assert!(!is_record(&key.replace("bbbb", "cccc"), bytes.as_bytes()));
    }

    #[test]
    fn that_other_settings_came_into_force_is_a_record_too() {
        let change = "c".repeat(64);
        let bytes = format!(
            r#"{{"at":"2026-03-02T10:15:30.123Z","change":"{change}","count":0,"differences":[],"document":"","format":1,"from":"","kind":"settings","to":""}}"#
        );
        let key = format!("2026/03/02/10/1530.123-settings-settings-{change}.json");
        assert!(is_record(&key, bytes.as_bytes()));
        assert!(!is_record(&key.replace("1530", "1531"), bytes.as_bytes()));
        assert!(!is_record(&key.replace("cccc", "dddd"), bytes.as_bytes()));
    }

    #[test]
    fn a_refusal_is_a_record_too() {
        let digest = "a".repeat(64);
        let bytes = format!(
            r#"{{"at":"2026-03-02T10:00:00Z","detail":"","format":1,"function":"kms-keys","kind":"rejected","message":"","payload_bytes":1,"payload_sha256":"{digest}","refusal":"not-json"}}"#
        );
        assert!(is_record(&format!("2026/03/02/10/rejected-kms-keys-{digest}.json"), bytes.as_bytes()));
        assert!(!is_record(&format!("2026/03/02/10/rejected-iam-mfa-{digest}.json"), bytes.as_bytes()));
    }
}
