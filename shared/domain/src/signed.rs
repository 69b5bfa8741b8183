//! A request of an operator, and the proof of who makes it: a call of `sts:GetCallerIdentity` that the operator signed and
//! did not send.
//!
//! ```json
//! {"operator": {"request": "<the exact JSON text of the request>", "proof": {"headers": {"authorization": "AWS4-HMAC-SHA256 …", …}}}}
//! ```
//!
//! Whoever receives it sends it to AWS STS, which answers whose signature it is. The signature covers the request's digest,
//! whom it is for (the audience), a number used once, and the time, so that it proves this request to this deployment, now.
//! `HashiCorp` Vault's AWS login and the tokens of Amazon EKS work alike; what broke Vault's (CVE-2020-16250: the login chose
//! the action and the form of the answer) cannot be said here. Method, path, query and body are not in the payload but
//! fixed; of the headers only those of [`header`], each once, all signed; the host is one of AWS STS for our own Region.
//!
//! Everything here is pure and comes before any call. The signature itself only STS can check.
//! Signature Version 4: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

mod authorization;
mod headers;
mod refusal;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    canonical, evidence,
    ids::{Audience, Nonce, Region},
};
use authorization::Authorization;
use headers::Sent;
pub use headers::{Headers, header};
pub use refusal::NotSigned;

/// The largest payload, in bytes.
pub const LARGEST: usize = 64 * 1024;
/// How far the time of a signature may be from ours, both ways. AWS STS itself allows 15 minutes.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// The method of the call.
pub const METHOD: &str = "POST";
/// The path of the call; it has no query.
pub const PATH: &str = "/";
/// The body of the call.
pub const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
/// The type of the body.
pub const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// The service that the call is signed for.
pub const SERVICE: &str = "sts";

/// The payload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    operator: Operator,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operator {
    request: String,
    proof: Proof,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    headers: Sent,
}

/// What a proof must fit.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The Region that the operator function runs in.
    pub region: Region,
    /// Whom requests must be for.
    pub audience: Audience,
    /// The time.
    pub now: Timestamp,
}

/// A signed call that may be sent to AWS STS. Only [`SignedCall::read`] makes one. Proven it is when STS has answered.
pub struct SignedCall {
    request: String,
    headers: Headers,
    access_key: String,
    nonce: Nonce,
    signed_at: Timestamp,
}

/// A host of AWS STS and the Region that calls to it are signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name.
    pub host: String,
    /// The Region of the credential scope.
    pub region: String,
}

/// The hosts of AWS STS that calls may be signed for in a Region, its own one first, and the global one where there is one
/// (<https://docs.aws.amazon.com/general/latest/gr/sts.html>).
#[must_use]
pub fn endpoints(region: &Region) -> Vec<Endpoint> {
    let china = if region.partition() == "aws-cn" { ".cn" } else { "" };
    let own = Endpoint { host: format!("sts.{region}.amazonaws.com{china}"), region: region.to_string() };
    let global = || Endpoint { host: "sts.amazonaws.com".to_owned(), region: "us-east-1".to_owned() };
    let mut all = if region.is_global() { Vec::new() } else { vec![own] };
    all.extend((region.partition() == "aws").then(global));
    all
}

/// The payload that carries a request and its proof.
#[must_use]
pub fn envelope(request: &str, headers: &Headers) -> String {
    as_json(request, headers).to_string()
}

fn as_json(request: &str, headers: &Headers) -> Value {
    json!({"operator": {"request": request, "proof": {"headers": headers.to_json()}}})
}

/// The digest of a request, as it is signed: the SHA-256 of its text in lower-case hex.
#[must_use]
pub fn digest(request: &str) -> String {
    canonical::sha256_hex(request.as_bytes())
}

