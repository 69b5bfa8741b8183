//! Our own event: look at every target, with or without an event about it.
//!
//! ```json
//! {"sweep": {"control": "s3-bucket-public"}}
//! ```
//!
//! One of several controls of the same kind of resource lists it once. One that did not come to its end in one invocation
//! goes on in the page of the listing where it stopped, after the last target that was done:
//!
//! ```json
//! {"sweep": {"controls": ["s3-bucket-without-tls", "s3-bucket-unencrypted-put"], "account": "111122223333",
//!            "region": "us-east-1", "from": "a token of AWS", "after": "0f0f…32 digits…0f"}}
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
use super::shape::{Account, ControlId, ControlIds, Object, PageToken, Region, TargetHash, object};
use super::{Cause, Cursor, Scope, Selector, Trigger};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    sweep: Object<Sweep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sweep {
    control: Option<ControlId>,
    controls: Option<ControlIds>,
    account: Option<Account>,
    region: Option<Region>,
    from: Option<PageToken>,
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
    let Sweep { control, controls, account, region, from, after } = object::<Event>("sweep", text)?.sweep.0;
    let selector = selector("sweep", control, controls)?;
    let at = Cursor { from: from.map(String::from), after: after.map(String::from) };
    if at != Cursor::BEGINNING && selector == Selector::Any {
        let detail = "sweep: `from` and `after` are a place in the listing of some controls, and none is named";
        return Err(Refusal::shape(detail));
    }
    Ok(Trigger::new(Cause::Sweep, Scope::All { selector, at }, account, region))
}

/// Reads the event that asks for the status.
pub(super) fn read_status(text: &str) -> Result<Trigger, Refusal> {
    let Status { control, account, region } = object::<StatusEvent>("status", text)?.status.0;
    let selector = selector("status", control, None)?;
    Ok(Trigger::new(Cause::Status, Scope::All { selector, at: Cursor::BEGINNING }, account, region))
}

/// The controls that an event of ours names: one, several, or none in particular.
pub(super) fn selector(
    event: &str,
    control: Option<ControlId>,
    controls: Option<ControlIds>,
) -> Result<Selector, Refusal> {
    match (control, controls) {
        (None, None) => Ok(Selector::Any),
        (Some(control), None) => Ok(Selector::Controls(vec![control.into()])),
        (None, Some(controls)) => Ok(Selector::Controls(controls.into())),
        (Some(_), Some(_)) => Err(Refusal::shape(&format!("{event}: `control` or `controls`, not both"))),
    }
}
