//! Texts that a parameter may hold.

use serde::Serialize;
use serde_json::{Value, json};

use crate::ids::AccountId;

/// A kind of text.
pub trait Text {
    /// The type that holds one.
    type Value: Serialize;
    /// The allowed texts, in words.
    const WHAT: &'static str;
    /// The same as a regular expression; none where every text but an empty one may be.
    const PATTERN: Option<&'static str> = None;

    /// Whether it is one.
    fn is_one(_value: &Self::Value) -> bool {
        true
    }
}

/// Such a text as JSON Schema.
pub(super) fn schema<T: Text>() -> Value {
    match T::PATTERN {
        Some(pattern) => json!({"type": "string", "pattern": pattern}),
        None => json!({"type": "string", "minLength": 1}),
    }
}

fn is_arn_of(arn: &str, service: &str) -> bool {
    arn.split(':').count() == 6 && arn.split(':').nth(2) == Some(service)
}

/// The ARN of an IAM policy.
#[derive(Debug)]
pub enum PolicyArn {}

impl Text for PolicyArn {
    type Value = String;
    const WHAT: &'static str = "the ARN of a policy";
    const PATTERN: Option<&'static str> = Some("^arn:[^:]+:iam::[^:]*:[^:]+$");

    fn is_one(arn: &String) -> bool {
        is_arn_of(arn, "iam")
    }
}

/// The ARN of a KMS key.
#[derive(Debug)]
pub enum KeyArn {}

impl Text for KeyArn {
    type Value = String;
    const WHAT: &'static str = "the ARN of a KMS key";
    const PATTERN: Option<&'static str> = Some("^arn:[^:]+:kms:[^:]+:[^:]+:[^:]+$");

    fn is_one(arn: &String) -> bool {
        is_arn_of(arn, "kms")
    }
}

/// A SHA-256 digest.
#[derive(Debug)]
pub enum Sha256 {}

impl Text for Sha256 {
    type Value = String;
    const WHAT: &'static str = "SHA-256 digests of 64 hex digits";
    const PATTERN: Option<&'static str> = Some("^[0-9a-fA-F]{64}$");

    fn is_one(text: &String) -> bool {
        text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

/// An account.
impl Text for AccountId {
    type Value = Self;
    const WHAT: &'static str = "accounts of 12 digits";
    const PATTERN: Option<&'static str> = Some("^[0-9]{12}$");
}

/// A pattern, or the key of a tag: any text.
#[derive(Debug)]
pub enum Name {}

impl Text for Name {
    type Value = String;
    const WHAT: &'static str = "texts";
}
