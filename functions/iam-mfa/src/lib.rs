//! `iam-mfa`: console users and the root user without MFA.

mod clients;
mod fence;
#[cfg(test)]
mod laws;
mod policy;
mod root_without_mfa;
mod user;
mod user_without_mfa;

pub use clients::IamAndDeny;
use remedy_aws::Controls;
use remedy_engine::{Clients, Ports, control};
pub use root_without_mfa::RootWithoutMfa;
pub use user_without_mfa::UserWithoutMfa;

/// The function's controls.
#[must_use]
pub fn controls<P: Ports + Clients<IamAndDeny> + Clients<remedy_iam::Iam>>() -> Controls<P> {
    vec![control::<UserWithoutMfa, _>(), control::<RootWithoutMfa, _>()]
}
