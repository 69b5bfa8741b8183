//! What must be true of every history.

use std::fmt;

/// What must be true of every history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// A write is made in a session named after a plan whose intent names the call and was durable before.
    Intended,
    /// A write is made while its worker holds the target's lock, and nobody else does.
    Locked,
    /// An attempt makes each call as often as its intent says, at most.
    Counted,
    /// A write stands on a look that came after the intent. What no control owns it leaves as that look saw it: it loses
    /// only what others changed since, or what the look was too early to see. AWS gives no compare-and-set.
    Spared,
    /// A write never takes back what another control wrote.
    Shared,
    /// A repair that was seen to arrive is not made again unless there is new drift.
    Once,
    /// Nothing is written where the mode when the delivery began does not allow it, nor where the settings protect.
    Allowed,
    /// Nothing is repaired while an exemption holds that was on file before the attempt held its lock, nor what was
    /// reported as taken back.
    Exempted,
    /// In an hour, as many attempts of a control write in an account as the budget and the account's part of the organisation's
    /// say, at most; and no resource is repaired more often than the flap limit says.
    Budgeted,
    /// Attempts at one resource that nobody approved are few, however they end: so many in an hour, so many in vain in all.
    Attempted,
    /// A message is acknowledged only when every intent of its deliveries has its outcome, and what else must be stored is.
    Stored,
    /// Every intent has exactly one outcome, every outcome its intent, and no evidence is overwritten.
    Concluded,
    /// What is recorded as repaired, reverted or recovered was to be seen so during the attempt.
    Honest,
    /// People are told of a plan that is held once for each time that it is asked, and once more at most where a call failed.
    ToldOnce,
    /// Every message is done, refused, or dead after five deliveries; none dies while nothing fails.
    Delivered,
    /// When nothing fails any more and sweeps have come by, no lock is held, and everything is right that should be.
    Converged,
}

/// An invariant that a history broke.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// How.
    pub how: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is broken: {}", self.invariant, self.how)
    }
}
