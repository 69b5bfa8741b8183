//! Without a write role nothing can be written: a function's own role can only read.

use super::{Objection, Snapshot, WriteAccess};
use crate::{outcome::Outcome, reason::Reason};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let why = Reason::new("no-write-role", "no write role is configured: a function's own role can only read");
    let change = "set REMEDY_WRITE_ROLE";
    (snapshot.means == WriteAccess::None).then_some(Objection {
        check: "means",
        why,
        change,
        outcome: Outcome::Blocked,
    })
}
