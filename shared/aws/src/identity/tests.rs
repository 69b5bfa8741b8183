//! What goes over the wire, and which answers prove something. The signature is made up: nobody here can check one.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::{behavior_version::BehaviorVersion, http::http_client_fn};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::SdkConfig;
use remedy_domain::{
    Audience, Region, Timestamp,
    signed::{CONTENT_TYPE, Expected, digest, envelope, header},
};

use super::*;

const REQUEST: &str = "{}";
const ANN: &str = "<UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>111122223333</Account>\
    <Arn>arn:aws:iam::111122223333:user/ann</Arn>";

fn headers() -> Headers {
    let signed = "content-type;host;x-amz-date;x-remedy-audience;x-remedy-nonce;x-remedy-request-sha256";
    let scope = "AKIAIOSFODNN7EXAMPLE/20260304/eu-west-1/sts/aws4_request";
    let signature = "5".repeat(64);
    let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={signed}, Signature={signature}");
    let all = [
        (header::AUTHORIZATION, authorization),
        (header::CONTENT_TYPE, CONTENT_TYPE.to_owned()),
        (header::HOST, "sts.eu-west-1.amazonaws.com".to_owned()),
        (header::DATE, "20260304T120000Z".to_owned()),
        (header::AUDIENCE, "remedy".to_owned()),
        (header::NONCE, "0".repeat(32)),
        (header::REQUEST_SHA256, digest(REQUEST)),
    ];
    Headers::new(all.map(|(name, value)| (name.to_owned(), value))).unwrap()
}

fn call() -> SignedCall {
    let now: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
    let expected =
        Expected { region: Region::parse("eu-west-1").unwrap(), audience: Audience::parse("remedy").unwrap(), now };
    SignedCall::read(envelope(REQUEST, &headers()).as_bytes(), &expected).unwrap()
}

/// An AWS that gives one answer, and keeps what it was asked.
#[derive(Debug, Clone)]
struct Aws {
    answer: (u16, String),
    asked: Arc<Mutex<Vec<HttpRequest>>>,
}

impl HttpConnector for Aws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.asked.lock().unwrap().push(request);
        let (status, body) = self.answer.clone();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))))
    }
}

async fn answered(endpoint: Option<&str>, status: u16, body: &str) -> (Result<Actor, Fault>, Vec<HttpRequest>) {
    let aws = Aws { answer: (status, body.to_owned()), asked: Arc::default() };
    let own = Credentials::new("AKIAOWNOWNOWNOWNOWN0", "own", None, None, "test");
    let connector = SharedHttpConnector::new(aws.clone());
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_types::region::Region::new("eu-west-1"))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(own))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()));
    config.set_endpoint_url(endpoint.map(str::to_owned));
    let proven = prove(&Session::over(config.build()), &call()).await;
    (proven, std::mem::take(&mut *aws.asked.lock().unwrap()))
}

fn identity(result: &str) -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult>{result}</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

#[tokio::test]
async fn what_was_signed_goes_to_its_host_byte_for_byte_and_nothing_else() {
    let places = [
        (None, "https://sts.eu-west-1.amazonaws.com/"),
        (Some("https://vpce.example"), "https://sts.eu-west-1.amazonaws.com/"),
        (Some("http://10.0.0.1:5000"), "https://sts.eu-west-1.amazonaws.com/"),
        (Some("http://127.0.0.1:5000"), "http://127.0.0.1:5000/"),
    ];
    for (endpoint, uri) in places {
        let (proven, asked) = answered(endpoint, 200, &identity(ANN)).await;
        assert_eq!(proven.unwrap().arn, "arn:aws:iam::111122223333:user/ann");
        let [request] = asked.as_slice() else { panic!("one call was expected: {asked:?}") };
        assert_eq!((request.method(), request.uri()), ("POST", uri));
        assert_eq!(request.body().bytes(), Some(BODY.as_bytes()));
        let mut sent: Vec<_> = request.headers().iter().collect();
        sent.sort_unstable();
        assert_eq!(sent, headers().iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn only_the_answer_to_this_call_proves_something() {
    let error = |code: &str| format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
    let other = identity(ANN).replace("GetCallerIdentityRes", "AssumeRoleWithWebIdentityRes");
    let cases = [
        (200, String::new(), FaultKind::Denied, "unknown"),
        (200, r#"{"GetCallerIdentityResponse":{}}"#.to_owned(), FaultKind::Denied, "unknown"),
        (200, other, FaultKind::Denied, "unknown"),
        (200, identity(""), FaultKind::Denied, "not-an-actor"),
        (200, identity(&ANN.replace("user/ann", "root")), FaultKind::Denied, "not-an-actor"),
        (403, error("SignatureDoesNotMatch"), FaultKind::Denied, "SignatureDoesNotMatch"),
        (403, error("ExpiredToken"), FaultKind::Denied, "ExpiredToken"),
        (400, error("IncompleteSignature"), FaultKind::Denied, "IncompleteSignature"),
        (302, String::new(), FaultKind::Denied, "unknown"),
        (400, error("Throttling"), FaultKind::Transient, "Throttling"),
        (503, error("ServiceUnavailable"), FaultKind::Transient, "ServiceUnavailable"),
    ];
    for (status, body, kind, code) in cases {
        let fault = answered(None, status, &body).await.0.expect_err(&body);
        assert_eq!((fault.kind, fault.code.as_str()), (kind, code), "{status} {body}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let padded = |bytes: usize| format!("{}{}", identity(ANN), " ".repeat(bytes - identity(ANN).len()));
    assert!(answered(None, 200, &padded(LARGEST)).await.0.is_ok());
    assert!(answered(None, 200, &padded(LARGEST + 1)).await.0.is_err_and(|fault| fault.is_transient()));
}
