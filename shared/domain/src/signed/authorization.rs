//! The `Authorization` header of Signature Version 4, in the one spelling that AWS's own signers give it.

use super::{SERVICE, headers::Headers, refusal::NotSigned};
use crate::ids::is_lower_hex;

/// Signatures of one Region with a shared key; the other algorithm of AWS is for several Regions.
const ALGORITHM: &str = "AWS4-HMAC-SHA256 ";

/// What the header says. `AWS4-HMAC-SHA256 Credential=<key>/<day>/<Region>/<service>/aws4_request, SignedHeaders=<a;b>, Signature=<hex>`.
#[derive(Debug)]
pub(super) struct Authorization<'a> {
    pub(super) access_key: &'a str,
    day: &'a str,
    region: &'a str,
    service: &'a str,
    signed: &'a str,
}

impl<'a> Authorization<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, NotSigned> {
        let text = text.strip_prefix(ALGORITHM).ok_or(NotSigned::Algorithm)?;
        let parts = text.split(", ").map(|part| part.split_once('=')).collect::<Vec<_>>();
        let [Some(("Credential", credential)), Some(("SignedHeaders", signed)), Some(("Signature", signature))] =
            *parts.as_slice()
        else {
            return Err(NotSigned::Authorization);
        };
        let scope = credential.split('/').collect::<Vec<_>>();
        let [access_key, day, region, service, "aws4_request"] = *scope.as_slice() else {
            return Err(NotSigned::Scope);
        };
        if !is_access_key(access_key) {
            return Err(NotSigned::AccessKey);
        }
        if signature.len() != 64 || !signature.chars().all(is_lower_hex) {
            return Err(NotSigned::Signature);
        }
        Ok(Self { access_key, day, region, service, signed })
    }

    /// Whether it is signed for AWS STS, on the day of its date, in the Region of its host.
    pub(super) fn scope_fits(&self, date: &str, region: &str) -> Result<(), NotSigned> {
        let day = date.split('T').next().unwrap_or_default();
        if (self.day, self.region, self.service) == (day, region, SERVICE) { Ok(()) } else { Err(NotSigned::Scope) }
    }

    /// Whether every header is signed, and nothing else.
    pub(super) fn covers(&self, headers: &Headers) -> Result<(), NotSigned> {
        let unsigned = headers.signed().find(|name| !self.signed.split(';').any(|signed| signed == *name));
        if let Some(name) = unsigned {
            return Err(NotSigned::UnsignedHeader(name));
        }
        if self.signed.split(';').eq(headers.signed()) { Ok(()) } else { Err(NotSigned::SignedHeaders) }
    }
}

/// 16 to 128 capitals and digits (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html>).
fn is_access_key(text: &str) -> bool {
    (16..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}
