//! The next deployment of infrastructure as code would undo a repair of its resource: a person agrees first, and is
//! shown where the cause is. A repair that only stops destruction does not wait.

use super::{Objection, Snapshot, approval};
use crate::{outcome::Outcome, reason::Reason};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let manager = snapshot.manager.filter(|_| approval::is_needed(snapshot))?;
    let why = format!("it is managed elsewhere: put it right in {}", manager.place());
    let why = Reason::new("managed-elsewhere", why);
    let change = "put it right there, or approve the plan";
    Some(Objection { check: "ownership", why, change, outcome: Outcome::AwaitingApproval })
}
