//! The numbers and choices behind the controls: one list, of which their defaults, their ranges, what a change of each means and
//! the schema are made.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    SettingsError,
    change::Way,
    choices::{AdminPolicyRepair, Backlog, FirstExpiry, IdentityRepairs, PutEncryption},
    kinds::{Allowance, AtLeast, AtMost, Grows, Kind, Maybe, Notifies, OneOf, Replaces, Rule, Shrinks, Spares},
    pattern::matches,
    texts::{KeyArn, Name, PolicyArn, Sha256},
};
use crate::ids::{AccountId, Target};

/// The parameters, each with its kind. The documentation of each is its description in the schema and in docs/settings.md.
macro_rules! parameters {
    ($(#[doc = $about:literal] $(#[doc = $more:literal])* $name:ident: $kind:ty,)*) => {
        /// The numbers and choices behind the controls. Each number has a range; a change that loosens one waits for a
        /// second person.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Parameters {
            $(
                #[doc = $about]
                $(#[doc = $more])*
                #[serde(skip_serializing_if = "is_unsaid")]
                pub $name: <$kind as Kind>::Value,
            )*
        }

        impl Default for Parameters {
            fn default() -> Self {
                Self { $($name: <$kind as Kind>::absent(),)* }
            }
        }

        impl Parameters {
            /// Each parameter by its path, and what a change of it means.
            pub(super) const RULES: &'static [(&'static str, Rule)] =
                &[$((concat!("parameters.", stringify!($name)), <$kind as Kind>::RULE),)*];

            /// Each parameter as JSON Schema, in their order.
            #[must_use]
            pub fn schema() -> Vec<(&'static str, Value)> {
                vec![$((
                    stringify!($name),
                    described(&[$about, $($more),*], <$kind as Kind>::RULE, <$kind as Kind>::schema()),
                ),)*]
            }

            fn check_each(&self) -> Result<(), SettingsError> {
                $(
                    if let Some(range) = <$kind as Kind>::refusal(&self.$name) {
                        return Err(SettingsError::Range { name: concat!("parameters.", stringify!($name)), range });
                    }
                )*
                Ok(())
            }
        }
    };
}

parameters! {
    /// Days after which a KMS key rotates, at most.
    kms_rotation_days: AtMost<90, 365, 365>,
    /// Characters of a password, at least.
    password_minimum_length: AtLeast<14, 128, 14>,
    /// Days after which a password expires, at most.
    password_max_age_days: AtMost<1, 90, 90>,
    /// Whether a first password expiry waits for a person.
    password_first_expiry: OneOf<FirstExpiry>,
    /// Days for which a console user is new; an older one is given notice, so a person decides.
    mfa_new_user_days: AtMost<0, 30, 7>,
    /// Days for which an undone repair stays undone.
    revert_exemption_days: AtMost<1, 90, 90>,
    /// Repairs of one control in one account in one hour, at most.
    hourly_budget: Allowance<1, 1000, 1000>,
    /// Repairs of one control in all accounts together in one hour, at most, where Remedy acts in several accounts.
    organization_hourly_budget: Allowance<1, 1000, 1000>,
    /// Whether repairs of what identities may do wait for a person.
    identity_repairs: OneOf<IdentityRepairs>,
    /// How a customer-managed policy that makes administrators is repaired. `narrow`: a new default version without the grant.
    /// `detach`: the policy is detached from every principal. `boundary`: `permissions_boundary` bounds every principal that
    /// the policy is attached to.
    admin_policy_repair: OneOf<AdminPolicyRepair>,
    /// The ARN of the policy that bounds principals. `{account}` stands for the account.
    permissions_boundary: Maybe<Replaces, PolicyArn>,
    /// Days for which a new version of a policy is a change that needs an approval.
    policy_change_days: AtLeast<1, 90, 7>,
    /// The SHA-256 digests of the canonical JSON (sorted keys, no spaces) of policy documents that were approved.
    approved_policies: Grows<Sha256>,
    /// `compatible`: an upload that names an encryption must name SSE-KMS. `strict`: every upload must name SSE-KMS.
    put_encryption: OneOf<PutEncryption>,
    /// The ARN of the KMS key that new objects are encrypted with. `{account}` and `{region}` stand for the bucket's.
    default_key: Maybe<Replaces, KeyArn>,
    /// Patterns of buckets (names or ARNs) known to hold no PHI. Every other bucket counts as PHI.
    phi_free_buckets: Spares<Name>,
    /// Accounts of others that policies of resources may name: business associates.
    trusted_accounts: Spares<AccountId>,
    /// Hours for which a plan or ask that waits for a person can be decided and carried out.
    approval_hours: Allowance<1, 168, 72>,
    /// Repairs of one resource by one control within 24 hours, at most; then somebody is paged.
    flap_limit: Allowance<1, 10, 3>,
    /// How drift from before the first sweep is repaired. `ask`: each repair waits for a person. `waves`: `backlog_wave` repairs
    /// a day are carried out.
    backlog: OneOf<Backlog>,
    /// With `backlog: waves`, repairs of the backlog by one control in one account on one day (UTC), at most.
    backlog_wave: Allowance<1, 1000, 10>,
    /// Keys of tags that mean that infrastructure as code owns a resource, besides what CloudFormation sets itself. A principal
    /// that may set such a tag makes repairs wait for a person: protect the keys by a service control policy.
    iac_tags: Shrinks<Name>,
    /// The key of the tag that names the owner of a resource, for notices.
    owner_tag: Maybe<Notifies, Name>,
}

