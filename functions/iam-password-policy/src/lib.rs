//! `iam-password-policy`: an account password policy that is too weak.

#[cfg(test)]
mod laws;
mod password_policy_weak;
mod policy;

pub use password_policy_weak::PasswordPolicyWeak;
pub use policy::PasswordPolicy;
use remedy_aws::Controls;
use remedy_engine::{Clients, Ports, control};
use remedy_iam::Iam;

/// The function's controls.
#[must_use]
pub fn controls<P: Ports + Clients<Iam>>() -> Controls<P> {
    vec![control::<PasswordPolicyWeak, _>()]
}
