//! The MFA-deny policy: under it, a user without MFA can do nothing but enrol a device.
//!
//! It is a managed policy that the templates make, once in each account, and that `iam-mfa` attaches (ADR 0043). Earlier
//! versions wrote it into each user as an inline policy: that form is still known, and never written any more.
//!
//! Source: IAM User Guide, "AWS: Allows MFA-authenticated IAM users to manage their own credentials". `BoolIfExists`
//! also matches if the key is absent, as it is for long-term access keys: therefore a person decides about users who
//! have some.

use serde_json::{Value, json};

/// The reserved name of the inline policy.
pub const NAME: &str = "RemedyDenyWithoutMfa";

/// How the name of the managed policy ends; before it are the name of the stack and a hyphen.
pub const MANAGED: &str = "iam-mfa-deny";

/// The prefix of the names that Remedy gives to its own resources.
const RESERVED: &str = "Remedy";

/// The actions for enrolling a device, on the user itself.
const ON_USER: [&str; 5] =
    ["iam:EnableMFADevice", "iam:GetMFADevice", "iam:GetUser", "iam:ListMFADevices", "iam:ResyncMFADevice"];
/// Those on the device, which carries the user's name.
const ON_DEVICE: [&str; 1] = ["iam:CreateVirtualMFADevice"];
/// Those on no resource in particular.
const ON_ANYTHING: [&str; 1] = ["iam:ListVirtualMFADevices"];
/// The action by which an enrolled user of the command line gets a session with MFA.
const SESSION: [&str; 1] = ["sts:GetSessionToken"];

/// The inline policy for the user of this ARN.
#[must_use]
pub fn document(user_arn: &str, user_name: &str) -> String {
    let account = user_arn.split_once(":user/").map_or(user_arn, |(account, _)| account);
    denying(&json!(user_arn), &format!("{account}:mfa/{user_name}"))
}

/// The managed policy of an account: for each user it means what [`document`] means for that user, but that a device may
/// have any name. The console asks for one and says nothing of users; and a device that an enrolment left behind when it was
/// broken off keeps its name, so the next one needs another (IAM User Guide, "AWS: Allows MFA-authenticated IAM users to
/// manage their own credentials", which permits `mfa/*`, too).
///
/// IAM puts the user's name in the place of `${aws:username}`. There is no variable for the user's path, so users with
/// a path have a pattern of their own: a name has no slash, and no two users of an account have the same name.
#[must_use]
pub fn managed_document(partition: &str, account: &str) -> String {
    let of = |resource: &str| format!("arn:{partition}:iam::{account}:{resource}${{aws:username}}");
    denying(&json!([of("user/"), of("user/*/")]), &format!("arn:{partition}:iam::{account}:mfa/*"))
}

fn denying(user: &Value, device: &str) -> String {
    let spared: Vec<_> = [&ON_USER[..], &ON_DEVICE, &ON_ANYTHING, &SESSION].concat();
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "RemedyEnrolOnOwnUser", "Effect": "Allow", "Action": ON_USER, "Resource": user},
            {"Sid": "RemedyEnrolOwnDevice", "Effect": "Allow", "Action": ON_DEVICE, "Resource": device},
            {"Sid": "RemedyListDevices", "Effect": "Allow", "Action": ON_ANYTHING, "Resource": "*"},
            {
                "Sid": "RemedyDenyWithoutMfa",
                "Effect": "Deny",
                "NotAction": spared,
                "Resource": "*",
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            },
        ],
    })
    .to_string()
}

/// The name of the managed policy that the templates make for a stack.
#[must_use]
pub fn managed_name(stack: &str) -> String {
    format!("{stack}-{MANAGED}")
}

/// The ARN of a policy of this name in the account of a user.
#[must_use]
pub fn arn_beside(user_arn: &str, policy_name: &str) -> Option<String> {
    user_arn.split_once(":user/").map(|(account, _)| format!("{account}:policy/{policy_name}"))
}

/// Whether an ARN is one that a template gives to the managed policy. It proves nothing: it saves reading all others.
#[must_use]
pub fn may_be_managed(policy_arn: &str) -> bool {
    let name = policy_arn.split_once(":policy/").map(|(_, name)| name);
    name.and_then(|name| name.strip_suffix(MANAGED)).is_some_and(|stack| stack.ends_with('-') && !stack.contains('/'))
}

