//! The rendering of values for answers, logs, notices and records: nothing that can break a line or hide, and never long.

use serde_json::Value;

/// No field is longer than this, in bytes.
pub const LONGEST_FIELD: usize = 1024;

/// `text` without control and bidirectional-formatting characters, cut to [`LONGEST_FIELD`].
///
/// Such characters forge log lines and reorder what a person reads (Unicode TR 36, "Trojan Source").
#[must_use]
pub fn text(text: &str) -> String {
    let mut clean = String::new();
    for c in text.chars().filter(|c| !is_unsafe(*c)) {
        if clean.len() + c.len_utf8() > LONGEST_FIELD {
            break;
        }
        clean.push(c);
    }
    clean
}

/// `value` with every text in it, keys too, made safe by [`text`].
#[must_use]
pub fn value(value: &Value) -> Value {
    match value {
        Value::String(inner) => Value::String(text(inner)),
        Value::Array(items) => items.iter().map(self::value).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (text(key), self::value(member)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_breaks_or_hides_a_line_is_gone() {
        assert_eq!(text("a\r\nb\u{1b}[31m\u{202e}c\u{9b}d\u{0}"), "ab[31mcd");
    }

    proptest! {
        #[test]
        fn never_long_never_unsafe(input in "\\PC{0,2000}|(?s).{0,600}") {
            let clean = text(&input);
            prop_assert!(clean.len() <= LONGEST_FIELD);
            prop_assert!(!clean.chars().any(is_unsafe));
            prop_assert_eq!(text(&clean), clean);
        }
    }
}
