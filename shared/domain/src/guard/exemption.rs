//! A record on file says that the target is to stay as it is. It holds back repairs, not the undo that created it.

use super::{Objection, Purpose, Snapshot};
use crate::outcome::Outcome;

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let exemption = snapshot.exemption.filter(|exemption| snapshot.now < exemption.until)?;
    let why = format!("exempt until {} ({})", exemption.until, crate::redact::text(&exemption.reason));
    let change = "let the exemption expire or remove it";
    (snapshot.purpose == Purpose::Repair).then_some(Objection {
        check: "exemption",
        why,
        change,
        outcome: Outcome::Exempt,
    })
}
