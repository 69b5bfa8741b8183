//! In mode `observe` plans are drafted and nothing is changed.

use super::{Objection, Snapshot};
use crate::{outcome::Outcome, settings::Mode};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let why = "the mode is `observe`: plans are drafted, nothing is changed".to_owned();
    let change = "set the mode to `approve` or `enforce` for this control or account";
    (snapshot.mode == Mode::Observe).then_some(Objection { check: "mode", why, change, outcome: Outcome::Planned })
}
