//! JSON as policy documents need it: every value knows its bytes, and nothing is dropped.
//!
//! General parsers keep the last of two equal keys and forget where a value stood. An analyser must report the first and
//! an editor must know the second, so this one keeps both. Text that is not JSON ends the parse; what JSON permits and a
//! policy does not (a key twice, half a surrogate pair, deep nesting) is kept as a flaw with its place.

use std::{borrow::Cow, fmt};

/// How deep a document may be nested. A policy needs six levels.
const DEEPEST: usize = 24;

/// A range of bytes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// Whether `other` lies within.
    #[must_use]
    pub const fn holds(self, other: usize) -> bool {
        self.start <= other && other < self.end
    }

    /// What the span covers.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// A JSON value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'a> {
    /// Its bytes.
    pub span: Span,
    /// The value.
    pub value: Value<'a>,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is written.
    Number(&'a str),
    /// A string, its escapes decoded.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Node<'a>>),
    /// An object: every member, in its order.
    Object(Vec<Member<'a>>),
    /// A value nested too deep to be looked at.
    TooDeep,
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member<'a> {
    /// Where its key stands, quotes included.
    pub key_span: Span,
    /// The key, its escapes decoded.
    pub key: Cow<'a, str>,
    /// The value.
    pub value: Node<'a>,
}

/// What JSON permits and a policy does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// An object has a key twice.
    DuplicateKey,
    /// A `\u` escape is half of a surrogate pair.
    LoneSurrogate,
    /// A value is nested too deep.
    TooDeep,
}

/// A text that is JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Json<'a> {
    /// The whole of it.
    pub root: Node<'a>,
    /// What is wrong with it besides, by place.
    pub flaws: Vec<(usize, Flaw)>,
}

impl Json<'_> {
    /// The first flaw within `span`.
    #[must_use]
    pub fn flaw_in(&self, span: Span) -> Option<(usize, Flaw)> {
        self.flaws.iter().copied().find(|(at, _)| span.holds(*at))
    }
}

/// A text that is not JSON: where it stops being it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson {
    /// The byte.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for NotJson {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "byte {}: expected {}", self.at, self.expected)
    }
}

