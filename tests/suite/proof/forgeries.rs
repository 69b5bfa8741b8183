//! What somebody who may only invoke could try.

use remedy_domain::signed::{NotSigned, digest, header};
use remedy_testkit::world::World;
use serde_json::{Value, json};

use super::{REQUEST, denied, expected, read, session, signed, signed_at, user, with, world};

/// The refusal of a payload that is never sent: only a `SignedCall` can be, and there is none.
async fn unsent(change: impl Fn(&World, Value) -> Value) -> NotSigned {
    let world = world().await;
    let payload = signed(&world, &session(&world, "oncall", "ann").await);
    read(&world, &payload).expect("it is right before it is changed");
    read(&world, &change(&world, payload)).expect_err("the changed payload is refused")
}

#[tokio::test]
async fn an_altered_request_is_refused() {
    let refusal = unsent(|_, mut payload| {
        payload["operator"]["request"] = json!(REQUEST.replace("0f", "0e"));
        payload
    });
    assert_eq!(refusal.await, NotSigned::OtherRequest);
}

#[tokio::test]
async fn an_altered_request_with_its_own_digest_is_refused_by_aws() {
    let world = world().await;
    let mut payload = signed(&world, &user(&world, "ann").await);
    let other = REQUEST.replace("0f", "0e");
    payload["operator"]["request"] = json!(other);
    let payload = with(payload, header::REQUEST_SHA256, |_| digest(&other));
    assert_eq!(denied(&world, &payload).await, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn a_signature_for_another_audience_is_refused() {
    let world = world().await;
    let payload = signed_at(&world, &user(&world, "ann").await, 0, "another-deployment");
    assert_eq!(read(&world, &payload).unwrap_err(), NotSigned::OtherAudience);
    let renamed = with(payload, header::AUDIENCE, |_| "remedy-test".to_owned());
    assert_eq!(denied(&world, &renamed).await, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn an_expired_signature_is_refused() {
    let world = world().await;
    let ann = user(&world, "ann").await;
    let payload = signed_at(&world, &ann, 310, "remedy-test");
    assert_eq!(read(&world, &payload).unwrap_err(), NotSigned::OutOfTime);
    let now = expected(&world).now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let redated = with(signed_at(&world, &ann, 200, "remedy-test"), header::DATE, |_| now.clone());
    // Near midnight the day of the scope gives it away before AWS is asked.
    match read(&world, &redated) {
        Ok(_) => assert_eq!(denied(&world, &redated).await, "SignatureDoesNotMatch"),
        Err(refusal) => assert_eq!(refusal, NotSigned::Scope),
    }
}

#[tokio::test]
async fn an_unsigned_header_is_refused() {
    let refusal =
        unsent(|_, payload| with(payload, header::AUTHORIZATION, |text| text.replace("x-remedy-audience;", "")));
    assert_eq!(refusal.await, NotSigned::UnsignedHeader(header::AUDIENCE));
}

#[tokio::test]
async fn an_unsigned_nonce_is_refused() {
    let refusal = unsent(|_, payload| with(payload, header::AUTHORIZATION, |text| text.replace("x-remedy-nonce;", "")));
    assert_eq!(refusal.await, NotSigned::UnsignedHeader(header::NONCE));
}

#[tokio::test]
async fn another_nonce_is_refused_by_aws() {
    let world = world().await;
    let payload = with(signed(&world, &user(&world, "ann").await), header::NONCE, |_| "f".repeat(32));
    assert_eq!(denied(&world, &payload).await, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn a_smuggled_session_token_is_refused() {
    let world = world().await;
    let payload = with(signed(&world, &user(&world, "ann").await), header::SECURITY_TOKEN, |_| "stolen".to_owned());
    assert_eq!(read(&world, &payload).unwrap_err(), NotSigned::UnsignedHeader(header::SECURITY_TOKEN));
    let covered = |text: &str| text.replace("x-amz-date;", "x-amz-date;x-amz-security-token;");
    let covered = with(payload, header::AUTHORIZATION, covered);
    assert_eq!(denied(&world, &covered).await, "InvalidClientTokenId");
}

#[tokio::test]
async fn a_header_more_is_refused() {
    let refusal =
        unsent(|_, payload| with(payload, "x-amz-target", |_| "AWSSecurityTokenService.AssumeRole".to_owned()));
    assert_eq!(refusal.await, NotSigned::UnknownHeader);
}

#[tokio::test]
async fn another_host_is_refused() {
    let refusal =
        unsent(|world, payload| with(payload, header::HOST, |_| world.proxy.endpoint().replace("http://", "")));
    assert_eq!(refusal.await, NotSigned::Host);
}

#[tokio::test]
async fn another_service_is_refused() {
    let refusal = unsent(|_, payload| with(payload, header::AUTHORIZATION, |text| text.replace("/sts/", "/iam/")));
    assert_eq!(refusal.await, NotSigned::Scope);
}

#[tokio::test]
async fn another_region_is_refused() {
    let refusal = unsent(|world, payload| {
        with(payload, header::AUTHORIZATION, |text| text.replace(&world.account.region, "eu-central-1"))
    });
    assert_eq!(refusal.await, NotSigned::Scope);
}

#[tokio::test]
async fn a_presigned_url_is_refused() {
    let url = "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Signature=5";
    let refusal = unsent(|_, mut payload| {
        payload["operator"]["proof"] = json!({"url": url});
        payload
    });
    assert!(matches!(refusal.await, NotSigned::Envelope { .. }));
}

#[tokio::test]
async fn a_claimed_identity_is_refused() {
    let claims = [
        ("/operator", "actor", json!({"arn": "arn:aws:iam::111122223333:user/ann"})),
        ("", "requestContext", json!({"identity": {"userArn": "arn:aws:iam::111122223333:user/ann"}})),
        ("", "identity", json!({"cognitoIdentityId": "ann"})),
    ];
    for (place, member, claim) in claims {
        let refusal = unsent(|_, mut payload| {
            payload.pointer_mut(place).unwrap()[member] = claim.clone();
            payload
        });
        assert!(matches!(refusal.await, NotSigned::Envelope { .. }), "{member}");
    }
}
