//! Automatic rotation, with what KMS refuses.

use remedy_testkit::fake::{Refusal, Request, refuse_unless};
use serde_json::{Value, json};

use crate::life::{in_the_way, is_dying};

fn unsupported(request: &Request<'_>) -> Refusal {
    let message = format!("{} is not supported for this operation.", request.attribute("Arn"));
    Refusal::new(400, "UnsupportedOperationException", message)
}

pub(crate) fn is_symmetric(request: &Request<'_>) -> Result<(), Refusal> {
    refuse_unless(request.attribute("KeySpec") == "SYMMETRIC_DEFAULT", unsupported(request))
}

pub(crate) fn is_enabled(request: &Request<'_>) -> Result<(), Refusal> {
    match request.attribute("KeyState").as_str() {
        Some("Enabled") => Ok(()),
        Some("Disabled") => {
            Err(Refusal::new(400, "DisabledException", format!("{} is disabled.", request.attribute("Arn"))))
        }
        _ => Err(in_the_way(request)),
    }
}

/// Whether KMS has the material of the key, and may change it here.
pub(crate) fn rotates(request: &Request<'_>) -> Result<(), Refusal> {
    let is_of_kms = request.attribute("Origin") == "AWS_KMS" && request.attribute("CustomKeyStoreId").is_null();
    let is_replica = request.attribute("MultiRegionConfiguration")["MultiRegionKeyType"] == "REPLICA";
    refuse_unless(is_of_kms && !is_replica, unsupported(request))
}

fn period(request: &Request<'_>) -> i64 {
    request.input["RotationPeriodInDays"].as_i64().unwrap_or(365)
}

pub(crate) fn lasts_long_enough(request: &Request<'_>) -> Result<(), Refusal> {
    let days = period(request);
    let bound = match days {
        ..90 => "greater than or equal to 90",
        2561.. => "less than or equal to 2560",
        _ => return Ok(()),
    };
    let message = format!(
        "1 validation error detected: Value '{days}' at 'rotationPeriodInDays' failed to satisfy constraint: \
         Member must have value {bound}"
    );
    Err(Refusal::new(400, "ValidationException", message))
}

#[expect(clippy::unnecessary_wraps, reason = "calls are functions of one type")]
pub(crate) fn status(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let days = Some(request.attribute("rotation")).filter(|days| !days.is_null() && !is_dying(request));
    let arn = request.attribute("Arn");
    Ok(json!({"KeyId": arn, "KeyRotationEnabled": days.is_some(), "RotationPeriodInDays": days}))
}

#[expect(clippy::unnecessary_wraps, reason = "calls are functions of one type")]
pub(crate) fn rotate(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let days = period(request);
    request.set("rotation", json!(days));
    Ok(json!({}))
}

#[expect(clippy::unnecessary_wraps, reason = "calls are functions of one type")]
pub(crate) fn stop(request: &mut Request<'_>) -> Result<Value, Refusal> {
    request.set("rotation", Value::Null);
    Ok(json!({}))
}
