//! The kill switch. While a hold stands, nothing is written: no repair, no undo, nothing that was approved.

use super::{Objection, Snapshot};
use crate::{outcome::Outcome, reason::Reason, redact};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let hold = snapshot.holds.iter().find(|hold| hold.stops(snapshot.control, snapshot.target))?;
    let why = format!("{} is on hold since {}: {}", hold.scope, hold.at, redact::text(&hold.reason));
    let why = Reason::new("on-hold", why);
    Some(Objection { check: "hold", why, change: "a second person releases the hold", outcome: Outcome::Blocked })
}
