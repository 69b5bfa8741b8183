//! In mode `observe` plans are drafted and nothing is changed.

use super::{Objection, Snapshot, approval};
use crate::{outcome::Outcome, reason::Reason, settings::Mode};

pub(super) fn check(snapshot: &Snapshot<'_>) -> Option<Objection> {
    let mut why = "the mode is `observe`: plans are drafted, nothing is changed".to_owned();
    if let Some(reason) = approval::harm(snapshot) {
        why.push_str("; carried out, it would wait for a person: ");
        why.push_str(&reason.text);
    }
    let why = Reason::new("mode-observe", why);
    let change = "set the mode to `approve` or `enforce` for this control or account";
    (snapshot.mode == Mode::Observe).then_some(Objection { check: "mode", why, change, outcome: Outcome::Planned })
}
