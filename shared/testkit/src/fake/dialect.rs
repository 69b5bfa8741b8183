//! How a service takes requests, and words answers and errors.

use serde_json::{Value, json};

use super::{
    answer::{Answer, Refusal},
    call::Call,
    rest, xml,
};

/// A dialect of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Forms in and XML out: IAM, STS, RDS, SNS. With what the items of a list are called where it is not `member`.
    Query(&'static [(&'static str, &'static str)]),
    /// Forms in and XML out, as EC2 has it.
    Ec2,
    /// JSON in and out. With what stands before the operation, and the code during an outage.
    Json {
        /// Such as `TrentService`.
        target: &'static str,
        /// Such as `KMSInternalException`.
        outage: &'static str,
    },
    /// The REST dialect of S3: the bucket stands in the host or in the path.
    S3,
    /// That of S3 Control.
    S3Control,
}

/// The error for a caller without the permission, for one that is too fast, and for everybody during an outage.
struct Codes {
    denied: (u16, &'static str),
    throttled: (u16, &'static str),
    outage: &'static str,
}

impl Dialect {
    const fn codes(self) -> Codes {
        let (denied, throttled, outage) = match self {
            Self::Query(_) => ((403, "AccessDenied"), (400, "Throttling"), "ServiceUnavailable"),
            Self::Ec2 => ((403, "UnauthorizedOperation"), (503, "RequestLimitExceeded"), "Unavailable"),
            Self::Json { outage, .. } => ((400, "AccessDeniedException"), (400, "ThrottlingException"), outage),
            Self::S3 | Self::S3Control => ((403, "AccessDenied"), (503, "SlowDown"), "ServiceUnavailable"),
        };
        Codes { denied, throttled, outage }
    }

    pub(super) fn denied(self, operation: &str) -> Refusal {
        let (status, code) = self.codes().denied;
        Refusal::new(status, code, format!("not authorized to perform: {operation}"))
    }

    pub(super) fn throttled(self) -> Refusal {
        let (status, code) = self.codes().throttled;
        Refusal::new(status, code, "Rate exceeded. Reduce the frequency of your calls.")
    }

    pub(super) fn unavailable(self) -> Refusal {
        Refusal::new(503, self.codes().outage, "The service is unable to handle the request.")
    }

    /// The operation of a request.
    pub(super) fn operation(self, call: &Call, method: &str) -> String {
        match self {
            Self::Query(_) | Self::Ec2 => call.form.get("Action").cloned().expect("a query request names its action"),
            Self::Json { target, .. } => {
                let named = call.headers.get("x-amz-target").expect("a JSON request names its target");
                named.trim_start_matches(target).trim_start_matches('.').to_owned()
            }
            Self::S3 | Self::S3Control => rest::operation(method, &call.bucket, &call.query),
        }
    }

    /// The input of a request.
    pub(super) fn input(self, call: &Call) -> Value {
        match self {
            Self::Query(_) | Self::Ec2 => xml::tree(&call.form, &|list| self.item(list)),
            Self::Json { .. } => call.json(),
            Self::S3 | Self::S3Control => Value::Null,
        }
    }

    /// The name of a list's items.
    fn item(self, list: &str) -> &'static str {
        match self {
            Self::Query(items) => items.iter().find(|(name, _)| *name == list).map_or("member", |(_, item)| item),
            _ => "item",
        }
    }

    /// A good answer.
    pub(super) fn answer(self, operation: &str, output: &Value) -> Answer {
        let inner =
            || output.as_object().map_or(String::new(), |members| xml::elements(members, &|list| self.item(list)));
        match self {
            Self::Query(_) => Answer::query(operation, &inner()),
            Self::Ec2 => Answer::of(format!(
                "<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
                 <requestId>00000000-0000-4000-8000-000000000000</requestId>{}</{operation}Response>",
                inner()
            )),
            Self::Json { .. } => Answer::json(output),
            Self::S3 | Self::S3Control => Answer::of(inner()),
        }
    }

    /// A bad one.
    pub(super) fn word(self, refusal: &Refusal) -> Answer {
        let Refusal { status, code, message } = refusal;
        let id = "<RequestId>00000000-0000-4000-8000-000000000000</RequestId>";
        let error = format!("<Code>{code}</Code><Message>{message}</Message>");
        let body = match self {
            Self::S3 => {
                format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error>{error}{id}<HostId>x</HostId></Error>")
            }
            Self::Json { .. } => json!({"__type": code, "message": message}).to_string(),
            Self::Ec2 => {
                format!("<Response><Errors><Error>{error}</Error></Errors>{}</Response>", id.replace("Id", "ID"))
            }
            Self::Query(_) | Self::S3Control => {
                format!("<ErrorResponse><Error><Type>Sender</Type>{error}</Error>{id}</ErrorResponse>")
            }
        };
        Answer { status: *status, body, headers: vec![] }
    }
}
