//! The rendering of values for answers, logs, notices and records: nothing that can break a line or hide, no patient's
//! number, and never long.

mod numbers;

use serde_json::Value;

use crate::ids::Target;

/// No field is longer than this, in bytes.
pub const LONGEST_FIELD: usize = 1024;

/// `text` without control and bidirectional-formatting characters, without what looks like a patient's number, cut to
/// [`LONGEST_FIELD`].
///
/// Such characters forge log lines and reorder what a person reads (Unicode TR 36, "Trojan Source"). Social security and
/// medical record numbers identify a patient (45 CFR 164.514(b)(2)(i)(G), (H)), and people do type them where they do not
/// belong: into names, tags and reasons. `[number]` stands for them.
#[must_use]
pub fn text(text: &str) -> String {
    let safe: String = text.chars().filter(|c| !is_unsafe(*c)).collect();
    let mut clean = String::new();
    for c in numbers::masked(&safe).chars() {
        if clean.len() + c.len_utf8() > LONGEST_FIELD {
            break;
        }
        clean.push(c);
    }
    clean
}

/// A text as people see it that did not go through [`text`]: what would act on a terminal, or hide, is written out.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().map(|c| written_out(c).unwrap_or_else(|| c.to_string())).collect()
}

/// A character that would act on a terminal, hide, or show a name as another one, as `\u{…}`.
#[must_use]
pub fn written_out(c: char) -> Option<String> {
    let is_hidden = matches!(u32::from(c),
        0xAD | 0x115F..=0x1160 | 0x180E | 0x206A..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFFF9..=0xFFFB | 0xE0000..=0xE0FFF);
    (is_hidden || is_unsafe(c)).then(|| c.escape_unicode().to_string())
}

/// `target` as people see it.
#[must_use]
pub fn target(target: &Target) -> Target {
    Target {
        id: text(&target.id),
        unique_id: target.unique_id.as_deref().map(text),
        arn: target.arn.as_deref().map(text),
        ..target.clone()
    }
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

/// `value` as it is, for somebody who read it with credentials of their own: only numbers that identify a patient are masked. Whoever
/// shows it makes it [`visible`].
#[must_use]
pub fn in_full(value: &Value) -> Value {
    match value {
        Value::String(inner) => Value::String(numbers::masked(inner)),
        Value::Array(items) => items.iter().map(in_full).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (numbers::masked(key), in_full(member)))
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
    fn what_would_hide_is_written_out() {
        assert_eq!(visible("a\u{202e}b\u{1b}[2Jc"), "a\\u{202e}b\\u{1b}[2Jc");
        assert_eq!(visible("Zürich"), "Zürich");
    }

    #[test]
    fn what_breaks_or_hides_a_line_is_gone() {
        assert_eq!(text("a\r\nb\u{1b}[31m\u{202e}c\u{9b}d\u{0}"), "ab[31mcd");
    }

    #[test]
    fn a_number_is_found_behind_characters_that_hide_it_and_before_the_cut() {
        assert_eq!(text("987-\u{200b}65-4321"), "[number]");
        let cut = text(&format!("{}987-65-4321", "x".repeat(LONGEST_FIELD - 9)));
        assert!(cut.ends_with("x[number]"), "{cut}");
    }

    #[test]
    fn a_target_is_told_without_numbers_and_stays_in_its_place() {
        let given = Target {
            account: crate::ids::AccountId::parse("111122223333").unwrap(),
            region: crate::ids::Region::global(),
            resource_type: "AWS::IAM::User".to_owned(),
            id: "mrn00412345".to_owned(),
            unique_id: Some("AIDA".to_owned()),
            arn: Some("arn:aws:iam::111122223333:user/mrn00412345".to_owned()),
        };
        let told = target(&given);
        assert_eq!((told.id.as_str(), told.unique_id.as_deref()), ("[number]", Some("AIDA")));
        assert_eq!(told.arn.as_deref(), Some("arn:aws:iam::111122223333:user/[number]"));
        assert_eq!(Target { id: given.id.clone(), arn: given.arn.clone(), ..told }, given);
    }

    proptest! {
        #[test]
        fn never_long_never_unsafe(input in "\\PC{0,2000}|(?s).{0,600}|([MRN:0-9 -]{0,9}x?){0,200}") {
            let clean = text(&input);
            prop_assert!(clean.len() <= LONGEST_FIELD);
            prop_assert!(!clean.chars().any(is_unsafe));
            prop_assert_eq!(text(&clean), clean);
        }
    }
}
