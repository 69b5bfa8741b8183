//! Every malformed payload is refused, as what it is, quickly, and without showing more of it than it may.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

#[test]
fn the_events_behind_the_malformed_ones_are_valid() {
    for (name, text) in malformed::VALID {
        assert!(parse(text.as_bytes()).is_ok(), "{name}: {:?}", parse(text.as_bytes()));
    }
}

#[test]
fn malformed_payloads_are_refused_as_what_they_are() {
    let cases = malformed::cases();
    let mut wrong = Vec::new();
    for (name, payload) in &cases {
        let kind = name.split('/').next().unwrap_or_default();
        match parse(payload) {
            Err(refusal) if refusal.kind().to_string() == kind => {}
            other => wrong.push(format!("{name}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 200, "{}", cases.len());
}

#[test]
fn names_of_malformed_payloads_are_unique() {
    let mut names = BTreeSet::new();
    for (name, _) in malformed::cases() {
        assert!(names.insert(name.clone()), "{name}");
    }
}

#[test]
fn a_malformed_message_is_refused_alone() {
    for (name, payload) in malformed::cases().into_iter().filter(|(_, payload)| payload.len() < 64 * 1024) {
        let Ok(body) = String::from_utf8(payload) else {
            continue;
        };
        let good = json!({"messageId": "good", "eventSource": "aws:sqs", "body": "{\"sweep\":{}}"});
        let bad = json!({"messageId": "bad", "eventSource": "aws:sqs", "body": body});
        let taken: Vec<bool> =
            messages(&json!({"Records": [bad, good]})).iter().map(|message| message.triggers.is_ok()).collect();
        assert_eq!(taken, [name == "unknown-event/notification outside of a queue", true], "{name}");
    }
}

/// The messages of a batch; none if it is refused.
fn messages(batch: &Value) -> Vec<Message> {
    match parse(batch.to_string().as_bytes()) {
        Ok(Delivery::Batch(messages)) => messages,
        _ => Vec::new(),
    }
}

#[test]
fn details_show_little_and_nothing_odd() {
    for (name, payload) in malformed::cases() {
        let said = parse(&payload).map_err(|refusal| refusal.to_string()).err().unwrap_or_default();
        assert!((10..300).contains(&said.chars().count()), "{name}: {said}");
        assert!(!said.chars().any(char::is_control) && !said.contains('\u{202e}'), "{name}: {said:?}");
    }
}

#[test]
fn values_do_not_reach_a_detail() {
    for (name, text) in malformed::VALID {
        let document: Value = serde_json::from_str(text).unwrap_or_default();
        for at in pointers(&document) {
            let mut spoiled = document.clone();
            if let Some(value) = spoiled.pointer_mut(&at) {
                *value = json!("canary 078-05-1120");
            }
            let Err(refusal) = parse(spoiled.to_string().as_bytes()) else {
                continue;
            };
            // Names of services and of event types are shown, and are no place for PHI.
            let is_a_name = ["ource", "/detail-type", "/messageType"].iter().any(|end| at.ends_with(end));
            assert!(is_a_name || !refusal.detail().contains("078"), "{name} {at}: {refusal}");
        }
    }
}

/// The places of all values.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.replace('/', "~1"), value)).collect(),
        Value::Array(elements) => elements.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let nested = children.iter().flat_map(|(name, value)| {
        let below = pointers(value).into_iter().map(move |at| format!("/{name}{at}"));
        std::iter::once(format!("/{name}")).chain(below)
    });
    nested.collect()
}

#[test]
fn a_queue_holds_no_queue() {
    let inner =
        json!({"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": "{\"sweep\":{}}"}]}).to_string();
    let notification = json!({"Type": "Notification", "Message": inner}).to_string();
    let twice = json!({"Type": "Notification", "Message": notification}).to_string();
    let table =
        [(inner, RefusalKind::WrongShape), (notification, RefusalKind::WrongShape), (twice, RefusalKind::UnknownEvent)];
    for (body, kind) in table {
        let messages = messages(&json!({"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": body}]}));
        let kinds: Vec<_> =
            messages.iter().map(|message| message.triggers.as_ref().map_err(Refusal::kind).err()).collect();
        assert_eq!(kinds, [Some(kind)]);
    }
}
