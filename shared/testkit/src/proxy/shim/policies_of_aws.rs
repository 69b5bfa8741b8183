//! Policies that AWS manages.

use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::Reply;

/// AWS owns its managed policies: nobody else changes, tags or deletes one, whatever their own policies allow. moto lets everybody.
pub(super) fn refusal(call: &Call) -> Option<Reply> {
    if call.service != "iam" || !call.write {
        return None;
    }
    // Attaching one changes the principal.
    let is_about_the_policy = call.operation.contains("Policy") && !call.operation.starts_with("Attach");
    let is_about_it = is_about_the_policy && !call.operation.starts_with("Detach");
    let arn = call.parameter("PolicyArn").filter(|_| is_about_it)?;
    let is_of_aws = arn.split(':').nth(4) == Some("aws");
    let message = format!("Not authorized to perform: {} on resource: policy {arn}", call.name());
    is_of_aws.then(|| error(call, 403, "AccessDenied", &message))
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::super::call::tests::{ask, call};
    use super::*;

    const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

    #[test]
    fn a_policy_of_aws_is_used_and_never_changed() {
        let refused = |action: &str, arn: &str| {
            let form = format!("Action={action}&PolicyArn={arn}");
            refusal(&call(&ask(Method::POST, "/", "iam", &FORM, &form))).is_some()
        };
        let (theirs, own) = ("arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/ward");
        for action in [
            "CreatePolicyVersion",
            "DeletePolicy",
            "DeletePolicyVersion",
            "SetDefaultPolicyVersion",
            "TagPolicy",
            "UntagPolicy",
        ] {
            assert!(refused(action, theirs) && !refused(action, own), "{action}");
        }
        for action in ["AttachRolePolicy", "DetachUserPolicy", "GetPolicyVersion", "ListEntitiesForPolicy"] {
            assert!(!refused(action, theirs), "{action}");
        }
    }
}
