//! The look over a whole document before anything is read from it.
//!
//! `serde_json` skips unused members without checking their names, their surrogates or the range of their numbers, and
//! a policy that says `Deny` and then `Allow` under one name means different things to different readers. So everything
//! is checked here, once: RFC 8259 syntax, depth, width and repeated names. The scanner keeps its own stack (no
//! recursion, so no depth can overflow it) and stores only borrowed names of objects that are still open.

use super::keys::Keys;
use super::refusal::{Refusal, RefusalKind};

/// The deepest nesting. Config items of the richest resources reach about 12.
const DEEPEST: usize = 64;

/// Checks one document.
pub(super) fn look_over(text: &str) -> Result<(), Refusal> {
    let mut scanner = Scanner { text, at: 0, open: Vec::new(), keys: Keys::default() };
    scanner.value()?;
    while let Some(container) = scanner.open.pop() {
        scanner.advance(container)?;
    }
    scanner.end()
}

/// An object or array that is still open.
#[derive(Debug, Clone, Copy)]
struct Container {
    kind: Kind,
    /// Where its names begin.
    mark: usize,
    /// Whether a comma is due before the next member.
    filled: Filled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    Not,
    Partly,
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Container>,
    keys: Keys<'a>,
}

impl<'a> Scanner<'a> {
    /// A scalar, or the opening of a container.
    fn value(&mut self) -> Result<(), Refusal> {
        match self.token() {
            Some(b'{') => self.enter(Kind::Object),
            Some(b'[') => self.enter(Kind::Array),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn enter(&mut self, kind: Kind) -> Result<(), Refusal> {
        if self.open.len() >= DEEPEST {
            let detail = format!("deeper than {DEEPEST} at byte {}", self.at);
            return Err(Refusal::new(RefusalKind::TooDeep, &detail));
        }
        self.at += 1;
        self.open.push(Container { kind, mark: self.keys.mark(), filled: Filled::Not });
        Ok(())
    }

    /// The next member of the innermost container, or its end. The container comes popped and goes back if it goes on.
    fn advance(&mut self, container: Container) -> Result<(), Refusal> {
        match (container.kind, self.token()) {
            (Kind::Object, Some(b'}')) => {
                self.at += 1;
                return self.keys.close(container.mark, self.at);
            }
            (Kind::Array, Some(b']')) => {
                self.at += 1;
                return Ok(());
            }
            (_, Some(b',')) if container.filled == Filled::Partly => self.at += 1,
            _ if container.filled == Filled::Partly => {
                return Err(self.unexpected("`,` or the end of a container"));
            }
            _ => {}
        }
        self.open.push(Container { filled: Filled::Partly, ..container });
        match container.kind {
            Kind::Object => self.member(container.mark),
            Kind::Array => self.value(),
        }
    }

    fn member(&mut self, mark: usize) -> Result<(), Refusal> {
        if self.token() != Some(b'"') {
            return Err(self.unexpected("a member name"));
        }
        let name = self.string()?;
        self.keys.add(mark, name, self.at)?;
        if self.token() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        self.value()
    }

    /// A string from its opening quote to past its closing one: the raw text between.
    fn string(&mut self) -> Result<&'a str, Refusal> {
        self.at += 1;
        let from = self.at;
        loop {
            self.skip(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.not_json("raw control character in a string")),
                None => return Err(self.unexpected("the end of a string")),
            }
        }
        let raw = self.text.get(from..self.at);
        self.at += 1;
        raw.ok_or_else(|| self.not_json("string that splits a character"))
    }

    fn escape(&mut self) -> Result<(), Refusal> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => self.character()?,
            _ => return Err(self.not_json("unknown escape")),
        }
        Ok(())
    }

    /// From the `u` of `\uXXXX`; a high surrogate must bring its low one.
    fn character(&mut self) -> Result<(), Refusal> {
        match self.unit()? {
            0xd800..=0xdbff if self.rest().starts_with(b"\\u") => {
                self.at += 1;
                if !matches!(self.unit()?, 0xdc00..=0xdfff) {
                    return Err(self.not_json("lone surrogate"));
                }
            }
            0xd800..=0xdfff => return Err(self.not_json("lone surrogate")),
            _ => {}
        }
        Ok(())
    }

    fn unit(&mut self) -> Result<u32, Refusal> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = (unit << 4) | digit.ok_or_else(|| self.not_json("escape without four digits"))?;
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), Refusal> {
        let from = self.at;
        self.optional(b"-");
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.optional(b".") {
            self.digits()?;
        }
        if self.optional(b"eE") {
            self.optional(b"+-");
            self.digits()?;
        }
        let finite = self.text.get(from..self.at).is_some_and(is_finite);
        if finite { Ok(()) } else { Err(self.not_json("number out of range")) }
    }

    /// Steps over one of these bytes, if one is there.
    fn optional(&mut self, bytes: &[u8]) -> bool {
        let there = self.peek().is_some_and(|byte| bytes.contains(&byte));
        self.at += usize::from(there);
        there
    }

    fn digits(&mut self) -> Result<(), Refusal> {
        let from = self.at;
        self.skip(|byte| byte.is_ascii_digit());
        if self.at > from { Ok(()) } else { Err(self.unexpected("a digit")) }
    }

    fn word(&mut self, word: &str) -> Result<(), Refusal> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        if self.token().is_none() { Ok(()) } else { Err(self.not_json("more than one value")) }
    }

    /// The next byte that is not white space, not yet stepped over.
    fn token(&mut self) -> Option<u8> {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        self.peek()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, mut over: impl FnMut(u8) -> bool) {
        let rest = self.rest();
        self.at += rest.iter().position(|byte| !over(*byte)).unwrap_or(rest.len());
    }

    fn unexpected(&self, expected: &str) -> Refusal {
        match self.peek() {
            None => self.not_json(&format!("ends where {expected} is due")),
            Some(_) if self.rest().starts_with("\u{feff}".as_bytes()) => self.not_json("byte order mark"),
            Some(_) => self.not_json(&format!("expected {expected}")),
        }
    }

    fn not_json(&self, what: &str) -> Refusal {
        Refusal::new(RefusalKind::NotJson, &format!("{what} at byte {}", self.at))
    }
}

/// Whether a double can hold it. Short numbers without an exponent always fit; the shortcut saves most of the time.
fn is_finite(number: &str) -> bool {
    (number.len() < 300 && !number.contains(['e', 'E'])) || number.parse::<f64>().is_ok_and(f64::is_finite)
}
