//! Our own event: look at every target, whether or not an event told of it.
//!
//! ```json
//! {"sweep": {"control": "s3-bucket-public"}}
//! ```
//!
//! `EventBridge` Scheduler sends the input of its schedule as it stands, without an envelope, so this is its form too.

use serde::Deserialize;

use super::refusal::Refusal;
use super::shape::{Account, ControlId, Object, Region, object};
use super::{Cause, Scope, Selector, Trigger};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    sweep: Object<Sweep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sweep {
    control: Option<ControlId>,
    account: Option<Account>,
    region: Option<Region>,
}

/// Reads the event.
pub(super) fn read(text: &str) -> Result<Trigger, Refusal> {
    let sweep = object::<Event>("sweep", text)?.sweep.0;
    let selector = sweep.control.map_or(Selector::Any, |control| Selector::Control(control.into()));
    Ok(Trigger::new(Cause::Sweep, Scope::All { selector }, sweep.account, sweep.region))
}
