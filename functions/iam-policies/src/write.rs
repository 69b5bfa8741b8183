//! The writes to users, groups and roles. Each may be repeated: what is there is there, and what is gone is gone.

use aws_sdk_iam::Client;
use remedy_aws::Reading as _;
use remedy_domain::{Call, Fault};
use remedy_iam::{NO_SUCH, PrincipalKind};

use crate::calls;

/// A write to one principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Attaches the managed policy of this ARN.
    Attach(String),
    /// Detaches it.
    Detach(String),
    /// Writes an inline policy: its name and its document.
    PutInline(String, String),
    /// Deletes it.
    DeleteInline(String),
    /// Bounds a user or a role by the policy of this ARN.
    PutBoundary(String),
    /// Takes the bound away.
    DeleteBoundary,
}

impl Write {
    /// Bounds somebody by a policy, or no more.
    pub(crate) fn bound(by: Option<&str>) -> Self {
        by.map_or(Self::DeleteBoundary, |arn| Self::PutBoundary(arn.to_owned()))
    }

    /// The call it makes for a principal of this kind.
    pub(crate) const fn call(&self, kind: PrincipalKind) -> Call {
        let [of_user, of_role] = match self {
            Self::Attach(_) => return kind.pick(&calls::ATTACH),
            Self::Detach(_) => return kind.pick(&calls::DETACH),
            Self::PutInline(..) => return kind.pick(&calls::PUT_INLINE),
            Self::DeleteInline(_) => return kind.pick(&calls::DELETE_INLINE),
            Self::PutBoundary(_) => calls::PUT_BOUNDARY,
            Self::DeleteBoundary => calls::DELETE_BOUNDARY,
        };
        if matches!(kind, PrincipalKind::Role) { of_role } else { of_user }
    }

    /// Makes the call.
    pub(crate) async fn perform(&self, client: &Client, kind: PrincipalKind, name: &str) -> Result<(), Fault> {
        let call = self.call(kind);
        match self {
            Self::Attach(arn) => attach(client, kind, name, arn).await,
            Self::Detach(arn) => detach(client, kind, name, arn).await,
            Self::PutInline(policy, document) => put_inline(client, kind, name, policy, document).await,
            Self::DeleteInline(policy) => delete_inline(client, kind, name, policy).await,
            Self::PutBoundary(arn) if kind == PrincipalKind::Role => {
                let sent =
                    client.put_role_permissions_boundary().role_name(name).permissions_boundary(arn).send().await;
                call.done(sent)
            }
            Self::PutBoundary(arn) => {
                let sent =
                    client.put_user_permissions_boundary().user_name(name).permissions_boundary(arn).send().await;
                call.done(sent)
            }
            Self::DeleteBoundary if kind == PrincipalKind::Role => {
                let sent = client.delete_role_permissions_boundary().role_name(name).send().await;
                call.found(&NO_SUCH, sent).map(|_| ())
            }
            Self::DeleteBoundary => {
                let sent = client.delete_user_permissions_boundary().user_name(name).send().await;
                call.found(&NO_SUCH, sent).map(|_| ())
            }
        }
    }
}

async fn attach(client: &Client, kind: PrincipalKind, name: &str, arn: &str) -> Result<(), Fault> {
    let call = kind.pick(&calls::ATTACH);
    match kind {
        PrincipalKind::User => {
            let sent = client.attach_user_policy().user_name(name).policy_arn(arn).send().await;
            call.done(sent)
        }
        PrincipalKind::Group => {
            let sent = client.attach_group_policy().group_name(name).policy_arn(arn).send().await;
            call.done(sent)
        }
        PrincipalKind::Role => {
            let sent = client.attach_role_policy().role_name(name).policy_arn(arn).send().await;
            call.done(sent)
        }
    }
}

async fn detach(client: &Client, kind: PrincipalKind, name: &str, arn: &str) -> Result<(), Fault> {
    let call = kind.pick(&calls::DETACH);
    match kind {
        PrincipalKind::User => {
            let sent = client.detach_user_policy().user_name(name).policy_arn(arn).send().await;
            call.found(&NO_SUCH, sent).map(|_| ())
        }
        PrincipalKind::Group => {
            let sent = client.detach_group_policy().group_name(name).policy_arn(arn).send().await;
            call.found(&NO_SUCH, sent).map(|_| ())
        }
        PrincipalKind::Role => {
            let sent = client.detach_role_policy().role_name(name).policy_arn(arn).send().await;
            call.found(&NO_SUCH, sent).map(|_| ())
        }
    }
}

async fn put_inline(
    client: &Client,
    kind: PrincipalKind,
    name: &str,
    policy: &str,
    document: &str,
) -> Result<(), Fault> {
    let call = kind.pick(&calls::PUT_INLINE);
    match kind {
        PrincipalKind::User => {
            let request = client.put_user_policy().user_name(name).policy_name(policy);
            let sent = request.policy_document(document).send().await;
            call.done(sent)
        }
        PrincipalKind::Group => {
            let request = client.put_group_policy().group_name(name).policy_name(policy);
            let sent = request.policy_document(document).send().await;
            call.done(sent)
        }
        PrincipalKind::Role => {
            let request = client.put_role_policy().role_name(name).policy_name(policy);
            let sent = request.policy_document(document).send().await;
            call.done(sent)
        }
    }
}

async fn delete_inline(client: &Client, kind: PrincipalKind, name: &str, policy: &str) -> Result<(), Fault> {
    let call = kind.pick(&calls::DELETE_INLINE);
    match kind {
        PrincipalKind::User => {
            let sent = client.delete_user_policy().user_name(name).policy_name(policy).send().await;
            call.found(&NO_SUCH, sent).map(|_| ())
        }
        PrincipalKind::Group => {
            let sent = client.delete_group_policy().group_name(name).policy_name(policy).send().await;
            call.found(&NO_SUCH, sent).map(|_| ())
        }
        PrincipalKind::Role => {
            let sent = client.delete_role_policy().role_name(name).policy_name(policy).send().await;
            call.found(&NO_SUCH, sent).map(|_| ())
        }
    }
}
