//! `iam-password-policy`: an account password policy that is too weak.

#[cfg(test)]
mod laws;
mod password_policy_weak;
mod policy;

pub use password_policy_weak::PasswordPolicyWeak;
pub use policy::PasswordPolicy;
use remedy_aws::Roster;
use remedy_engine::{Doors, Ports, enlist};
use remedy_iam::Iam;

/// The function's controls.
#[must_use]
pub fn controls<P: Ports + Doors<Iam>>() -> Roster<P> {
    vec![enlist::<PasswordPolicyWeak, _>()]
}
