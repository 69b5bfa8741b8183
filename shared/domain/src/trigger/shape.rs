//! What members must look like, and how a document becomes a struct.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::refusal::{Refusal, is_unprintable};

/// Reads an object; `place` names it in a refusal.
pub(super) fn object<'a, T: Deserialize<'a>>(place: &str, text: &'a str) -> Result<T, Refusal> {
    serde_json::from_str::<Object<T>>(text).map(|object| object.0).map_err(|error| Refusal::unread(place, &error))
}

/// Reads an object that was left as it stood.
pub(super) fn part<'a, T: Deserialize<'a>>(place: &str, raw: Option<&'a RawValue>) -> Result<T, Refusal> {
    object(place, raw.ok_or_else(|| Refusal::shape(&format!("{place}: missing")))?.get())
}

/// An object. Derived structs alone would also take an array, member by member in the order of their fields.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// An array of at most `MOST` elements. An unbounded one would let 6 MB of `{},` become many times that in structs.
#[derive(Debug)]
pub(super) struct Few<T, const MOST: usize>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Few<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements(PhantomData))
    }
}

struct Elements<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Elements<T, MOST> {
    type Value = Few<T, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of at most {MOST} elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while elements.len() < MOST {
            match seq.next_element()? {
                Some(element) => elements.push(element),
                None => break,
            }
        }
        match seq.next_element::<IgnoredAny>()? {
            Some(IgnoredAny) => Err(A::Error::invalid_length(MOST, &self)),
            None => Ok(Few(elements)),
        }
    }
}

/// A string with an alphabet and a length, checked while it is read.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub(super) struct $name(String);

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(value: String) -> Result<Self, Self::Error> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(&value) { Ok(Self(value)) } else { Err(concat!("not ", $expected)) }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

text!(
    /// Twelve digits.
    Account, "an account of 12 digits", |value| value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit())
);
text!(
    /// A region, or the `global` that Config writes for IAM.
    Region, "a region", |value| is_word(value, 32, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
);
text!(
    /// An id, a name or an ARN. The longest are the ARNs of nested IAM paths; 1,224 is the limit of ours.
    ResourceId, "a resource of 1 to 1224 printable characters", |value| is_word(value, 1224, |c| !is_unprintable(c))
);
text!(
    /// `AWS::S3::Bucket`, `AWS::::Account`, `Vendor::Service::Type`.
    ResourceType, "a resource type", |value| is_word(value, 196, |c| c.is_ascii_alphanumeric() || c == ':')
);
text!(
    /// The id of a control: words of lower-case letters and digits, joined by hyphens.
    ControlId, "a control id", |value| {
        value.starts_with(|c: char| c.is_ascii_lowercase())
            && is_word(value, 64, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }
);
text!(
    /// The token of a page, as a listing of AWS gave it: opaque. KMS and S3 give at most 1,024 characters, and other services
    /// name no limit.
    PageToken, "the token of a page: 1 to 4096 printable characters", |value| is_word(value, 4096, |c| !is_unprintable(c))
);
text!(
    /// A Config rule's name.
    RuleName, "a rule name of 1 to 128 printable characters", |value| is_word(value, 128, |c| !is_unprintable(c))
);
text!(
    /// The service or the name of an API call.
    Call, "the name of a service or call", |value| is_word(value, 128, |c| c.is_ascii_alphanumeric() || "._-:".contains(c))
);
text!(
    /// A point in time as AWS writes it. Config wants it back word for word, so it stays a text.
    Timestamp, "a timestamp", |value| is_word(value, 40, |c| c.is_ascii_digit() || "TZ:.+-".contains(c))
);
text!(
    /// Config's result token: opaque, printable ASCII.
    ResultToken, "a result token", |value| is_word(value, 8192, |c| c.is_ascii_graphic())
);
text!(
    /// The id of a message.
    MessageId, "a message id", |value| is_word(value, 128, |c| c.is_ascii_graphic())
);
text!(
    /// The id of a plan: a SHA-256 in hexadecimal.
    PlanId, "64 lower-case hexadecimal digits", |value| {
        value.len() == 64 && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
);
text!(
    /// A target by its hash: the first half of a SHA-256 in hexadecimal.
    TargetHash, "32 lower-case hexadecimal digits", |value| {
        value.len() == 32 && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
);
text!(
    /// Why somebody wants a thing undone.
    Reason, "a reason of at most 1024 characters", |value| value.chars().count() <= 1024
);

/// Ids of controls, each once. No function has more.
#[derive(Debug, serde::Deserialize)]
#[serde(try_from = "Few<ControlId, 64>")]
pub(super) struct ControlIds(Vec<String>);

impl TryFrom<Few<ControlId, 64>> for ControlIds {
    type Error = &'static str;

    fn try_from(Few(ids): Few<ControlId, 64>) -> Result<Self, Self::Error> {
        let distinct: BTreeSet<&str> = ids.iter().map(AsRef::as_ref).collect();
        if ids.is_empty() || distinct.len() < ids.len() {
            return Err("not a list of different control ids");
        }
        Ok(Self(ids.into_iter().map(String::from).collect()))
    }
}

impl From<ControlIds> for Vec<String> {
    fn from(ids: ControlIds) -> Self {
        ids.0
    }
}

fn is_word(value: &str, most: usize, of: impl Fn(char) -> bool) -> bool {
    (1..=most).contains(&value.chars().count()) && value.chars().all(of)
}

impl Region {
    /// The region, unless it is `global`: then `other`, where the event was seen.
    pub(super) fn or(self, other: &Region) -> Region {
        if self.0 == "global" { other.clone() } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alphabets() {
        let account = |value: &str| Account::try_from(value.to_owned()).is_ok();
        assert!(account("000000000000") && !account("11112222333") && !account("11112222333٣"));
        let id = |value: &str| ResourceId::try_from(value.to_owned()).is_ok();
        assert!(id(&"é".repeat(1224)) && !id(&"é".repeat(1225)) && !id("") && !id("a\u{85}b") && !id("a\u{202e}b"));
        let control = |value: &str| ControlId::try_from(value.to_owned()).is_ok();
        assert!(control("s3-bucket-public") && !control("S3") && !control("3s") && !control("a b"));
    }

    #[test]
    fn arrays_are_no_objects() {
        #[derive(serde::Deserialize)]
        struct Empty {}
        assert!(object::<Empty>("it", "{}").is_ok() && object::<Empty>("it", "[]").is_err());
    }
}
