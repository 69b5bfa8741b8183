//! The proxy in front of a tiny upstream that counts what reaches it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use http::{Method, Response, StatusCode};
use http_body_util::Full;

use super::call::tests::ask;
use super::wire::{Ask, Reply, bind, exchange, listen};
use super::*;

/// An upstream that returns to each request the number it has seen.
struct World {
    proxy: Proxy,
    reached: Arc<AtomicUsize>,
    upstream: JoinHandle<()>,
}

impl World {
    fn new() -> Self {
        let (listener, address) = bind();
        let reached = Arc::new(AtomicUsize::new(0));
        let count = reached.clone();
        let upstream = tokio::spawn(listen(listener, move |_| {
            let seen = count.fetch_add(1, Ordering::SeqCst) + 1;
            async move { Ok::<_, Infallible>(Response::new(Full::from(seen.to_string()))) }
        }));
        Self { proxy: Proxy::start(&format!("http://{address}")), reached, upstream }
    }

    async fn send(&self, ask: Ask) -> std::io::Result<Reply> {
        exchange(&self.proxy.front.own, "ignored.example", ask).await
    }

    async fn get(&self, target: &str) -> std::io::Result<Reply> {
        self.send(ask(Method::GET, target, "s3", &[], "")).await
    }

    async fn put(&self, target: &str) -> std::io::Result<Reply> {
        self.send(ask(Method::PUT, target, "s3", &[], "")).await
    }

    fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.upstream.abort();
    }
}

#[tokio::test]
async fn calls_are_recorded_in_order_with_what_became_of_them() {
    let world = World::new();
    world.get("/b?website").await.unwrap();
    world.put("/b?website").await.unwrap();
    let names: Vec<_> = world.proxy.calls().iter().map(|call| (call.index, call.name(), call.status)).collect();
    assert_eq!(names, [(0, "s3:GetBucketWebsite".to_owned(), 200), (1, "s3:PutBucketWebsite".to_owned(), 200)]);
    assert_eq!((world.proxy.writes().len(), world.proxy.effects().len()), (1, 1));
    assert_eq!(world.proxy.calls_in(DEFAULT_ACCOUNT).len(), 2);
    world.proxy.clear();
    world.get("/b?website").await.unwrap();
    assert_eq!(world.proxy.calls()[0].index, 0);
}

#[tokio::test]
async fn an_error_after_the_effect_is_told_and_the_effect_is_there() {
    let world = World::new();
    world.proxy.on_call(|call| call.write.then_some(Fault::ErrorAfter));
    let reply = world.put("/b").await.unwrap();
    assert_eq!((reply.status, world.reached()), (StatusCode::INTERNAL_SERVER_ERROR, 1));
    assert_eq!(world.proxy.effects().len(), 1, "whatever the caller was told");
}

