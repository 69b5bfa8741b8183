//! A request as AWS reads it: which service and operation, by whom, with which input.

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    rest,
    service::{Answers, Service},
};

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) service: &'static Service,
    pub(super) operation: String,
    /// The access key it is signed with.
    pub(super) key: String,
    /// The Region it is signed for.
    pub(super) region: String,
    pub(super) bucket: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) headers: BTreeMap<String, String>,
    /// The parameters of the query protocol.
    pub(super) form: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Call {
    /// Reads a request. One that is not signed, or of no service known here, is a mistake in the test.
    pub(super) fn read(request: &HttpRequest, services: &[&'static Service]) -> Self {
        let headers: BTreeMap<_, _> =
            request.headers().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let signed = headers.get("authorization").expect("the request is signed");
        let scope: Vec<_> = signed.split(['=', ',', '/']).collect();
        let [_, key, _, region, scope, ..] = scope[..] else { panic!("an unknown signature: {signed}") };
        let body = String::from_utf8_lossy(request.body().bytes().expect("a body in memory")).into_owned();
        let (host, path, query) = split(request.uri());
        let mut call = Self {
            service: service_of(scope, &headers, services),
            operation: String::new(),
            key: key.to_owned(),
            region: region.to_owned(),
            bucket: rest::bucket(&host, &path),
            query: pairs(&query),
            form: pairs(&body),
            headers,
            body,
        };
        call.operation = call.service.dialect.operation(&call, request.method());
        call
    }

    /// `s3:GetPublicAccessBlock`.
    pub(super) fn full_name(&self) -> String {
        format!("{}:{}", self.service.name, self.operation)
    }

    /// The JSON input.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.body))
    }

    /// What the request is about, as the API names it.
    pub(super) fn resource(&self, account: &str) -> String {
        let named = match (&self.service.answers, self.service.name) {
            (Answers::Rows(_), _) => self.named(),
            (_, "s3") => Some(self.bucket.clone()),
            (_, "s3control") => self.headers.get("x-amz-account-id").cloned(),
            _ => {
                let names = ["UserName", "RoleName", "GroupName", "PolicyArn", "RoleArn"];
                names.iter().find_map(|name| self.form.get(*name)).cloned()
            }
        };
        named.unwrap_or_else(|| account.to_owned())
    }

    fn named(&self) -> Option<String> {
        let (member, input) = (self.service.row(&self.operation)?.named_by()?, self.service.dialect.input(self));
        input[member].as_str().map(str::to_owned)
    }
}

/// The service of a request: by what it is signed for, and by the header that only it has, if there is one.
fn service_of(scope: &str, headers: &BTreeMap<String, String>, services: &[&'static Service]) -> &'static Service {
    let has_header = |service: &&&Service| service.header.is_none_or(|header| headers.contains_key(header));
    let candidates = services.iter().filter(|service| service.scope == scope).filter(has_header);
    candidates
        .max_by_key(|service| service.header.is_some())
        .unwrap_or_else(|| panic!("the fake does not know the service `{scope}`"))
}

/// Host, path and query of a URI.
fn split(uri: &str) -> (String, String, String) {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    (host.to_owned(), path.to_owned(), query.to_owned())
}

/// The names and values of a form or a query.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let decoded = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decoded(name), decoded(value))
    };
    text.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// The text of the first element of this name.
pub(super) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded() {
        let form = pairs("Action=PutUserPolicy&PolicyDocument=%7B%22a%22%3A1%7D&Name=a+b");
        assert_eq!(form["PolicyDocument"], r#"{"a":1}"#);
        assert_eq!(form["Name"], "a b");
        assert!(pairs("").is_empty());
    }

    #[test]
    fn elements_are_found() {
        assert_eq!(element("<A><B>true</B></A>", "B"), Some("true"));
        assert_eq!(element("<A/>", "B"), None);
    }
}
