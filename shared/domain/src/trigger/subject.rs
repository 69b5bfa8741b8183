//! Who and what the events of the bus speak of.

use serde::Deserialize;

use super::shape::{Account, ResourceId};
use super::{Hint, Scope, Selector};

/// The type under which AWS Config keeps what belongs to a whole account.
pub(super) const ACCOUNT: &str = "AWS::::Account";
/// The type of IAM users.
pub(super) const USER: &str = "AWS::IAM::User";

/// One resource, to be looked at by the controls of its type.
pub(super) fn of_type(resource_type: &str, id: ResourceId) -> Scope {
    let selector = Selector::ResourceType(resource_type.to_owned());
    Scope::One(Hint { resource_type: Some(resource_type.to_owned()), id: id.into(), selector })
}

/// `userIdentity` of a `CloudTrail` record. A failed login has no ARN, a root session an empty issuer, a service
/// nothing but its name; so little is asked for.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserIdentity {
    #[serde(rename = "type")]
    type_: Option<String>,
    account_id: Option<String>,
    user_name: Option<ResourceId>,
}

impl UserIdentity {
    /// Whether root called.
    pub(super) fn is_root(&self) -> bool {
        self.type_.as_deref() == Some("Root")
    }

    /// The IAM user of this account that called. Root has a `userName` too where the account has an alias, and it is
    /// that alias; roles and users of other accounts may call as well. None of those is a user here.
    pub(super) fn user_of(self, account: &Account) -> Option<ResourceId> {
        let is_user = self.type_.as_deref() == Some("IAMUser") && self.account_id.as_deref() == Some(account.as_ref());
        self.user_name.filter(|_| is_user)
    }
}
