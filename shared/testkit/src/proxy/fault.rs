//! Faults of a call, in the words of the called service.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::call::{Call, Protocol};
use super::wire::{REQUEST_ID, Reply};

/// The result that a caller sees in place of the emulator's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused for too high a rate, before any effect.
    Throttle,
    /// An internal error of the service, before any effect.
    ServerError,
    /// The connection is dropped and nothing reaches the emulator.
    ResetBefore,
    /// The emulator carries the call out, then the connection is dropped without an answer.
    ResetAfter,
    /// The emulator carries the call out, then the service reports an internal error.
    ErrorAfter,
    /// The call waits on its way there; a caller who gives up meanwhile has had no effect.
    Slow(Duration),
    /// The call is carried out at once, but its answer waits on its way back.
    Late(Duration),
    /// A read gets the answer it had before the last write to what it reads; without one it gets the true answer.
    Stale,
    /// Refused for want of permission.
    Denied,
    /// Refused with this status and error code.
    Status(u16, String),
}

impl Fault {
    /// Whether the emulator carries the call out all the same.
    pub fn lets_through(&self) -> bool {
        matches!(self, Self::ResetAfter | Self::ErrorAfter | Self::Slow(_) | Self::Late(_))
    }

    /// The answer of faults which refuse.
    pub(super) fn refusal(&self, call: &Call) -> Option<Reply> {
        let (status, code, message) = match self {
            Self::Throttle => throttled(call),
            Self::ServerError | Self::ErrorAfter => broken(call),
            Self::Denied => denied(call),
            Self::Status(status, code) => (*status, code.as_str(), "Asked for by the test."),
            _ => return None,
        };
        Some(error(call, status, code, message))
    }
}

type Words = (u16, &'static str, &'static str);

fn throttled(call: &Call) -> Words {
    match (call.protocol, call.service.as_str()) {
        (Protocol::S3 | Protocol::RestXml, _) => (503, "SlowDown", "Please reduce your request rate."),
        (Protocol::Query, "sns") => (429, "Throttled", "Rate exceeded"),
        (Protocol::Query, _) => (400, "Throttling", "Rate exceeded"),
        (Protocol::Json, "sqs") => (403, "RequestThrottled", "Request is throttled."),
        (Protocol::Json, "lambda") => (429, "TooManyRequestsException", "Rate Exceeded."),
        (Protocol::Json, _) => (400, "ThrottlingException", "Rate exceeded"),
    }
}

fn broken(call: &Call) -> Words {
    match (call.protocol, call.service.as_str()) {
        (Protocol::S3 | Protocol::RestXml, _) => {
            (500, "InternalError", "We encountered an internal error. Please try again.")
        }
        (_, "iam") => (500, "ServiceFailure", "The request processing has failed because of an unknown error."),
        (_, "kms") => (500, "KMSInternalException", "An internal error occurred."),
        (_, "lambda") => (500, "ServiceException", "An error occurred. Please try again."),
        (_, "sns") => (500, "InternalError", "An internal service error occurred."),
        _ => (500, "InternalFailure", "The request processing has failed because of an unknown error."),
    }
}

fn denied(call: &Call) -> Words {
    match (call.protocol, call.service.as_str()) {
        (Protocol::S3 | Protocol::RestXml, _) => (403, "AccessDenied", "Access Denied"),
        (Protocol::Query, "sns") => (403, "AuthorizationError", "User is not authorized to perform this operation"),
        (Protocol::Query, _) => (403, "AccessDenied", "User is not authorized to perform this operation"),
        (Protocol::Json, "sqs") => (403, "AccessDenied", "Access to the resource is denied."),
        (Protocol::Json, "lambda") => {
            (403, "AccessDeniedException", "User is not authorized to perform this operation")
        }
        (Protocol::Json, _) => (400, "AccessDeniedException", "User is not authorized to perform this operation"),
    }
}

