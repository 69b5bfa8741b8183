//! `Access Analyzer Finding`: somebody outside can reach a resource.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-eventbridge.html>
//!
//! Only findings of external access. Those of unused and of internal access have other shapes and are not taken.

use serde::Deserialize;

use super::bus::Envelope;
use super::refusal::Refusal;
use super::shape::{Account, Region, ResourceId, ResourceType};
use super::subject::of_type;
use super::{Cause, Idle, Scope, Trigger};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    account_id: Account,
    region: Option<Region>,
    status: String,
    resource: ResourceId,
    resource_type: ResourceType,
    is_deleted: Option<bool>,
    error: Option<String>,
}

/// Reads the event.
pub(super) fn read(envelope: &Envelope<'_>) -> Result<Vec<Trigger>, Refusal> {
    let detail: Detail = envelope.detail()?;
    envelope.own(&detail.account_id)?;
    let region = detail.region.clone();
    Ok(vec![envelope.trigger(Cause::AccessAnalyzer, detail.scope(), region)])
}

impl Detail {
    fn scope(self) -> Scope {
        match (self.is_deleted, self.error, self.status.as_str()) {
            (Some(true), ..) => Scope::Nothing(Idle::ResourceDeleted),
            (_, Some(_), _) => Scope::Nothing(Idle::AnalysisFailed),
            (.., "ACTIVE") => of_type(self.resource_type.as_ref(), self.resource),
            (.., "ARCHIVED") => Scope::Nothing(Idle::Archived),
            _ => Scope::Nothing(Idle::Resolved),
        }
    }
}
