//! Events of KMS itself: a rotation, the end of imported key material, a deletion.
//! <https://docs.aws.amazon.com/kms/latest/developerguide/kms-events.html>

use serde::Deserialize;

use super::bus::Envelope;
use super::refusal::Refusal;
use super::shape::{Few, ResourceId};
use super::{Cause, Trigger, subject};

#[derive(Deserialize)]
struct Detail {
    #[serde(rename = "key-id")]
    key_id: ResourceId,
}

/// Reads the event. The ARN is preferred to the id, as it says region and account.
pub(super) fn read(envelope: &Envelope<'_>) -> Result<Vec<Trigger>, Refusal> {
    let detail: Detail = envelope.detail()?;
    let id = first_resource(envelope)?.unwrap_or(detail.key_id);
    Ok(vec![envelope.trigger(Cause::Kms, subject::of_type("AWS::KMS::Key", id), None)])
}

fn first_resource(envelope: &Envelope<'_>) -> Result<Option<ResourceId>, Refusal> {
    let Some(raw) = envelope.resources else {
        return Ok(None);
    };
    let resources: Few<ResourceId, 8> =
        serde_json::from_str(raw.get()).map_err(|error| Refusal::unread("resources", &error))?;
    Ok(resources.0.into_iter().next())
}