impl<'a> Node<'a> {
    /// The member of this name, if this is an object that has one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        let Value::Object(members) = &self.value else { return None };
        members.iter().find(|member| member.key == key).map(|member| &member.value)
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Parse a text.
pub fn parse(text: &str) -> Result<Json<'_>, NotJson> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, flaws: Vec::new() };
    parser.space();
    let root = parser.node(0)?;
    parser.space();
    match parser.peek() {
        None => Ok(Json { root, flaws: parser.flaws }),
        Some(_) => Err(parser.expected("the end of the text")),
    }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    flaws: Vec<(usize, Flaw)>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn expected(&self, expected: &'static str) -> NotJson {
        NotJson { at: self.at, expected }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), NotJson> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.expected(expected))
    }

    fn node(&mut self, depth: usize) -> Result<Node<'a>, NotJson> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'{' | b'[') if depth >= DEEPEST => {
                self.flaws.push((start, Flaw::TooDeep));
                self.skip()?;
                Value::TooDeep
            }
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.expected("a value")),
        };
        Ok(Node { span: Span { start, end: self.at }, value })
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Result<Value<'a>, NotJson> {
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.expected(word))
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, NotJson> {
        self.at += 1;
        let mut members: Vec<Member<'a>> = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key in quotes"));
            }
            let key = self.string()?;
            let key_span = Span { start, end: self.at };
            self.space();
            self.take(b':', "a colon")?;
            self.space();
            let value = self.node(depth + 1)?;
            members.push(Member { key_span, key, value });
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.expected("a comma or a closing brace")),
            }
        }
        self.at += 1;
        self.note_duplicates(&members);
        Ok(Value::Object(members))
    }

    /// Policies have few members; other objects are sorted first, so that a million keys take no square of a million.
    fn note_duplicates(&mut self, members: &[Member<'a>]) {
        if members.len() <= 16 {
            for (index, member) in members.iter().enumerate() {
                if members.iter().take(index).any(|earlier| earlier.key == member.key) {
                    self.flaws.push((member.key_span.start, Flaw::DuplicateKey));
                }
            }
            return;
        }
        let mut keys: Vec<_> = members.iter().map(|member| (&*member.key, member.key_span.start)).collect();
        keys.sort_unstable();
        let twice = keys.windows(2).filter_map(|pair| match pair {
            [(a, _), (b, at)] if a == b => Some((*at, Flaw::DuplicateKey)),
            _ => None,
        });
        self.flaws.extend(twice);
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, NotJson> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            self.space();
            items.push(self.node(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.expected("a comma or a closing bracket")),
            }
        }
        self.at += 1;
        Ok(Value::Array(items))
    }

    /// Passes over a value that is nested too deep: brackets are counted, and strings are not looked into.
    fn skip(&mut self) -> Result<(), NotJson> {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                Some(b'{' | b'[') => open += 1,
                Some(b'}' | b']') => open -= 1,
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(_) => {}
                None => return Err(self.expected("a closing bracket")),
            }
            self.at += 1;
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn number(&mut self) -> Result<&'a str, NotJson> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.expected("a digit")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Span { start, end: self.at }.of(self.text))
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.expected("a digit"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, NotJson> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let plain = Span { start, end: self.at }.of(self.text);
                    self.at += 1;
                    return Ok(Cow::Borrowed(plain));
                }
                Some(b'\\') => return self.escaped(start).map(Cow::Owned),
                Some(0..=0x1f) => return Err(self.expected("no control character in a string")),
                Some(_) => self.at += 1,
                None => return Err(self.expected("a closing quote")),
            }
        }
    }

    /// The rest of a string that has escapes.
    fn escaped(&mut self, start: usize) -> Result<String, NotJson> {
        let mut decoded = Span { start, end: self.at }.of(self.text).to_owned();
        loop {
            let run = self.at;
            while !matches!(self.peek(), Some(b'"' | b'\\' | 0..=0x1f) | None) {
                self.at += 1;
            }
            decoded.push_str(Span { start: run, end: self.at }.of(self.text));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(decoded);
                }
                Some(b'\\') => {
                    let character = self.escape()?;
                    decoded.push(character);
                }
                Some(_) => return Err(self.expected("no control character in a string")),
                None => return Err(self.expected("a closing quote")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        let start = self.at;
        self.at += 1;
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode(start);
            }
            _ => return Err(self.expected("an escape that JSON knows")),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self, start: usize) -> Result<char, NotJson> {
        let unit = self.hex()?;
        if let Some(character) = char::from_u32(unit) {
            return Ok(character);
        }
        let low_follows = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"\\u"));
        if unit < 0xdc00 && low_follows {
            let here = self.at;
            self.at += 2;
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                let whole = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(whole).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = here;
        }
        self.flaws.push((start, Flaw::LoneSurrogate));
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Result<u32, NotJson> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.expected("four hexadecimal digits")) };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_value_knows_its_bytes() {
        let text = r#" {"a": [1, "x\u002a"], "b":{} } "#;
        let json = parse(text).unwrap();
        let list = json.root.get("a").unwrap();
        assert_eq!(list.span.of(text), r#"[1, "x\u002a"]"#);
        let Value::Array(items) = &list.value else { panic!() };
        assert_eq!(items[1].as_str(), Some("x*"));
        assert_eq!(items[1].span.of(text), r#""x\u002a""#);
    }

    #[test]
    fn flaws_are_kept_with_their_place() {
        let text = r#"{"a":1,"b":{"c":1,"\u0063":2},"d":"\ud800"}"#;
        let json = parse(text).unwrap();
        assert_eq!(json.flaws, vec![(18, Flaw::DuplicateKey), (35, Flaw::LoneSurrogate)]);
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(parse(&deep).unwrap().flaws, vec![(DEEPEST, Flaw::TooDeep)]);
    }

    #[test]
    fn what_is_not_json_says_where() {
        for (text, at) in
            [("", 0), ("{", 1), ("[1,]", 3), ("{\"a\" 1}", 5), ("01", 1), ("\"\n\"", 1), ("tru", 0), ("\u{feff}{}", 0)]
        {
            assert_eq!(parse(text).unwrap_err().at, at, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_serde_json(text in "[\\[\\]{}\",:0-9a-f\\\\ .eE+-]{0,24}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            let ours = parse(&text);
            if let Err(error) = &theirs && error.to_string().contains("number out of range") {
                return Ok(());
            }
            prop_assert_eq!(theirs.is_ok(), ours.is_ok_and(|json| json.flaws.iter().all(|(_, flaw)| *flaw == Flaw::DuplicateKey)));
        }

        #[test]
        fn strings_decode_as_serde_json_decodes_them(text in any::<String>()) {
            let quoted = serde_json::to_string(&text).unwrap();
            let json = parse(&quoted).unwrap();
            prop_assert_eq!(json.root.as_str(), Some(text.as_str()));
        }
    }
}
