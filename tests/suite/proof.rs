//! Who asks is proven: signed calls against an AWS STS that checks signatures.

mod forgeries;

use std::process::{Command, Stdio};

use aws_credential_types::Credentials;
use remedy_aws::{Session, identity::prove};
use remedy_domain::{
    Actor, Audience, Fault, FaultKind, Nonce, Region, Timestamp,
    signed::{Expected, NotSigned, SignedCall},
};
use remedy_signing::Unsigned;
use remedy_testkit::{emulator::Account, lambda::binary, proxy, world::World};
use serde_json::{Value, json};

const REQUEST: &str = r#"{"approve":"0f"}"#;
const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}"#;

/// An account whose STS checks signatures.
async fn world() -> World {
    let world = World::new().await;
    world.proxy.shims().signatures.enforce();
    world
}

fn iam(world: &World) -> aws_sdk_iam::Client {
    aws_sdk_iam::Client::new(&world.proxied_config())
}

/// A user's access key. The proxy learns it on its way.
async fn user(world: &World, name: &str) -> Credentials {
    let iam = iam(world);
    iam.create_user().user_name(name).path("/ops/").send().await.expect("a user is created");
    let key = iam.create_access_key().user_name(name).send().await.expect("a user gets a key").access_key.unwrap();
    Credentials::new(key.access_key_id, key.secret_access_key, None, None, "test")
}

async fn role(world: &World, path: &str, name: &str) {
    let role = iam(world).create_role().role_name(name).path(format!("/{path}/")).assume_role_policy_document(TRUST);
    role.send().await.expect("a role is created");
}

async fn session(world: &World, role: &str, name: &str) -> Credentials {
    let account = world.emulator.assume_as(&world.account.id, role, name).await;
    world.proxy.register(&account);
    let Account { access_key, secret_key, session_token, .. } = account;
    Credentials::new(access_key, secret_key, Some(session_token), None, "test")
}

fn audience(name: &str) -> Audience {
    Audience::parse(name).unwrap()
}

fn expected(world: &World) -> Expected {
    let region = Region::parse(&*world.account.region).unwrap();
    Expected { region, audience: audience("remedy-test"), now: Timestamp::now() }
}

/// A signed request, some seconds ago, for an audience.
fn signed_at(world: &World, credentials: &Credentials, seconds: i64, for_whom: &str) -> Value {
    let Expected { region, now, .. } = &expected(world);
    let now = Timestamp::from_second(now.as_second() - seconds).unwrap();
    let nonce = &Nonce::parse("0123456789abcdef0123456789abcdef").unwrap();
    let unsigned = Unsigned { request: REQUEST, region, audience: &audience(for_whom), nonce, now };
    serde_json::from_str(&unsigned.sign(credentials).expect("it is signed")).unwrap()
}

fn signed(world: &World, credentials: &Credentials) -> Value {
    signed_at(world, credentials, 0, "remedy-test")
}

/// Sets a header of a payload to what `change` makes of it.
fn with(mut payload: Value, name: &str, change: impl Fn(&str) -> String) -> Value {
    let header = &mut payload["operator"]["proof"]["headers"][name];
    *header = json!(change(header.as_str().unwrap_or_default()));
    payload
}

fn read(world: &World, payload: &Value) -> Result<SignedCall, NotSigned> {
    SignedCall::read(payload.to_string().as_bytes(), &expected(world))
}

async fn proven(world: &World, payload: &Value) -> Result<Actor, Fault> {
    let call = read(world, payload).expect("the payload is well formed");
    prove(&Session::over(world.proxied_config()), &call).await
}

/// The code with which AWS STS refuses a payload.
async fn denied(world: &World, payload: &Value) -> String {
    let fault = proven(world, payload).await.expect_err("it is not proven");
    assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
    fault.code
}

#[tokio::test]
async fn a_user_is_proven_by_an_access_key() {
    let world = world().await;
    let ann = user(&world, "ann").await;
    let known = iam(&world).get_user().user_name("ann").send().await.unwrap().user.unwrap();
    let actor = proven(&world, &signed(&world, &ann)).await.unwrap();
    assert_eq!((actor.account.as_str(), &actor.id, &actor.arn), (&*world.account.id, &known.user_id, &known.arn));
    let bob = proven(&world, &signed(&world, &user(&world, "bob").await)).await.unwrap();
    assert!(!actor.same_person(&bob));
}

#[tokio::test]
async fn sessions_of_a_role_are_one_actor_whatever_their_names() {
    let world = world().await;
    role(&world, "ops", "oncall").await;
    let known = iam(&world).get_role().role_name("oncall").send().await.unwrap().role.unwrap();
    let [ann, bob] = [session(&world, "ops/oncall", "ann").await, session(&world, "ops/oncall", "bob").await];
    let [ann, bob] =
        [proven(&world, &signed(&world, &ann)).await.unwrap(), proven(&world, &signed(&world, &bob)).await.unwrap()];
    assert!(ann.same_person(&bob), "{ann:?} {bob:?}");
    assert_eq!((ann.id, ann.arn), (known.role_id, format!("arn:aws:iam::{}:role/oncall", world.account.id)));
}

