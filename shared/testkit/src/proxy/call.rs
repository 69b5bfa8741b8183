//! One AWS call as the journal keeps it.

use std::fmt;

use hyper::body::Bytes;
use serde_json::Value;

use super::breakpoint::When;
use super::fault::Fault;
use super::operation::{of_lambda, of_rest, of_s3, of_s3control, writes};
use super::wire::{Ask, decode, pairs};

/// The account that moto uses for credentials it does not know.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

/// Where the paths of S3 Control begin; its requests are signed for `s3`.
const S3_CONTROL: &str = "/v20180820/";

/// Names under which requests say what they are about, in this order of preference.
const SUBJECTS: [&str; 21] = [
    "KeyId",
    "QueueUrl",
    "TopicArn",
    "UserName",
    "RoleName",
    "GroupName",
    "PolicyArn",
    "InstanceProfileName",
    "RoleArn",
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "ResourceName",
    "ConfigRuleName",
    "AliasName",
    "ServiceSpecificCredentialId",
    "AccountAlias",
    "QueueName",
    "SecretId",
    "ResourceArn",
    "ResourceARN",
    "Name",
];

/// How other names end that say what a request is about.
const LIKE_SUBJECTS: [&str; 5] = ["Identifier", "Id", "Arn", "ARN", "Name"];

/// How a service words its requests and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// S3: XML whose root is `Error`.
    S3,
    /// S3 Control: XML whose root is `ErrorResponse`.
    RestXml,
    /// IAM, STS, SNS: forms in, XML out.
    Query,
    /// KMS, Config, SQS and all REST services with JSON.
    Json,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is still under way.
    Pending,
    /// The emulator, or a shim in its place, answered and the caller got that answer.
    Answered,
    /// A fault changed what the caller saw.
    Faulted(Fault),
    /// A breakpoint held it until the caller was dead or the breakpoint was released; no answer was given.
    Stopped(When),
    /// The caller went away while a fault held the call back; nothing reached the emulator.
    Abandoned,
}

/// One AWS call that came through the proxy.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its place since the proxy started or was last cleared, from 0.
    pub index: usize,
    /// The service of the credential scope, such as `kms`; account-wide S3 calls are `s3control`.
    pub service: String,
    /// The operation, such as `EnableKeyRotation`.
    pub operation: String,
    /// The account that the credentials belong to.
    pub account: String,
    /// The region of the credential scope.
    pub region: String,
    /// The access key that signed.
    pub access_key: String,
    /// The name of the session that the access key belongs to, where a role was assumed through the proxy.
    pub session: Option<String>,
    /// The function that calls, if it names itself in the user agent.
    pub function: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path, as sent.
    pub path: String,
    /// The query, as sent.
    pub query: String,
    /// The request's body, for tests which must assert on what was asked because the emulator would not store it.
    pub body: Bytes,
    /// The header `If-None-Match`: a write that replaces nothing.
    pub if_none_match: Option<String>,
    /// What the call is about: a bucket, `bucket/key`, key id, user name …
    pub resource: Option<String>,
    /// Whether the operation changes anything.
    pub write: bool,
    /// The status that the emulator gave, or the fault if the emulator never saw the call; 0 while there is none.
    pub status: u16,
    /// What became of it.
    pub outcome: Outcome,
    pub(super) protocol: Protocol,
}

impl Call {
    /// Reads a call out of a request; `account_of` knows the accounts of access keys.
    pub(super) fn of(ask: &Ask, account_of: impl Fn(&str) -> String) -> Self {
        let [access_key, region, scope] = credential(ask).unwrap_or_default();
        let protocol = Protocol::of(ask, &scope);
        let account = account_of(&access_key);
        let (operation, resource) = subject(ask, protocol, &account);
        Self {
            index: 0,
            service: service(protocol, scope),
            write: writes(&operation),
            operation,
            account,
            region,
            access_key,
            session: None,
            function: function(ask),
            method: ask.method.to_string(),
            path: ask.path().to_owned(),
            query: ask.query().to_owned(),
            body: ask.body.clone(),
            if_none_match: ask.header("if-none-match").map(str::to_owned),
            resource,
            status: 0,
            outcome: Outcome::Pending,
            protocol,
        }
    }

    /// Service and operation in one word, such as `kms:EnableKeyRotation`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// Whether the emulator carried the call out, whatever the caller got to know of it.
    pub fn took_effect(&self) -> bool {
        let reached = match &self.outcome {
            Outcome::Answered | Outcome::Stopped(When::After) => true,
            Outcome::Faulted(fault) => fault.lets_through(),
            Outcome::Pending | Outcome::Stopped(When::Before) | Outcome::Abandoned => false,
        };
        reached && (200..300).contains(&self.status)
    }

