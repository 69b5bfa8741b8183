//! The encryption that new objects of a bucket get where nobody says another.

use aws_sdk_s3::{
    error::BuildError,
    types::{
        BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
        ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    },
};
use remedy_domain::{Conflict, canonical, merge};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const KMS: &str = "aws:kms";
pub(crate) const DSSE: &str = "aws:kms:dsse";
const S3: &str = "AES256";

/// A bucket's default encryption, mirrored whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultEncryption {
    /// The algorithm and its key.
    pub cipher: Cipher,
    /// Whether objects are encrypted under a key of the bucket's, derived from that of KMS.
    pub bucket_key: bool,
    /// The encryptions that nobody may name; none if S3 reports none.
    pub blocked: Option<Vec<String>>,
}

/// An algorithm and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cipher {
    /// As S3 calls it: `AES256`, `aws:kms`, `aws:kms:dsse`.
    pub algorithm: String,
    /// The key of KMS, as it is set: an ARN, an id, or an alias. None is the key that AWS manages.
    pub key: Option<String>,
}

/// SSE-S3, as every bucket has it since January 2023.
impl Default for DefaultEncryption {
    fn default() -> Self {
        Self { cipher: Cipher { algorithm: S3.to_owned(), key: None }, bucket_key: false, blocked: None }
    }
}

impl DefaultEncryption {
    /// The mirror of S3's answer: there is one rule, if there is any.
    pub(crate) fn mirror(configuration: Option<&ServerSideEncryptionConfiguration>) -> Self {
        let Some(rule) = configuration.and_then(|configuration| configuration.rules().first()) else {
            return Self::default();
        };
        let cipher = rule.apply_server_side_encryption_by_default().map(|default| Cipher {
            algorithm: default.sse_algorithm().as_str().to_owned(),
            key: default.kms_master_key_id().map(str::to_owned),
        });
        let blocked = rule.blocked_encryption_types().map(BlockedEncryptionTypes::encryption_type).unwrap_or_default();
        let blocked: Vec<_> = blocked.iter().map(|kind| kind.as_str().to_owned()).collect();
        Self {
            cipher: cipher.unwrap_or_else(|| Self::default().cipher),
            bucket_key: rule.bucket_key_enabled().unwrap_or_default(),
            blocked: (!blocked.is_empty()).then_some(blocked),
        }
    }

    /// The request to S3.
    pub(crate) fn configuration(&self) -> Result<ServerSideEncryptionConfiguration, BuildError> {
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::from(self.cipher.algorithm.as_str()))
            .set_kms_master_key_id(self.cipher.key.clone());
        let types = |kinds: &Vec<String>| {
            let kinds = kinds.iter().map(|kind| EncryptionType::from(kind.as_str())).collect();
            BlockedEncryptionTypes::builder().set_encryption_type(Some(kinds)).build()
        };
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default.build()?)
            .bucket_key_enabled(self.bucket_key)
            .set_blocked_encryption_types(self.blocked.as_ref().map(types));
        ServerSideEncryptionConfiguration::builder().rules(rule.build()).build()
    }

    pub(crate) fn rebased(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        Ok(Self {
            cipher: merge("the default encryption", &before.cipher, &after.cipher, &now.cipher)?,
            bucket_key: merge("the bucket key", &before.bucket_key, &after.bucket_key, &now.bucket_key)?,
            blocked: merge("what is blocked", &before.blocked, &after.blocked, &now.blocked)?,
        })
    }

    /// Names of keys that are no ids may say anything: they are shown as digests.
    pub(crate) fn shown(&self) -> Value {
        let words = [S3, KMS, DSSE, "aws:fsx"];
        let algorithm = words.iter().find(|word| **word == self.cipher.algorithm);
        let is_id = |id: &str| id.len() <= 36 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let key = self.cipher.key.as_ref().map(|key| match key.rsplit_once(":key/") {
            Some((_, id)) if is_id(id) => id.to_owned(),
            _ => canonical::sha256_hex(key.as_bytes()),
        });
        json!({"algorithm": algorithm, "key": key, "bucket_key": self.bucket_key, "blocked": self.blocked.as_ref().map(Vec::len)})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mirrored_is_told_again() {
        let cipher = Cipher { algorithm: "aws:new".to_owned(), key: Some("alias/phi".to_owned()) };
        let blocked = Some(vec!["SSE-C".to_owned()]);
        let whole = DefaultEncryption { cipher, bucket_key: true, blocked };
        assert_eq!(DefaultEncryption::mirror(Some(&whole.configuration().unwrap())), whole);
        assert_eq!(DefaultEncryption::mirror(None), DefaultEncryption::default());
        let shown = whole.shown().to_string();
        assert!(!shown.contains("phi") && !shown.contains("aws:new"), "{shown}");
    }
}
