//! Payloads with one member that is missing or of the wrong type.

use serde_json::{Value, json};

use super::malformed::VALID;
use Need::{Optional, Required};
use Type::{Array, Flag, Object, Text};

/// What a member must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Object,
    Array,
    Flag,
}

/// Whether a member must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
}

/// Every member that is read, except those that distinguish the families.
#[rustfmt::skip]
const MEMBERS: [(&str, &str, Type, Need); 72] = [
    ("manual", "/resource", Text, Required),
    ("manual", "/account", Text, Optional),
    ("manual", "/region", Text, Optional),
    ("manual", "/mode", Text, Optional),
    ("sweep", "/sweep/control", Text, Optional),
    ("sweep", "/sweep/account", Text, Optional),
    ("sweep", "/sweep/region", Text, Optional),
    ("sweep", "/sweep/from", Text, Optional),
    ("sweep", "/sweep/after", Text, Optional),
    ("status", "/status/control", Text, Optional),
    ("revert", "/revert/plan", Text, Required),
    ("revert", "/revert/reason", Text, Optional),
    ("approved", "/approved/plan", Text, Required),
    ("scheduled", "/account", Text, Required),
    ("scheduled", "/region", Text, Required),
    ("compliance", "/detail", Object, Required),
    ("compliance", "/detail/resourceId", Text, Required),
    ("compliance", "/detail/resourceType", Text, Required),
    ("compliance", "/detail/awsRegion", Text, Required),
    ("compliance", "/detail/awsAccountId", Text, Required),
    ("compliance", "/detail/configRuleName", Text, Required),
    ("compliance", "/detail/newEvaluationResult", Object, Optional),
    ("compliance", "/detail/newEvaluationResult/complianceType", Text, Required),
    ("compliance", "/detail/newEvaluationResult/evaluationResultIdentifier", Object, Optional),
    ("compliance", "/detail/newEvaluationResult/evaluationResultIdentifier/evaluationResultQualifier", Object, Optional),
    ("item", "/detail/messageType", Text, Required),
    ("item", "/detail/configurationItem", Object, Required),
    ("item", "/detail/configurationItem/configurationItemCaptureTime", Text, Required),
    ("item", "/detail/configurationItem/configurationItemStatus", Text, Required),
    ("item", "/detail/configurationItem/awsAccountId", Text, Required),
    ("item", "/detail/configurationItem/awsRegion", Text, Optional),
    ("item", "/detail/configurationItem/resourceType", Text, Required),
    ("item", "/detail/configurationItem/resourceId", Text, Required),
    ("api-call", "/detail/userIdentity", Object, Required),
    ("api-call", "/detail/userIdentity/type", Text, Optional),
    ("api-call", "/detail/userIdentity/userName", Text, Optional),
    ("api-call", "/detail/eventSource", Text, Required),
    ("api-call", "/detail/eventName", Text, Required),
    ("api-call", "/detail/awsRegion", Text, Optional),
    ("api-call", "/detail/recipientAccountId", Text, Required),
    ("api-call", "/detail/resources", Array, Optional),
    ("api-call", "/detail/resources/0/ARN", Text, Optional),
    ("bucket-call", "/detail/requestParameters", Object, Optional),
    ("bucket-call", "/detail/requestParameters/bucketName", Text, Optional),
    ("sign-in", "/detail/userIdentity", Object, Required),
    ("sign-in", "/detail/userIdentity/userName", Text, Optional),
    ("sign-in", "/detail/responseElements", Object, Optional),
    ("sign-in", "/detail/recipientAccountId", Text, Required),
    ("security-hub", "/detail/findings", Array, Required),
    ("security-hub", "/detail/findings/0/AwsAccountId", Text, Required),
    ("security-hub", "/detail/findings/0/ProductFields", Object, Optional),
    ("security-hub", "/detail/findings/0/Resources", Array, Required),
    ("security-hub", "/detail/findings/0/Resources/0/Id", Text, Required),
    ("security-hub", "/detail/findings/0/Resources/0/Type", Text, Required),
    ("security-hub", "/detail/findings/0/Compliance", Object, Optional),
    ("security-hub", "/detail/findings/0/Workflow/Status", Text, Optional),
    ("security-hub", "/detail/findings/0/RecordState", Text, Optional),
    ("access-analyzer", "/detail/accountId", Text, Required),
    ("access-analyzer", "/detail/resource", Text, Required),
    ("access-analyzer", "/detail/resourceType", Text, Required),
    ("access-analyzer", "/detail/status", Text, Required),
    ("access-analyzer", "/detail/isDeleted", Flag, Optional),
    ("guard-duty", "/detail/accountId", Text, Required),
    ("guard-duty", "/detail/resource", Object, Required),
    ("guard-duty", "/detail/resource/s3BucketDetails", Array, Optional),
    ("guard-duty", "/detail/service/archived", Flag, Optional),
    ("kms", "/resources", Array, Optional),
    ("kms", "/detail/key-id", Text, Required),
    ("config-rule", "/ruleParameters", Text, Optional),
    ("config-rule", "/resultToken", Text, Required),
    ("config-rule", "/eventLeftScope", Flag, Optional),
    ("config-rule", "/accountId", Text, Required),
];

/// All of them.
pub(super) fn cases() -> Vec<(String, Vec<u8>)> {
    MEMBERS.iter().flat_map(|(event, at, type_, need)| wrong(event, at, *type_, *need)).collect()
}

/// The member with values of all other types, and without.
fn wrong(event: &str, at: &str, type_: Type, need: Need) -> Vec<(String, Vec<u8>)> {
    let others = [
        (json!(7), None),
        (json!("x"), Some(Text)),
        (json!(true), Some(Flag)),
        (json!(["x"]), Some(Array)),
        (json!({"x": 1}), Some(Object)),
    ];
    let mut wrong: Vec<Value> =
        others.into_iter().filter(|(_, other)| *other != Some(type_)).map(|(value, _)| value).collect();
    if need == Required {
        wrong.push(Value::Null);
    }
    let mut cases: Vec<_> = wrong
        .into_iter()
        .map(|value| (format!("wrong-shape/{event} {at} = {value}"), with(event, at, value)))
        .collect();
    if need == Required {
        cases.push((format!("wrong-shape/{event} without {at}"), without(event, at)));
    }
    cases
}

/// The event with `value` in place; a last step that is not there yet is added.
pub(super) fn with(event: &str, at: &str, value: Value) -> Vec<u8> {
    let mut document = valid(event);
    let Some((parent, last)) = at.rsplit_once('/') else {
        return Vec::new();
    };
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(last.to_owned(), value)),
        Some(Value::Array(elements)) => *elements = vec![value],
        _ => {}
    }
    document.to_string().into_bytes()
}

fn without(event: &str, at: &str) -> Vec<u8> {
    let mut document = valid(event);
    if let Some((parent, last)) = at.rsplit_once('/')
        && let Some(Value::Object(members)) = document.pointer_mut(parent)
    {
        members.remove(last);
    }
    document.to_string().into_bytes()
}

fn valid(event: &str) -> Value {
    let found = VALID.iter().find(|(name, _)| *name == event);
    found.and_then(|(_, text)| serde_json::from_str(text).ok()).unwrap_or_default()
}
