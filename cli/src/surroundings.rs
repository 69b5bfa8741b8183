//! What the terminal's surroundings say: the environment, the clock, randomness. The only place that asks them.

use std::time::SystemTime;

use remedy_domain::{Nonce, Timestamp, canonical};

/// A variable of the environment. An empty one counts as absent.
#[expect(clippy::disallowed_methods, reason = "this is the one place of the terminal that reads the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The time.
#[expect(clippy::disallowed_methods, reason = "this is the one place of the terminal that reads the clock")]
pub(crate) fn now() -> Option<Timestamp> {
    Timestamp::try_from(SystemTime::now()).ok()
}

/// A fresh nonce; none where the machine has no randomness.
pub(crate) fn nonce() -> Option<Nonce> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).ok()?;
    Nonce::parse(canonical::hex(&bytes)).ok()
}
