//! A request as AWS reads it: which service and operation, by whom, with which input.

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::rest;

/// The services of the fake, which differ in how they take requests and word errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    S3,
    S3Control,
    Kms,
    Iam,
    Sts,
}

impl Service {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::S3Control => "s3control",
            Self::Kms => "kms",
            Self::Iam => "iam",
            Self::Sts => "sts",
        }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) service: Service,
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
    pub(super) fn read(request: &HttpRequest) -> Self {
        let headers: BTreeMap<_, _> =
            request.headers().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let signed = headers.get("authorization").expect("the request is signed");
        let scope: Vec<_> = signed.split(['=', ',', '/']).collect();
        let [_, key, _, region, service, ..] = scope[..] else { panic!("an unknown signature: {signed}") };
        let body = String::from_utf8_lossy(request.body().bytes().expect("a body in memory")).into_owned();
        let (host, path, query) = split(request.uri());
        let mut call = Self {
            service: service_of(service, &headers),
            operation: String::new(),
            key: key.to_owned(),
            region: region.to_owned(),
            bucket: rest::bucket(&host, &path),
            query: pairs(&query),
            form: pairs(&body),
            headers,
            body,
        };
        call.operation = call.name(request.method());
        call
    }

    fn name(&self, method: &str) -> String {
        match self.service {
            Service::Iam | Service::Sts => self.form.get("Action").cloned().expect("a query request names its action"),
            Service::Kms => {
                let target = self.headers.get("x-amz-target").expect("a JSON request names its target");
                target.trim_start_matches("TrentService.").to_owned()
            }
            Service::S3 | Service::S3Control => rest::operation(method, &self.bucket, &self.query),
        }
    }

    /// `s3:GetPublicAccessBlock`.
    pub(super) fn full_name(&self) -> String {
        format!("{}:{}", self.service.name(), self.operation)
    }

    /// The JSON input.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.body))
    }

    /// What the request is about, as the API names it.
    pub(super) fn resource(&self, account: &str) -> String {
        match self.service {
            Service::S3 => self.bucket.clone(),
            Service::S3Control => self.headers.get("x-amz-account-id").cloned().unwrap_or_default(),
            Service::Kms => self.json()["KeyId"].as_str().unwrap_or_default().to_owned(),
            Service::Iam => {
                let names = ["UserName", "RoleName", "GroupName", "PolicyArn"];
                let named = names.iter().find_map(|name| self.form.get(*name));
                named.cloned().unwrap_or_else(|| account.to_owned())
            }
            Service::Sts => self.form.get("RoleArn").cloned().unwrap_or_default(),
        }
    }
}

fn service_of(scope: &str, headers: &BTreeMap<String, String>) -> Service {
    match scope {
        "s3" if headers.contains_key("x-amz-account-id") => Service::S3Control,
        "s3" => Service::S3,
        "kms" => Service::Kms,
        "iam" => Service::Iam,
        "sts" => Service::Sts,
        other => panic!("the fake does not know the service `{other}`"),
    }
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
