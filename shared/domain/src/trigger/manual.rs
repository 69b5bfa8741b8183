//! Our own event: one control on one resource, by hand or from the sweep's queue.
//!
//! ```json
//! {"control": "s3-bucket-public", "resource": "phi-imaging-example", "mode": "observe"}
//! ```

use serde::Deserialize;

use super::refusal::Refusal;
use super::shape::{Account, ControlId, Region, ResourceId, object};
use super::{Cause, Hint, Scope, Selector, Trigger};

/// Unknown members are refused: a mistyped `region` must not silently mean the function's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manual {
    control: ControlId,
    resource: ResourceId,
    account: Option<Account>,
    region: Option<Region>,
    mode: Option<Mode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Observe,
    Approve,
    Enforce,
}

impl Mode {
    fn word(&self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Approve => "approve",
            Self::Enforce => "enforce",
        }
    }
}

/// Reads the event.
pub(super) fn read(text: &str) -> Result<Trigger, Refusal> {
    let manual: Manual = object("manual event", text)?;
    let selector = Selector::Control(manual.control.into());
    let hint = Hint { resource_type: None, id: manual.resource.into(), selector };
    Ok(Trigger {
        mode_ceiling: manual.mode.map(|mode| mode.word().to_owned()),
        ..Trigger::new(Cause::Manual, Scope::One(hint), manual.account, manual.region)
    })
}
