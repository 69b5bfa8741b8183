//! What holds for every payload: it never panics, and only what an event says counts, not how it is written down.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::samples::load;
use super::*;

/// Names and texts that the parser knows, so that random documents come near to what it takes.
const KNOWN: [&str; 25] = [
    "Records",
    "invokingEvent",
    "detail-type",
    "source",
    "detail",
    "account",
    "control",
    "resource",
    "sweep",
    "revert",
    "approved",
    "plan",
    "eventSource",
    "aws:sqs",
    "body",
    "messageId",
    "Sns",
    "Message",
    "Type",
    "Notification",
    "aws.config",
    "111122223333",
    "Config Rules Compliance Change",
    "us-east-1",
    "findings",
];

/// Objects that events have.
const PLACES: [&str; 6] =
    ["", "/detail", "/detail/findings/0", "/Records/0", "/detail/configurationItem", "/detail/requestParameters"];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![select(KNOWN.to_vec()).prop_map(str::to_owned), any::<String>()]
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(word(), inner, 0..8).prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

/// Replaces, inserts, deletes or repeats some bytes.
fn mutate(bytes: &mut Vec<u8>, (kind, at, byte): (u8, usize, u8)) {
    let at = at % bytes.len().max(1);
    match kind % 4 {
        0 => drop(bytes.splice(at..bytes.len().min(at + 1), [byte])),
        1 => drop(bytes.splice(at..at, [byte])),
        2 => drop(bytes.drain(at..bytes.len().min(at + 1 + usize::from(byte)))),
        _ => {
            let again: Vec<u8> = bytes.iter().skip(at).take(usize::from(byte)).copied().collect();
            drop(bytes.splice(at..at, again));
        }
    }
}

/// Writes a document with its members turned by `turn` places, and, if there is `more`, with one nobody knows in each
/// object. Texts that are documents themselves are written anew as well.
fn rewritten(value: &Value, turn: usize, more: Option<&str>) -> String {
    match value {
        Value::Object(members) => {
            let mut parts: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{} : {}", Value::from(name.as_str()), rewritten(value, turn, more)))
                .collect();
            parts.extend(more.map(|more| format!("\"zz unknown\":{more}")));
            let turned = turn % parts.len().max(1);
            parts.rotate_left(turned);
            format!("{{{}}}", parts.join(",\n"))
        }
        Value::Array(elements) => {
            let parts: Vec<String> = elements.iter().map(|value| rewritten(value, turn, more)).collect();
            format!("[ {} ]", parts.join(" , "))
        }
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ Value::Object(_)) => Value::from(rewritten(&inner, turn, more)).to_string(),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..256)) {
        prop_assert!(parse(&bytes).is_err());
    }

    #[test]
    fn random_documents_never_panic(document in document()) {
        let _outcome = parse(document.to_string().as_bytes());
    }

    #[test]
    fn random_documents_in_known_places_never_panic(document in document(), (_, event) in select(malformed::VALID.to_vec()), depth in select(PLACES.to_vec()), at in any::<usize>()) {
        let mut event: Value = serde_json::from_str(event).unwrap_or_default();
        if let Some(Value::Object(members)) = event.pointer_mut(depth) {
            let name = members.keys().nth(at % members.len().max(1)).cloned();
            members.extend(name.map(|name| (name, document)));
        }
        let _outcome = parse(event.to_string().as_bytes());
    }

    #[test]
    fn random_mutations_never_panic(sample in 0..64_usize, changes in vec(any::<(u8, usize, u8)>(), 1..6)) {
        let mut bytes = load().swap_remove(sample).1.into_bytes();
        for change in changes {
            mutate(&mut bytes, change);
        }
        let _outcome = parse(&bytes);
    }

    /// The scanner takes what `serde_json` takes, but for what it is stricter about on purpose.
    #[test]
    fn the_scanner_and_serde_agree(sample in 0..64_usize, changes in vec(any::<(u8, usize, u8)>(), 1..4)) {
        let mut bytes = load().swap_remove(sample).1.into_bytes();
        for change in changes {
            mutate(&mut bytes, change);
        }
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let theirs = serde_json::from_str::<Value>(text).is_ok();
            match scan::look_over(text).map_err(|refusal| refusal.kind()) {
                Ok(()) => prop_assert!(theirs, "{text}"),
                Err(RefusalKind::NotJson) => prop_assert!(!theirs, "{text}"),
                Err(RefusalKind::DuplicateKey | RefusalKind::TooDeep) => {}
                Err(kind) => prop_assert!(false, "{kind}"),
            }
        }
    }

    #[test]
    fn order_and_unknown_members_do_not_matter(sample in 0..64_usize, turn in any::<usize>(), more in document()) {
        let text = load().swap_remove(sample).1;
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        let again = rewritten(&document, turn, Some(&more.to_string()));
        let kind = |outcome: Result<Delivery, Refusal>| outcome.map_err(|refusal| refusal.kind());
        prop_assert_eq!(kind(parse(text.as_bytes())), kind(parse(again.as_bytes())), "{}", again);
    }

    #[test]
    fn order_does_not_matter_to_our_own_events((_, event) in select(malformed::VALID.to_vec()), turn in any::<usize>()) {
        let document: Value = serde_json::from_str(event).unwrap_or_default();
        prop_assert_eq!(parse(event.as_bytes()), parse(rewritten(&document, turn, None).as_bytes()));
    }
}
