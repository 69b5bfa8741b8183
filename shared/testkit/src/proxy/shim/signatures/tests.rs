//! What the operator's side signs, against this check, which shares no code with the signer but the hash.

use aws_credential_types::Credentials;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use remedy_domain::signed::{BODY, Expected, LARGEST, METHOD, NotSigned, PATH, SignedCall, header};
use remedy_domain::{Audience, Nonce, Region};
use remedy_signing::Unsigned;
use serde_json::Value;

use super::super::super::call::tests as calls;
use super::*;

const KEY: &str = "ASIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE/+==";
const REQUEST: &str = r#"{"approve":"0f"}"#;

fn now() -> Timestamp {
    "2026-03-04T23:59:58Z".parse().unwrap()
}

fn expected(region: &str) -> Expected {
    let audience = Audience::parse("arn:aws:lambda:eu-west-1:111122223333:function:operator").unwrap();
    Expected { region: Region::parse(region).unwrap(), audience, now: now() }
}

fn payload(region: &str, token: Option<&str>) -> String {
    let Expected { region, audience, now } = &expected(region);
    let nonce = &Nonce::parse("0123456789abcdef0123456789abcdef").unwrap();
    let unsigned = Unsigned { request: REQUEST, region, audience, nonce, now: *now };
    unsigned.sign(&Credentials::new(KEY, SECRET, token.map(str::to_owned), None, "test")).unwrap()
}

fn ask(call: &SignedCall, body: &str) -> Ask {
    let headers = call.headers().iter();
    let headers = headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    let method = Method::from_bytes(METHOD.as_bytes()).unwrap();
    Ask { method, target: PATH.to_owned(), headers: HeaderMap::from_iter(headers), body: body.to_owned().into() }
}

fn known(token: Option<&str>) -> Signatures {
    let signatures = Signatures::default();
    signatures.register(KEY, SECRET, token);
    signatures
}

/// Whether both we and AWS STS would take a payload.
fn taken(payload: &str, region: &str, token: Option<&str>) -> bool {
    SignedCall::read(payload.as_bytes(), &expected(region))
        .is_ok_and(|call| known(token).check(&ask(&call, BODY), now()).is_ok())
}

#[test]
fn what_is_signed_is_taken_in_every_partition() {
    for region in ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1"] {
        for token in [None, Some(TOKEN)] {
            assert!(taken(&payload(region, token), region, token), "{region}");
        }
    }
}

#[test]
fn another_body_method_or_path_is_not_what_was_signed() {
    let call = SignedCall::read(payload("eu-west-1", None).as_bytes(), &expected("eu-west-1")).unwrap();
    let (signatures, call) = (known(None), ask(&call, BODY));
    assert_eq!(signatures.check(&call, now()), Ok(()));
    for other in [
        Ask { body: BODY.replace("GetCallerIdentity", "GetSessionToken").into(), ..call.clone() },
        Ask { method: Method::GET, ..call.clone() },
        Ask { target: "/?Action=AssumeRole".to_owned(), ..call.clone() },
    ] {
        assert_eq!(signatures.check(&other, now()), Err(mismatch(MISMATCH)));
    }
}

#[test]
fn refusals_are_those_of_aws() {
    let call = SignedCall::read(payload("eu-west-1", Some(TOKEN)).as_bytes(), &expected("eu-west-1")).unwrap();
    let call = ask(&call, BODY);
    let code = |signatures: &Signatures, call: &Ask, now: Timestamp| {
        let (status, code, message) = signatures.check(call, now).expect_err("it is refused");
        (status, code, message.split(':').next().unwrap_or_default().to_owned())
    };
    assert_eq!(code(&Signatures::default(), &call, now()).1, "InvalidClientTokenId");
    assert_eq!(code(&known(None), &call, now()).1, "InvalidClientTokenId", "the token belongs to the key");
    let other = Signatures::default();
    other.register(KEY, "another secret", Some(TOKEN));
    assert_eq!(code(&other, &call, now()).1, "SignatureDoesNotMatch");
    let at = |seconds: i64| Timestamp::from_second(now().as_second() + seconds).unwrap();
    assert_eq!(known(Some(TOKEN)).check(&call, at(900)), Ok(()));
    assert_eq!(code(&known(Some(TOKEN)), &call, at(901)).2, "Signature expired");
    assert_eq!(code(&known(Some(TOKEN)), &call, at(-901)).2, "Signature not yet current");
    let mut without = call.clone();
    without.headers.remove("authorization");
    assert_eq!(code(&known(None), &without, now()).1, "MissingAuthenticationToken");
}

