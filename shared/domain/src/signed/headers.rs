//! The headers of a signed call: those that are known, each once.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::refusal::NotSigned;

/// The names of the headers, as they are sent and signed: in lower case.
pub mod header {
    /// The signature, and what it covers.
    pub const AUTHORIZATION: &str = "authorization";
    /// The type of the body.
    pub const CONTENT_TYPE: &str = "content-type";
    /// The host of AWS STS.
    pub const HOST: &str = "host";
    /// When it was signed.
    pub const DATE: &str = "x-amz-date";
    /// The session token of temporary credentials. The only one that may be missing.
    pub const SECURITY_TOKEN: &str = "x-amz-security-token";
    /// Whom the request is for.
    pub const AUDIENCE: &str = "x-remedy-audience";
    /// A number used once.
    pub const NONCE: &str = "x-remedy-nonce";
    /// The digest of the request.
    pub const REQUEST_SHA256: &str = "x-remedy-request-sha256";

    /// All of them.
    pub const ALL: [&str; 8] =
        [AUTHORIZATION, CONTENT_TYPE, HOST, DATE, SECURITY_TOKEN, AUDIENCE, NONCE, REQUEST_SHA256];
}

/// Headers as a payload gives them, in order, repeated ones too.
#[derive(Default)]
pub(super) struct Sent(Vec<(String, String)>);

/// The headers of a signed call. Each is known, and there once; only the session token may be missing. Values are of printable
/// ASCII without a space at an end or two in a row, so that no two readers see different ones.
#[derive(Clone, PartialEq, Eq)]
pub struct Headers(BTreeMap<&'static str, String>);

impl Headers {
    /// Takes headers in any order.
    pub fn new(sent: impl IntoIterator<Item = (String, String)>) -> Result<Self, NotSigned> {
        let mut headers = BTreeMap::new();
        for (name, value) in sent {
            let name = header::ALL.into_iter().find(|known| *known == name).ok_or(NotSigned::UnknownHeader)?;
            if !is_plain(&value) {
                return Err(NotSigned::HeaderValue(name));
            }
            if headers.insert(name, value).is_some() {
                return Err(NotSigned::RepeatedHeader(name));
            }
        }
        let missing = |name: &&str| *name != header::SECURITY_TOKEN && !headers.contains_key(name);
        match header::ALL.into_iter().find(missing) {
            Some(name) => Err(NotSigned::MissingHeader(name)),
            None => Ok(Self(headers)),
        }
    }

    /// The headers by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The value of a header; nothing where it is missing.
    pub(super) fn of(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The names of all but the signature, in the order in which they are signed.
    pub(super) fn signed(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied().filter(|name| *name != header::AUTHORIZATION)
    }

    pub(super) fn to_json(&self) -> Value {
        self.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    }
}

impl TryFrom<Sent> for Headers {
    type Error = NotSigned;

    fn try_from(sent: Sent) -> Result<Self, NotSigned> {
        Self::new(sent.0)
    }
}

/// They hold a signature and maybe a session token.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<'de> Deserialize<'de> for Sent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Sent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("headers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sent, A::Error> {
        let mut sent = Sent::default();
        while let Some(header) = map.next_entry()? {
            sent.0.push(header);
        }
        Ok(sent)
    }
}

/// Signature Version 4 trims values and makes one space of several; here there is nothing to trim.
fn is_plain(value: &str) -> bool {
    let printable = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    printable && value.trim() == value && !value.contains("  ") && !value.is_empty()
}
