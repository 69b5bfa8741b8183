//! The sizes of policies.

use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::Reply;
use super::documents::stored_by;

/// AWS stores no policy beyond its quota, in bytes; IAM does not count white space:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html>,
/// <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>. moto knows some of them. (The inline policies
/// of a principal share its quota; here each is looked at by itself.)
pub(super) fn refusal(call: &Call) -> Option<Reply> {
    let text = stored_by(call)?;
    let without_spaces = text.chars().filter(|c| !c.is_whitespace()).count();
    let (most, size, status, code) = match call.name().as_str() {
        "s3:PutBucketPolicy" => (20_480, text.len(), 400, "PolicyTooLarge"),
        "kms:PutKeyPolicy" | "kms:CreateKey" => (32_768, text.len(), 400, "LimitExceededException"),
        "iam:CreatePolicy" | "iam:CreatePolicyVersion" => (6_144, without_spaces, 409, "LimitExceeded"),
        "iam:PutUserPolicy" => (2_048, without_spaces, 409, "LimitExceeded"),
        "iam:PutGroupPolicy" => (5_120, without_spaces, 409, "LimitExceeded"),
        "iam:PutRolePolicy" => (10_240, without_spaces, 409, "LimitExceeded"),
        "iam:CreateRole" | "iam:UpdateAssumeRolePolicy" => (2_048, without_spaces, 409, "LimitExceeded"),
        _ => return None,
    };
    (size > most).then(|| error(call, status, code, &format!("Cannot exceed quota for PolicySize: {most}")))
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::super::call::tests::{ask, call};
    use super::*;

    const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

    fn of_iam(action: &str, document: &str) -> bool {
        let form = format!("Action={action}&PolicyDocument={document}&AssumeRolePolicyDocument={document}");
        refusal(&call(&ask(Method::POST, "/", "iam", &FORM, &form))).is_some()
    }

    #[test]
    fn a_policy_of_its_quota_is_stored_and_a_longer_one_is_not() {
        for (action, most) in [
            ("CreatePolicy", 6_144),
            ("CreatePolicyVersion", 6_144),
            ("PutUserPolicy", 2_048),
            ("PutGroupPolicy", 5_120),
            ("PutRolePolicy", 10_240),
            ("CreateRole", 2_048),
            ("UpdateAssumeRolePolicy", 2_048),
        ] {
            assert!(!of_iam(action, &("x".repeat(most) + "+%0A")), "{action}: white space is not counted");
            assert!(of_iam(action, &"x".repeat(most + 1)), "{action}");
        }
        let of_bucket = |size: usize| refusal(&call(&ask(Method::PUT, "/b?policy", "s3", &[], &"x".repeat(size))));
        assert!(of_bucket(20_480).is_none() && of_bucket(20_481).is_some());
    }
}
