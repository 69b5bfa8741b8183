//! Texts as OSCAL takes them, and members that may be absent.

use serde_json::{Value, json};

use super::NAMESPACE;

/// What has a meaning in the Markdown of OSCAL, where the schema has `markup-line` or `markup-multiline`.
const MARKUP: [char; 15] = ['\\', '`', '*', '_', '[', ']', '{', '}', '<', '>', '&', '~', '^', '"', '\''];

/// A property of our name space.
pub(super) fn prop(name: &str, value: &str) -> Value {
    json!({ "name": name, "ns": NAMESPACE, "value": line(value) })
}

/// The schema's `StringDatatype`: a line that is not empty, and neither begins nor ends with white space.
pub(super) fn line(text: &str) -> String {
    let seen = |c: char| if c.is_control() || "\u{2028}\u{2029}\u{feff}".contains(c) { '\u{fffd}' } else { c };
    let line: String = text.chars().map(seen).collect();
    let line = line.trim();
    if line.is_empty() { "-".to_owned() } else { line.to_owned() }
}

/// The text in a line of Markdown, so that it reads as it is.
pub(super) fn markup(text: &str) -> String {
    let escaped = |c: char| MARKUP.contains(&c).then_some('\\').into_iter().chain([c]);
    line(text).chars().flat_map(escaped).collect()
}

/// The array, unless it is empty: OSCAL has no empty arrays.
pub(super) fn list(items: Vec<Value>) -> Option<Value> {
    (!items.is_empty()).then_some(Value::Array(items))
}

/// The object with one more member, if there is one.
pub(super) fn with(mut object: Value, name: &str, member: Option<Value>) -> Value {
    if let (Value::Object(members), Some(member)) = (&mut object, member) {
        members.insert(name.to_owned(), member);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_that_can_be_seen() {
        for (text, expected) in [(" a ", "a"), ("", "-"), ("\t", "\u{fffd}"), ("a\nb", "a\u{fffd}b"), ("\u{a0}", "-")] {
            assert_eq!(line(text), expected);
        }
    }

    #[test]
    fn markup_reads_as_it_is() {
        assert_eq!(markup("<b>_x_ {{ insert"), r"\<b\>\_x\_ \{\{ insert");
    }
}
