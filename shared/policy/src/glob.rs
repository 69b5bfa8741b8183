//! Wildcard patterns: `*` is any run of characters, `/` and `:` included, `?` is one character, nothing else is special.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Resource", "Using wildcards in resource ARNs".
//!
//! Comparing two patterns takes at most as many steps as the product of their lengths. The steps are counted; once the
//! surrounding work has none left, the result is no and means nothing.

use std::borrow::Cow;

use crate::work;

/// The bytes of the character that starts with `byte`.
const fn width(byte: u8) -> usize {
    match byte {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

/// Whether `pattern` matches `text`.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    walk(pattern.as_bytes(), text.as_bytes(), |_| true)
}

/// Whether `outer` matches everything that `inner` matches.
///
/// Never yes by mistake; no where only a rearrangement shows it (`?*x` and `*?x` are put into one form first).
#[must_use]
pub fn covers(outer: &str, inner: &str) -> bool {
    covers_normal(outer, &normal(inner))
}

/// [`covers`], of an inner pattern in its normal form.
pub(crate) fn covers_normal(outer: &str, inner: &str) -> bool {
    // A wildcard of the inner pattern is no letter: only a wildcard that is at least as wide stands over it.
    walk(outer.as_bytes(), inner.as_bytes(), |letter| letter != b'*')
}

/// The normal form of a pattern: every run of wildcards with its `?` first.
pub(crate) fn normal(pattern: &str) -> Cow<'_, str> {
    if pattern.contains("*?") { Cow::Owned(sorted(pattern)) } else { Cow::Borrowed(pattern) }
}

fn sorted(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut any = false;
    for character in pattern.chars() {
        match character {
            '*' => any = true,
            '?' => out.push('?'),
            other => {
                if any {
                    out.push('*');
                    any = false;
                }
                out.push(other);
            }
        }
    }
    if any {
        out.push('*');
    }
    out
}

/// Matches with one remembered `*`. `letter` says which bytes of the text `?` and equality may consume.
fn walk(pattern: &[u8], text: &[u8], letter: impl Fn(u8) -> bool) -> bool {
    let allowed = work::left();
    let mut steps = 0;
    let matched = walked(pattern, text, letter, || {
        steps += 1;
        steps <= allowed
    });
    work::count(steps);
    matched
}

fn walked(pattern: &[u8], text: &[u8], letter: impl Fn(u8) -> bool, mut goes_on: impl FnMut() -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while goes_on() {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                p += 1;
                if p == pattern.len() {
                    return true;
                }
                star = Some((p, t));
            }
            (Some(b'?'), Some(&byte)) if letter(byte) => {
                p += 1;
                t += width(byte);
            }
            (Some(&a), Some(&b)) if a == b && letter(b) => {
                p += 1;
                t += 1;
            }
            (None, None) => return true,
            _ => {
                let Some((after, from)) = star else { return false };
                let Some(&byte) = text.get(from) else { return false };
                star = Some((after, from + width(byte)));
                (p, t) = (after, from + width(byte));
            }
        }
    }
    false
}