#[tokio::test]
async fn people_of_identity_center_are_told_apart_by_their_sessions() {
    let world = world().await;
    let name = "AWSReservedSSO_Approver_1234567890abcdef";
    let path = "aws-reserved/sso.amazonaws.com/eu-west-1";
    role(&world, path, name).await;
    let assumed = format!("{path}/{name}");
    let [ann, bob] =
        [session(&world, &assumed, "ann@example.org").await, session(&world, &assumed, "bob@example.org").await];
    let [ann, bob] =
        [proven(&world, &signed(&world, &ann)).await.unwrap(), proven(&world, &signed(&world, &bob)).await.unwrap()];
    assert!(ann.id.starts_with("AROA") && ann.id.ends_with(":ann@example.org") && !ann.same_person(&bob), "{ann:?}");
    assert!(ann.arn.ends_with(&format!(":assumed-role/{name}/ann@example.org")), "{ann:?}");
}

#[tokio::test]
async fn our_own_credentials_have_no_part_in_it() {
    let world = world().await;
    let ann = user(&world, "ann").await;
    world.proxy.clear();
    proven(&world, &signed(&world, &ann)).await.unwrap();
    let calls = world.proxy.calls();
    assert_eq!(calls.iter().map(proxy::Call::name).collect::<Vec<_>>(), ["sts:GetCallerIdentity"]);
    assert_eq!(calls[0].access_key, ann.access_key_id());
}

#[tokio::test]
async fn the_terminal_signs_what_is_proven() {
    let world = world().await;
    let ann = user(&world, "ann").await;
    let mut remedy = Command::new(binary("remedy"));
    remedy
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", ann.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", ann.secret_access_key());
    remedy.env("AWS_REGION", &world.account.region).args(["sign", "--audience", "remedy-test"]);
    let folder = std::env::temp_dir().join(format!("remedy-sign-{}.json", world.account.id));
    std::fs::write(&folder, format!("{REQUEST}\n")).unwrap();
    let output = remedy.arg(&folder).stdin(Stdio::null()).output().expect("remedy starts");
    std::fs::remove_file(&folder).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let payload: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read(&world, &payload).unwrap().request(), REQUEST);
    assert!(proven(&world, &payload).await.unwrap().arn.ends_with(":user/ops/ann"));
    assert!(!String::from_utf8_lossy(&output.stdout).contains(ann.secret_access_key()));
}

#[tokio::test]
async fn keys_that_are_wrong_or_gone_prove_nothing() {
    let world = world().await;
    let ann = user(&world, "ann").await;
    let guessed = Credentials::new(ann.access_key_id(), "guessed", None, None, "test");
    assert_eq!(denied(&world, &signed(&world, &guessed)).await, "SignatureDoesNotMatch");
    let made_up = Credentials::new("AKIAIOSFODNN7EXAMPLE", "made up", None, None, "test");
    assert_eq!(denied(&world, &signed(&world, &made_up)).await, "InvalidClientTokenId");
    let payload = signed(&world, &ann);
    proven(&world, &payload).await.expect("the key is good");
    iam(&world).delete_access_key().user_name("ann").access_key_id(ann.access_key_id()).send().await.unwrap();
    assert_eq!(denied(&world, &payload).await, "InvalidClientTokenId");
}

#[tokio::test]
async fn somebody_who_may_not_act_is_told_so() {
    let world = world().await;
    world.proxy.shims().signatures.register("AKIAIOSFODNN7EXAMPLE", "known", None);
    let nobody = Credentials::new("AKIAIOSFODNN7EXAMPLE", "known", None, None, "test");
    let fault = proven(&world, &signed(&world, &nobody)).await.expect_err("moto's own user is none of AWS");
    assert_eq!((fault.kind, fault.code.as_str()), (FaultKind::Denied, "not-an-actor"));
}

#[tokio::test]
async fn an_sts_in_trouble_proves_nothing_for_now() {
    let world = world().await;
    let payload = signed(&world, &user(&world, "ann").await);
    for fault in [proxy::Fault::ServerError, proxy::Fault::Throttle, proxy::Fault::ResetBefore] {
        world.proxy.on_call(move |call| (call.service == "sts").then(|| fault.clone()));
        let told = proven(&world, &payload).await.expect_err("there is no answer");
        assert_eq!(told.kind, FaultKind::Transient, "{told}");
        world.proxy.clear_faults();
    }
    proven(&world, &payload).await.expect("the same proof holds once STS is back");
}
