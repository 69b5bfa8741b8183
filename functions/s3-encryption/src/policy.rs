//! A bucket policy as one statement of ours and the rest, which is not ours.

use remedy_policy::{
    Kind, Policy,
    edit::{listed, remove_statements, with_statement},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

impl BucketPolicy {
    /// The parts of a document. One that is no policy is all rest.
    #[must_use]
    pub fn parted(sid: &str, text: String) -> Self {
        let Ok(policy) = Policy::parse(Kind::Bucket, &text) else { return Self { own: None, rest: Some(text) } };
        let ours = policy.statements.iter().filter(|statement| statement.sid.as_deref() == Some(sid));
        let ours: Vec<_> = ours.map(|statement| (statement.index, statement.span)).collect();
        let Some((_, span)) = ours.first() else { return Self { own: None, rest: Some(listed(&policy)) } };
        let indices: Vec<_> = ours.iter().map(|(index, _)| *index).collect();
        let rest = remove_statements(&policy, &indices).ok().and_then(|edited| edited.text);
        Self { own: Some(span.of(&text).to_owned()), rest }
    }

    /// The document; none where there is no statement.
    #[must_use]
    pub fn joined(&self, sid: &str) -> Option<String> {
        let Some(own) = &self.own else { return self.rest.clone() };
        let Some(rest) = &self.rest else { return Some(with_statement(None, sid, own)) };
        // What is no policy takes no statement: nothing is put in, and S3 refuses the whole.
        Some(
            Policy::parse(Kind::Bucket, rest)
                .map_or_else(|_| format!("{rest}{own}"), |policy| with_statement(Some(&policy), sid, own)),
        )
    }

    /// Whether two say the same, however they are spaced.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        same(self.own.as_deref(), other.own.as_deref()) && same(self.rest.as_deref(), other.rest.as_deref())
    }
}

fn same(a: Option<&str>, b: Option<&str>) -> bool {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (a, b) {
        (Some(a), Some(b)) => a == b || parse(a).is_some_and(|value| parse(b) == Some(value)),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_apart_and_put_together_the_rest_is_the_same() {
        let other = r#"{"Sid":"Partner","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:\u0047etObject","Resource":"arn:aws:s3:::b/*"}"#;
        let own = r#"{"Sid":"Own","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b"}"#;
        let rest = format!(r#"{{ "Version":"2012-10-17", "Id":"x", "Statement":[{other}] }}"#);
        let single = rest.replace(&format!("[{other}]"), other);
        assert_eq!(BucketPolicy::parted("Own", single).rest, Some(rest.clone()));
        let alone = BucketPolicy { own: None, rest: Some(rest.clone()) };
        assert_eq!(BucketPolicy::parted("Own", rest.clone()), alone);
        assert_eq!(alone.joined("Own"), Some(rest.clone()));
        let both = BucketPolicy { own: Some(own.to_owned()), rest: Some(rest) };
        assert_eq!(BucketPolicy::parted("Own", both.joined("Own").unwrap()), both);
        let ours = BucketPolicy { own: Some(own.to_owned()), rest: None };
        assert_eq!(BucketPolicy::parted("Own", ours.joined("Own").unwrap()), ours);
        assert_eq!(BucketPolicy::default().joined("Own"), None);
    }
}
