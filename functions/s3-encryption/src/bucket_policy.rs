//! A bucket policy as the statements of ours and the rest, which is not ours.

use remedy_domain::{Call, Conflict, Put, Reason, Setting, canonical, merge};
use remedy_policy::{
    Answer, Kind, Policy, Resource,
    document::Statement,
    edit::{self, listed, remove_statements, with_statement},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The reserved Sid of the statement against requests without TLS. It stands in customers' bucket policies, so it keeps the word of
/// the control's first id, `s3-bucket-plaintext`.
pub(crate) const SID: &str = "RemedyDenyPlaintext";
/// What the other statements are called where somebody else changed them.
pub(crate) const REST: &str = "the other statements of the bucket policy";

/// A bucket policy, taken apart. Put together again, the rest is byte for byte what it was.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketPolicy {
    /// The statement with our Sid, as it is written.
    pub own: Option<String>,
    /// The document without it; none where there is no other statement. A single statement stands in a list, as it does
    /// once ours was beside it.
    pub rest: Option<String>,
}

/// Why a person must act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The policy is none that we understand.
    Unreadable(String),
    /// It names a user or role that is gone: S3 would refuse to store it again.
    NamesTheGone,
    /// There is no room for a statement.
    TooLong {
        /// The bytes that the policy would have.
        length: usize,
    },
}

impl BucketPolicy {
    /// The parts of a document. One that is no policy is all rest.
    #[must_use]
    pub fn parted(text: String) -> Self {
        let ([own], rest) = part([SID], text);
        Self { own, rest }
    }

    /// The document; none where there is no statement.
    #[must_use]
    pub fn joined(&self) -> Option<String> {
        join(self.rest.as_deref(), [(SID, self.own.as_deref())])
    }
}

impl Setting for BucketPolicy {
    const NAME: &'static str = "the bucket policy";

    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        Ok(Self {
            own: merge(&format!("the statement {SID}"), &before.own, &after.own, &now.own)?,
            rest: merge(REST, &before.rest, &after.rest, &now.rest)?,
        })
    }

    /// However they are spaced.
    fn agrees(&self, other: &Self) -> bool {
        same(self.own.as_deref(), other.own.as_deref()) && same(self.rest.as_deref(), other.rest.as_deref())
    }

    fn show(&self) -> Value {
        json!({SID: digest(self.own.as_deref()), "other_statements": digest(self.rest.as_deref())})
    }
}

impl Put for BucketPolicy {
    fn call(&self) -> Call {
        remedy_s3::policy::write_call(self.joined().as_deref())
    }
}

/// The text of a policy may name people: records show its digest.
pub(crate) fn digest(text: Option<&str>) -> Option<String> {
    text.map(|text| canonical::sha256_hex(text.as_bytes()))
}

/// The statements with these Sids, each as it is written, and the document without them.
pub(crate) fn part<const N: usize>(sids: [&str; N], text: String) -> ([Option<String>; N], Option<String>) {
    let Ok(policy) = Policy::parse(Kind::Bucket, &text) else { return ([const { None }; N], Some(text)) };
    let statements = || policy.statements.iter();
    let own = sids.map(|sid| {
        let ours = statements().find(|statement| statement.sid.as_deref() == Some(sid));
        ours.map(|statement| statement.span.of(&text).to_owned())
    });
    let is_ours = |sid: &str| sids.contains(&sid);
    let ours = statements().filter(|statement| statement.sid.as_deref().is_some_and(is_ours));
    let indices: Vec<_> = ours.map(|statement| statement.index).collect();
    let rest = if indices.is_empty() {
        Some(listed(&policy))
    } else {
        remove_statements(&policy, &indices).ok().and_then(|edited| edited.text)
    };
    (own, rest)
}

/// The document of a rest and statements of ours; none where there is no statement.
pub(crate) fn join<const N: usize>(rest: Option<&str>, own: [(&str, Option<&str>); N]) -> Option<String> {
    let ours = own.into_iter().filter_map(|(sid, statement)| Some((sid, statement?)));
    ours.fold(rest.map(str::to_owned), |document, (sid, statement)| Some(with(document, sid, statement)))
}

fn with(document: Option<String>, sid: &str, statement: &str) -> String {
    let Some(document) = document else { return with_statement(None, sid, statement) };
    // What is no policy takes no statement: nothing is put in, and S3 refuses the whole.
    Policy::parse(Kind::Bucket, &document)
        .map_or_else(|_| format!("{document}{statement}"), |policy| with_statement(Some(&policy), sid, statement))
}

