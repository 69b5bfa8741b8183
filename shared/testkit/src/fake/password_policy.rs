//! The account password policy: an element that is left out of an update is reset.

use std::collections::BTreeMap;

use super::{
    answer::{Answer, Answered, Refusal},
    call::Call,
    iam::{done, no_such},
};

/// The policy, element by element.
pub(super) type Policy = BTreeMap<&'static str, String>;

/// What an element is where it is left out; nothing: the element is absent then.
const ELEMENTS: [(&str, &str); 9] = [
    ("MinimumPasswordLength", "6"),
    ("RequireSymbols", "false"),
    ("RequireNumbers", "false"),
    ("RequireUppercaseCharacters", "false"),
    ("RequireLowercaseCharacters", "false"),
    ("AllowUsersToChangePassword", "false"),
    ("MaxPasswordAge", ""),
    ("PasswordReusePrevention", ""),
    ("HardExpiry", "false"),
];

/// The ranges of the numbers.
const RANGES: [(&str, i64, i64); 3] =
    [("MinimumPasswordLength", 6, 128), ("MaxPasswordAge", 1, 1095), ("PasswordReusePrevention", 1, 24)];

pub(super) fn answer(policy: &mut Option<Policy>, call: &Call, account: &str) -> Answered {
    let missing = || no_such(&format!("The Password Policy with domain name {account} cannot be found."));
    match call.operation.as_str() {
        "GetAccountPasswordPolicy" => Ok(get(policy.as_ref().ok_or_else(missing)?)),
        "DeleteAccountPasswordPolicy" => policy.take().ok_or_else(missing).and_then(|_| done(call)),
        "UpdateAccountPasswordPolicy" => {
            *policy = Some(updated(call)?);
            done(call)
        }
        other => panic!("the fake IAM does not know `{other}`"),
    }
}

fn get(policy: &Policy) -> Answer {
    let elements: String = policy.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    let expires = policy.contains_key("MaxPasswordAge");
    Answer::query(
        "GetAccountPasswordPolicy",
        &format!("<PasswordPolicy>{elements}<ExpirePasswords>{expires}</ExpirePasswords></PasswordPolicy>"),
    )
}

fn updated(call: &Call) -> Result<Policy, Refusal> {
    let value = |name: &str, otherwise: &str| call.form.get(name).map_or(otherwise, String::as_str).to_owned();
    let policy: Policy = ELEMENTS.iter().map(|(name, otherwise)| (*name, value(name, otherwise))).collect();
    let policy: Policy = policy.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    for (name, least, most) in RANGES {
        let number = policy.get(name).map(|number| number.parse::<i64>().unwrap_or(-1));
        if number.is_some_and(|number| !(least..=most).contains(&number)) {
            let message = format!("Value at '{name}' failed to satisfy constraint: {least} to {most}");
            return Err(Refusal::new(400, "ValidationError", message));
        }
    }
    Ok(policy)
}