impl SignedCall {
    /// Reads a payload and refuses whatever does not fit exactly.
    pub fn read(payload: &[u8], expected: &Expected) -> Result<Self, NotSigned> {
        if payload.len() > LARGEST {
            return Err(NotSigned::TooLarge);
        }
        let envelope: Envelope = serde_json::from_slice(payload).map_err(|error| NotSigned::envelope(&error))?;
        let Operator { request, proof } = envelope.operator;
        let headers = Headers::try_from(proof.headers)?;
        // serde also takes lists of values for objects.
        if !serde_json::from_slice::<Value>(payload).is_ok_and(|whole| whole == as_json(&request, &headers)) {
            return Err(NotSigned::Envelope { line: 1, column: 1 });
        }
        let endpoint = endpoint(&headers, &expected.region)?;
        means(&headers, &request, &expected.audience)?;
        let signed_at = signed_at(&headers, expected.now)?;
        let nonce = Nonce::parse(headers.of(header::NONCE)).map_err(|_| NotSigned::Nonce)?;
        let authorization = Authorization::read(headers.of(header::AUTHORIZATION))?;
        authorization.scope_fits(headers.of(header::DATE), &endpoint.region)?;
        authorization.covers(&headers)?;
        let access_key = authorization.access_key.to_owned();
        Ok(Self { request, headers, access_key, nonce, signed_at })
    }

    /// The text of the request.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.request
    }

    /// The host of AWS STS that the call is signed for.
    #[must_use]
    pub fn host(&self) -> &str {
        self.headers.of(header::HOST)
    }

    /// The headers of the call, as they were signed.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The ledger's key of this nonce: `nonce/<yyyymmddhh>/<SHA-256 of nonce and access key id>`. The hour is that of the
    /// signature, in UTC, so that a key two hours old can go: no proof of that age is taken.
    ///
    /// Who puts it there first may act, once the identity is proven (before that, anybody could use up nonces). What is put
    /// must differ from attempt to attempt, for a store may take the same bytes again for its own lost write.
    #[must_use]
    pub fn nonce_key(&self) -> String {
        let which = canonical::digest_of_text(&[self.nonce.as_str(), &self.access_key]);
        format!("nonce/{}/{which}", evidence::hour(self.signed_at))
    }
}

impl fmt::Debug for SignedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedCall(..)")
    }
}

/// The host is never taken from the payload: one of ours is, if the payload names it.
fn endpoint(headers: &Headers, region: &Region) -> Result<Endpoint, NotSigned> {
    let mut ours = endpoints(region).into_iter();
    ours.find(|endpoint| endpoint.host == headers.of(header::HOST)).ok_or(NotSigned::Host)
}

/// Whether the headers mean this request, for this audience, in this form.
fn means(headers: &Headers, request: &str, audience: &Audience) -> Result<(), NotSigned> {
    let meant = [
        (header::CONTENT_TYPE, CONTENT_TYPE, NotSigned::ContentType),
        (header::REQUEST_SHA256, &digest(request), NotSigned::OtherRequest),
        (header::AUDIENCE, audience.as_str(), NotSigned::OtherAudience),
    ];
    meant.into_iter().find(|(name, value, _)| headers.of(name) != *value).map_or(Ok(()), |(_, _, wrong)| Err(wrong))
}

fn signed_at(headers: &Headers, now: Timestamp) -> Result<Timestamp, NotSigned> {
    let at = instant(headers.of(header::DATE)).ok_or(NotSigned::Date)?;
    if at.duration_since(now).abs() <= WINDOW { Ok(at) } else { Err(NotSigned::OutOfTime) }
}

/// The instant of `yyyymmddThhmmssZ`, in this spelling only.
fn instant(date: &str) -> Option<Timestamp> {
    const SPELLING: &str = "%Y%m%dT%H%M%SZ";
    let civil = DateTime::strptime(SPELLING, date).ok()?;
    let same = civil.strftime(SPELLING).to_string() == date;
    TimeZone::UTC.to_timestamp(civil).ok().filter(|_| same)
}