#[tokio::test]
async fn a_refusal_never_reaches_the_emulator() {
    let world = World::new();
    world.proxy.on_call(|call| call.write.then_some(Fault::Throttle));
    let reply = world.put("/b").await.unwrap();
    assert_eq!((reply.status, world.reached()), (StatusCode::SERVICE_UNAVAILABLE, 0));
    assert_eq!((world.proxy.writes().len(), world.proxy.effects().len()), (1, 0));
    world.proxy.clear_faults();
    assert_eq!(world.put("/b").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_reset_before_has_no_effect_and_a_reset_after_has() {
    let world = World::new();
    world.proxy.on_call(|call| (call.index == 0).then_some(Fault::ResetBefore));
    world.proxy.on_call(|call| (call.index == 1).then_some(Fault::ResetAfter));
    world.put("/b").await.expect_err("the connection breaks");
    assert_eq!((world.reached(), world.proxy.effects().len()), (0, 0));
    world.put("/b").await.expect_err("the connection breaks");
    assert_eq!((world.reached(), world.proxy.effects().len()), (1, 1));
}

/// Calls, and hangs up once `seen` holds for the journal.
async fn hang_up_when(world: &World, seen: impl Fn(&Call) -> bool) {
    let noticed = async {
        while !world.proxy.calls().iter().any(&seen) {
            tokio::task::yield_now().await;
        }
    };
    let call = world.put("/b");
    tokio::select! {
        _ = call => panic!("the call must not end by itself"),
        () = noticed => {}
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_on_a_slow_call_has_had_no_effect() {
    let world = World::new();
    world.proxy.on_call(|_| Some(Fault::Slow(Duration::from_secs(60))));
    hang_up_when(&world, |call| call.outcome == Outcome::Pending).await;
    world.proxy.quiet().await;
    assert_eq!((world.reached(), &world.proxy.calls()[0].outcome), (0, &Outcome::Abandoned));
}

#[tokio::test]
async fn a_late_answer_has_had_its_effect() {
    let world = World::new();
    world.proxy.on_call(|_| Some(Fault::Late(Duration::from_secs(60))));
    hang_up_when(&world, |call| call.status == 200).await;
    world.proxy.quiet().await;
    assert_eq!((world.reached(), world.proxy.effects().len()), (1, 1));
}

#[tokio::test]
async fn a_stale_read_is_what_was_read_before_the_write() {
    let world = World::new();
    world.proxy.on_call(|call| (call.index == 2).then_some(Fault::Stale));
    let before = world.get("/b?website").await.unwrap().text();
    world.put("/b?website").await.unwrap();
    let stale = world.get("/b?website").await.unwrap().text();
    let fresh = world.get("/b?website").await.unwrap().text();
    assert_eq!((before.as_str(), stale.as_str(), fresh.as_str()), ("1", "1", "3"));
}

#[tokio::test]
async fn a_breakpoint_before_stops_ahead_of_the_effect_and_drops_the_call() {
    let world = Arc::new(World::new());
    let breakpoint = world.proxy.stop_at(1, When::Before);
    world.get("/b").await.unwrap();
    let traffic = tokio::spawn({
        let world = world.clone();
        async move { world.put("/b").await.is_err() }
    });
    let stopped = breakpoint.reached().await;
    assert_eq!((stopped.name().as_str(), world.reached()), ("s3:CreateBucket", 1));
    breakpoint.release();
    assert!(traffic.await.unwrap(), "the stopped call gets no answer");
    assert_eq!((world.reached(), &world.proxy.calls()[1].outcome), (1, &Outcome::Stopped(When::Before)));
    world.put("/b").await.expect("the next call passes");
}

#[tokio::test]
async fn a_breakpoint_after_stops_behind_the_effect() {
    let world = World::new();
    let breakpoint = world.proxy.stop_when(When::After, |call| call.write);
    let stopped = breakpoint.reached_or(world.put("/b")).await;
    assert!(stopped.is_ok());
    assert_eq!((world.reached(), world.proxy.effects().len()), (1, 1));
}

#[tokio::test]
async fn a_breakpoint_that_nobody_reaches_says_so() {
    let world = World::new();
    let breakpoint = world.proxy.stop_at(5, When::Before);
    let end = breakpoint.reached_or(world.get("/b")).await.expect_err("the traffic ends");
    assert_eq!(end.unwrap().status, 200);
    assert!(!breakpoint.reached_within(Duration::from_millis(10)).await);
}

#[tokio::test]
async fn a_mutation_happens_once_and_just_before_its_call() {
    let world = World::new();
    let (reached, seen) = (world.reached.clone(), Arc::new(AtomicUsize::new(99)));
    let note = seen.clone();
    world.proxy.mutate_before(
        |call| call.write,
        move || async move { note.store(reached.load(Ordering::SeqCst), Ordering::SeqCst) },
    );
    world.get("/b").await.unwrap();
    world.put("/b").await.unwrap();
    world.put("/b").await.unwrap();
    assert_eq!(seen.load(Ordering::SeqCst), 1, "after the read, before the first write");
}

#[tokio::test]
async fn an_emulator_that_is_gone_is_said_to_be_gone() {
    let proxy = Proxy::start("http://127.0.0.1:1");
    let reply = exchange(&proxy.front.own, "x", ask(Method::GET, "/b", "s3", &[], "")).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.text().contains("EmulatorUnreachable")), (501, true));
}

/// Whether the SDK's own call, signed with this secret, gets through to the upstream.
async fn gets_through(world: &World, secret: &str) -> bool {
    let credentials = Credentials::new("ASIAIOSFODNN7EXAMPLE", secret, Some("token".to_owned()), None, "test");
    let config = aws_types::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_types::region::Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .http_client(remedy_aws::http_client_for(Some(&world.proxy.endpoint())))
        .endpoint_url(world.proxy.endpoint())
        .build();
    let before = world.reached();
    let refusal = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.expect_err("1 is no identity");
    let code = refusal.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
    let through = world.reached() > before;
    assert_eq!(code.as_deref() == Some("SignatureDoesNotMatch"), !through, "{code:?}");
    through
}

#[tokio::test]
async fn once_signatures_are_checked_only_those_of_the_known_secret_get_through() {
    let world = World::new();
    assert!(gets_through(&world, "guessed").await, "signatures are not checked unless a test wants it");
    world.proxy.shims().signatures.enforce();
    world.proxy.shims().signatures.register("ASIAIOSFODNN7EXAMPLE", "known", Some("token"));
    assert!(!gets_through(&world, "guessed").await);
    assert!(gets_through(&world, "known").await);
}
