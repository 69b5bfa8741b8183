//! The numbers and choices behind the controls.

use serde::{Deserialize, Serialize};

use super::{SettingsError, pattern::matches};
use crate::ids::{AccountId, Target};

/// The numbers and choices behind the controls. Each number has a range; a change that loosens one waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Days after which a KMS key rotates, at most: 90 to 365.
    pub kms_rotation_days: u32,
    /// Characters of a password, at least: 14 to 128.
    pub password_minimum_length: u32,
    /// Days a password lives, at most: 1 to 90.
    pub password_max_age_days: u32,
    /// Whether a first password expiry (all older passwords must be changed at the next sign-in) waits for a person.
    pub password_first_expiry: FirstExpiry,
    /// Days for which a console user is new; an older one is given notice, so a person decides: 0 to 30.
    pub mfa_new_user_days: u32,
    /// Days for which an undone repair stays undone: 1 to 90.
    pub revert_exemption_days: u32,
    /// Repairs of one control in one account in one hour, at most: 1 to 1000.
    pub hourly_budget: u32,
    /// Repairs of one control in all accounts together in one hour, at most, where Remedy acts in several: 1 to 1000.
    pub organization_hourly_budget: u32,
    /// Whether repairs of what identities may do wait for a person.
    pub identity_repairs: IdentityRepairs,
    /// What is done about a customer-managed policy that makes administrators.
    pub admin_policy_repair: AdminPolicyRepair,
    /// The ARN of the policy that bounds principals, for `admin_policy_repair: boundary`. `{account}` stands for the
    /// account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<String>,
    /// Days for which a new version of a policy is a change that wants an approval: 1 to 90.
    pub policy_change_days: u32,
    /// The SHA-256 digests (64 hex digits) of the canonical JSON of policy documents that were approved.
    pub approved_policies: Vec<String>,
    /// What uploads must say about encryption.
    pub put_encryption: PutEncryption,
    /// The ARN of the KMS key that new objects are encrypted with. `{account}` and `{region}` stand for the bucket's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_key: Option<String>,
    /// Patterns of buckets (names or ARNs) known to hold no PHI. Every other bucket counts as PHI.
    pub phi_free_buckets: Vec<String>,
    /// Accounts of others that policies of resources may name: business associates.
    pub trusted_accounts: Vec<AccountId>,
    /// Hours for which what waits for a person can be decided and carried out: 1 to 168.
    pub approval_hours: u32,
    /// Repairs of one resource by one control within 24 hours, at most; then somebody is paged: 1 to 10.
    pub flap_limit: u32,
    /// What becomes of what was broken before the first sweep.
    pub backlog: Backlog,
    /// With `backlog: waves`, repairs of the backlog by one control in one account on one day (UTC), at most: 1 to 1000.
    pub backlog_wave: u32,
    /// Keys of tags that mean that infrastructure as code owns a resource, besides what CloudFormation sets itself.
    /// Whoever may set such a tag makes repairs wait for a person: protect the keys by a service control policy.
    pub iac_tags: Vec<String>,
    /// The key of the tag that names the owner of a resource, for notices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_tag: Option<String>,
}

/// What becomes of what was broken before the first sweep of a control in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backlog {
    /// Each repair waits for a person.
    #[default]
    Ask,
    /// It is worked off, so many a day.
    Waves,
}

/// What happens when the account's passwords would expire for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstExpiry {
    /// It is set like every other element.
    #[default]
    Auto,
    /// The plan waits for a person.
    Ask,
}

/// Whether repairs of what identities may do wait for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityRepairs {
    /// They do.
    #[default]
    Ask,
    /// They do not, where nothing else asks.
    Auto,
}

/// What is done about a customer-managed policy that makes administrators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdminPolicyRepair {
    /// A new default version without the offending grant.
    #[default]
    Narrow,
    /// The policy stays, and nobody has it attached.
    Detach,
    /// The policy stays, and everybody who has it attached is bounded by `permissions_boundary`.
    Boundary,
}

/// What uploads must say about encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PutEncryption {
    /// An upload that names an encryption must name SSE-KMS; one that names none gets the bucket's default.
    #[default]
    Compatible,
    /// Every upload must name SSE-KMS.
    Strict,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            kms_rotation_days: 365,
            password_minimum_length: 14,
            password_max_age_days: 90,
            password_first_expiry: FirstExpiry::Auto,
            mfa_new_user_days: 7,
            revert_exemption_days: 90,
            hourly_budget: 1000,
            organization_hourly_budget: 1000,
            identity_repairs: IdentityRepairs::Ask,
            admin_policy_repair: AdminPolicyRepair::Narrow,
            permissions_boundary: None,
            policy_change_days: 7,
            approved_policies: Vec::new(),
            put_encryption: PutEncryption::Compatible,
            default_key: None,
            phi_free_buckets: Vec::new(),
            trusted_accounts: Vec::new(),
            approval_hours: 72,
            flap_limit: 3,
            backlog: Backlog::Ask,
            backlog_wave: 10,
            iac_tags: Vec::new(),
            owner_tag: None,
        }
    }
}

