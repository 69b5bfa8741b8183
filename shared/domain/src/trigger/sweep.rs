//! Our own event: look at every target, with or without an event about it.
//!
//! ```json
//! {"sweep": {"control": "s3-bucket-public"}}
//! ```
//!
//! One that did not come to its end in one invocation goes on after the target where it stopped:
//!
//! ```json
//! {"sweep": {"control": "s3-bucket-public", "account": "111122223333", "region": "us-east-1", "after": "0f0f…32 digits…0f"}}
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
use super::shape::{Account, ControlId, Object, Region, TargetHash, object};
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
    after: Option<TargetHash>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    control: Option<ControlId>,
    account: Option<Account>,
    region: Option<Region>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusEvent {
    status: Object<Status>,
}

/// Reads the event.
pub(super) fn read(text: &str) -> Result<Trigger, Refusal> {
    let Sweep { control, account, region, after } = object::<Event>("sweep", text)?.sweep.0;
    if after.is_some() && control.is_none() {
        return Err(Refusal::shape("sweep: `after` is a target of one control, and no `control` is named"));
    }
    Ok(Trigger::new(Cause::Sweep, all(control, after), account, region))
}

/// Reads the event that asks for the status.
pub(super) fn read_status(text: &str) -> Result<Trigger, Refusal> {
    let Status { control, account, region } = object::<StatusEvent>("status", text)?.status.0;
    Ok(Trigger::new(Cause::Status, all(control, None), account, region))
}

fn all(control: Option<ControlId>, after: Option<TargetHash>) -> Scope {
    let selector = control.map_or(Selector::Any, |control| Selector::Control(control.into()));
    Scope::All { selector, after: after.map(String::from) }
}
