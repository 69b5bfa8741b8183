//! What is a record, and what is only an object that lies where records lie.

use remedy_domain::{
    Timestamp,
    evidence::{Deed, FORMAT, Record},
};
use serde::Deserialize;

/// No record is longer, in bytes.
const LONGEST: usize = 64 * 1024;

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
    serde_json::from_slice(bytes).is_ok_and(|record| is_of_record(&record, name)) || is_deed()
}

/// What a person did.
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
    fn a_refusal_is_a_record_too() {
        let digest = "a".repeat(64);
        let bytes = format!(
            r#"{{"at":"2026-03-02T10:00:00Z","detail":"","format":1,"function":"kms-keys","kind":"rejected","message":"","payload_bytes":1,"payload_sha256":"{digest}","refusal":"not-json"}}"#
        );
        assert!(is_record(&format!("2026/03/02/10/rejected-kms-keys-{digest}.json"), bytes.as_bytes()));
        assert!(!is_record(&format!("2026/03/02/10/rejected-iam-mfa-{digest}.json"), bytes.as_bytes()));
    }
}
