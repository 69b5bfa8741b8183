//! What is refused before any call, and as what. The signature here is made up: only STS can check one.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const REQUEST: &str = r#"{"approve":"0f","reason":"ticket 7"}"#;
const NOW: &str = "2026-03-04T12:00:00Z";

fn expected() -> Expected {
    let audience = Audience::parse("arn:aws:lambda:eu-west-1:111122223333:function:operator").unwrap();
    Expected { region: Region::parse("eu-west-1").unwrap(), audience, now: NOW.parse().unwrap() }
}

fn authorization(scope: &str, signed: &str) -> String {
    let signature = "5".repeat(64);
    format!("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/{scope}, SignedHeaders={signed}, Signature={signature}")
}

const SCOPE: &str = "20260304/eu-west-1/sts/aws4_request";
const SIGNED: &str = "content-type;host;x-amz-date;x-remedy-audience;x-remedy-nonce;x-remedy-request-sha256";

fn payload() -> Value {
    json!({"operator": {"request": REQUEST, "proof": {"headers": {
        "authorization": authorization(SCOPE, SIGNED),
        "content-type": CONTENT_TYPE,
        "host": "sts.eu-west-1.amazonaws.com",
        "x-amz-date": "20260304T120000Z",
        "x-remedy-audience": expected().audience,
        "x-remedy-nonce": "0123456789abcdef0123456789abcdef",
        "x-remedy-request-sha256": digest(REQUEST),
    }}}})
}

fn read(payload: &Value) -> Result<SignedCall, NotSigned> {
    SignedCall::read(payload.to_string().as_bytes(), &expected())
}

/// What becomes of the payload with one header set, or taken away.
fn with(header: &str, value: impl Into<Value>) -> Option<NotSigned> {
    let mut payload = payload();
    let headers = payload["operator"]["proof"]["headers"].as_object_mut().unwrap();
    match value.into() {
        Value::Null => drop(headers.remove(header)),
        value => drop(headers.insert(header.to_owned(), value)),
    }
    read(&payload).err()
}

#[test]
fn a_payload_gives_its_request_and_its_headers_back() {
    let call = read(&payload()).unwrap();
    assert_eq!((call.request(), call.host()), (REQUEST, "sts.eu-west-1.amazonaws.com"));
    let sent = payload();
    let sent = sent["operator"]["proof"]["headers"].as_object().unwrap();
    let kept: Vec<_> = call.headers().iter().map(|(name, value)| (name, json!(value))).collect();
    assert_eq!(kept, sent.iter().map(|(name, value)| (name.as_str(), value.clone())).collect::<Vec<_>>());
    assert_eq!(serde_json::from_str::<Value>(&envelope(REQUEST, call.headers())).unwrap(), payload());
    assert_eq!(format!("{call:?}"), "SignedCall(..)", "a signature is not for logs");
    assert!(!format!("{:?}", call.headers()).contains("AKIA"));
}

#[test]
fn a_session_token_is_signed_or_refused() {
    let token = |signed: &str| {
        let mut payload = payload();
        let headers = &mut payload["operator"]["proof"]["headers"];
        headers["x-amz-security-token"] = json!("IQoJb3JpZ2luX2VjEXAMPLE/+==");
        headers["authorization"] = json!(authorization(SCOPE, signed));
        read(&payload).err()
    };
    assert_eq!(token(&SIGNED.replace("x-amz-date;", "x-amz-date;x-amz-security-token;")), None);
    assert_eq!(token(SIGNED), Some(NotSigned::UnsignedHeader(header::SECURITY_TOKEN)));
}

#[test]
fn every_header_is_known_there_once_and_plain() {
    for name in header::ALL.into_iter().filter(|name| *name != header::SECURITY_TOKEN) {
        assert_eq!(with(name, Value::Null), Some(NotSigned::MissingHeader(name)));
        for value in ["", " x", "x ", "x  y", "x\r\ny: z", "x\u{0}", "x\ty", "\u{e9}"] {
            assert_eq!(with(name, value), Some(NotSigned::HeaderValue(name)), "{value:?}");
        }
        let (whole, first) = (payload().to_string(), format!("\"{name}\":\"x\","));
        let twice = whole.replacen("\"headers\":{", &format!("\"headers\":{{{first}"), 1);
        let twice = SignedCall::read(twice.as_bytes(), &expected()).unwrap_err();
        assert_eq!(twice, NotSigned::RepeatedHeader(name));
    }
    let names =
        ["Host", "accept", "x-amz-target", "x-amz-security-Token", "x-amz-content-sha256", "host ", "x-forwarded-host"];
    for name in names {
        assert_eq!(with(name, "x"), Some(NotSigned::UnknownHeader), "{name}");
    }
}

