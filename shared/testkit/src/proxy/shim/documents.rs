//! The policy document that a call stores.

use serde_json::Value;

use super::super::call::Call;

/// The document, decoded; nothing where the call stores none.
pub(super) fn stored_by(call: &Call) -> Option<String> {
    match call.name().as_str() {
        "s3:PutBucketPolicy" => Some(String::from_utf8_lossy(&call.body).into_owned()),
        "kms:PutKeyPolicy" | "kms:CreateKey" => {
            let input: Value = serde_json::from_slice(&call.body).ok()?;
            input["Policy"].as_str().map(str::to_owned)
        }
        "iam:CreateRole" => call.parameter("AssumeRolePolicyDocument"),
        _ if call.service == "iam" => call.parameter("PolicyDocument"),
        _ => None,
    }
}
