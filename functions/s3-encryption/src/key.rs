//! Keys of KMS, as far as a bucket can be encrypted with them.

use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeySpec, KeyState, KeyUsageType};
use remedy_aws::Reading as _;
use remedy_domain::{Fault, Parameters, Target};
use remedy_kms::{DESCRIBE, GONE, Keys};

/// What KMS says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its ARN.
    pub arn: String,
    /// Who manages it.
    pub manager: Manager,
    /// Why S3 cannot encrypt with it, if it cannot.
    pub obstacle: Option<&'static str>,
}

/// Who manages a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// AWS: nobody can say who may use it.
    Aws,
    /// The customer.
    Customer,
}

/// Reads what KMS says of a key; none where there is no such key.
pub(crate) async fn describe(keys: &Keys, id: &str) -> Result<Option<Key>, Fault> {
    let answer = DESCRIBE.found(&GONE, keys.describe_key().key_id(id).send().await)?;
    Ok(answer.and_then(|answer| answer.key_metadata).map(|metadata| of(&metadata)))
}

fn of(metadata: &KeyMetadata) -> Key {
    let is_customers = metadata.key_manager() == Some(&KeyManagerType::Customer);
    let checks = [
        (is_customers, "AWS manages it"),
        (metadata.key_spec() == Some(&KeySpec::SymmetricDefault), "it is not symmetric"),
        (metadata.key_usage() == Some(&KeyUsageType::EncryptDecrypt), "it is not for encryption"),
        (metadata.key_state() == Some(&KeyState::Enabled), "it is not enabled"),
    ];
    Key {
        arn: metadata.arn().unwrap_or_default().to_owned(),
        manager: if is_customers { Manager::Customer } else { Manager::Aws },
        obstacle: checks.iter().find(|(fits, _)| !fits).map(|(_, obstacle)| *obstacle),
    }
}

/// The key that the settings want for a bucket: its ARN, or that of an alias.
pub(crate) fn wanted(bucket: &Target, parameters: &Parameters) -> Option<String> {
    let arn = parameters.default_key.as_deref()?;
    Some(arn.replace("{account}", bucket.account.as_str()).replace("{region}", bucket.region.as_str()))
}

/// The Region in the ARN of a key.
pub(crate) fn region(arn: &str) -> Option<&str> {
    arn.split(':').nth(3)
}

/// The account in the ARN of a key; none in a bare id or alias, which is of the bucket's account.
pub(crate) fn account(id: &str) -> Option<&str> {
    id.strip_prefix("arn:")?.split(':').nth(3)
}

/// Whether a name is an alias that AWS keeps for itself.
pub(crate) fn is_alias_of_aws(id: &str) -> bool {
    id.starts_with("alias/aws/") || id.contains(":alias/aws/")
}

/// Whether two names of a key are the same: an ARN, or the id in it.
pub(crate) fn same(id: &str, arn: &str) -> bool {
    id == arn || arn.rsplit_once(":key/").is_some_and(|(_, bare)| bare == id)
}
