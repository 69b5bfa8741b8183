//! The encryption that new objects of a bucket get where nobody says another.

use aws_sdk_s3::{
    Client,
    error::BuildError,
    types::{
        BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
        ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    },
};
use remedy_aws::{Reading as _, absent};
use remedy_domain::{Call, Conflict, Fault, Put, Reason, Setting, Target, canonical, merge};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const KMS: &str = "aws:kms";
pub(crate) const DSSE: &str = "aws:kms:dsse";
const S3: &str = "AES256";
/// Server-side encryption with a key that the client brings with each request, and S3 does not keep.
pub(crate) const SSE_C: &str = "SSE-C";
/// Blocks nothing, whatever S3's own default is.
const NONE: &str = "NONE";

pub(crate) const GET: Call = Call::new("s3:GetBucketEncryption", "s3:GetEncryptionConfiguration");
pub(crate) const PUT: Call = Call::new("s3:PutBucketEncryption", "s3:PutEncryptionConfiguration");
pub(crate) const DELETE: Call = Call::new("s3:DeleteBucketEncryption", "s3:PutEncryptionConfiguration");

/// Why a configuration of several rules is left to a person.
pub(crate) fn several() -> Reason {
    let one = "S3 documents one rule of default encryption, and the bucket has several: leave one";
    Reason::new("several-rules", one)
}

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

    /// Whether it blocks an encryption, by its name.
    pub(crate) fn blocks(&self, encryption: &str) -> bool {
        self.blocked.iter().flatten().any(|blocked| blocked == encryption)
    }

    /// The same, with one more encryption that nobody may name.
    pub(crate) fn blocking(&self, encryption: &str) -> Self {
        let others = self.blocked.iter().flatten().filter(|blocked| *blocked != NONE);
        let blocked = others.cloned().chain([encryption.to_owned()]).collect();
        Self { blocked: Some(blocked), ..self.clone() }
    }
}

impl Setting for DefaultEncryption {
    const NAME: &'static str = "the default encryption";

    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        Ok(Self {
            cipher: merge("the default encryption", &before.cipher, &after.cipher, &now.cipher)?,
            bucket_key: merge("the bucket key", &before.bucket_key, &after.bucket_key, &now.bucket_key)?,
            blocked: merge("what is blocked", &before.blocked, &after.blocked, &now.blocked)?,
        })
    }

    /// Names of keys that are no ids may say anything: they are shown as digests.
    fn show(&self) -> Value {
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

/// The controls always ask because the repair may stop a caller.
impl Put for DefaultEncryption {
    /// Plain SSE-S3 is what every bucket has without a configuration.
    fn call(&self) -> Call {
        if *self == Self::default() { DELETE } else { PUT }
    }

    /// A list of nothing is not the same as no list: S3 has a default of its own, by the age of the bucket.
    fn lost(from: &Self, to: &Self) -> Vec<String> {
        let is_lost = from.blocked.is_some() && to.blocked.is_none();
        is_lost.then(|| "whether S3's own default of blocked encryption types applies".to_owned()).into_iter().collect()
    }
}

/// How many rules a configuration has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// One, or none: as S3 documents it.
    One,
    /// Several: what is mirrored is the first alone.
    Several,
}

/// Makes this the default encryption of a bucket.
pub(crate) async fn write(client: &Client, target: &Target, encryption: &DefaultEncryption) -> Result<(), Fault> {
    let (bucket, owner) = (&target.id, target.account.as_str());
    if encryption.call() == DELETE {
        return DELETE.done(client.delete_bucket_encryption().bucket(bucket).expected_bucket_owner(owner).send().await);
    }
    let configuration = encryption.configuration();
    let configuration = configuration.map_err(|_| Fault::defect(PUT.operation, "configuration-not-built"))?;
    let request = client.put_bucket_encryption().bucket(bucket).expected_bucket_owner(owner);
    PUT.done(request.server_side_encryption_configuration(configuration).send().await)
}

/// Reads the default encryption of a bucket; none where there is no such bucket.
pub(crate) async fn read(client: &Client, target: &Target) -> Result<Option<(DefaultEncryption, Rules)>, Fault> {
    let request = client.get_bucket_encryption().bucket(&target.id);
    let configuration = match request.expected_bucket_owner(target.account.as_str()).send().await {
        Ok(answer) => answer.server_side_encryption_configuration,
        Err(error) if absent(&error, &["ServerSideEncryptionConfigurationNotFoundError"]) => None,
        Err(error) if absent(&error, &[remedy_s3::GONE]) => return Ok(None),
        Err(error) => return Err(GET.fault(&error)),
    };
    let is_several = configuration.as_ref().is_some_and(|configuration| configuration.rules().len() > 1);
    let rules = if is_several { Rules::Several } else { Rules::One };
    Ok(Some((DefaultEncryption::mirror(configuration.as_ref()), rules)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use remedy_domain::{Step as _, Whole};

    fn blocking(kinds: &[&str]) -> DefaultEncryption {
        DefaultEncryption { blocked: Some(kinds.iter().map(|kind| (*kind).to_owned()).collect()), ..Default::default() }
    }

    #[test]
    fn what_was_blocked_stays_blocked_and_nothing_is_no_longer_said() {
        for (before, after) in [
            (DefaultEncryption::default(), &["SSE-C"][..]),
            (blocking(&["NONE"]), &["SSE-C"]),
            (blocking(&["SSE-X"]), &["SSE-X", "SSE-C"]),
            (blocking(&["NONE", "SSE-X"]), &["SSE-X", "SSE-C"]),
        ] {
            assert!(!before.blocks(SSE_C));
            let now = before.blocking(SSE_C);
            assert_eq!(now, DefaultEncryption { blocked: blocking(after).blocked, ..before.clone() });
            assert!(now.blocks(SSE_C));
        }
    }

    #[test]
    fn an_absent_list_cannot_be_restored() {
        let back = |before: &DefaultEncryption| Whole::route(&before.blocking(SSE_C), before);
        assert_eq!(back(&DefaultEncryption::default()).lost.len(), 1);
        assert!(back(&blocking(&["NONE"])).lost.is_empty());
        let (from, to) = (DefaultEncryption::default(), DefaultEncryption { bucket_key: true, ..Default::default() });
        assert!(Whole::route(&from, &to).lost.is_empty(), "nobody touched the list");
    }

    #[test]
    fn what_is_mirrored_is_told_again() {
        let cipher = Cipher { algorithm: "aws:new".to_owned(), key: Some("alias/phi".to_owned()) };
        let blocked = Some(vec!["SSE-C".to_owned()]);
        let whole = DefaultEncryption { cipher, bucket_key: true, blocked };
        assert_eq!(DefaultEncryption::mirror(Some(&whole.configuration().unwrap())), whole);
        assert_eq!(DefaultEncryption::mirror(None), DefaultEncryption::default());
        let shown = whole.show().to_string();
        assert!(!shown.contains("phi") && !shown.contains("aws:new"), "{shown}");
    }
}
