//! Our own event: take a plan back.
//!
//! ```json
//! {"revert": {"plan": "0f0f…64 digits…0f", "reason": "CHG-0001"}}
//! ```

use serde::Deserialize;

use super::refusal::Refusal;
use super::shape::{Object, PlanId, Reason, object};
use super::{Cause, Scope, Trigger};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    revert: Object<Undo>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Undo {
    plan: PlanId,
    /// Checked but not carried on: who undoes and why is proven by the exemption that must be stored first.
    #[expect(dead_code, reason = "read for its length alone")]
    reason: Option<Reason>,
}

/// Reads the event.
pub(super) fn read(text: &str) -> Result<Trigger, Refusal> {
    let undo = object::<Event>("revert", text)?.revert.0;
    Ok(Trigger::new(Cause::Revert, Scope::Revert { plan: undo.plan.into() }, None, None))
}
