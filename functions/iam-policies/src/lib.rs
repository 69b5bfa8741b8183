//! `iam-policies`: IAM policies that permit more than is needed, and their attachments.

mod account;
mod admin_attached;
mod admin_grant;
mod admin_setting;
mod attachments;
mod authorization;
mod calls;
mod consent;
mod inline_kms;
mod inline_policy;
mod inline_setting;
#[cfg(test)]
mod laws;
mod policy;
mod policy_admin;
mod policy_full_service;
mod policy_unapproved;
mod principal;
mod user_direct_policy;
mod write;

pub use account::{Access, Account, Held, Principal};
pub use admin_attached::AdminAttached;
pub use inline_kms::InlineKms;
pub use inline_policy::InlinePolicy;
pub use policy_admin::PolicyAdmin;
pub use policy_full_service::PolicyFullService;
pub use policy_unapproved::PolicyUnapproved;
use remedy_aws::Controls;
use remedy_engine::{Clients, Ports, control};
use remedy_iam::Iam;
pub use user_direct_policy::UserDirectPolicy;

/// The function's controls. Administrators come first.
#[must_use]
pub fn controls<P: Ports + Clients<Iam>>() -> Controls<P> {
    vec![
        control::<PolicyAdmin, _>(),
        control::<AdminAttached, _>(),
        control::<PolicyFullService, _>(),
        control::<UserDirectPolicy, _>(),
        control::<InlinePolicy, _>(),
        control::<InlineKms, _>(),
        control::<PolicyUnapproved, _>(),
    ]
}