impl Parameters {
    /// Whether the settings say that this bucket holds no PHI. What they do not name is treated as PHI.
    #[must_use]
    pub fn is_free_of_phi(&self, bucket: &Target) -> bool {
        let names = [Some(bucket.id.as_str()), bucket.arn.as_deref()];
        let named = |pattern: &String| names.into_iter().flatten().any(|name| matches(pattern, name));
        self.phi_free_buckets.iter().any(named)
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let within = |name, range, valid| if valid { Ok(()) } else { Err(SettingsError::Range { name, range }) };
        within("parameters.kms_rotation_days", "90 to 365", (90..=365).contains(&self.kms_rotation_days))?;
        within("parameters.password_minimum_length", "14 to 128", (14..=128).contains(&self.password_minimum_length))?;
        within("parameters.password_max_age_days", "1 to 90", (1..=90).contains(&self.password_max_age_days))?;
        within("parameters.mfa_new_user_days", "0 to 30", self.mfa_new_user_days <= 30)?;
        within("parameters.revert_exemption_days", "1 to 90", (1..=90).contains(&self.revert_exemption_days))?;
        within("parameters.hourly_budget", "1 to 1000", (1..=1000).contains(&self.hourly_budget))?;
        let shared = self.organization_hourly_budget;
        within("parameters.organization_hourly_budget", "1 to 1000", (1..=1000).contains(&shared))?;
        within("parameters.policy_change_days", "1 to 90", (1..=90).contains(&self.policy_change_days))?;
        within("parameters.approval_hours", "1 to 168", (1..=168).contains(&self.approval_hours))?;
        within("parameters.flap_limit", "1 to 10", (1..=10).contains(&self.flap_limit))?;
        within("parameters.backlog_wave", "1 to 1000", (1..=1000).contains(&self.backlog_wave))?;
        self.check_names()
    }

    fn check_names(&self) -> Result<(), SettingsError> {
        let within = |name, range, valid| if valid { Ok(()) } else { Err(SettingsError::Range { name, range }) };
        let arn_of = |arn: &Option<String>, service: &str| {
            arn.as_deref().is_none_or(|arn| arn.split(':').count() == 6 && arn.split(':').nth(2) == Some(service))
        };
        let is_digest = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bounded = self.admin_policy_repair != AdminPolicyRepair::Boundary || self.permissions_boundary.is_some();
        within("parameters.permissions_boundary", "the ARN of a policy", arn_of(&self.permissions_boundary, "iam"))?;
        within("parameters.permissions_boundary", "what `admin_policy_repair: boundary` needs", bounded)?;
        within("parameters.default_key", "the ARN of a KMS key", arn_of(&self.default_key, "kms"))?;
        let digests = self.approved_policies.iter().all(is_digest);
        within("parameters.approved_policies", "SHA-256 digests of 64 hex digits", digests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Region, Settings};

    fn bucket(id: &str) -> Target {
        let account = crate::AccountId::parse("111122223333").unwrap();
        let (region, arn) = (Region::parse("us-east-1").unwrap(), Some(format!("arn:aws:s3:::{id}")));
        Target { account, region, resource_type: "AWS::S3::Bucket".into(), id: id.into(), unique_id: None, arn }
    }

    #[test]
    fn only_a_bucket_that_is_named_is_free_of_phi() {
        for named in ["brochures", "brochure*", "arn:aws:s3:::brochures"] {
            let parameters = Parameters { phi_free_buckets: vec![named.to_owned()], ..Parameters::default() };
            assert!(parameters.is_free_of_phi(&bucket("brochures")), "{named}");
            assert!(!parameters.is_free_of_phi(&bucket("scans")), "{named}");
        }
        assert!(!Parameters::default().is_free_of_phi(&bucket("brochures")));
    }

    #[test]
    fn an_arn_has_six_parts_and_is_of_its_service() {
        let read = |parameters: serde_json::Value| {
            Settings::parse(serde_json::json!({"parameters": parameters}).to_string().as_bytes()).map(drop)
        };
        let key = |arn: &str| read(serde_json::json!({"default_key": arn}));
        assert!(key("arn:aws:kms:us-east-1:111122223333:key/a").is_ok());
        for other in ["arn:aws:iam::111122223333:policy/b", "arn:aws:kms:us-east-1:key/a", "alias/phi", ""] {
            assert!(matches!(key(other), Err(SettingsError::Range { name: "parameters.default_key", .. })), "{other}");
        }
        let bounds = |arn: &str| read(serde_json::json!({"permissions_boundary": arn}));
        assert!(bounds("arn:aws:iam::111122223333:policy/b").is_ok());
        assert!(bounds("arn:aws:kms:us-east-1:111122223333:key/a").is_err());
    }
}
