//! Text from data, made fit to be shown, and a few words about it.

use std::{borrow::Cow, fmt};

use askama::filters::HtmlSafe;
use remedy_domain::{Timestamp, redact};

/// Text that comes from data. Control characters and marks of direction are shown as `\u{…}`, since they could show a
/// name as another one. Templates escape it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Text(String);

impl Text {
    /// On one line.
    pub(crate) fn of(text: &str) -> Self {
        Self(redact::visible(text))
    }

    /// With its line feeds, for a `pre`.
    pub(crate) fn lines(text: &str) -> Self {
        let keep = |char: char| if char == '\n' { None } else { redact::written_out(char) };
        Self(text.chars().map(|char| keep(char).unwrap_or_else(|| char.to_string())).collect())
    }

    /// The first letter as a capital one, if it begins a word and no name.
    pub(crate) fn sentence(text: &str) -> Self {
        let text = Self::of(text).0;
        let first = text.split(' ').next().unwrap_or_default();
        let is_word = first.trim_end_matches([',', ';', ':', '.']).chars().all(|char| char.is_ascii_lowercase());
        let mut chars = text.chars();
        match chars.next() {
            Some(letter) if is_word => Self(letter.to_ascii_uppercase().to_string() + chars.as_str()),
            _ => Self(text),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A picture of the sprite. The only markup that does not stand in a template; it is never made of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Icon(pub(crate) &'static str);

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r##"<svg class="i" aria-hidden="true"><use href="#{}"/></svg>"##, self.0)
    }
}

impl HtmlSafe for Icon {}

/// A number with its noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural: Cow<'_, str> = match noun {
        _ if number == 1 => noun.into(),
        _ if noun.ends_with('y') && !noun.ends_with("ey") && !noun.ends_with("ay") => {
            format!("{}ies", noun.trim_end_matches('y')).into()
        }
        _ if noun.ends_with('s') => format!("{noun}es").into(),
        _ => format!("{noun}s").into(),
    };
    format!("{} {plural}", grouped(number))
}

/// A number with commas: `10,000`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Items as words: `a, b and c`.
pub(crate) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What a type of AWS Config is called: `S3 bucket`.
pub(crate) fn kind(resource_type: &str) -> Text {
    let mut parts = resource_type.split("::").skip(1).filter(|part| !part.is_empty());
    let (Some(first), second) = (parts.next(), parts.next()) else { return Text::of(resource_type) };
    let Some(noun) = second else { return Text::of(&first.to_lowercase()) };
    let mut words = String::new();
    let mut before = ' ';
    for char in noun.chars() {
        if char.is_uppercase() && before.is_lowercase() {
            words.push(' ');
        }
        words.extend(char.to_lowercase());
        before = char;
    }
    Text::of(&format!("{first} {words}"))
}

/// A day: `29 November 2026`.
pub(crate) fn day(at: Timestamp) -> String {
    at.strftime("%-d %B %Y").to_string()
}

/// A minute: `29 Nov 2026, 15:20 UTC`.
pub(crate) fn minute(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// How long something took.
pub(crate) fn took(from: Timestamp, to: Timestamp) -> String {
    let seconds = usize::try_from(to.duration_since(from).as_secs()).unwrap_or_default();
    match seconds {
        0 => "took less than a second".to_owned(),
        1..120 => format!("took {}", count(seconds, "second")),
        _ => format!("took {}", count(seconds / 60, "minute")),
    }
}

/// A part as thousandths of a percent would be too fine: hundredths. What is there is never drawn as nothing.
pub(crate) fn share(part: usize, whole: usize) -> String {
    let hundredths = part.saturating_mul(10_000).checked_div(whole).unwrap_or_default();
    let drawn = if part > 0 { hundredths.clamp(60, 10_000) } else { 0 };
    format!("{}.{:02}", drawn / 100, drawn % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_turns_is_shown() {
        assert_eq!(Text::of("a\u{202e}b\u{1b}[31m\n\u{200b}é").to_string(), r"a\u{202e}b\u{1b}[31m\u{a}\u{200b}é");
        assert_eq!(Text::lines("a\n\u{2066}b").to_string(), "a\n\\u{2066}b");
    }

    #[test]
    fn a_sentence_begins_with_a_capital_and_names_stay() {
        let sentence = |text| Text::sentence(text).to_string();
        assert_eq!(
            sentence("all flags are off") + &sentence("block_public is off") + &sentence("s3:* on all"),
            "All flags are offblock_public is offs3:* on all"
        );
    }

    #[test]
    fn words() {
        assert_eq!(kind("AWS::S3::Bucket").to_string(), "S3 bucket");
        assert_eq!(kind("AWS::RDS::DBInstance").to_string(), "RDS dbinstance");
        assert_eq!(kind("AWS::::Account").to_string(), "account");
        assert_eq!(kind("x").to_string(), "x");
        assert_eq!(
            count(1, "IAM policy") + &count(2, "IAM policy") + &count(0, "KMS key"),
            "1 IAM policy2 IAM policies0 KMS keys"
        );
        assert_eq!(grouped(1_234_567) + &grouped(999), "1,234,567999");
        assert_eq!(listed(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(
            share(0, 9) + " " + &share(1, 9_999) + " " + &share(9, 9) + " " + &share(1, 0),
            "0.00 0.60 100.00 0.60"
        );
    }
}
