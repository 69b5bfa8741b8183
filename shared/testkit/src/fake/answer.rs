//! What AWS answers, and how each service words an error.

use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use super::dialect::Dialect;

/// A good answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) headers: Vec<(&'static str, String)>,
}

/// A refusal of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
}

pub(super) type Answered = Result<Answer, Refusal>;

impl Answer {
    /// 200 with a body.
    pub(super) fn of(body: impl Into<String>) -> Self {
        Self { status: 200, body: body.into(), headers: vec![] }
    }

    /// 200 with JSON.
    pub(super) fn json(body: &Value) -> Self {
        Self::of(body.to_string())
    }

    /// 200 in the query protocol.
    pub(super) fn query(action: &str, result: &str) -> Self {
        Self::of(format!(
            "<{action}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><{action}Result>{result}</{action}Result>\
             <ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></{action}Response>"
        ))
    }

    /// 204.
    pub(super) fn nothing() -> Self {
        Self { status: 204, ..Self::default() }
    }

    /// The same, with a header.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Refusal {
    /// A refusal.
    #[must_use]
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
}

/// The answer on the wire.
pub(super) fn render(dialect: Dialect, answered: Answered) -> HttpResponse {
    let answer = answered.unwrap_or_else(|refusal| dialect.word(&refusal));
    let status = StatusCode::try_from(answer.status).expect("a status of HTTP");
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    for (name, value) in answer.headers {
        response.headers_mut().insert(name, value);
    }
    response.headers_mut().insert("x-amzn-requestid", "00000000-0000-4000-8000-000000000000");
    response
}

/// One page of `items`, which are sorted, after `from`; and where the next begins.
pub(super) fn page<'a, T>(
    items: &'a [(String, T)],
    from: Option<&str>,
    size: usize,
) -> (&'a [(String, T)], Option<String>) {
    let start = from.map_or(0, |from| items.partition_point(|(key, _)| key.as_str() <= from));
    let end = items.len().min(start + size.max(1));
    let next = (end < items.len()).then(|| items[end - 1].0.clone());
    (&items[start..end], next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_everything_once() {
        let items: Vec<_> = ["a", "b", "c"].map(|key| (key.to_owned(), ())).into();
        let (mut seen, mut from) = (Vec::new(), None);
        loop {
            let (some, next) = page(&items, from.as_deref(), 2);
            seen.extend(some.iter().map(|(key, ())| key.as_str()));
            from = next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["a", "b", "c"]);
        assert_eq!(page::<()>(&[], None, 1).1, None);
    }
}
