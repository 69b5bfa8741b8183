//! Member names of objects that are open: none may come twice.

use std::cmp::Ordering;
use std::str::EncodeUtf16;

use super::refusal::{Refusal, RefusalKind};

/// The most members one object may have. The widest that AWS sends, a resource's tags, has 50.
const WIDEST: usize = 10_000;

/// Names of all open objects, one after the other, so that memory stays with the deepest chain and not with the text.
#[derive(Debug, Default)]
pub(super) struct Keys<'a> {
    names: Vec<&'a str>,
}

impl<'a> Keys<'a> {
    /// Where an object that opens now begins.
    pub(super) fn mark(&self) -> usize {
        self.names.len()
    }

    /// Takes the raw text between the quotes of a member name of the object that began at `mark`.
    pub(super) fn add(&mut self, mark: usize, name: &'a str, at: usize) -> Result<(), Refusal> {
        if self.names.len().saturating_sub(mark) >= WIDEST {
            return Err(Refusal::new(
                RefusalKind::Oversize,
                &format!("more than {WIDEST} members in one object at byte {at}"),
            ));
        }
        self.names.push(name);
        Ok(())
    }

    /// Closes the object that began at `mark`.
    pub(super) fn close(&mut self, mark: usize, at: usize) -> Result<(), Refusal> {
        let twice = self.names.get_mut(mark..).and_then(twice);
        self.names.truncate(mark);
        twice.map_or(Ok(()), |name| {
            let detail = format!("member `{}` twice in the object that ends at byte {at}", Refusal::shown(name));
            Err(Refusal::new(RefusalKind::DuplicateKey, &detail))
        })
    }
}

/// A name that comes twice. Sorting needs no memory, and no hash that could be made to collide.
fn twice<'a>(names: &mut [&'a str]) -> Option<&'a str> {
    let order = if names.iter().any(|name| name.contains('\\')) { by_meaning } else { by_bytes };
    names.sort_unstable_by(|a, b| order(a, b));
    names.windows(2).find_map(|pair| match pair {
        [a, b] if order(a, b).is_eq() => Some(*a),
        _ => None,
    })
}

fn by_bytes(a: &str, b: &str) -> Ordering {
    a.cmp(b)
}

/// `"\u0061"` and `"a"` are one name.
fn by_meaning(a: &str, b: &str) -> Ordering {
    Units(a.encode_utf16()).cmp(Units(b.encode_utf16()))
}

/// The UTF-16 code units that a raw name stands for; in them an escaped surrogate pair equals the character itself.
/// The scanner has checked the escapes.
struct Units<'a>(EncodeUtf16<'a>);

impl Iterator for Units<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        let unit = self.0.next()?;
        if unit != u16::from(b'\\') {
            return Some(unit);
        }
        match self.0.next().and_then(|escape| u8::try_from(escape).ok())? {
            b'u' => Some((0..4).filter_map(|_| self.0.next()).fold(0, |unit, digit| (unit << 4) | hex(digit))),
            b'b' => Some(0x8),
            b't' => Some(0x9),
            b'n' => Some(0xa),
            b'f' => Some(0xc),
            b'r' => Some(0xd),
            itself => Some(u16::from(itself)),
        }
    }
}

fn hex(digit: u16) -> u16 {
    char::from_u32(u32::from(digit))
        .and_then(|c| c.to_digit(16))
        .and_then(|value| u16::try_from(value).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_hide_a_name() {
        let same = [
            ("a", r"\u0061"),
            (r"\n", r"\u000a"),
            (r"\/", "/"),
            ("😀", r"\ud83d\ude00"),
            (r"\u00E9", "é"),
            (r"\\u0061", r"\u005cu0061"),
        ];
        for (a, b) in same {
            assert_eq!(twice(&mut [a, "other", b]).map(|_| ()), Some(()), "{a} {b}");
        }
        assert_eq!(twice(&mut ["a", r"\u0062", "A", "é", "e"]), None);
    }
}
