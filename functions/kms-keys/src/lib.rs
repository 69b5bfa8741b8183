//! `kms-keys`: customer-managed KMS keys that do not rotate, are about to be deleted, or admit external principals.

mod key_open_policy;
mod key_pending_deletion;
mod key_unrotated;
#[cfg(test)]
mod laws;
mod sharing;

pub use key_open_policy::{Facts, KeyOpenPolicy, KeyPolicy};
pub use key_pending_deletion::{KeyPendingDeletion, Manager};
pub use key_unrotated::KeyUnrotated;
use remedy_aws::Controls;
use remedy_engine::{Clients, Ports, control};
use remedy_kms::Keys;

/// The function's controls. A dying key is saved before its rotation is looked at.
#[must_use]
pub fn controls<P: Ports + Clients<Keys>>() -> Controls<P> {
    vec![control::<KeyPendingDeletion, _>(), control::<KeyUnrotated, _>(), control::<KeyOpenPolicy, _>()]
}
