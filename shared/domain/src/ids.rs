//! Identifiers, each its own type so that none is taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::canonical;

/// An identifier that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct Malformed {
    expected: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text, once it is known to have the right form.
            pub fn parse(text: impl Into<String>) -> Result<Self, Malformed> {
                let text = text.into();
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) { Ok(Self(text)) } else { Err(Malformed { expected: $expected }) }
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;
            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn all(text: &str, allowed: fn(char) -> bool) -> bool {
    text.chars().all(allowed)
}

pub(crate) fn is_lower_hex(c: char) -> bool {
    c.is_ascii_digit() || ('a'..='f').contains(&c)
}

text_id!(
    /// An AWS account: twelve digits.
    AccountId,
    "an AWS account id of twelve digits",
    |text| text.len() == 12 && all(text, |c| c.is_ascii_digit())
);

text_id!(
    /// An AWS Region, or `global` for what has none (IAM, account-wide settings), as AWS Config writes it.
    Region,
    "an AWS Region name",
    |text| (3..=32).contains(&text.len())
        && all(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
);

text_id!(
    /// A plan: the SHA-256 of its canonical JSON, 64 lower-case hex digits. It fits a role session name exactly.
    PlanId,
    "a plan id of 64 lower-case hex digits",
    |text| text.len() == 64 && all(text, is_lower_hex)
);

text_id!(
    /// One try at a plan: 128 random bits in hex, fresh for every run, so that a worker recognises its own writes.
    AttemptId,
    "an attempt id of 32 lower-case hex digits",
    |text| text.len() == 32 && all(text, is_lower_hex)
);

text_id!(
    /// The audience of an operator's request: [`crate::deployment`]. Two deployments never share one.
    Audience,
    "an audience of 1 to 256 letters, digits and `-_./:+@`",
    |text| (1..=256).contains(&text.len()) && all(text, |c| c.is_ascii_alphanumeric() || "-_./:+@".contains(c))
);

text_id!(
    /// A number used once: 128 random bits in hex.
    Nonce,
    "a nonce of 32 lower-case hex digits",
    |text| text.len() == 32 && all(text, is_lower_hex)
);

impl Region {
    /// The word for what belongs to no Region.
    #[must_use]
    pub fn global() -> Self {
        Self("global".to_owned())
    }

    /// The partition of AWS that the Region is in.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        match self.as_str() {
            china if china.starts_with("cn-") => "aws-cn",
            gov if gov.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// Whether this is the word for what belongs to no Region.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.0 == "global"
    }
}

/// A resource in a live account, under the name its API takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// The account that owns it.
    pub account: AccountId,
    /// The Region it lives in.
    pub region: Region,
    /// Its AWS Config resource type, such as `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Its id in its API: bucket name, key id, user name, account id.
    pub id: String,
    /// The id AWS never gives twice, where names can be reused (`AIDA…` for a user).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<String>,
    /// Its ARN, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

impl Target {
    /// A short, fixed-length name for keys: the first 32 hex digits of the SHA-256 of the canonical JSON.
    #[must_use]
    pub fn hash(&self) -> String {
        let whole = canonical::digest_of_text(&[
            self.account.as_str(),
            self.region.as_str(),
            &self.resource_type,
            &self.id,
            self.unique_id.as_deref().unwrap_or(""),
        ]);
        whole.chars().take(32).collect()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {}/{}", self.resource_type, self.id, self.account, self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_one_form() {
        assert!(AccountId::parse("111122223333").is_ok());
        for wrong in ["", "11112222333", "1111222233334", "11112222333a", "１１１１２２２２３３３３"] {
            assert!(AccountId::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Region::parse("us-east-1").is_ok());
        assert!(Region::parse("us east").is_err());
        assert!(PlanId::parse("A".repeat(64)).is_err());
        assert!(PlanId::parse("a".repeat(64)).is_ok());
    }

    #[test]
    fn the_parts_of_a_target_do_not_run_together() {
        let target = |resource_type: &str, id: &str| Target {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::global(),
            resource_type: resource_type.into(),
            id: id.into(),
            unique_id: None,
            arn: None,
        };
        assert_ne!(target("ab", "c").hash(), target("a", "bc").hash());
        assert_eq!(target("a", "b").hash().len(), 32);
    }
}
