//! A plan that harms or cannot be reverted waits for a person; in mode `approve` every plan does, and an undo always.
//!
//! In mode `observe` nothing would be written anyway, so nobody is asked. A control that only stops destruction never
//! waits because of its harm: waiting would be the harm. An undo leaves a violation in place: one person asks for it
//! and another agrees. An approval is for one plan only; a refusal lasts as long as the ask.

use super::{Objection, Purpose, Snapshot};
use crate::{
    ask::{Answer, ApprovalStatus},
    control::Stops,
    outcome::Outcome,
    reason::Reason,
    redact,
    settings::Mode,
    verdict::Consent,
};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    if let (ApprovalStatus::Rejected(decision), false) = (snapshot.standing, snapshot.mode == Mode::Observe) {
        let is_no = decision.answer.is(&Answer::Rejected);
        let did = if is_no { "rejected the plan" } else { "decided in a word that this version does not know" };
        let why = format!("a person {did} on {} ({})", decision.at, redact::text(&decision.by.arn));
        let why = Reason::new("rejected", why);
        let change = "put it right by hand or ask for an exemption; it is asked again when the ask ends";
        return Some(Objection { check: "approval", why, change, outcome: Outcome::Blocked });
    }
    let why = asks(snapshot)?;
    let change = match snapshot.purpose {
        Purpose::Repair => "a person approves the plan",
        Purpose::Revert => "one person asks for the undo and another approves it",
    };
    Some(Objection { check: "approval", why, change, outcome: Outcome::AwaitingApproval })
}

fn asks(snapshot: &Snapshot<'_>) -> Option<Reason> {
    if matches!(snapshot.standing, ApprovalStatus::Approved(_)) {
        return None;
    }
    match (snapshot.mode, snapshot.purpose) {
        (Mode::Observe, _) => None,
        (_, Purpose::Revert) => {
            Some(Reason::new("undo", "an undo leaves a violation in place: two people decide that"))
        }
        (Mode::Approve, Purpose::Repair) => {
            Some(Reason::new("mode-approve", "the mode is `approve`: every plan waits for a person"))
        }
        (Mode::Enforce, Purpose::Repair) => harm(snapshot),
    }
}

/// Whether a repair that people would want to agree to lacks their approval: not in `observe`, where nothing is written,
/// and not where only destruction is stopped.
pub(super) fn is_needed(snapshot: &Snapshot<'_>) -> bool {
    snapshot.purpose == Purpose::Repair
        && snapshot.mode != Mode::Observe
        && snapshot.control.stops != Stops::Destruction
        && !matches!(snapshot.standing, ApprovalStatus::Approved(_) | ApprovalStatus::Rejected(_))
}

/// Why a person would be asked if this were carried out.
pub(super) fn harm(snapshot: &Snapshot<'_>) -> Option<Reason> {
    let waits = snapshot.control.stops != Stops::Destruction && snapshot.purpose == Purpose::Repair;
    match snapshot.consent {
        Consent::Ask(reason) if waits => Some(reason.clone()),
        Consent::Ask(_) | Consent::Auto => None,
    }
}
