//! Why a payload was not taken.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most that a refusal shows of any value, in characters.
const SHOWN: usize = 64;
/// The most that a refusal says, in characters. Long enough for the list of a manual event's members.
const SAID: usize = 256;

/// A payload that is not taken: typed, and safe to log.
///
/// The detail names a place and a reason. What it shows of the payload is at most 64 characters of a name, without
/// control, bidirectional or invisible characters, since payloads may carry PHI and may try to forge log lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct Refusal {
    kind: RefusalKind,
    detail: String,
}

/// The kinds of refusal. In JSON, in text and in metrics a kebab-case word that stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// More bytes, members, records or findings than anything AWS sends.
    Oversize,
    /// Objects and arrays nested deeper than 64.
    TooDeep,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// Not one whole JSON document, or one that no two parsers agree on: a byte order mark, a lone surrogate, a number
    /// beyond the range of a double.
    NotJson,
    /// One member twice in an object; parsers differ in which they believe.
    DuplicateKey,
    /// A member that is missing, of the wrong type, out of its alphabet, contradicts another, or is not known in one of
    /// our own events.
    WrongShape,
    /// None of the events that this function takes, or two of them at once.
    UnknownEvent,
    /// An event whose source is not the AWS service that sends such events.
    UntrustedSource,
    /// The event's envelope and its content name different accounts.
    ForeignAccount,
    /// A control that the function does not have. Only the function can know; the parser never says so.
    UnknownControl,
    /// A request to the operator that does not prove who makes it.
    Unproven,
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Refusal {
    /// A refusal that says `detail`, sanitised and cut to 256 characters. Values in it go through [`Refusal::shown`].
    #[must_use]
    pub fn new(kind: RefusalKind, detail: &str) -> Self {
        Self { kind, detail: clean(detail, SAID) }
    }

    /// What kind of refusal it is.
    #[must_use]
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// Where and why, in words.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// A value of the payload as a refusal may show it: sanitised, cut to 64 characters.
    #[must_use]
    pub fn shown(value: &str) -> String {
        clean(value, SHOWN)
    }

    /// A member of the wrong shape.
    pub(super) fn shape(detail: &str) -> Self {
        Self::new(RefusalKind::WrongShape, detail)
    }

    /// What serde said about the document `place`, without the values it quotes.
    pub(super) fn unread(place: &str, error: &serde_json::Error) -> Self {
        let said = error.to_string();
        // Only arrays with a bound of ours are read to a length.
        let is_long = said.starts_with("invalid length");
        let kind = if is_long { RefusalKind::Oversize } else { RefusalKind::WrongShape };
        let (line, column) = (error.line(), error.column());
        let detail = format!("{place}: {} (line {line}, column {column})", gist(&said));
        Self::new(kind, &detail)
    }

    /// The same refusal, with the place it was found in put before its detail.
    pub(super) fn within(self, place: &str) -> Self {
        Self::new(self.kind, &format!("{place}: {}", self.detail))
    }
}

/// Replaces what could forge a line or hide text, then cuts.
fn clean(value: &str, most: usize) -> String {
    value.chars().map(|c| if is_unprintable(c) { '\u{fffd}' } else { c }).take(most).collect()
}

/// Control characters (C0, DEL, C1), bidirectional controls, line separators and characters without width.
pub(super) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The part of a serde message that quotes nothing of the payload.
///
/// A message reads `<problem>: <value>, expected <what>` or ``unknown … `<value>`, expected <list>``. The problem
/// ends before the first quote; what was expected follows the last `, expected `, which is always ours.
fn gist(said: &str) -> String {
    let said = said.rsplit_once(" at line ").map_or(said, |(before, _)| before);
    if said.starts_with("missing field") || said.starts_with("not ") {
        return said.to_owned();
    }
    let quote = said.split([':', '`', '"']).next().unwrap_or(said);
    let problem = quote.split(", expected ").next().unwrap_or(quote).trim_end();
    match said.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{problem}, expected {expected}"),
        None => problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lose_their_values() {
        let table = [
            ("missing field `account` at line 1 column 9", "missing field `account`"),
            (
                "invalid type: string \"078-05-1120, expected x\", expected u64 at line 1 column 9",
                "invalid type, expected u64",
            ),
            (
                "unknown field `pätient`, expected `control` or `mode` at line 1 column 2",
                "unknown field, expected `control` or `mode`",
            ),
            ("not a region at line 3 column 4", "not a region"),
            ("invalid length 9, expected an array at line 1 column 2", "invalid length 9, expected an array"),
            ("expected value at line 1 column 1", "expected value"),
        ];
        for (said, kept) in table {
            assert_eq!(gist(said), kept);
        }
    }

    #[test]
    fn details_cannot_forge_a_line() {
        let refusal = Refusal::new(RefusalKind::UnknownControl, "a\nb\u{1b}[2J\u{85}\u{202e}c");
        assert_eq!(refusal.to_string(), "unknown-control: a\u{fffd}b\u{fffd}[2J\u{fffd}\u{fffd}c");
        assert_eq!(Refusal::shown(&"é".repeat(100)).chars().count(), 64);
    }

    #[test]
    fn words_are_those_of_serde() {
        for kind in [RefusalKind::Oversize, RefusalKind::NotUtf8, RefusalKind::DuplicateKey] {
            assert_eq!(serde_json::to_string(&kind).ok(), Some(format!("\"{kind}\"")));
        }
        assert_eq!(RefusalKind::NotUtf8.to_string(), "not-utf8");
    }
}
