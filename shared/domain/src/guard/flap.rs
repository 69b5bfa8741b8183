//! Somebody fights a resource that drifts again and again: after so many repairs within a day, people find out who.
//!
//! If stopping would leave data open, or let it be destroyed, people are paged and the repairs go on: otherwise a
//! bucket opened once more than the limit would stay open for a day. The hourly budget bounds them.

use super::{FLAP, Objection, Purpose, Snapshot};
use crate::{
    control::{Control, Stops},
    outcome::Outcome,
    reason::Reason,
    settings::Mode,
};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    if goes_on(snapshot.control) {
        return None;
    }
    let why = fought(snapshot)?.reworded(|fought| format!("{fought}; nothing more is written"));
    let change = "find what changes it back; repairs go on 24 hours after the last one";
    Some(Objection { check: FLAP, why, change, outcome: Outcome::Blocked })
}

/// A reason to page people while repairs go on.
pub(super) fn caution(snapshot: &Snapshot<'_>) -> Option<Reason> {
    let why = fought(snapshot).filter(|_| goes_on(snapshot.control))?;
    Some(why.reworded(|why| format!("{why}: find what changes it back")))
}

/// Whether stopping would do harm.
#[must_use]
pub fn goes_on(control: &Control) -> bool {
    control.stops != Stops::Nothing
}

fn fought(snapshot: &Snapshot<'_>) -> Option<Reason> {
    let (count, limit) = (snapshot.recent_repairs, snapshot.flap_limit);
    let is_over = usize::try_from(limit).is_ok_and(|limit| count >= limit);
    let acts = snapshot.purpose == Purpose::Repair && snapshot.mode != Mode::Observe;
    let why = || format!("it was repaired {count} times within 24 hours and drifted again");
    (is_over && acts).then(|| Reason::new("flapping", why()))
}
