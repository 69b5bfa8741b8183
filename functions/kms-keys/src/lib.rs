//! `kms-keys`: customer-managed KMS keys that do not rotate, are about to be deleted, or admit external principals.

mod key_dying;
mod key_shared;
mod key_unrotated;
#[cfg(test)]
mod laws;
mod sharing;

pub use key_dying::{KeyDying, Manager};
pub use key_shared::{KeyPolicy, KeyShared, Shared};
pub use key_unrotated::KeyUnrotated;
use remedy_aws::Roster;
use remedy_engine::{Doors, Ports, enlist};
use remedy_kms::Keys;

/// The function's controls. A dying key is saved before its rotation is looked at.
#[must_use]
pub fn controls<P: Ports + Doors<Keys>>() -> Roster<P> {
    vec![enlist::<KeyDying, _>(), enlist::<KeyUnrotated, _>(), enlist::<KeyShared, _>()]
}
