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
use remedy_aws::Roster;
use remedy_engine::{Doors, Ports, enlist};
pub use root_without_mfa::RootWithoutMfa;
pub use user_without_mfa::UserWithoutMfa;

/// The function's controls.
#[must_use]
pub fn controls<P: Ports + Doors<IamAndDeny> + Doors<remedy_iam::Iam>>() -> Roster<P> {
    vec![enlist::<UserWithoutMfa, _>(), enlist::<RootWithoutMfa, _>()]
}
