//! What was broken before the first sweep is not fresh drift: somebody may rely on it. It waits for a person, or is worked
//! off in waves where the settings say so.

use super::{Age, Objection, Snapshot, approval};
use crate::{outcome::Outcome, reason::Reason};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let waits = snapshot.age == Age::Backlog && approval::is_needed(snapshot);
    let why = Reason::new("backlog", "it was broken before the first sweep of this control here");
    let change = "approve the plan, or set parameters.backlog to `waves`";
    waits.then_some(Objection { check: "backlog", why, change, outcome: Outcome::AwaitingApproval })
}
