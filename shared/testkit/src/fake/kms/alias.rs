//! Names of keys.

use serde_json::{Value, json};

use super::super::{
    answer::{Answer, Answered, Refusal},
    call::Call,
    state::Cloud,
};

pub(super) fn create(cloud: &mut Cloud, call: &Call, account: &str, input: &Value) -> Answered {
    let name = input["AliasName"].as_str().unwrap_or_default();
    if !name.starts_with("alias/") || name.starts_with("alias/aws/") {
        let message = "an alias begins with alias/ and not with alias/aws/";
        return Err(Refusal::new(400, "InvalidAliasNameException", message));
    }
    let aliases = &mut cloud.account(account).aliases;
    let place = (call.region.clone(), name.to_owned());
    if aliases.contains_key(&place) {
        return Err(Refusal::new(
            400,
            "AlreadyExistsException",
            format!("An alias with the name {name} already exists"),
        ));
    }
    aliases.insert(place, input["TargetKeyId"].as_str().unwrap_or_default().to_owned());
    Ok(Answer::json(&json!({})))
}

/// The id of the key that an alias means. Only `DescribeKey` takes one here; most calls about a key take none at AWS.
pub(super) fn meant(cloud: &mut Cloud, call: &Call, account: &str, said: &str) -> Option<String> {
    let name = said.strip_prefix("alias/").or_else(|| said.split_once(":alias/").map(|(_, name)| name))?;
    let place = (call.region.clone(), format!("alias/{name}"));
    let id = cloud.account(account).aliases.get(&place).cloned();
    Some(id.filter(|_| call.operation == "DescribeKey").unwrap_or_default())
}