/// Whether some text matches both patterns.
#[must_use]
pub fn intersect(a: &str, b: &str) -> bool {
    if ends_differ(a.bytes(), b.bytes()) || ends_differ(a.bytes().rev(), b.bytes().rev()) {
        work::count_all(1 + a.len().min(b.len()) / 8);
        return false;
    }
    if !wild(a) {
        return matches(b, a);
    }
    if !wild(b) {
        return matches(a, b);
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let row = b.len() + 1;
    // reach[j]: the first i of `a` and the first j of `b` have a text in common.
    let mut reach = vec![false; row];
    if let Some(first) = reach.first_mut() {
        *first = true;
    }
    spread(&mut reach, &b);
    for &letter in &a {
        work::count_all(row);
        if work::is_over() || !reach.contains(&true) {
            return false;
        }
        reach = advanced(&reach, letter, &b);
    }
    reach.last().copied().unwrap_or(false)
}

/// Whether the letters before the first wildcard differ.
fn ends_differ(a: impl Iterator<Item = u8>, b: impl Iterator<Item = u8>) -> bool {
    let is_wild = |byte: u8| byte == b'*' || byte == b'?';
    a.zip(b).take_while(|(a, b)| !is_wild(*a) && !is_wild(*b)).any(|(a, b)| a != b)
}

/// The places that are reached with one more letter, or wildcard, of `a`.
fn advanced(reach: &[bool], letter: char, b: &[char]) -> Vec<bool> {
    let mut next = vec![false; b.len() + 1];
    if letter == '*' {
        // `*` takes any run of `b`.
        let mut any = false;
        for (slot, here) in next.iter_mut().zip(reach) {
            any |= here;
            *slot = any;
        }
    } else {
        for (j, (&here, &other)) in reach.iter().zip(b).enumerate() {
            if here && other == '*' {
                set(&mut next, j);
                set(&mut next, j + 1);
            }
            if here && (letter == '?' || other == '?' || letter == other) {
                set(&mut next, j + 1);
            }
        }
    }
    spread(&mut next, b);
    next
}

/// A `*` of `b` may take nothing.
fn spread(reach: &mut [bool], b: &[char]) {
    for (j, &other) in b.iter().enumerate() {
        if other == '*' && reach.get(j).copied().unwrap_or(false) {
            set(reach, j + 1);
        }
    }
}

fn set(reach: &mut [bool], at: usize) {
    if let Some(slot) = reach.get_mut(at) {
        *slot = true;
    }
}

/// Whether the pattern matches every text of at least one character.
#[must_use]
pub fn everything(pattern: &str) -> bool {
    pattern.contains('*')
        && pattern.bytes().all(|byte| byte == b'*' || byte == b'?')
        && pattern.matches('?').count() <= 1
}

/// Whether the text has a wildcard.
#[must_use]
pub fn wild(text: &str) -> bool {
    text.bytes().any(|byte| byte == b'*' || byte == b'?')
}

/// The text before the first wildcard.
#[must_use]
pub fn head(text: &str) -> &str {
    text.get(..text.find(['*', '?']).unwrap_or(text.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By the definition, with recursion.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => naive(rest, text) || (!text.is_empty() && naive(pattern, &text[1..])),
            (['?', rest @ ..], [_, tail @ ..]) => naive(rest, tail),
            ([a, rest @ ..], [b, tail @ ..]) => a == b && naive(rest, tail),
            _ => false,
        }
    }

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn m1_star_is_any_run_and_question_mark_one_character_and_nothing_else_is_special() {
        assert!(matches("arn:aws:s3:::b*", "arn:aws:s3:::b/a/b"));
        assert!(matches("a?c", "aéc"));
        assert!(!matches("a[b]c", "abc"));
        assert!(matches("a[b]c", "a[b]c"));
        assert!(!matches("a.c", "abc"));
        assert!(!matches("a?", "a"));
    }

    #[test]
    fn a_wildcard_is_covered_by_a_wildcard_only() {
        assert!(covers("a*", "a?*"));
        assert!(covers("*", "?"));
        assert!(covers("?*", "*?"));
        assert!(!covers("?", "*"));
        assert!(!covers("a", "*"));
        assert!(!covers("?*", "*"));
    }

    proptest! {
        #[test]
        fn matching_is_by_the_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            prop_assert_eq!(matches(&pattern, &text), naive(&chars(&pattern), &chars(&text)));
        }

        #[test]
        fn what_is_covered_matches_nothing_else(outer in "[ab*?]{0,6}", inner in "[ab*?]{0,6}", text in "[abc]{0,7}") {
            if covers(&outer, &inner) && matches(&inner, &text) {
                prop_assert!(matches(&outer, &text));
            }
        }

        #[test]
        fn patterns_intersect_if_a_text_matches_both(a in "[ab*?]{0,6}", b in "[ab*?]{0,6}", text in "[ab]{0,7}") {
            if matches(&a, &text) && matches(&b, &text) {
                prop_assert!(intersect(&a, &b));
            }
            if !a.contains(['*', '?']) {
                prop_assert_eq!(intersect(&a, &b), matches(&b, &a));
                prop_assert_eq!(intersect(&b, &a), matches(&b, &a));
            }
        }
    }
}
