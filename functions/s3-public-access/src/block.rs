//! S3 Block Public Access: four flags, on a bucket or on an account.
//!
//! Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage". The most restrictive of
//! organisation, account and bucket holds. An absent configuration means four times false.

use remedy_domain::{Consent, Drift, Verdict, Violation};
use serde::{Deserialize, Serialize};

/// The four flags, mirrored whole: a PUT replaces all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "it mirrors the structure of the API")]
pub struct PublicAccessBlock {
    /// PUTs that would grant public access by ACL are refused.
    pub block_public_acls: bool,
    /// Public access that ACLs grant is ignored.
    pub ignore_public_acls: bool,
    /// PUTs of a public bucket policy are refused.
    pub block_public_policy: bool,
    /// A bucket with a public policy is open to its own account and AWS services only.
    pub restrict_public_buckets: bool,
}

/// The present state: the flags, or no configuration at all. Undo distinguishes the two.
pub(crate) type Flags = Option<PublicAccessBlock>;

impl PublicAccessBlock {
    /// Everything blocked.
    pub const ALL: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// Nothing blocked.
    pub const NONE: Self = Self {
        block_public_acls: false,
        ignore_public_acls: false,
        block_public_policy: false,
        restrict_public_buckets: false,
    };

    /// The flags that are on in both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            block_public_acls: self.block_public_acls && other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls && other.ignore_public_acls,
            block_public_policy: self.block_public_policy && other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets && other.restrict_public_buckets,
        }
    }

    /// Each flag, and what is wrong where it is off.
    fn flags(self) -> [(bool, Violation); 4] {
        [
            (self.block_public_acls, Violation::new("block-public-acls", "BlockPublicAcls is off")),
            (self.ignore_public_acls, Violation::new("ignore-public-acls", "IgnorePublicAcls is off")),
            (self.block_public_policy, Violation::new("block-public-policy", "BlockPublicPolicy is off")),
            (self.restrict_public_buckets, Violation::new("restrict-public-buckets", "RestrictPublicBuckets is off")),
        ]
    }
}

/// Compliant with all four flags on; `consent` where one is off.
pub(crate) fn judge(setting: &Flags, consent: impl FnOnce() -> Consent) -> Verdict<Flags> {
    let violations = violations(setting);
    if violations.is_empty() {
        return Verdict::Compliant;
    }
    Verdict::Drifted(Drift { violations, desired: Some(PublicAccessBlock::ALL), consent: consent(), note: None })
}

/// One violation for each flag that is off.
pub(crate) fn violations(setting: &Flags) -> Vec<Violation> {
    let flags = setting.unwrap_or_default().flags();
    flags.into_iter().filter(|(on, _)| !on).map(|(_, violation)| violation).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use remedy_domain::Setting as _;

    pub(crate) fn setting() -> impl Strategy<Value = Flags> {
        prop::option::of(any::<(bool, bool, bool, bool)>().prop_map(|(a, b, c, d)| PublicAccessBlock {
            block_public_acls: a,
            ignore_public_acls: b,
            block_public_policy: c,
            restrict_public_buckets: d,
        }))
    }

    #[test]
    fn undo_leaves_a_flag_that_somebody_else_set_since() {
        let old = Some(PublicAccessBlock { block_public_acls: true, ..PublicAccessBlock::default() });
        let ours = Some(PublicAccessBlock::ALL);
        assert_eq!(Flags::rebase(&ours, &old, &ours), Ok(old));
        let now = Some(PublicAccessBlock { block_public_acls: false, ..PublicAccessBlock::ALL });
        assert_eq!(Flags::rebase(&ours, &old, &now), Ok(Some(PublicAccessBlock::default())), "their flag stays off");
    }

    #[test]
    fn undo_of_a_first_configuration_takes_it_away() {
        let ours = Some(PublicAccessBlock::ALL);
        assert_eq!(Flags::rebase(&ours, &None, &ours), Ok(None));
        assert_eq!(Flags::rebase(&ours, &None, &None), Ok(None));
    }

    #[test]
    fn each_flag_that_is_off_is_named() {
        let half = Some(PublicAccessBlock {
            block_public_acls: true,
            ignore_public_acls: true,
            ..PublicAccessBlock::default()
        });
        let names: Vec<_> = violations(&half).into_iter().map(|violation| violation.text).collect();
        assert_eq!(names, ["BlockPublicPolicy is off", "RestrictPublicBuckets is off"]);
        assert_eq!(violations(&None).len(), 4);
        assert!(violations(&Some(PublicAccessBlock::ALL)).is_empty());
    }
}
