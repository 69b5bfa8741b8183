//! What infrastructure as code owns would be put back by its next deployment: a person agrees first, and is told where the
//! cause is. What only stops destruction does not wait.

use super::{Objection, Snapshot, approval};
use crate::outcome::Outcome;

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let manager = snapshot.manager.filter(|_| approval::is_needed(snapshot))?;
    let why = format!("it is managed elsewhere: put it right in {}", manager.place());
    let change = "put it right there, or approve the plan";
    Some(Objection { check: "ownership", why, change, outcome: Outcome::AwaitingApproval })
}
