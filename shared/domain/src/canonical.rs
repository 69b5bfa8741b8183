//! Canonical JSON: one byte string for one value, so that a digest means something.
//!
//! Object keys are sorted by their UTF-8 bytes, there is no white space, and floating-point numbers are refused, because
//! their printed form is not one. Keys are sorted here and not left to `serde_json`, whose map order is a build feature.

use base64::Engine as _;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A value that has no canonical form.
#[derive(Debug, thiserror::Error)]
pub enum NotCanonical {
    /// It contains a floating-point number.
    #[error("a floating-point number has no canonical form")]
    Float,
    /// It does not serialise to JSON at all.
    #[error("the value does not serialise to JSON")]
    Unserialisable(#[source] serde_json::Error),
}

/// The canonical JSON of `value`.
pub fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, NotCanonical> {
    let value = serde_json::to_value(value).map_err(NotCanonical::Unserialisable)?;
    let mut out = Vec::new();
    write(&value, &mut out)?;
    Ok(out)
}

/// The SHA-256 of the canonical JSON of `value`, in lower-case hex.
pub fn digest(value: &impl Serialize) -> Result<String, NotCanonical> {
    Ok(sha256_hex(&to_bytes(value)?))
}

/// The SHA-256 of `bytes` in lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of `bytes` in base 64, as `x-amz-checksum-sha256` carries it.
#[must_use]
pub fn sha256_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes))
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The digest of several texts, each preceded by its length, so that no two lists give the same bytes.
pub(crate) fn digest_of_text(parts: &[&str]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&part.len().to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    sha256_hex(&bytes)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => write_scalar(value, out),
        Value::Number(number) if number.is_i64() || number.is_u64() => write_scalar(value, out),
        Value::Number(_) => Err(NotCanonical::Float),
        Value::Array(items) => write_array(items, out),
        Value::Object(members) => write_object(members, out),
    }
}

fn write_scalar(value: &impl Serialize, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    serde_json::to_writer(out, value).map_err(NotCanonical::Unserialisable)
}

fn write_array(items: &[Value], out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out)?;
    }
    out.push(b']');
    Ok(())
}

fn write_object(members: &serde_json::Map<String, Value>, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| key.as_bytes());
    out.push(b'{');
    for (index, (key, member)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_scalar(key, out)?;
        out.push(b':');
        write(member, out)?;
    }
    out.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn keys_are_sorted_and_nothing_is_spaced() {
        let bytes = to_bytes(&json!({"b": [1, true], "a": {"d": null, "c": "é"}})).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), r#"{"a":{"c":"é","d":null},"b":[1,true]}"#);
    }

    #[test]
    fn floats_are_refused() {
        assert!(matches!(to_bytes(&json!({"a": 1.5})), Err(NotCanonical::Float)));
    }

    #[test]
    fn digests_are_the_published_ones() {
        assert_eq!(sha256_hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(sha256_base64(b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    proptest! {
        #[test]
        fn canonical_json_reads_back_and_is_stable(value in json_value()) {
            let bytes = to_bytes(&value).unwrap();
            let again: Value = serde_json::from_slice(&bytes).unwrap();
            prop_assert_eq!(&again, &value);
            prop_assert_eq!(to_bytes(&again).unwrap(), bytes);
        }
    }
}
