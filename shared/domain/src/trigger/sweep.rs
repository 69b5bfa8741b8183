//! Our own event: look at every target, with or without an event about it.
//!
//! ```json
//! {"sweep": {"control": "s3-bucket-public"}}
//! ```
//!
//! The same look, only to say what would come of it if every control were enforced today; nothing is written:
//!
//! ```json
//! {"status": {"control": "s3-bucket-public"}}
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusEvent {
    status: Object<Sweep>,
}

/// Reads the event.
pub(super) fn read(text: &str) -> Result<Trigger, Refusal> {
    Ok(trigger(Cause::Sweep, object::<Event>("sweep", text)?.sweep.0))
}

/// Reads the event that asks for the status.
pub(super) fn read_status(text: &str) -> Result<Trigger, Refusal> {
    Ok(trigger(Cause::Status, object::<StatusEvent>("status", text)?.status.0))
}

fn trigger(cause: Cause, sweep: Sweep) -> Trigger {
    let selector = sweep.control.map_or(Selector::Any, |control| Selector::Control(control.into()));
    Trigger::new(cause, Scope::All { selector }, sweep.account, sweep.region)
}
