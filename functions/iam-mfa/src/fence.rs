//! The MFA-deny policy as IAM stores it; its content is in [`remedy_domain::fence`].

use percent_encoding::percent_decode_str;
pub(crate) use remedy_domain::fence::{NAME, document, same};

/// A policy document as IAM returns it: percent-encoded by RFC 3986.
pub(crate) fn decoded(document: &str) -> String {
    percent_decode_str(document).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_iam_returns_is_decoded() {
        assert_eq!(decoded("%7B%22a%22%3A%221%2B2%22%7D"), r#"{"a":"1+2"}"#);
    }
}