    /// The body as JSON; null if it is something else.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A parameter of a form body, as IAM, STS and SNS use them.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let form = String::from_utf8_lossy(&self.body);
        pairs(&form).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource = self.resource.as_deref().unwrap_or("");
        write!(
            out,
            "#{} {}({resource}) in {}: {} {:?}",
            self.index,
            self.name(),
            self.account,
            self.status,
            self.outcome
        )
    }
}

impl Protocol {
    fn of(ask: &Ask, scope: &str) -> Self {
        let form = ask.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        match scope {
            "s3" | "s3control" | "" if ask.path().starts_with(S3_CONTROL) => Self::RestXml,
            "s3" => Self::S3,
            _ if ask.header("x-amz-target").is_some() => Self::Json,
            _ if form || ask.query().contains("Action=") => Self::Query,
            "" => Self::S3,
            _ => Self::Json,
        }
    }
}

/// Access key, region and service of a SigV4 credential scope, from the header or from a presigned query.
fn credential(ask: &Ask) -> Option<[String; 3]> {
    let signed = ask.header("authorization").and_then(|header| header.split_once("Credential="));
    let scope = match signed {
        Some((_, rest)) => rest.split(',').next()?.trim().to_owned(),
        None => pairs(ask.query()).into_iter().find(|(name, _)| name == "X-Amz-Credential")?.1,
    };
    let mut parts = scope.split('/').map(str::to_owned);
    let (key, _date) = (parts.next()?, parts.next()?);
    Some([key, parts.next()?, parts.next()?])
}

/// What SDKs call the app is with Remedy the function.
fn function(ask: &Ask) -> Option<String> {
    let mut words = ask.header("x-amz-user-agent")?.split(' ');
    words.find_map(|word| word.strip_prefix("app/")).map(str::to_owned)
}

/// An unsigned request is either anonymous S3 or a role assumed by a token.
fn service(protocol: Protocol, scope: String) -> String {
    match (protocol, scope.as_str()) {
        (Protocol::RestXml, _) => "s3control".to_owned(),
        (Protocol::S3, "") => "s3".to_owned(),
        (Protocol::Query, "") => "sts".to_owned(),
        _ => scope,
    }
}

/// The operation, and what it is about.
fn subject(ask: &Ask, protocol: Protocol, account: &str) -> (String, Option<String>) {
    match protocol {
        Protocol::S3 => of_path(ask),
        Protocol::RestXml => (of_s3control(ask), Some(ask.header("x-amz-account-id").unwrap_or(account).to_owned())),
        Protocol::Query => of_form(ask),
        Protocol::Json => of_lambda(ask).unwrap_or_else(|| of_json(ask)),
    }
}

fn of_path(ask: &Ask) -> (String, Option<String>) {
    let path = ask.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let (bucket, key) = (decode(bucket), decode(key));
    let operation = of_s3(ask, &bucket, &key);
    let resource = if key.is_empty() { bucket } else { format!("{bucket}/{key}") };
    (operation, Some(resource).filter(|resource| !resource.is_empty()))
}

fn of_form(ask: &Ask) -> (String, Option<String>) {
    let mut sent = pairs(&String::from_utf8_lossy(&ask.body));
    sent.extend(pairs(ask.query()));
    let find = |name: &str| sent.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let like = || sent.iter().find(|(key, _)| is_like_a_subject(key)).map(|(_, value)| value.clone());
    (find("Action").unwrap_or_else(|| of_rest(ask)), SUBJECTS.iter().find_map(|name| find(name)).or_else(like))
}

fn of_json(ask: &Ask) -> (String, Option<String>) {
    let target = ask.header("x-amz-target").and_then(|target| target.rsplit('.').next()).map(str::to_owned);
    let body: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let like = || body.as_object()?.iter().find(|(name, _)| is_like_a_subject(name))?.1.as_str();
    let resource = SUBJECTS.iter().find_map(|name| body.get(name)?.as_str()).or_else(like).map(short_key);
    (target.or_else(|| of_rpc(ask)).or_else(|| of_account(ask)).unwrap_or_else(|| of_rest(ask)), resource)
}

/// Whether a parameter of a service that has no name of its own in the list says what the request is about.
fn is_like_a_subject(name: &str) -> bool {
    !name.contains('.') && LIKE_SUBJECTS.iter().any(|end| name.ends_with(end))
}