#[test]
fn only_hosts_of_aws_sts_in_our_region_are_sent_to() {
    let hosts = |region: &str| {
        let endpoints = endpoints(&Region::parse(region).unwrap()).into_iter();
        endpoints.map(|endpoint| format!("{} {}", endpoint.host, endpoint.region)).collect::<Vec<_>>()
    };
    assert_eq!(hosts("eu-west-1"), ["sts.eu-west-1.amazonaws.com eu-west-1", "sts.amazonaws.com us-east-1"]);
    assert_eq!(hosts("cn-north-1"), ["sts.cn-north-1.amazonaws.com.cn cn-north-1"]);
    assert_eq!(hosts("us-gov-west-1"), ["sts.us-gov-west-1.amazonaws.com us-gov-west-1"]);
    for host in [
        "sts.us-east-1.amazonaws.com",
        "sts.eu-west-1.amazonaws.com.example.org",
        "sts.eu-west-1.amazonaws.com:8443",
        "sts.eu-west-1.amazonaws.com.",
        "STS.eu-west-1.amazonaws.com",
        "127.0.0.1",
        "sts.eu-west-1.amazonaws.com@example.org",
    ] {
        assert_eq!(with(header::HOST, host), Some(NotSigned::Host), "{host}");
    }
    let global = with(header::HOST, "sts.amazonaws.com");
    assert_eq!(global, Some(NotSigned::Scope), "calls to the global host are signed for us-east-1");
}

#[test]
fn the_headers_mean_this_request_for_this_audience() {
    assert_eq!(with(header::REQUEST_SHA256, digest("{}")), Some(NotSigned::OtherRequest));
    assert_eq!(with(header::AUDIENCE, "another"), Some(NotSigned::OtherAudience));
    assert_eq!(with(header::CONTENT_TYPE, "application/json"), Some(NotSigned::ContentType));
    for nonce in ["0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef", "0123456789abcdef0123456789abcdef0"] {
        assert_eq!(with(header::NONCE, nonce), Some(NotSigned::Nonce), "{nonce}");
    }
    let mut other = payload();
    other["operator"]["request"] = json!(REQUEST.replace("0f", "0e"));
    assert_eq!(read(&other).unwrap_err(), NotSigned::OtherRequest);
}

#[test]
fn a_signature_holds_for_five_minutes_both_ways() {
    for (now, outcome) in [
        ("2026-03-04T12:05:00Z", None),
        ("2026-03-04T12:05:00.001Z", Some(NotSigned::OutOfTime)),
        ("2026-03-04T11:55:00Z", None),
        ("2026-03-04T11:54:59Z", Some(NotSigned::OutOfTime)),
        ("2027-03-04T12:00:00Z", Some(NotSigned::OutOfTime)),
        ("-009999-01-02T01:59:59Z", Some(NotSigned::OutOfTime)),
    ] {
        let expected = Expected { now: now.parse().unwrap(), ..expected() };
        assert_eq!(SignedCall::read(payload().to_string().as_bytes(), &expected).err(), outcome, "{now}");
    }
    for date in
        ["2026-03-04T12:00:00Z", "20260304T120000", "20260304T120000z", "20261304T120000Z", "20260304T120060Z", "0"]
    {
        assert_eq!(with(header::DATE, date), Some(NotSigned::Date), "{date}");
    }
}

#[test]
fn the_authorization_has_one_spelling() {
    let whole = authorization(SCOPE, SIGNED);
    let refused = |from: &str, to: &str| with(header::AUTHORIZATION, whole.replacen(from, to, 1));
    let cases = [
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", NotSigned::Algorithm),
        ("AWS4-HMAC-SHA256", "aws4-hmac-sha256", NotSigned::Algorithm),
        (", SignedHeaders", ",SignedHeaders", NotSigned::Authorization),
        ("SignedHeaders=", "Signature=5, SignedHeaders=", NotSigned::Authorization),
        ("Credential", "credential", NotSigned::Authorization),
        ("20260304", "20260305", NotSigned::Scope),
        ("eu-west-1", "us-east-1", NotSigned::Scope),
        ("/sts/", "/s3/", NotSigned::Scope),
        ("/sts/", "/sts/sts/", NotSigned::Scope),
        ("aws4_request", "aws4_request2", NotSigned::Scope),
        ("AKIAIOSFODNN7EXAMPLE", "akiaiosfodnn7example", NotSigned::AccessKey),
        ("AKIAIOSFODNN7EXAMPLE", "", NotSigned::AccessKey),
        ("Signature=5", "Signature=A", NotSigned::Signature),
        ("Signature=5", "Signature=", NotSigned::Signature),
        (";x-remedy-nonce", "", NotSigned::UnsignedHeader(header::NONCE)),
        (";host", "", NotSigned::UnsignedHeader(header::HOST)),
        ("content-type;host", "host;content-type", NotSigned::SignedHeaders),
        ("host;", "host;host;", NotSigned::SignedHeaders),
        ("host;", "host;x-amz-content-sha256;", NotSigned::SignedHeaders),
        ("host;", "host;;", NotSigned::SignedHeaders),
    ];
    for (from, to, refusal) in cases {
        assert_eq!(refused(from, to), Some(refusal), "{from} -> {to}");
    }
    for name in SIGNED.split(';') {
        let rest: Vec<_> = SIGNED.split(';').filter(|other| *other != name).collect();
        let unsigned = with(header::AUTHORIZATION, authorization(SCOPE, &rest.join(";")));
        assert!(matches!(unsigned, Some(NotSigned::UnsignedHeader(header)) if header == name), "{name}");
    }
}

