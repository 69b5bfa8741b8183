//! The access control list of a bucket: an owner, and grants, each of one permission to one grantee.
//!
//! Source: Amazon S3 API Reference, `PutBucketAcl`: it replaces the list whole, and wants the owner told. The order of
//! grants means nothing.

use std::collections::BTreeSet;

use aws_sdk_s3::{
    error::BuildError,
    types::{self, AccessControlPolicy},
};
use remedy_domain::Violation;
use remedy_policy::acl::Public;
use serde::{Deserialize, Serialize};

/// The words that S3 has for permissions.
const PERMISSIONS: [&str; 5] = ["FULL_CONTROL", "READ", "READ_ACP", "WRITE", "WRITE_ACP"];

/// An access control list, but for names to display, which S3 makes itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acl {
    /// The canonical id of the bucket's owner.
    pub owner: String,
    /// The grants.
    pub grants: BTreeSet<Grant>,
}

/// A permission for a grantee.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Who is let in.
    pub grantee: Grantee,
    /// To what: `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP` or `FULL_CONTROL`.
    pub permission: String,
}

/// Who is let in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grantee {
    /// An account, by its canonical id.
    User(String),
    /// A group that S3 knows, by its URI.
    Group(String),
    /// An account, by its address for mail.
    Email(String),
}

impl Acl {
    /// What S3 answers. None: it holds a grant that could not be written back.
    pub(crate) fn mirror(owner: Option<&types::Owner>, grants: &[types::Grant]) -> Option<Self> {
        let owner = owner.and_then(types::Owner::id)?.to_owned();
        Some(Self { owner, grants: grants.iter().map(Grant::mirror).collect::<Option<_>>()? })
    }

    /// The list as S3 takes it.
    pub(crate) fn request(&self) -> Result<AccessControlPolicy, BuildError> {
        let grants = self.grants.iter().map(Grant::request).collect::<Result<Vec<_>, _>>()?;
        let owner = types::Owner::builder().id(&self.owner).build();
        Ok(AccessControlPolicy::builder().owner(owner).set_grants(Some(grants)).build())
    }

    /// The grants that let everybody in, in words.
    pub(crate) fn public(&self) -> Vec<String> {
        self.grants.iter().filter_map(Grant::public).collect()
    }

    /// One violation for each of them.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.public()
            .into_iter()
            .map(|grant| Violation::new("public-grant", format!("the ACL grants {grant}")))
            .collect()
    }

    /// The list without them.
    pub(crate) fn closed(&self) -> Self {
        let kept = self.grants.iter().filter(|grant| grant.public().is_none());
        Self { owner: self.owner.clone(), grants: kept.cloned().collect() }
    }

    /// Grant by grant: what `after` has not goes, what only `after` has comes, all others stay. The owner is AWS's business.
    pub(crate) fn rebase(before: &Self, after: &Self, now: &Self) -> Self {
        let kept = now.grants.iter().filter(|grant| !before.grants.contains(grant) || after.grants.contains(grant));
        let added = after.grants.difference(&before.grants);
        Self { owner: now.owner.clone(), grants: kept.chain(added).cloned().collect() }
    }
}

impl Grant {
    fn mirror(grant: &types::Grant) -> Option<Self> {
        let grantee = grant.grantee()?;
        let grantee = match (grantee.id(), grantee.uri(), grantee.email_address()) {
            (Some(id), ..) if !id.is_empty() => Grantee::User(id.to_owned()),
            (_, Some(uri), _) => Grantee::Group(uri.to_owned()),
            (.., Some(address)) => Grantee::Email(address.to_owned()),
            _ => return None,
        };
        Some(Self { grantee, permission: grant.permission()?.as_str().to_owned() })
    }

    fn request(&self) -> Result<types::Grant, BuildError> {
        let grantee = types::Grantee::builder();
        let grantee = match &self.grantee {
            Grantee::User(id) => grantee.r#type(types::Type::CanonicalUser).id(id),
            Grantee::Group(uri) => grantee.r#type(types::Type::Group).uri(uri),
            Grantee::Email(address) => grantee.r#type(types::Type::AmazonCustomerByEmail).email_address(address),
        };
        let permission = types::Permission::from(self.permission.as_str());
        Ok(types::Grant::builder().grantee(grantee.build()?).permission(permission).build())
    }

