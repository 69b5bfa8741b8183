//! Our own event: carry out an approved plan. The approval itself is stored; the event only says where to look.
//!
//! ```json
//! {"approved": {"plan": "0f0f…64 digits…0f"}}
//! ```

use serde::Deserialize;

use super::refusal::Refusal;
use super::shape::{Object, PlanId, object};
use super::{Cause, Scope, Trigger};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    approved: Object<Approved>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approved {
    plan: PlanId,
}

/// Reads the event.
pub(super) fn read(text: &str) -> Result<Trigger, Refusal> {
    let approved = object::<Event>("approved", text)?.approved.0;
    Ok(Trigger::new(Cause::Approved, Scope::Approved { plan: approved.plan.into() }, None, None))
}
