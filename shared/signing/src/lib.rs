//! Signs an operator's request: the counterpart of [`remedy_domain::signed`], which says what the payload means.
//!
//! Pure: the caller passes the time, the credentials and the nonce. Nothing is sent.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningInstructions, SigningSettings, sign},
    sign::v4::SigningParams,
};
use remedy_domain::{
    Audience, Nonce, Region, Timestamp,
    signed::{
        self, BODY, CONTENT_TYPE, Endpoint, Expected, Headers, METHOD, NotSigned, PATH, SERVICE, SignedCall, header,
    },
};

/// A request that is to be signed.
#[derive(Debug, Clone)]
pub struct Unsigned<'a> {
    /// The exact JSON text of the request.
    pub request: &'a str,
    /// The Region that the operator function runs in.
    pub region: &'a Region,
    /// Whom the request is for.
    pub audience: &'a Audience,
    /// A number that was never used before.
    pub nonce: &'a Nonce,
    /// The time.
    pub now: Timestamp,
}

/// A request that could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum CannotSign {
    /// The Region has no AWS STS.
    #[error("there is no AWS STS for this Region: name the one that the operator function runs in")]
    Region,
    /// The time is none that a computer's clock can show.
    #[error("the time is out of range: look at the clock")]
    Time,
    /// The credentials cannot sign.
    #[error("the credentials cannot sign: look at the access key id, the secret and the session token")]
    Credentials,
    /// What came out would not be taken.
    #[error("the signed request would not be taken")]
    NotTaken(#[source] NotSigned),
}

impl Unsigned<'_> {
    /// The payload for the operator function, good for five minutes. It holds no secret, but the session token of temporary
    /// credentials and a signature for this one call: it is sent over TLS and kept nowhere.
    pub fn sign(&self, credentials: &Credentials) -> Result<String, CannotSign> {
        let endpoint = signed::endpoints(self.region).into_iter().next().ok_or(CannotSign::Region)?;
        let digest = signed::digest(self.request);
        let own = [
            (header::CONTENT_TYPE, CONTENT_TYPE),
            (header::AUDIENCE, self.audience.as_str()),
            (header::NONCE, self.nonce.as_str()),
            (header::REQUEST_SHA256, digest.as_str()),
        ];
        let time = SystemTime::try_from(self.now).map_err(|_| CannotSign::Time)?;
        let made = instructions(&endpoint, time, &own, credentials).ok_or(CannotSign::Credentials)?;
        let host = (header::HOST, endpoint.host.as_str());
        let all = own.into_iter().chain([host]).chain(made.headers());
        let headers = Headers::new(all.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self.taken(signed::envelope(self.request, &headers.map_err(CannotSign::NotTaken)?))
    }

    /// The payload, if the operator function would take it.
    fn taken(&self, payload: String) -> Result<String, CannotSign> {
        let expected = Expected { region: self.region.clone(), audience: self.audience.clone(), now: self.now };
        match SignedCall::read(payload.as_bytes(), &expected) {
            Ok(_) => Ok(payload),
            Err(refusal) => Err(CannotSign::NotTaken(refusal)),
        }
    }
}

/// The headers that signing adds: the signature, its date, and the session token.
fn instructions(
    endpoint: &Endpoint,
    time: SystemTime,
    headers: &[(&str, &str)],
    credentials: &Credentials,
) -> Option<SigningInstructions> {
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&endpoint.region)
        .name(SERVICE)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .ok()?;
    let uri = format!("https://{}{PATH}", endpoint.host);
    let body = SignableBody::Bytes(BODY.as_bytes());
    let request = SignableRequest::new(METHOD, uri, headers.iter().copied(), body).ok()?;
    Some(sign(request, &params.into()).ok()?.into_parts().0)
}
