//! Invariants of every history.

use std::fmt;

/// An invariant of every history.
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
    /// A write never reverts what another control wrote.
    Shared,
    /// A repair that was seen to arrive is not made again unless there is new drift.
    Once,
    /// Nothing is written where the mode when the delivery began does not allow it, nor where the settings protect.
    Allowed,
    /// Two people decide: a decision is of somebody who may, and did not ask. Other settings come into force by an ask
    /// that was decided, and are recorded before.
    Agreed,
    /// Nothing is repaired under an exemption that was stored before the attempt held its lock, nor after it was
    /// reported as reverted.
    Exempted,
    /// In an hour, no more attempts of a control write in an account than its budget and the account's share of the
    /// organisation's allow; and no resource is repaired more often than the flap limit allows.
    Budgeted,
    /// Attempts at one resource that nobody approved are few, however they end: so many in an hour, so many failed ones
    /// in all.
    Attempted,
    /// A message is acknowledged only when every intent of its deliveries has its outcome, and everything else is
    /// stored.
    Stored,
    /// Every intent has exactly one outcome, every outcome its intent, and no evidence is overwritten.
    Concluded,
    /// A state recorded as repaired, reverted or recovered was visible during the attempt.
    Honest,
    /// The sealed evidence is intact for an auditor: nothing is missing, changed or inserted.
    Sealed,
    /// People are notified of a held plan once each time that it is asked, and once more at most if a call failed; the
    /// sealer sends once more what no mark says was sent.
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
