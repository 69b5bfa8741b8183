//! Forms that versions store for each other: words and members that this one does not know (ADR 0039).
//!
//! Deploys go both ways, and for a while two versions work on the same buckets. So a later version may have written an
//! object. A word that it added is [`Word::Other`], and every reader defines what it does then: always the safe thing.
//! Members that it added are left unread, and are written again when an object is replaced ([`unread`], [`with`]).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _};
use serde_json::{Map, Value};

/// A word as it is stored: one that this version knows, or another, which is kept as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word<T> {
    /// This version knows it.
    Known(T),
    /// Another version's: a string, or an object, one of whose members is named after the word.
    Other(Value),
}

impl<T> Word<T> {
    /// The word, if this version knows it.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(word) => Some(word),
            Self::Other(_) => None,
        }
    }
}

impl<T: PartialEq> Word<T> {
    /// Whether it is this very word. An unknown word never is.
    #[must_use]
    pub fn is(&self, word: &T) -> bool {
        self.known() == Some(word)
    }
}

impl<T> From<T> for Word<T> {
    fn from(word: T) -> Self {
        Self::Known(word)
    }
}

impl<T: fmt::Display> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(word) => word.fmt(f),
            Self::Other(_) => f.write_str("something that this version does not know"),
        }
    }
}

impl<T: Serialize> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(word) => word.serialize(serializer),
            Self::Other(word) => word.serialize(serializer),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match T::deserialize(&value) {
            Ok(word) => Ok(Self::Known(word)),
            Err(_) if is_word(&value) => Ok(Self::Other(value)),
            Err(error) => Err(D::Error::custom(error)),
        }
    }
}

fn is_word(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Object(members) => !members.is_empty(),
        _ => false,
    }
}

/// The part of `whole` that is not in `known`: the members, at every depth, that this version does not know.
#[must_use]
pub fn unread(whole: &Value, known: &Value) -> Option<Value> {
    let (Value::Object(whole), Value::Object(known)) = (whole, known) else { return None };
    let left = |(name, member): (&String, &Value)| {
        let left = known.get(name).map_or_else(|| Some(member.clone()), |known| unread(member, known));
        left.map(|left| (name.clone(), left))
    };
    let left: Map<_, _> = whole.iter().filter_map(left).collect();
    (!left.is_empty()).then_some(Value::Object(left))
}

/// The same, with the unread members. Known members stay as they are.
#[must_use]
pub fn with(known: Value, unread: &Value) -> Value {
    let (mut members, unread) = match (known, unread) {
        (Value::Object(members), Value::Object(unread)) => (members, unread),
        (known, _) => return known,
    };
    for (name, more) in unread {
        let member = members.remove(name).map_or_else(|| more.clone(), |member| with(member, more));
        members.insert(name.clone(), member);
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hold::HoldScope, outcome::Outcome};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_word_that_is_not_known_is_another_and_is_kept() {
        let known: Word<Outcome> = serde_json::from_value(json!("repaired")).unwrap();
        assert_eq!(known, Word::Known(Outcome::Repaired));
        let other: Word<Outcome> = serde_json::from_value(json!("sublimated")).unwrap();
        assert!(other.known().is_none() && !other.is(&Outcome::Repaired));
        assert_eq!(serde_json::to_value(&other).unwrap(), "sublimated");
        for scope in
            [json!("region"), json!({"region": "us-east-1"}), json!({"account": "no account"}), json!({"a": 1, "b": 2})]
        {
            let other: Word<HoldScope> = serde_json::from_value(scope.clone()).unwrap();
            assert_eq!((other.known(), serde_json::to_value(&other).unwrap()), (None, scope));
        }
    }

    #[test]
    fn what_is_no_word_is_damage() {
        for wrong in [json!(null), json!(7), json!(["repaired"]), json!({})] {
            assert!(serde_json::from_value::<Word<Outcome>>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(json!(null)), any::<u8>().prop_map(|n| json!(n)), "[a-c]{0,2}".prop_map(|s| json!(s))];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map("[a-d]", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    /// A value without some of its members, as an older version reads it.
    fn without(value: &Value, names: &[&str]) -> Value {
        match value {
            Value::Object(members) => {
                let known = members.iter().filter(|(name, _)| !names.contains(&name.as_str()));
                known.map(|(name, member)| (name.clone(), without(member, names))).collect()
            }
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn what_was_left_unread_makes_it_whole_again(value in json_value()) {
            let known = without(&value, &["a", "c"]);
            let again = match unread(&value, &known) {
                Some(unread) => with(known, &unread),
                None => known,
            };
            prop_assert_eq!(again, value);
        }
    }
}
