//! From an SDK error to a fault: one function, driven by tables of codes.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use remedy_domain::{Call, Fault, FaultKind};

/// Codes for too many calls.
const THROTTLED: [&str; 8] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "BandwidthLimitExceeded",
];

/// Other codes that go away by themselves. The SDK retries some of them; the rest are listed in the services' error references.
const TRANSIENT: [&str; 14] = [
    "PriorRequestNotComplete",
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalFailure",
    "ServiceUnavailable",
    "ServiceFailure",
    "KMSInternalException",
    "DependencyTimeoutException",
    "OperationAborted",
    "ConditionalRequestConflict",
    "ConcurrentModification",
    "EntityTemporarilyUnmodifiable",
    "ResourceInUse",
];

/// Codes that mean no, whatever the status.
const DENIED: [&str; 9] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "AuthFailure",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "ExpiredToken",
];

/// Codes of S3 for a bucket that lives in another Region.
const ELSEWHERE: [&str; 2] = ["PermanentRedirect", "AuthorizationHeaderMalformed"];

/// The fault behind an SDK error while `doing` something, such as `s3:PutPublicAccessBlock`.
///
/// Only AWS's error code is kept. Its message may hold names, and names may hold PHI.
#[must_use]
pub fn fault<E>(doing: &str, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or("unknown");
            of_code(doing, code, context.raw().status().as_u16())
        }
        SdkError::TimeoutError(_) => Fault::transient(doing, "timeout"),
        SdkError::DispatchFailure(_) => Fault::transient(doing, "no-connection"),
        SdkError::ResponseError(_) => Fault::transient(doing, "broken-answer"),
        _ => Fault::defect(doing, "request-not-built"),
    }
}

/// Whether the error says that what was asked for does not exist, by any of these codes.
#[must_use]
pub fn absent<E>(error: &SdkError<E, HttpResponse>, codes: &[&str]) -> bool
where
    E: ProvideErrorMetadata,
{
    error.as_service_error().and_then(ProvideErrorMetadata::code).is_some_and(|code| codes.contains(&code))
}

/// How the answer to a call is read.
pub trait Reading {
    /// The fault behind an SDK error.
    fn fault<E: ProvideErrorMetadata>(&self, error: &SdkError<E, HttpResponse>) -> Fault;

    /// What was answered.
    fn answer<T, E: ProvideErrorMetadata>(&self, sent: Result<T, SdkError<E, HttpResponse>>) -> Result<T, Fault>;

    /// Nothing: the call was made.
    fn done<T, E: ProvideErrorMetadata>(&self, sent: Result<T, SdkError<E, HttpResponse>>) -> Result<(), Fault> {
        self.answer(sent).map(|_| ())
    }

    /// What was answered; none where the answer was one of these codes, which say that there is no such thing.
    fn found<T, E: ProvideErrorMetadata>(
        &self,
        gone: &[&str],
        sent: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Option<T>, Fault>;
}

impl Reading for Call {
    fn fault<E: ProvideErrorMetadata>(&self, error: &SdkError<E, HttpResponse>) -> Fault {
        fault(self.operation, error)
    }

    fn answer<T, E: ProvideErrorMetadata>(&self, sent: Result<T, SdkError<E, HttpResponse>>) -> Result<T, Fault> {
        sent.map_err(|error| self.fault(&error))
    }

    fn found<T, E: ProvideErrorMetadata>(
        &self,
        gone: &[&str],
        sent: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Option<T>, Fault> {
        match sent {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if absent(&error, gone) => Ok(None),
            Err(error) => Err(self.fault(&error)),
        }
    }
}

/// Whether AWS took no more calls.
#[must_use]
pub fn is_throttled(fault: &Fault) -> bool {
    THROTTLED.contains(&fault.code.as_str())
}

fn of_code(doing: &str, code: &str, status: u16) -> Fault {
    let code = remedy_domain::redact::text(code);
    let kind = match (code.as_str(), status) {
        (known, _) if THROTTLED.contains(&known) || TRANSIENT.contains(&known) => FaultKind::Transient,
        (known, _) if DENIED.contains(&known) => FaultKind::Denied,
        (_, 401 | 403) => FaultKind::Denied,
        (_, 429 | 500..) => FaultKind::Transient,
        _ => FaultKind::Rejected,
    };
    let next = match kind {
        _ if ELSEWHERE.contains(&code.as_str()) => "name the bucket's Region in the event",
        FaultKind::Transient => "nothing: the delivery is tried again",
        FaultKind::Denied => "compare the role's policies and the organisation's SCPs with `--describe`",
        _ => "look the code up in the service's API reference",
    };
    Fault::new(kind, doing, code, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_to_do() {
        let kind = |code, status| of_code("x", code, status).kind;
        for code in THROTTLED.into_iter().chain(TRANSIENT) {
            assert_eq!(kind(code, 400), FaultKind::Transient, "{code}");
        }
        for code in DENIED {
            assert_eq!(kind(code, 400), FaultKind::Denied, "{code}");
        }
        assert_eq!(kind("Whatever", 503), FaultKind::Transient);
        assert_eq!(kind("Whatever", 403), FaultKind::Denied);
        // KMS answers a too large policy with the name that other services use for throttling: trying again is in vain.
        assert_eq!(kind("LimitExceededException", 400), FaultKind::Rejected);
        assert_eq!(kind("MalformedPolicyDocument", 400), FaultKind::Rejected);
    }
}
