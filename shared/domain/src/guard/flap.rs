//! What drifts again and again is fought by somebody: after so many repairs within a day, people look for who it is.

use super::{FLAP, Objection, Purpose, Snapshot};
use crate::{outcome::Outcome, settings::Mode};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let (count, limit) = (snapshot.recent_repairs, snapshot.flap_limit);
    let is_over = usize::try_from(limit).is_ok_and(|limit| count >= limit);
    let why = format!("it was repaired {count} times within 24 hours and drifted again; nothing more is written");
    let change = "find what changes it back; repairs go on 24 hours after the last one";
    (is_over && snapshot.purpose == Purpose::Repair && snapshot.mode != Mode::Observe).then_some(Objection {
        check: FLAP,
        why,
        change,
        outcome: Outcome::Blocked,
    })
}
