//! Which logs RDS exports to Amazon CloudWatch Logs.

use remedy_testkit::fake::Refusal;
use serde_json::Value;

/// The types that are exported after some were switched on and others off.
#[expect(clippy::unnecessary_wraps, reason = "members are made by functions of one type")]
pub(crate) fn switched(now: &Value, asked: &Value) -> Result<Value, Refusal> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (on, off) = (list(&asked["EnableLogTypes"]), list(&asked["DisableLogTypes"]));
    let mut types: Vec<_> = list(now).into_iter().filter(|kind| !on.contains(kind) && !off.contains(kind)).collect();
    types.extend(on);
    types.sort_by_key(Value::to_string);
    Ok(types.into())
}
