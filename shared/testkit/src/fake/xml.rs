//! JSON as XML, and forms as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The name of a list's items, by the name of the list.
pub(super) type Items<'a> = &'a dyn Fn(&str) -> &'a str;

/// An element with everything in it; nothing where there is nothing.
pub(super) fn element(name: &str, value: &Value, items: Items<'_>) -> String {
    let inner = match value {
        Value::Null => return String::new(),
        Value::Object(members) => elements(members, items),
        Value::Array(list) => list.iter().map(|item| element(items(name), item, items)).collect(),
        Value::String(text) => escaped(text),
        other => other.to_string(),
    };
    format!("<{name}>{inner}</{name}>")
}

/// The elements of an object.
pub(super) fn elements(members: &Map<String, Value>, items: Items<'_>) -> String {
    members.iter().map(|(name, value)| element(name, value, items)).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A form as JSON: `Tags.Tag.1.Key=a` is `{"Tags": [{"Key": "a"}]}`.
pub(super) fn tree(form: &BTreeMap<String, String>, items: Items<'_>) -> Value {
    let mut root = Value::Object(Map::new());
    for (path, text) in form {
        let mut at = &mut root;
        for part in path.split('.') {
            at = &mut at[part];
        }
        *at = Value::String(text.clone());
    }
    lists("", root, items)
}

/// Objects whose members are numbers are lists, and the name of an item says no more.
fn lists(name: &str, value: Value, items: Items<'_>) -> Value {
    let Value::Object(members) = value else { return value };
    if !members.is_empty() && members.keys().all(|key| key.parse::<u32>().is_ok()) {
        let mut numbered: Vec<_> = members.into_iter().collect();
        numbered.sort_by_key(|(key, _)| key.parse::<u32>().unwrap_or_default());
        return numbered.into_iter().map(|(_, item)| lists("", item, items)).collect();
    }
    let mut members: Map<_, _> =
        members.into_iter().map(|(name, inner)| (name.clone(), lists(&name, inner, items))).collect();
    match members.remove(items(name)) {
        Some(list @ Value::Array(_)) if members.is_empty() => list,
        Some(other) => {
            members.insert(items(name).to_owned(), other);
            Value::Object(members)
        }
        None => Value::Object(members),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn items(list: &str) -> &'static str {
        if list == "Tags" { "Tag" } else { "member" }
    }

    #[test]
    fn forms_are_trees() {
        let form = [
            ("Exports.Enable.member.1", "audit"),
            ("Exports.Enable.member.2", "error"),
            ("Tags.Tag.10.Key", "z"),
            ("Tags.Tag.2.Key", "a"),
            ("Filter.1.Value.1", "x"),
        ];
        let form = form.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let wanted = json!({
            "Exports": {"Enable": ["audit", "error"]},
            "Tags": [{"Key": "a"}, {"Key": "z"}],
            "Filter": [{"Value": ["x"]}],
        });
        assert_eq!(tree(&form, &items), wanted);
    }

    #[test]
    fn trees_are_elements() {
        let value = json!({"Tags": [{"Key": "<a>"}], "On": true, "None": null, "Empty": []});
        let wanted = "<R><Empty></Empty><On>true</On><Tags><Tag><Key>&lt;a&gt;</Key></Tag></Tags></R>";
        assert_eq!(element("R", &value, &items), wanted);
    }
}