/// Whether two documents, or statements, say the same, however they are spaced.
pub(crate) fn same(a: Option<&str>, b: Option<&str>) -> bool {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (a, b) {
        (Some(a), Some(b)) => a == b || parse(a).is_some_and(|value| parse(b) == Some(value)),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// What keeps the wanted document from being put in place of one with this rest.
pub(crate) fn obstacle(rest: Option<&str>, wanted: Option<&str>) -> Option<Obstacle> {
    match rest.map(|text| Policy::parse(Kind::Bucket, text)) {
        Some(Err(error)) => return Some(Obstacle::Unreadable(error.to_string())),
        Some(Ok(policy)) if policy.statements.iter().any(Statement::names_the_gone) => {
            return Some(Obstacle::NamesTheGone);
        }
        _ => {}
    }
    let length = wanted.map_or(0, |text| edit::length(Kind::Bucket, text));
    (length > Kind::Bucket.limit()).then_some(Obstacle::TooLong { length })
}

/// Whether S3 calls a policy public: while Block Public Access is on, it takes none such.
pub(crate) fn is_refused_by_block(text: &str) -> bool {
    Policy::parse(Kind::Bucket, text).is_ok_and(|policy| Resource::of(&policy).public_literal != Answer::No)
}

impl Obstacle {
    /// As the reason why a person must act.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Unreadable(_) => Reason::new("policy-unreadable", self.to_string()),
            Self::NamesTheGone => Reason::new("principal-gone", self.to_string()),
            Self::TooLong { .. } => Reason::new("policy-too-long", self.to_string()),
        }
    }
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) => write!(out, "the bucket policy is none that Remedy understands: {error}"),
            Self::NamesTheGone => {
                let why = "the bucket policy names a user or role that is gone, and S3 would refuse to store it again";
                write!(out, "{why}: take that principal out of it")
            }
            Self::TooLong { length } => {
                let limit = Kind::Bucket.limit();
                write!(out, "make room in the bucket policy: it would have {length} bytes, {limit} are allowed")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_apart_and_put_together_the_rest_is_the_same() {
        let other = r#"{"Sid":"Partner","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:\u0047etObject","Resource":"arn:aws:s3:::b/*"}"#;
        let own = r#"{"Sid":"RemedyDenyPlaintext","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b"}"#;
        let rest = format!(r#"{{ "Version":"2012-10-17", "Id":"x", "Statement":[{other}] }}"#);
        let single = rest.replace(&format!("[{other}]"), other);
        assert_eq!(BucketPolicy::parted(single).rest, Some(rest.clone()));
        let alone = BucketPolicy { own: None, rest: Some(rest.clone()) };
        assert_eq!(BucketPolicy::parted(rest.clone()), alone);
        assert_eq!(alone.joined(), Some(rest.clone()));
        let both = BucketPolicy { own: Some(own.to_owned()), rest: Some(rest) };
        assert_eq!(BucketPolicy::parted(both.joined().unwrap()), both);
        let ours = BucketPolicy { own: Some(own.to_owned()), rest: None };
        assert_eq!(BucketPolicy::parted(ours.joined().unwrap()), ours);
        assert_eq!(BucketPolicy::default().joined(), None);
    }

    #[test]
    fn several_statements_of_ours_stand_anywhere() {
        let [a, b, other] = ["A", "B", "Partner"].map(|sid| {
            format!(r#"{{"Sid":"{sid}","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b"}}"#)
        });
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{a}, {other},{b}]}}"#);
        let (own, rest) = part(["B", "A"], text);
        assert_eq!(own, [Some(b.clone()), Some(a.clone())]);
        assert_eq!(rest.as_deref(), Some(&*format!(r#"{{"Version":"2012-10-17","Statement":[{other}]}}"#)));
        let [b, a] = own;
        let joined = join(rest.as_deref(), [("B", b.as_deref()), ("A", a.as_deref())]).unwrap();
        assert_eq!(part(["B", "A"], joined), ([b, a], rest));
    }

    #[test]
    fn what_is_stored_still_loads() {
        let stored = r#"{"own":"{}","rest":null}"#;
        let policy: BucketPolicy = serde_json::from_str(stored).unwrap();
        assert_eq!(policy, BucketPolicy { own: Some("{}".to_owned()), rest: None });
        assert_eq!(serde_json::to_string(&policy).unwrap(), stored);
    }

    #[test]
    fn obstacles_are_named() {
        assert!(matches!(obstacle(Some("{"), None), Some(Obstacle::Unreadable(_))));
        let naming = |principal: &str| {
            let statement =
                format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"s3:*","Resource":"*"}}"#);
            obstacle(Some(&format!(r#"{{"Statement":[{statement}]}}"#)), Some("x"))
        };
        for gone in ["AIDACKCEVSQ6C2EXAMPLE", "AROA1234567890ABCDEFG"] {
            assert_eq!(naming(gone), Some(Obstacle::NamesTheGone), "{gone}");
        }
        assert_eq!(naming("111122223333"), None);
        let long = "x".repeat(20_481);
        assert_eq!(obstacle(None, Some(&long)), Some(Obstacle::TooLong { length: 20_481 }));
        assert_eq!(obstacle(None, Some("x")), None);
    }
}