#[test]
fn an_envelope_has_these_members_and_no_others() {
    let whole = payload().to_string();
    let presigned = r#"{"operator":{"request":"{}","proof":{"url":"https://sts.amazonaws.com/?Action=GetCallerIdentity&X-Amz-Signature=5"}}}"#;
    for malformed in [
        "",
        "null",
        "{}",
        r#"{"operator":{}}"#,
        r#"{"operator":{"request":{},"proof":{"headers":{}}}}"#,
        r#"{"operator":{"request":"{}","proof":{"headers":[["host","x"]]}}}"#,
        r#"{"operator":{"request":"{}","proof":{"headers":{"host":["x","y"]}}}}"#,
        presigned,
        &whole.replace("\"proof\":{", "\"proof\":{\"body\":\"Action=AssumeRole\","),
        &whole.replace("\"proof\":{", "\"proof\":{\"method\":\"GET\","),
        &whole.replace("\"operator\":{", "\"operator\":{\"actor\":{\"arn\":\"arn:aws:iam::111122223333:user/ann\"},"),
        &whole.replace("{\"operator\"", "{\"requestContext\":{\"identity\":{}},\"operator\""),
        &whole.replace("\"operator\":{", "\"operator\":{\"request\":\"{}\","),
        &format!("{whole}{whole}"),
        &json!([payload()["operator"]]).to_string(),
        &json!({"operator": [REQUEST, payload()["operator"]["proof"]]}).to_string(),
        &json!({"operator": {"request": REQUEST, "proof": [payload()["operator"]["proof"]["headers"]]}}).to_string(),
        whole.trim_start_matches('{'),
        &format!("\u{feff}{whole}"),
    ] {
        let refusal = SignedCall::read(malformed.as_bytes(), &expected()).expect_err(malformed);
        assert!(matches!(refusal, NotSigned::Envelope { .. }), "{malformed}: {refusal:?}");
    }
    let not_utf8 = [whole.as_bytes(), &[0xff]].concat();
    assert!(matches!(SignedCall::read(&not_utf8, &expected()), Err(NotSigned::Envelope { .. })));
}

#[test]
fn a_nonce_has_one_key_an_hour_and_caller() {
    let key = |payload: &Value| read(payload).unwrap().nonce_key();
    let (first, mut other) = (key(&payload()), payload());
    assert!(first.starts_with("nonce/2026030412/") && first.len() == "nonce/2026030412/".len() + 64, "{first}");
    let headers = &mut other["operator"]["proof"]["headers"];
    headers["x-remedy-nonce"] = json!("f".repeat(32));
    assert_ne!(key(&other), first);
    let mut caller = payload();
    let authorization = authorization(SCOPE, SIGNED).replace("7EXAMPLE", "8EXAMPLE");
    caller["operator"]["proof"]["headers"]["authorization"] = json!(authorization);
    assert_ne!(key(&caller), first);
}

proptest! {
    /// Every part of the payload may hold anything: nothing panics, and no refusal shows any of it.
    #[test]
    fn a_refusal_never_shows_the_payload(
        place in 0..9_usize, canary in "PHI[a-z]{8}[ -~\\PC]{0,20}", before in "\\PC{0,3}",
    ) {
        let mut payload = payload();
        let text = format!("{before}{canary}");
        match header::ALL.get(place) {
            Some(name) => payload["operator"]["proof"]["headers"][*name] = json!(text),
            None => payload["operator"][text.as_str()] = json!(text),
        }
        let refusal = read(&payload).expect_err("a canary is never right");
        let told = format!("{refusal} {refusal:?}");
        prop_assert!(!told.contains("PHI"));
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(SignedCall::read(&bytes, &expected()).is_err());
    }

    #[test]
    fn a_piece_of_a_payload_is_none(cut in 1..700_usize) {
        let whole = payload().to_string();
        let piece = whole.as_bytes().get(..whole.len().saturating_sub(cut)).unwrap_or_default();
        prop_assert!(SignedCall::read(piece, &expected()).is_err());
    }
}
