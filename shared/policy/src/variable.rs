//! Policy variables: `${aws:username}`.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags". They exist in version 2012-10-17 only; `${*}`,
//! `${?}` and `${$}` are the characters themselves. An analyser does not know the value, so a variable may be any text.

use std::borrow::Cow;

use crate::{document::Version, glob, work};

/// A pattern with its variables widened to `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wild<'a> {
    /// The widened pattern: it matches at least what the original matches.
    pub(crate) text: Cow<'a, str>,
    /// Whether it matches just that.
    pub(crate) exact: bool,
    original: &'a str,
}

impl Wild<'_> {
    pub(crate) fn is_everything(&self) -> bool {
        self.exact && glob::everything(&self.text)
    }

    /// The same in the normal form of patterns, which [`Self::covers`] needs.
    pub(crate) fn normal(self) -> Self {
        match glob::normal(&self.text) {
            Cow::Borrowed(_) => self,
            Cow::Owned(text) => Self { text: Cow::Owned(text), ..self },
        }
    }

    /// Whether this matches everything that `other` may match. One variable has one value in one request.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        if !self.exact {
            work::count(1);
            return self.original == other.original;
        }
        // No resource has an empty name: a star and a question mark are as wide as a star.
        glob::covers_normal(&self.text, &other.text) || self.is_everything()
    }
}

/// Widen the variables of a pattern.
pub(crate) fn widened(version: Version, text: &str) -> Wild<'_> {
    if version == Version::V2008 || !text.contains("${") {
        return Wild { text: Cow::Borrowed(text), exact: true, original: text };
    }
    let mut widened = String::with_capacity(text.len());
    let mut rest = text;
    let mut exact = true;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        widened.push_str(before);
        widened.push(if matches!(name, "*" | "?" | "$") { '?' } else { '*' });
        exact = false;
        rest = after;
    }
    widened.push_str(rest);
    Wild { text: Cow::Owned(widened), exact, original: text }
}

/// Whether the text has a variable.
pub(crate) fn has_variable(version: Version, text: &str) -> bool {
    version == Version::V2012 && text.split_once("${").is_some_and(|(_, after)| after.contains('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p5_a_variable_is_text_before_2012_and_any_text_since() {
        let user = "arn:aws:iam::111122223333:user/${aws:username}";
        assert_eq!(widened(Version::V2008, user).text, user);
        let since = widened(Version::V2012, user);
        assert_eq!((&*since.text, since.exact), ("arn:aws:iam::111122223333:user/*", false));
        assert!(!widened(Version::V2012, "${aws:username}").is_everything());
        assert_eq!(widened(Version::V2012, "a${*}b").text, "a?b");
        assert!(has_variable(Version::V2012, "${x}") && !has_variable(Version::V2008, "${x}"));
    }

    #[test]
    fn one_variable_covers_itself_only() {
        let own = widened(Version::V2012, "home/${aws:username}");
        assert!(own.covers(&widened(Version::V2012, "home/${aws:username}").normal()));
        assert!(!own.covers(&widened(Version::V2012, "home/bob")));
        assert!(widened(Version::V2012, "home/*").covers(&own));
    }
}
