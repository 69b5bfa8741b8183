//! Why a payload proves nothing. No variant shows any of the payload: names of headers are our own.

/// A payload that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NotSigned {
    /// More than [`super::LARGEST`] bytes.
    #[error("the payload is larger than 64 KiB: send the request in parts")]
    TooLarge,
    /// Not one JSON document of exactly the members of an operator request.
    #[error("the payload is no signed operator request (line {line}, column {column}): make it with `remedy sign`")]
    Envelope {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A header that is none of [`super::header`], or is not written in lower case.
    #[error("the proof has a header that is not expected")]
    UnknownHeader,
    /// A header that comes twice.
    #[error("the proof has the header `{0}` twice")]
    RepeatedHeader(&'static str),
    /// A header that is not there.
    #[error("the proof has no header `{0}`")]
    MissingHeader(&'static str),
    /// A value that is empty, has characters that are not printable ASCII, or spaces that signing would take away.
    #[error("the value of the header `{0}` is not plain text")]
    HeaderValue(&'static str),
    /// A host that is none of AWS STS in our Region.
    #[error("the host is not that of AWS STS in the operator's Region: sign for the Region of the operator function")]
    Host,
    /// Another type of body.
    #[error("the content type is not that of the call to AWS STS")]
    ContentType,
    /// The signed digest is that of another text.
    #[error("the signature is for another request: sign this one, and send its text unchanged")]
    OtherRequest,
    /// The signed audience is another one.
    #[error(
        "the signature is for another audience: sign for the account, the Region and the stack of this operator function"
    )]
    OtherAudience,
    /// No nonce of 32 lower-case hex digits.
    #[error("the nonce is not 128 bits in hex")]
    Nonce,
    /// No date as `yyyymmddThhmmssZ`.
    #[error("the date of the signature cannot be read")]
    Date,
    /// More than [`super::WINDOW`] before or after now.
    #[error("the signature is more than five minutes old or ahead: look at the clock, and sign again")]
    OutOfTime,
    /// No signature of AWS4-HMAC-SHA256.
    #[error("the algorithm of the signature is not AWS4-HMAC-SHA256")]
    Algorithm,
    /// An `Authorization` header of another form.
    #[error("the authorization is not of the form Credential, SignedHeaders, Signature")]
    Authorization,
    /// Signed for another day, Region or service.
    #[error(
        "the scope of the signature is not that of a call to AWS STS in the operator's Region, on the day of its date"
    )]
    Scope,
    /// No access key id.
    #[error("the access key id is none that AWS gives")]
    AccessKey,
    /// No signature of 64 lower-case hex digits.
    #[error("the signature is not 256 bits in hex")]
    Signature,
    /// A header that is sent and not signed.
    #[error("the header `{0}` is not signed")]
    UnsignedHeader(&'static str),
    /// Signed headers that are not sent, come twice or in another order.
    #[error("the list of signed headers is not that of the headers sent")]
    SignedHeaders,
}

impl NotSigned {
    /// Only the place is kept: the message of a JSON error shows names of the payload.
    pub(super) fn envelope(error: &serde_json::Error) -> Self {
        Self::Envelope { line: error.line(), column: error.column() }
    }
}