/// Whether a managed policy of this ARN and content is the MFA-deny policy of its account: identified by its content.
#[must_use]
pub fn is_managed(policy_arn: &str, text: &str) -> bool {
    let mut parts = policy_arn.split(':').skip(1);
    let (Some(partition), Some("iam"), Some(""), Some(account)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    may_be_managed(policy_arn) && same(text, &managed_document(partition, account))
}

/// The ARN of the user whose inline MFA-deny policy a text is; none if it is nobody's.
#[must_use]
pub fn whose(text: &str) -> Option<String> {
    let policy: Value = serde_json::from_str(text).ok()?;
    let user_arn = policy.pointer("/Statement/0/Resource")?.as_str()?;
    let (_, resource) = user_arn.split_once(":user/")?;
    let user_name = resource.rsplit('/').next()?;
    same(text, &document(user_arn, user_name)).then(|| user_arn.to_owned())
}

/// Whether two documents mean the same, whatever their spacing or order.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    a == b || matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b)
}

/// Whether a user's inline policy under the reserved name is the MFA-deny policy: identified by its content, never by
/// its name.
#[must_use]
pub fn is_fence(user_arn: &str, policy_name: &str, text: &str) -> bool {
    policy_name == NAME && whose(text).as_deref() == Some(user_arn)
}

/// Whether Remedy reserves a name for itself.
#[must_use]
pub fn is_reserved(policy_name: &str) -> bool {
    policy_name.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fence_names_the_user_and_its_device_only() {
        let fence: Value = serde_json::from_str(&document("arn:aws:iam::111122223333:user/ops/bob", "bob")).unwrap();
        let statement = &fence["Statement"];
        assert_eq!(statement[0]["Resource"], "arn:aws:iam::111122223333:user/ops/bob");
        assert_eq!(statement[1]["Resource"], "arn:aws:iam::111122223333:mfa/bob");
        assert_eq!(statement[3]["Effect"], "Deny");
        assert_eq!(statement[3]["NotAction"].as_array().unwrap().len(), 8);
        assert_eq!(statement[3]["Condition"]["BoolIfExists"]["aws:MultiFactorAuthPresent"], "false");
    }

    #[test]
    fn an_inline_policy_of_a_user_may_have_2048_characters() {
        let (path, name) = ("p".repeat(512), "u".repeat(64));
        let arn = format!("arn:aws-us-gov:iam::111122223333:user/{path}/{name}");
        assert!(document(&arn, &name).len() <= 2048);
    }

    #[test]
    fn the_fence_is_known_by_what_it_says_and_for_whom() {
        let (bob, ann) = ("arn:aws:iam::111122223333:user/ops/bob", "arn:aws:iam::111122223333:user/ann");
        let fence = document(bob, "bob");
        assert!(is_fence(bob, NAME, &fence));
        assert!(!is_fence(ann, NAME, &fence), "somebody else's");
        assert!(!is_fence("arn:aws:iam::111122223333:role/bob", NAME, &fence), "a role has none");
        assert!(!is_fence(bob, "RemedyBackdoor", &fence));
        assert!(!is_fence(bob, NAME, r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#));
        assert!(is_reserved("RemedyBackdoor") && is_reserved("remedy") && !is_reserved("night-shift"));
    }

    #[test]
    fn the_managed_fence_is_known_by_what_it_says_and_by_its_account() {
        let arn = |rest: &str| format!("arn:aws:iam::111122223333:policy/{rest}");
        let fence = managed_document("aws", "111122223333");
        assert!(is_managed(&arn("remedy-iam-mfa-deny"), &fence));
        assert_eq!(
            arn_beside("arn:aws:iam::111122223333:user/ops/bob", &managed_name("x")),
            Some(arn("x-iam-mfa-deny"))
        );
        for other in ["remedy-iam-mfa-deny-2", "iam-mfa-deny", "ops/remedy-iam-mfa-deny", "remedy"] {
            assert!(!is_managed(&arn(other), &fence), "{other}");
        }
        assert!(!is_managed("arn:aws:iam::444455556666:policy/remedy-iam-mfa-deny", &fence), "of another account");
        assert!(!is_managed("arn:aws-us-gov:iam::111122223333:policy/remedy-iam-mfa-deny", &fence));
        let all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        assert!(!is_managed(&arn("remedy-iam-mfa-deny"), all));
        assert_eq!(whose(&fence), None, "it is no user's inline policy");
        assert!(fence.contains("arn:aws:iam::111122223333:user/*/${aws:username}"), "{fence}");
    }

    #[test]
    fn documents_are_compared_by_what_they_say() {
        assert!(same(r#"{"a":1,"b":[2]}"#, "{ \"b\": [2], \"a\": 1 }"));
        assert!(!same(r#"{"a":1}"#, r#"{"a":2}"#));
        assert!(!same("not json", "nor this"));
    }
}
