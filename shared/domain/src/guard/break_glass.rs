//! Controls that touch identities write only while somebody can open the door again.

use super::{Objection, Snapshot};
use crate::{control::Identities, outcome::Outcome, reason::Reason};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let touches = snapshot.control.identities == Identities::Touched;
    let why = "no break-glass principal is named: if a repair locked everybody out, nobody could undo it";
    let why = Reason::new("no-break-glass", why);
    let change = "name one in protected.break_glass of the settings";
    (touches && snapshot.protected.break_glass.is_empty()).then_some(Objection {
        check: "break-glass",
        why,
        change,
        outcome: Outcome::Blocked,
    })
}
