//! What harms or cannot be taken back waits for a person; in mode `approve` every plan does.
//!
//! In mode `observe` nothing would be written anyway, so nobody is asked. A control that only stops destruction is
//! never held for its harm: waiting would be the harm. An undo was asked for by a person and is not asked for again.

use super::{Objection, Purpose, Snapshot};
use crate::{control::StopsDestruction, outcome::Outcome, settings::Mode, verdict::Consent};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let why = match snapshot.mode {
        Mode::Observe => None,
        Mode::Approve => Some("the mode is `approve`: every plan waits for a person".to_owned()),
        Mode::Enforce => harm(snapshot),
    }?;
    Some(Objection { check: "approval", why, change: "a person approves the plan", outcome: Outcome::AwaitingApproval })
}

/// Why a person would be asked if this were carried out.
pub(super) fn harm(snapshot: &Snapshot<'_>) -> Option<String> {
    let waits = snapshot.control.stops_destruction == StopsDestruction::No && snapshot.purpose == Purpose::Repair;
    match snapshot.consent {
        Consent::Ask(reason) if waits => Some(reason.clone()),
        Consent::Ask(_) | Consent::Auto => None,
    }
}
