//! Our own event: some controls on one resource, by hand or from the sweep's queue.
//!
//! ```json
//! {"control": "s3-bucket-public", "resource": "phi-imaging-example", "mode": "observe"}
//! {"controls": ["s3-bucket-without-tls", "s3-bucket-unencrypted-put"], "resource": "phi-imaging-example"}
//! ```

use serde::Deserialize;

use super::refusal::Refusal;
use super::shape::{Account, ControlId, ControlIds, Region, ResourceId, object};
use super::{Cause, Hint, Scope, Selector, Trigger, sweep};

/// Unknown members are refused: a mistyped `region` must not silently mean the function's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manual {
    control: Option<ControlId>,
    controls: Option<ControlIds>,
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
    let selector = sweep::selector("manual event", manual.control, manual.controls)?;
    if selector == Selector::Any {
        return Err(Refusal::shape("manual event: `control` missing"));
    }
    let hint = Hint { resource_type: None, id: manual.resource.into(), selector };
    Ok(Trigger {
        mode_ceiling: manual.mode.map(|mode| mode.word().to_owned()),
        ..Trigger::new(Cause::Manual, Scope::One(hint), manual.account, manual.region)
    })
}
