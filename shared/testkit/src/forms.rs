//! Every object that Remedy stores, in one list: its form, and the keys it is stored under.
//!
//! A key that is not listed here fails the tests that meet it, and a form without fixtures in `tests/formats` fails
//! `tests/suite/forms.rs`, which reads each of them as older and as later versions write it.

use remedy_engine::LedgerBucket;
use remedy_evidence::{Name, name::End};

/// A form that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `lock/<control or turn>/<target>/<generation>`.
    Lock,
    /// The same with `.done`.
    Released,
    /// `held/<control>/<outcome or flap>/<plan or episode>`.
    Held,
    /// `plan/<plan>`.
    Plan,
    /// `ask/<id>/<generation>`.
    Ask,
    /// The same with `.decision`.
    Decision,
    /// The same with `.spent`.
    Spent,
    /// `exemption/<control>/<name>`.
    Exemption,
    /// `hold/<scope>/<number>`, and `hold/<scope>` of the first versions.
    Hold,
    /// `notice/<id>`.
    Notice,
    /// The same with `.sent` or `.lapsed`.
    Told,
    /// `budget/<control>/<account>/<hour>/<slot>`, and the same with `.unused`.
    Budget,
    /// `wave/<control>/<account>/<day>/<slot>`, and the same with `.unused`.
    Wave,
    /// `baseline/<control>/<account>/<region>`.
    Baseline,
    /// `backlog/<control>/<account>/<region>/<target>`, and the same with `.left`.
    Backlog,
    /// `nonce/<hour>/<nonce>`.
    Nonce,
    /// `settings/in-force`, and `settings/opening/<after>/<number>`.
    InForce,
    /// `settings/adopted`: marks that there is a `settings/in-force`.
    Adopted,
    /// `open/<control>/<account>/<what>/<entry>`, an index of keys, and `indexed/asks`, which marks that it is
    /// complete.
    Open,
    /// `superseded/<id>/<generation>`.
    Superseded,
    /// `noted/<control>/<target>/<day>/<slot>`.
    Noted,
    /// `seen/<control>/<account>/<target>`.
    Seen,
    /// `seal/last/<yyyy>/<mm>/<number>`.
    Mark,
    /// `seal/draft/<number>-<sha256>`.
    Draft,
    /// `seal/key/<fingerprint>.pem`.
    KnownKey,
    /// An intent, an outcome, a held plan or an exemption, in the evidence bucket.
    Record,
    /// An act of a person, in the evidence bucket.
    Deed,
    /// Other settings in force, in the evidence bucket.
    Changed,
    /// The note of a refused delivery, in the evidence bucket.
    Rejected,
    /// `seal/<number>.json`.
    Manifest,
    /// `seal/<number>.sig`.
    Seal,
    /// `seal/keys/<fingerprint>.pem`.
    PublicKey,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 32] = [
        Self::Lock,
        Self::Released,
        Self::Held,
        Self::Plan,
        Self::Ask,
        Self::Decision,
        Self::Spent,
        Self::Exemption,
        Self::Hold,
        Self::Notice,
        Self::Told,
        Self::Budget,
        Self::Wave,
        Self::Baseline,
        Self::Backlog,
        Self::Nonce,
        Self::InForce,
        Self::Adopted,
        Self::Open,
        Self::Superseded,
        Self::Noted,
        Self::Seen,
        Self::Mark,
        Self::Draft,
        Self::KnownKey,
        Self::Record,
        Self::Deed,
        Self::Changed,
        Self::Rejected,
        Self::Manifest,
        Self::Seal,
        Self::PublicKey,
    ];

    /// The form of the object under a key. None: no listed one.
    #[must_use]
    pub fn of(shelf: LedgerBucket, key: &str) -> Option<Self> {
        match shelf {
            LedgerBucket::State => in_state(key),
            LedgerBucket::Evidence => in_evidence(key),
        }
    }
}

fn in_state(key: &str) -> Option<Form> {
    let (folder, rest) = key.split_once('/')?;
    let ending = rest.rsplit('/').next()?.split_once('.').map(|(_, ending)| ending);
    Some(match (folder, ending) {
        ("lock", None) => Form::Lock,
        ("lock", Some("done")) => Form::Released,
        ("held", None) => Form::Held,
        ("plan", None) => Form::Plan,
        ("ask", None) => Form::Ask,
        ("ask", Some("decision")) => Form::Decision,
        ("ask", Some("spent")) => Form::Spent,
        ("exemption", None) => Form::Exemption,
        ("hold", None) => Form::Hold,
        ("notice", None) => Form::Notice,
        ("notice", Some("sent" | "lapsed")) => Form::Told,
        ("budget", None | Some("unused")) => Form::Budget,
        ("wave", None | Some("unused")) => Form::Wave,
        ("baseline", None) => Form::Baseline,
        ("backlog", None | Some("left")) => Form::Backlog,
        ("nonce", None) => Form::Nonce,
        ("settings", None) if rest == "in-force" || rest.starts_with("opening/") => Form::InForce,
        ("settings", None) if rest == "adopted" => Form::Adopted,
        ("open" | "indexed", None) => Form::Open,
        ("superseded", None) => Form::Superseded,
        ("noted", None | Some("unused")) => Form::Noted,
        ("seen", None) => Form::Seen,
        ("seal", None) if rest.starts_with("last/") => Form::Mark,
        ("seal", None) if rest.starts_with("draft/") => Form::Draft,
        ("seal", Some("pem")) if rest.starts_with("key/") => Form::KnownKey,
        _ => return None,
    })
}

fn in_evidence(key: &str) -> Option<Form> {
    let file = key.rsplit('/').next()?;
    match Name::of(key) {
        Name::Record(_) if file.starts_with("rejected-") => Some(Form::Rejected),
        Name::Record(_) if file.contains("-operator-decision-") => Some(Form::Deed),
        Name::Record(_) if file.contains("-settings-settings-") => Some(Form::Changed),
        Name::Record(_) => {
            let is_end = End::of(key).is_some();
            let is_listed = is_end || file.contains("-held-") || file.contains("-exemption-");
            is_listed.then_some(Form::Record)
        }
        Name::Manifest(_) => Some(Form::Manifest),
        Name::Seal(_) => Some(Form::Seal),
        Name::PublicKey => Some(Form::PublicKey),
        Name::Stray => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_of_no_form() {
        for stray in ["", "lock", "lease/x/y", "lock/x/y/0.held", "settings/other", "notice/x.seen", "ask/x/0.note"] {
            assert_eq!(Form::of(LedgerBucket::State, stray), None, "{stray}");
        }
        for stray in ["2026/03/02/10/1530.123-x-census-ab.json", "seal/1.json", "notes.txt"] {
            assert_eq!(Form::of(LedgerBucket::Evidence, stray), None, "{stray}");
        }
        let held = "held/s3-bucket-public/flap/ab-0000000003";
        assert_eq!(Form::of(LedgerBucket::State, held), Some(Form::Held));
    }
}