/// Whether nothing is said: such a member is left out of the document, and of its digest.
fn is_unsaid(value: &impl Serialize) -> bool {
    serde_json::to_value(value).is_ok_and(|value| value.is_null())
}

/// A schema with its description, and what a change means.
fn described(lines: &[&str], rule: Rule, schema: Value) -> Value {
    let about = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let own = [("description".to_owned(), json!(about)), ("$comment".to_owned(), json!(said(rule)))];
    match schema {
        Value::Object(members) => own.into_iter().chain(members).collect::<Map<_, _>>().into(),
        other => other,
    }
}

/// The meaning of a change, in words.
fn said(rule: Rule) -> String {
    let words = |ways: &[Way]| ways.iter().map(|way| way.word()).collect::<Vec<_>>().join(" and ");
    match rule {
        Rule::Number(more, less) => format!("more: {}; less: {}", more.word(), less.word()),
        Rule::Word(_, later, earlier) if later == earlier => format!("any change: {}", words(later)),
        Rule::Word(_, later, earlier) => format!("a later word: {}; an earlier one: {}", words(later), words(earlier)),
        Rule::List(added, removed) => format!("an added entry: {}; a removed one: {}", words(added), words(removed)),
        Rule::Any(ways) => format!("any change: {}", words(ways)),
        Rule::Mode | Rule::Shown(_) | Rule::BreakGlass => String::new(),
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
        self.check_each()?;
        if self.admin_policy_repair == AdminPolicyRepair::Boundary && self.permissions_boundary.is_none() {
            let range = "what `admin_policy_repair: boundary` needs".to_owned();
            return Err(SettingsError::Range { name: "parameters.permissions_boundary", range });
        }
        Ok(())
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

    #[test]
    fn a_number_is_within_its_range_and_its_refusal_says_which() {
        let read =
            |days: u32| Settings::parse(json!({"parameters": {"kms_rotation_days": days}}).to_string().as_bytes());
        assert!([90, 365].into_iter().all(|days| read(days).is_ok()));
        for outside in [0, 89, 366, u32::MAX] {
            let said = read(outside).unwrap_err().to_string();
            assert_eq!(said, "the settings have `parameters.kms_rotation_days` outside 90 to 365");
        }
    }

    #[test]
    fn every_default_is_permitted_and_left_out_only_if_nothing_is_said() {
        assert!(Parameters::default().check().is_ok());
        let whole = serde_json::to_value(Parameters::default()).unwrap();
        let unsaid: Vec<_> = Parameters::schema().into_iter().filter(|(name, _)| whole.get(name).is_none()).collect();
        assert_eq!(
            unsaid.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["permissions_boundary", "default_key", "owner_tag"]
        );
        assert!(unsaid.iter().all(|(_, schema)| schema.get("default").is_none()));
    }
}
