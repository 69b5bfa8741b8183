//! The tags of a key. A copy in another Region has its own.

use serde_json::{Value, json};

use super::{
    super::answer::{Answer, Answered, page},
    Call, Cloud, Key, find,
};

pub(super) fn list(cloud: &mut Cloud, call: &Call, account: &str, input: &Value) -> Answered {
    let tags: Vec<_> = find(cloud, call, account, input)?.1.tags.clone().into_iter().collect();
    let asked = input["Limit"].as_u64().and_then(|asked| usize::try_from(asked).ok());
    let (some, next) = page(&tags, input["Marker"].as_str(), cloud.page_size(asked, 50));
    let tags: Vec<_> = some.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect();
    let mut answer = json!({"Tags": tags, "Truncated": next.is_some()});
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    Ok(Answer::json(&answer))
}

pub(super) fn put(key: &mut Key, input: &Value) -> Answered {
    key.owned()?;
    if key.state.is_dying() {
        return Err(key.in_the_way());
    }
    let word = |tag: &Value, name: &str| tag[name].as_str().unwrap_or_default().to_owned();
    let tags = input["Tags"].as_array().into_iter().flatten();
    key.tags.extend(tags.map(|tag| (word(tag, "TagKey"), word(tag, "TagValue"))));
    Ok(Answer::json(&json!({})))
}
