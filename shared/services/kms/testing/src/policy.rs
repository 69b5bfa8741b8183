//! Key policies.

use remedy_policy::{
    Kind, Policy,
    evaluate::{Caller, Decision, Policies, Request as Asked, decide},
};
use remedy_testkit::fake::{Refusal, Refused, Request, refuse_unless};
use serde_json::{Value, json};

/// The policy of a key that was made without one.
pub(crate) fn default(account: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Id":"key-default-1","Statement":[{{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{account}:root"}},"Action":"kms:*","Resource":"*"}}]}}"#
    )
}

pub(crate) fn is_default(request: &Request<'_>) -> Result<(), Refusal> {
    let is_other = request.input["PolicyName"].as_str().is_some_and(|name| name != "default");
    refuse_unless(!is_other, Refused(400, "NotFoundException", "No such policy exists"))
}

#[expect(clippy::unnecessary_wraps, reason = "calls are functions of one type")]
pub(crate) fn get_policy(request: &mut Request<'_>) -> Result<Value, Refusal> {
    Ok(json!({"Policy": request.attribute("policy"), "PolicyName": "default"}))
}

#[expect(clippy::unnecessary_wraps, reason = "calls are functions of one type")]
pub(crate) fn put_policy(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let text = request.text("Policy").to_owned();
    request.set("policy", text.into());
    Ok(json!({}))
}

/// It is a policy, under which somebody can put another one later.
pub(crate) fn keeps_a_way_in(request: &Request<'_>) -> Result<(), Refusal> {
    let malformed = |message| Refused(400, "MalformedPolicyDocumentException", message);
    let policy = Policy::parse(Kind::Key, request.text("Policy")).map_err(|_| malformed("The policy is not valid"))?;
    let is_safe = request.input["BypassPolicyLockoutSafetyCheck"] == true || can_change(&policy, request);
    refuse_unless(is_safe, malformed("The new key policy will not allow you to update the key policy in the future."))
}

/// Whether the caller, of whom IAM allows everything, could put another policy later.
fn can_change(policy: &Policy<'_>, request: &Request<'_>) -> bool {
    let all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let Ok(identity) = Policy::parse(Kind::Identity, all) else { return false };
    let policies = Policies { identity: vec![&identity], resource: Some(policy), ..Policies::default() };
    let account = request.account;
    let said = ["kms:calleraccount", "aws:principalaccount"].map(|key| (key.to_owned(), vec![account.to_owned()]));
    let asked = Asked {
        caller: Caller::User { arn: format!("arn:aws:iam::{account}:root") },
        action: "kms:PutKeyPolicy".to_owned(),
        resource: request.attribute("Arn").as_str().unwrap_or_default().to_owned(),
        resource_account: account.to_owned(),
        context: said.into(),
    };
    decide(&policies, &asked) == Decision::Allowed
}