    fn public(&self) -> Option<String> {
        let Grantee::Group(uri) = &self.grantee else { return None };
        let known = PERMISSIONS.iter().find(|known| **known == self.permission).unwrap_or(&"a permission");
        Public::of_group(uri).map(|public| format!("{known} to {public}"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::{prelude::*, sample::subsequence};
    use remedy_policy::acl::{ALL_USERS, AUTHENTICATED_USERS};

    /// The owner of every bucket of the fake and of the emulator.
    pub(crate) const OWNER: &str = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a";
    const LOGS: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

    pub(crate) fn grant(grantee: Grantee, permission: &str) -> Grant {
        Grant { grantee, permission: permission.to_owned() }
    }

    pub(crate) fn acl(grants: impl IntoIterator<Item = Grant>) -> Acl {
        let own = grant(Grantee::User(OWNER.to_owned()), "FULL_CONTROL");
        Acl { owner: OWNER.to_owned(), grants: grants.into_iter().chain([own]).collect() }
    }

    /// The owner's grant, and some of a partner, of the service that writes access logs, and of the public.
    pub(crate) fn acls() -> impl Strategy<Value = Acl> {
        let group = |uri: &str, permission| grant(Grantee::Group(uri.to_owned()), permission);
        let partner = grant(Grantee::User("0123456789abcdef".repeat(4)), "READ");
        let all = vec![
            partner,
            group(LOGS, "WRITE"),
            group(ALL_USERS, "READ"),
            group(ALL_USERS, "WRITE"),
            group(AUTHENTICATED_USERS, "READ_ACP"),
        ];
        prop_oneof![1 => Just(acl([])), 2 => subsequence(all, 0..=5).prop_map(acl)]
    }

    #[test]
    fn only_grants_to_everybody_are_taken_out() {
        let partner = grant(Grantee::User("a".repeat(64)), "READ");
        let logs = grant(Grantee::Group(LOGS.to_owned()), "WRITE");
        let open = grant(Grantee::Group(ALL_USERS.to_owned()), "READ");
        let strange = grant(Grantee::Group(AUTHENTICATED_USERS.to_owned()), "a b");
        let list = acl([partner.clone(), logs.clone(), open, strange]);
        assert_eq!(list.public(), ["READ to everyone", "a permission to every AWS account"]);
        assert_eq!(list.closed(), acl([partner, logs]));
        assert!(list.closed().violations().is_empty());
    }

    #[test]
    fn undo_puts_back_what_we_took_and_leaves_what_others_gave() {
        let open = grant(Grantee::Group(ALL_USERS.to_owned()), "READ");
        let theirs = grant(Grantee::User("b".repeat(64)), "WRITE");
        let (before, after) = (acl([open.clone()]), acl([]));
        assert_eq!(Acl::rebase(&after, &before, &acl([theirs.clone()])), acl([open.clone(), theirs.clone()]));
        let both = acl([open, theirs]);
        assert_eq!(Acl::rebase(&after, &before, &both), both, "somebody else has put it back");
        let old = Acl::default();
        assert_eq!(Acl::rebase(&old, &old, &both), both, "an old plan says nothing of grants");
    }

    #[test]
    fn what_s3_answers_is_what_it_is_sent() {
        let list =
            acl([grant(Grantee::Group(LOGS.to_owned()), "WRITE"), grant(Grantee::Email("a@b.c".into()), "READ")]);
        let sent = list.request().unwrap();
        assert_eq!(Acl::mirror(sent.owner(), sent.grants()), Some(list));
        let nobody = types::Grantee::builder().r#type(types::Type::Group).build().unwrap();
        let nobody = types::Grant::builder().grantee(nobody).permission(types::Permission::Read).build();
        assert_eq!(Acl::mirror(sent.owner(), &[nobody]), None);
    }
}