/// AWS Account Management names its operation in the path, with a small letter at its beginning.
fn of_account(ask: &Ask) -> Option<String> {
    let [_, _, service] = credential(ask)?;
    let mut letters = ask.path().strip_prefix('/')?.chars();
    let first = letters.next().filter(|_| service == "account")?;
    Some(first.to_uppercase().chain(letters).collect())
}

/// The newest protocol of some services names its operation in the path.
fn of_rpc(ask: &Ask) -> Option<String> {
    ask.path().strip_prefix("/service/")?.split_once("/operation/").map(|(_, operation)| operation.to_owned())
}

/// A KMS key is named by its id or by its ARN; the id is in both.
pub(super) fn short_key(id: &str) -> String {
    match id.split_once(":key/") {
        Some((_, key)) => key.to_owned(),
        None => id.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    use super::*;

    /// A request with a signature for `service`, and further headers.
    pub(crate) fn ask(
        method: Method,
        target: &str,
        service: &str,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Ask {
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host");
        let all = headers.iter().copied().chain([("authorization", scope.as_str())]);
        let all = all.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        Ask { method, target: target.to_owned(), headers: HeaderMap::from_iter(all), body: body.to_owned().into() }
    }

    /// The call of such a request, in account `111122223333`.
    pub(crate) fn call(ask: &Ask) -> Call {
        Call::of(ask, |_| "111122223333".to_owned())
    }

    #[test]
    fn json_services_are_named_by_their_target() {
        let body = r#"{"KeyId":"arn:aws:kms:eu-west-1:1:key/abc"}"#;
        let call = call(&ask(Method::POST, "/", "kms", &[("x-amz-target", "TrentService.EnableKeyRotation")], body));
        assert_eq!(
            (call.name().as_str(), call.resource.as_deref(), call.write),
            ("kms:EnableKeyRotation", Some("abc"), true)
        );
        assert_eq!((call.region.as_str(), call.access_key.as_str()), ("eu-west-1", "AK"));
    }

    #[test]
    fn query_services_are_named_by_their_action() {
        let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let call = call(&ask(Method::POST, "/", "iam", &form, "Action=GetUser&UserName=j%40x"));
        assert_eq!((call.name().as_str(), call.resource.as_deref(), call.write), ("iam:GetUser", Some("j@x"), false));
    }

    #[test]
    fn what_a_request_is_about_is_known_without_its_service() {
        let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let of_form = |body: &str| call(&ask(Method::POST, "/", "rds", &form, body)).resource;
        let changed = "Action=ModifyDBInstance&Version=1&DBInstanceIdentifier=phi&DeletionProtection=true";
        assert_eq!(of_form(changed).as_deref(), Some("phi"));
        assert_eq!(of_form("Action=DescribeDBInstances&Filters.Filter.1.Name=engine"), None);
        let target = [("x-amz-target", "Logs_20140328.PutRetentionPolicy")];
        let body = r#"{"logGroupName":"/phi","retentionInDays":2192}"#;
        assert_eq!(call(&ask(Method::POST, "/", "logs", &target, body)).resource.as_deref(), Some("/phi"));
    }

    #[test]
    fn a_function_is_known_by_its_user_agent() {
        let named = [("x-amz-user-agent", "aws-sdk-rust/1.3.9 os/linux lang/rust/1.95.0 app/kms-keys")];
        let of = |headers: &[_]| call(&ask(Method::GET, "/b", "s3", headers, "")).function;
        assert_eq!((of(&named).as_deref(), of(&[])), (Some("kms-keys"), None));
    }

    #[test]
    fn s3_control_is_told_from_s3_by_its_path() {
        let path = "/v20180820/configuration/publicAccessBlock";
        let call = call(&ask(Method::PUT, path, "s3", &[("x-amz-account-id", "9")], ""));
        assert_eq!((call.name().as_str(), call.resource.as_deref()), ("s3control:PutPublicAccessBlock", Some("9")));
    }

    #[test]
    fn an_invocation_is_named_with_its_function() {
        let call = call(&ask(Method::POST, "/2015-03-31/functions/clinic-operator/invocations", "lambda", &[], "{}"));
        assert_eq!((call.name().as_str(), call.resource.as_deref()), ("lambda:Invoke", Some("clinic-operator")));
    }

    #[test]
    fn objects_are_named_with_their_bucket() {
        let call = call(&ask(Method::PUT, "/b/a%20b?x-id=PutObject", "s3", &[], ""));
        assert_eq!((call.name().as_str(), call.resource.as_deref()), ("s3:PutObject", Some("b/a b")));
    }
}