#[test]
fn keys_are_learnt_when_they_come_and_forgotten_when_they_go() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let iam = |body: &str| calls::call(&calls::ask(Method::POST, "/", "iam", &form, body));
    let key = "<AccessKeyId>AK1</AccessKeyId><SecretAccessKey>S</SecretAccessKey>";
    let signatures = Signatures::default();
    for end in ["Action=DeleteAccessKey", "Action=UpdateAccessKey&Status=Inactive"] {
        signatures.learn(&iam("Action=CreateAccessKey"), &Reply::new(200, "text/xml", key));
        assert!(signatures.secrets().contains_key("AK1"));
        signatures.learn(&iam(&format!("{end}&AccessKeyId=AK1")), &Reply::new(200, "text/xml", ""));
        assert!(!signatures.secrets().contains_key("AK1"), "{end}");
    }
}

/// Every text of a payload that means something: the request, and each header's value.
const PLACES: [&str; 9] = [
    "/operator/request",
    "/operator/proof/headers/authorization",
    "/operator/proof/headers/content-type",
    "/operator/proof/headers/host",
    "/operator/proof/headers/x-amz-date",
    "/operator/proof/headers/x-amz-security-token",
    "/operator/proof/headers/x-remedy-audience",
    "/operator/proof/headers/x-remedy-nonce",
    "/operator/proof/headers/x-remedy-request-sha256",
];

/// The payload with one character of a text replaced, taken out or put in.
fn changed(place: &str, at: usize, with: char, how: u8) -> Option<String> {
    let mut payload: Value = serde_json::from_str(&payload("eu-west-1", Some(TOKEN))).unwrap();
    let text = payload.pointer_mut(place).unwrap();
    let before: Vec<char> = text.as_str().unwrap().chars().collect();
    let mut after = before.clone();
    let at = at % before.len();
    match how {
        0 => after[at] = with,
        1 => drop(after.remove(at)),
        _ => after.insert(at, with),
    }
    *text = Value::from(after.iter().collect::<String>());
    (after != before).then(|| payload.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_change_of_one_character_is_taken(
        place in prop::sample::select(&PLACES[..]), at in 0..4096_usize, how in 0..3_u8,
        with in prop_oneof!["[ -~]", "[0-9a-f]", "\\PC", "[\r\n\t\u{0}]"],
    ) {
        if let Some(payload) = changed(place, at, with.chars().next().unwrap(), how) {
            prop_assert!(!taken(&payload, "eu-west-1", Some(TOKEN)), "{}", payload);
        }
    }

    #[test]
    fn no_flipped_bit_of_the_payload_is_taken(at in 0..4096_usize, bit in 0..8_u8) {
        let whole = payload("eu-west-1", Some(TOKEN));
        let mut bytes = whole.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let read = SignedCall::read(&bytes, &expected("eu-west-1"));
        prop_assert!(!read.is_ok_and(|call| known(Some(TOKEN)).check(&ask(&call, BODY), now()).is_ok()));
    }
}

#[test]
fn a_payload_that_is_too_large_is_not_even_read() {
    let large = " ".repeat(LARGEST + 1);
    assert_eq!(SignedCall::read(large.as_bytes(), &expected("eu-west-1")).unwrap_err(), NotSigned::TooLarge);
    let whole = payload("eu-west-1", None);
    let padded = format!("{}{whole}", " ".repeat(LARGEST - whole.len()));
    assert!(taken(&padded, "eu-west-1", None), "white space around the payload means nothing");
    assert!(
        SignedCall::read(whole.as_bytes(), &expected("eu-west-1"))
            .unwrap()
            .headers()
            .iter()
            .any(|(name, _)| name == header::HOST)
    );
}
