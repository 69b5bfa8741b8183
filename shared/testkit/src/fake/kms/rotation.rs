//! Automatic rotation, with AWS's refusals.

use serde_json::{Value, json};

use super::{Answer, Answered, Call, Key, Multi, Refusal, State};

pub(super) fn answer(key: &mut Key, call: &Call, input: &Value) -> Answered {
    match call.operation.as_str() {
        "GetKeyRotationStatus" => status(key),
        "EnableKeyRotation" => {
            fit(key)?;
            key.rotation = Some(period(input)?);
            Ok(Answer::json(&json!({})))
        }
        "DisableKeyRotation" => {
            fit(key)?;
            key.rotation = None;
            Ok(Answer::json(&json!({})))
        }
        other => panic!("the fake KMS does not know `{other}`"),
    }
}

fn status(key: &Key) -> Answered {
    symmetric(key)?;
    let is_on = key.rotation.is_some() && !key.state.is_dying();
    let mut answer = json!({"KeyId": key.arn, "KeyRotationEnabled": is_on});
    if let Some(days) = key.rotation.filter(|_| is_on) {
        answer["RotationPeriodInDays"] = days.into();
    }
    Ok(Answer::json(&answer))
}

fn symmetric(key: &Key) -> Result<(), Refusal> {
    if key.spec == "SYMMETRIC_DEFAULT" { Ok(()) } else { Err(unsupported(key)) }
}

/// What KMS asks of a key before it changes its rotation.
fn fit(key: &Key) -> Result<(), Refusal> {
    key.owned()?;
    symmetric(key)?;
    match key.state {
        State::Enabled => {}
        State::Disabled => {
            return Err(Refusal::new(400, "DisabledException", format!("{} is disabled.", key.arn)));
        }
        _ => return Err(key.in_the_way()),
    }
    let rotates = key.origin == "AWS_KMS" && key.store.is_none() && key.multi != Multi::Replica;
    if rotates { Ok(()) } else { Err(unsupported(key)) }
}

fn unsupported(key: &Key) -> Refusal {
    let message = format!("{} is not supported for this operation.", key.arn);
    Refusal::new(400, "UnsupportedOperationException", message)
}

fn period(input: &Value) -> Result<i64, Refusal> {
    let days = input["RotationPeriodInDays"].as_i64().unwrap_or(365);
    let bound = match days {
        ..90 => "greater than or equal to 90",
        2561.. => "less than or equal to 2560",
        _ => return Ok(days),
    };
    let message = format!(
        "1 validation error detected: Value '{days}' at 'rotationPeriodInDays' failed to satisfy constraint: \
         Member must have value {bound}"
    );
    Err(Refusal::new(400, "ValidationException", message))
}
