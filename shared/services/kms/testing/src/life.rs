//! The states of a key, and how it ends.

use std::time::Duration;

use remedy_testkit::fake::{Refusal, Refused, Request, refuse_unless};
use serde_json::{Value, json};

use crate::KEY;

fn state<'a>(request: &'a Request<'_>) -> &'a str {
    request.attribute("KeyState").as_str().unwrap_or_default()
}

/// The refusal of what the state of a key does not permit.
pub(crate) fn in_the_way(request: &Request<'_>) -> Refusal {
    let message = format!("{} is in the state {}.", request.attribute("Arn"), state(request));
    Refusal::new(400, "KMSInvalidStateException", message)
}

pub(crate) fn is_settled(request: &Request<'_>) -> Result<(), Refusal> {
    refuse_unless(["Enabled", "Disabled"].contains(&state(request)), in_the_way(request))
}

pub(crate) fn is_ending(request: &Request<'_>) -> Result<(), Refusal> {
    refuse_unless(is_dying(request), in_the_way(request))
}

pub(crate) fn is_lasting(request: &Request<'_>) -> Result<(), Refusal> {
    refuse_unless(!is_dying(request), in_the_way(request))
}

pub(crate) fn is_dying(request: &Request<'_>) -> bool {
    ["PendingDeletion", "PendingReplicaDeletion"].contains(&state(request))
}

fn days(request: &Request<'_>) -> u64 {
    request.input["PendingWindowInDays"].as_u64().unwrap_or(30)
}

pub(crate) fn can_end(request: &Request<'_>) -> Result<(), Refusal> {
    let outside = Refused(400, "ValidationException", "PendingWindowInDays must be between 7 and 30");
    refuse_unless((7..=30).contains(&days(request)), outside)
}

#[expect(clippy::unnecessary_wraps, reason = "calls are functions of one type")]
pub(crate) fn enable(request: &mut Request<'_>) -> Result<Value, Refusal> {
    request.set("KeyState", json!("Enabled"));
    Ok(json!({}))
}

#[expect(clippy::unnecessary_wraps, reason = "calls are functions of one type")]
pub(crate) fn disable(request: &mut Request<'_>) -> Result<Value, Refusal> {
    request.set("KeyState", json!("Disabled"));
    Ok(json!({}))
}

/// A primary key waits until its replicas are deleted.
#[expect(clippy::unnecessary_wraps, reason = "calls are functions of one type")]
pub(crate) fn end(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let (arn, days) = (request.attribute("Arn").clone(), days(request));
    let is_primary = request.attribute("MultiRegionConfiguration")["MultiRegionKeyType"] == "PRIMARY";
    let waits = is_primary && request.regions(&KEY, request.text("KeyId")) > 1;
    if waits {
        request.set("KeyState", json!("PendingReplicaDeletion"));
    } else {
        let at = request.now + Duration::from_secs(days * 86_400);
        request.set("KeyState", json!("PendingDeletion"));
        request.set("DeletionDate", json!(at.as_second()));
    }
    Ok(json!({"KeyId": arn, "KeyState": state(request), "PendingWindowInDays": days}))
}

/// The key is disabled afterwards.
#[expect(clippy::unnecessary_wraps, reason = "calls are functions of one type")]
pub(crate) fn cancel(request: &mut Request<'_>) -> Result<Value, Refusal> {
    request.set("KeyState", json!("Disabled"));
    request.set("DeletionDate", Value::Null);
    Ok(json!({"KeyId": request.attribute("Arn")}))
}