/// An error answer in the protocol of the service that was called, so that every SDK finds code and message in it.
pub(super) fn error(call: &Call, status: u16, code: &str, message: &str) -> Reply {
    let fault = if status < 500 { "Sender" } else { "Receiver" };
    let inner = format!("<Code>{code}</Code><Message>{message}</Message>");
    let id = format!("<RequestId>{REQUEST_ID}</RequestId>");
    let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    match call.protocol {
        _ if call.method == "HEAD" => Reply::new(status, "application/xml", ""),
        Protocol::S3 => Reply::new(status, "application/xml", format!("{head}<Error>{inner}{id}</Error>")),
        Protocol::RestXml => Reply::new(
            status,
            "application/xml",
            format!("{head}<ErrorResponse><Error>{inner}</Error>{id}</ErrorResponse>"),
        ),
        Protocol::Query => {
            let error = format!("<Error><Type>{fault}</Type>{inner}</Error>");
            Reply::new(status, "text/xml", format!("{head}<ErrorResponse>{error}{id}</ErrorResponse>"))
        }
        Protocol::Json => json_error(call, status, code, message, fault),
    }
}

/// SQS clients of today still look for the codes of its older query protocol, in a header. Lambda, a REST service, names the
/// code in a header alone.
fn json_error(call: &Call, status: u16, code: &str, message: &str, fault: &str) -> Reply {
    let mut reply = match call.service.as_str() {
        "lambda" => {
            let side = if status < 500 { "User" } else { "Service" };
            Reply::new(status, "application/json", json!({"Type": side, "Message": message}).to_string())
        }
        _ => Reply::new(status, "application/x-amz-json-1.1", json!({"__type": code, "message": message}).to_string()),
    };
    let mut say = |name, value: &str| {
        let value = HeaderValue::from_str(value).expect("an error code fits a header");
        reply.headers.insert(HeaderName::from_static(name), value);
    };
    say("x-amzn-errortype", code);
    if call.service == "sqs" {
        say("x-amzn-query-error", &format!("{code};{fault}"));
    }
    reply
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::call::tests::{ask, call};
    use super::*;

    const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

    #[test]
    fn each_protocol_throttles_in_its_own_words() {
        let s3 = Fault::Throttle.refusal(&call(&ask(Method::GET, "/b", "s3", &[], ""))).unwrap();
        assert_eq!(s3.status, 503);
        assert!(s3.text().contains("<Error><Code>SlowDown</Code>"), "{}", s3.text());
        let control = Fault::Throttle.refusal(&call(&ask(Method::GET, "/v20180820/x", "s3", &[], ""))).unwrap();
        assert!(control.text().contains("<ErrorResponse><Error><Code>SlowDown</Code>"), "{}", control.text());
        let iam = Fault::Throttle.refusal(&call(&ask(Method::POST, "/", "iam", &FORM, "Action=GetUser"))).unwrap();
        assert!(iam.text().contains("<Error><Type>Sender</Type><Code>Throttling</Code>"), "{}", iam.text());
        let kms =
            Fault::Throttle.refusal(&call(&ask(Method::POST, "/", "kms", &[("x-amz-target", "T.X")], "{}"))).unwrap();
        assert_eq!(kms.headers["x-amzn-errortype"], "ThrottlingException");
        assert_eq!(kms.text(), r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#);
    }

    #[test]
    fn lambda_names_its_code_in_a_header_alone() {
        let invoke = call(&ask(Method::POST, "/2015-03-31/functions/f/invocations", "lambda", &[], "{}"));
        let denied = Fault::Denied.refusal(&invoke).unwrap();
        assert_eq!(
            (denied.status.as_u16(), &denied.headers["x-amzn-errortype"]),
            (403, &HeaderValue::from_static("AccessDeniedException"))
        );
        assert!(denied.text().contains(r#""Type":"User""#) && !denied.text().contains("__type"), "{}", denied.text());
        assert_eq!(Fault::Throttle.refusal(&invoke).unwrap().status, 429);
    }

    #[test]
    fn a_denial_is_403_in_s3_and_400_in_kms() {
        let s3 = Fault::Denied.refusal(&call(&ask(Method::PUT, "/b", "s3", &[], ""))).unwrap();
        assert_eq!((s3.status.as_u16(), s3.text().contains("AccessDenied")), (403, true));
        let kms =
            Fault::Denied.refusal(&call(&ask(Method::POST, "/", "kms", &[("x-amz-target", "T.X")], "{}"))).unwrap();
        assert_eq!((kms.status.as_u16(), kms.text().contains("AccessDeniedException")), (400, true));
    }
}
