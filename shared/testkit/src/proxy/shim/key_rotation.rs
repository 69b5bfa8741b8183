//! The rotation of KMS keys.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderValue, Method};
use serde_json::{Value, json};

use super::super::Front;
use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::{Ask, Reply};

const DAY: u64 = 86_400;

/// Account, region and key id.
type Key = (String, String, String);

/// When rotation was switched on, in seconds, and its period in days.
type Rotation = (u64, u64);

/// AWS rotates a key every `RotationPeriodInDays` (90 to 2560, 365 if not given), says so in `GetKeyRotationStatus` while
/// rotation is on, and says that it is off while a key awaits its deletion. It refuses to rotate keys that are asymmetric,
/// for HMAC, imported, kept elsewhere or replicas (`UnsupportedOperationException`), disabled (`DisabledException`) or
/// awaiting deletion (`KMSInvalidStateException`). moto keeps a mere flag and takes every key.
#[derive(Default)]
pub struct KeyRotation(Mutex<HashMap<Key, Rotation>>);

impl KeyRotation {
    pub(super) async fn enable(&self, front: &Front, call: &Call, ask: &Ask) -> Reply {
        let period = match &call.json()["RotationPeriodInDays"] {
            Value::Null => Some(365),
            days => days.as_u64().filter(|days| (90..=2560).contains(days)),
        };
        let Some(period) = period else {
            return error(call, 400, "ValidationException", "RotationPeriodInDays must be between 90 and 2560.");
        };
        let key = match described(front, call, ask).await {
            Ok(key) => key,
            Err(reply) => return reply,
        };
        if let Some(refusal) = refusal(call, &key) {
            return refusal;
        }
        let reply = front.forward(call, ask).await;
        if reply.status.is_success() {
            self.rotations().insert(place(call, &key), (now(), period));
        }
        reply
    }

    pub(super) async fn status(&self, front: &Front, call: &Call, ask: &Ask) -> Reply {
        let reply = front.forward(call, ask).await;
        let mut status: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        if !reply.status.is_success() {
            return reply;
        }
        let key = match described(front, call, ask).await {
            Ok(key) => key,
            Err(reply) => return reply,
        };
        status["KeyId"] = key["KeyId"].clone();
        self.complete(&mut status, &place(call, &key), key["KeyState"] == "PendingDeletion");
        reply.with_body(status.to_string())
    }

    /// Adds period and next date while rotation is on; rotation that was switched on behind the proxy has the default.
    fn complete(&self, status: &mut Value, key: &Key, dying: bool) {
        if status["KeyRotationEnabled"] != true || dying {
            status["KeyRotationEnabled"] = json!(false);
            return;
        }
        let (since, period) = *self.rotations().entry(key.clone()).or_insert_with(|| (now(), 365));
        status["RotationPeriodInDays"] = json!(period);
        status["NextRotationDate"] = json!((since + period * DAY) as f64);
    }

    fn rotations(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Rotation>> {
        self.0.lock().expect("the rotations are not poisoned")
    }
}

/// The key's metadata, asked for with the caller's own credentials; else the emulator's refusal.
async fn described(front: &Front, call: &Call, ask: &Ask) -> Result<Value, Reply> {
    let body = json!({"KeyId": call.json()["KeyId"]}).to_string();
    let mut describe = ask.instead(Method::POST, "/", body);
    describe.headers.insert("x-amz-target", HeaderValue::from_static("TrentService.DescribeKey"));
    let reply = front.forward(call, &describe).await;
    let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if reply.status.is_success() { Ok(answer["KeyMetadata"].clone()) } else { Err(reply) }
}

fn refusal(call: &Call, key: &Value) -> Option<Reply> {
    let arn = key["Arn"].as_str().unwrap_or_default();
    let refuse = |code, why: &str| Some(error(call, 400, code, &format!("{arn} {why}.")));
    let replica = key["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA";
    match key["KeyState"].as_str() {
        Some("PendingDeletion") => refuse("KMSInvalidStateException", "is pending deletion"),
        _ if key["KeySpec"] != "SYMMETRIC_DEFAULT" => {
            refuse("UnsupportedOperationException", "is not a symmetric encryption key")
        }
        _ if key["Origin"] != "AWS_KMS" => {
            refuse("UnsupportedOperationException", "has an origin that does not rotate")
        }
        _ if replica => refuse("UnsupportedOperationException", "is a replica key"),
        Some("Disabled") => refuse("DisabledException", "is disabled"),
        _ => None,
    }
}

fn place(call: &Call, key: &Value) -> Key {
    (call.account.clone(), call.region.clone(), key["KeyId"].as_str().unwrap_or_default().to_owned())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
