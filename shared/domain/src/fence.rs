//! The MFA-deny policy: an inline policy under which a user without MFA can do nothing but enrol a device.
//!
//! Source: IAM User Guide, "AWS: Allows MFA-authenticated IAM users to manage their own credentials". `BoolIfExists`
//! also matches if the key is absent, as it is for long-term access keys: therefore a person decides about users who
//! have some.

use serde_json::{Value, json};

/// The reserved name of the inline policy.
pub const NAME: &str = "RemedyDenyWithoutMfa";

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

/// The MFA-deny policy for the user of this ARN.
#[must_use]
pub fn document(user_arn: &str, user_name: &str) -> String {
    let account = user_arn.split_once(":user/").map_or(user_arn, |(account, _)| account);
    let spared: Vec<_> = [&ON_USER[..], &ON_DEVICE, &ON_ANYTHING, &SESSION].concat();
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "RemedyEnrolOnOwnUser", "Effect": "Allow", "Action": ON_USER, "Resource": user_arn},
            {"Sid": "RemedyEnrolOwnDevice", "Effect": "Allow", "Action": ON_DEVICE, "Resource": format!("{account}:mfa/{user_name}")},
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
    let resource = user_arn.split_once(":user/").map(|(_, resource)| resource);
    let user_name = resource.and_then(|resource| resource.rsplit('/').next());
    policy_name == NAME && user_name.is_some_and(|name| same(text, &document(user_arn, name)))
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
    fn documents_are_compared_by_what_they_say() {
        assert!(same(r#"{"a":1,"b":[2]}"#, "{ \"b\": [2], \"a\": 1 }"));
        assert!(!same(r#"{"a":1}"#, r#"{"a":2}"#));
        assert!(!same("not json", "nor this"));
    }
}
