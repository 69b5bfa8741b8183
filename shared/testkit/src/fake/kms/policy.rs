//! Key policies.

use remedy_policy::{
    Kind, Policy,
    evaluate::{Caller, Decision, Policies, Request, decide},
};
use serde_json::{Value, json};

use super::{
    super::{
        answer::{Answer, Answered, Refusal},
        call::Call,
    },
    Key,
};

/// The policy of a key that was made without one.
pub(super) fn default(account: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Id":"key-default-1","Statement":[{{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{account}:root"}},"Action":"kms:*","Resource":"*"}}]}}"#
    )
}

pub(super) fn answer(key: &mut Key, call: &Call, account: &str, input: &Value) -> Answered {
    if input["PolicyName"].as_str().is_some_and(|name| name != "default") {
        return Err(Refusal::new(400, "NotFoundException", "No such policy exists"));
    }
    if call.operation == "GetKeyPolicy" {
        return Ok(Answer::json(&json!({"Policy": key.policy, "PolicyName": "default"})));
    }
    key.owned()?;
    let text = input["Policy"].as_str().unwrap_or_default();
    let malformed = |message: &str| Refusal::new(400, "MalformedPolicyDocumentException", message);
    let policy = Policy::parse(Kind::Key, text).map_err(|_| malformed("The policy is not valid"))?;
    if input["BypassPolicyLockoutSafetyCheck"] != true && !can_change(&policy, account, &key.arn) {
        return Err(malformed("The new key policy will not allow you to update the key policy in the future."));
    }
    text.clone_into(&mut key.policy);
    Ok(Answer::json(&json!({})))
}

/// Whether the caller, of whom IAM allows everything, could put another policy later.
fn can_change(policy: &Policy<'_>, account: &str, arn: &str) -> bool {
    let all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let identity = Policy::parse(Kind::Identity, all).expect("a policy that allows everything");
    let policies = Policies { identity: vec![&identity], resource: Some(policy), ..Policies::default() };
    let said = ["kms:calleraccount", "aws:principalaccount"].map(|key| (key.to_owned(), vec![account.to_owned()]));
    let request = Request {
        caller: Caller::User { arn: format!("arn:aws:iam::{account}:root") },
        action: "kms:PutKeyPolicy".to_owned(),
        resource: arn.to_owned(),
        resource_account: account.to_owned(),
        context: said.into(),
    };
    decide(&policies, &request) == Decision::Allowed
}
