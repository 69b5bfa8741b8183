//! SIGKILL before and after every API call of a repair, on the real binaries: redelivered, every run converges.
//!
//! What a killed process leaves behind is what its writes left behind: at the standard depth it is killed before the first
//! call and after each write, at the full depth at every call.

use std::time::Duration;

use remedy_testkit::{
    depth::Depth,
    lambda::Answer,
    proxy::{Breakpoint, When},
    world::{World, done, only_run},
};

use crate::drift::Drift;

/// No repair makes more calls than this; a sweep over the crash points ends before.
const MOST_CALLS: usize = 60;

/// Where a process is killed.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// Before or after the call of this number.
    Call(usize, When),
    /// After the write of this number, its own files included.
    Write(usize),
}

impl Point {
    fn all() -> Vec<Self> {
        let calls = 0..MOST_CALLS;
        match Depth::asked() {
            Depth::Full => {
                calls.flat_map(|call| [When::Before, When::After].map(|when| Self::Call(call, when))).collect()
            }
            Depth::Standard => [Self::Call(0, When::Before)].into_iter().chain(calls.map(Self::Write)).collect(),
        }
    }

    fn set(self, world: &World) -> Breakpoint {
        match self {
            Self::Call(call, when) => world.proxy.stop_at(call, when),
            Self::Write(number) => {
                let mut writes = 0..=number;
                world.proxy.stop_when(When::After, move |call| call.write && writes.next() == Some(number))
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_repair_survives_a_crash_at_every_call() {
    survives(Drift::Bucket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_repair_survives_a_crash_at_every_call() {
    survives(Drift::Rotation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rescue_of_a_key_survives_a_crash_at_every_call() {
    survives(Drift::Dying).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_survives_a_crash_at_every_call() {
    survives(Drift::User).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_policy_repair_survives_a_crash_at_every_call() {
    survives(Drift::Password).await;
}

async fn survives(drift: Drift) {
    for (reached, point) in Point::all().into_iter().enumerate() {
        if !crash_and_recover(drift, point).await {
            assert!(reached > Depth::asked().of(5, 20), "{drift:?}: only {reached} crash points were reached");
            return;
        }
    }
    panic!("{drift:?}: a repair made more than {MOST_CALLS} calls");
}

/// Kills the function at one point of a repair and lets redelivery and a sweep put things in order. False: the repair
/// was over before that point.
async fn crash_and_recover(drift: Drift, point: Point) -> bool {
    let world = World::new().await;
    let resource = drift.make(&world, "a").await;
    let lambda = world.deploy(drift.function(), "enforce");
    let event = drift.event(&resource);
    let breakpoint = point.set(&world);
    let invoked = breakpoint.reached_or(lambda.invoke(&event)).await;
    if let Err(answer) = invoked {
        done(answer);
        return false;
    }
    lambda.kill().await;
    breakpoint.release();
    world.proxy.quiet().await;
    world.age_locks().await;
    recover(&world, drift, &resource, &lambda, &format!("{drift:?} killed at {point:?}")).await;
    true
}

async fn recover(world: &World, drift: Drift, resource: &str, lambda: &remedy_testkit::lambda::Lambda, what: &str) {
    let (repaired, rested) = drift.outcomes();
    let run = only_run(lambda.invoke(&drift.event(resource)).await);
    assert!(run["outcome"] == repaired || run["outcome"] == rested, "{what}: {run:#}");
    let sweep = format!(r#"{{"sweep":{{"control":"{}"}}}}"#, drift.control());
    done(lambda.invoke(sweep.as_bytes()).await);
    let run = only_run(lambda.invoke(&drift.event(resource)).await);
    assert_eq!(run["outcome"], rested, "{what}");
    let effects = world.repairs().iter().filter(|call| call.name() == drift.repair()).count();
    assert_eq!(effects, 1, "{what}: the repair took effect {effects} times");
    world.assert_conserved().await;
    assert_no_open_lock(world, what).await;
}

async fn assert_no_open_lock(world: &World, what: &str) {
    let locks = world.state("lock/").await;
    let open = locks.keys().filter(|key| !key.ends_with(".done") && !locks.contains_key(&format!("{key}.done")));
    assert_eq!(open.count(), 0, "{what}: a lock was left open");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_survives_a_crash_at_its_write() {
    for when in [When::Before, When::After] {
        let world = World::new().await;
        let bucket = Drift::Bucket.make(&world, "a").await;
        let lambda = world.deploy("s3-public-access", "enforce");
        let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
        let undo = serde_json::json!({"revert": {"plan": run["plan"]}}).to_string();
        world.agree_to_undo(run["plan"].as_str().expect("a repair has a plan")).await;
        let breakpoint = world.proxy.stop_when(when, |call| call.operation == "DeletePublicAccessBlock");
        let reached = breakpoint.reached_or(lambda.invoke(undo.as_bytes())).await;
        assert!(reached.is_ok(), "the undo makes its write");
        lambda.kill().await;
        breakpoint.release();
        world.proxy.quiet().await;
        world.age_locks().await;
        assert_eq!(only_run(lambda.invoke(undo.as_bytes()).await)["outcome"], "reverted");
        done(lambda.invoke(br#"{"sweep":{"control":"s3-bucket-public"}}"#).await);
        assert_eq!(crate::drift::block_of(&world, &bucket).await, None);
        world.assert_conserved().await;
        assert_no_open_lock(&world, "undo").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_hangs_is_killed_at_its_deadline_and_recovers() {
    let world = World::new().await;
    let bucket = Drift::Bucket.make(&world, "a").await;
    let lambda = world.deploy_with("s3-public-access", world.environment("enforce"), Duration::from_secs(8));
    let breakpoint = world.proxy.stop_when(When::After, |call| call.operation == "PutPublicAccessBlock");
    let answer = lambda.invoke(&Drift::Bucket.event(&bucket)).await;
    breakpoint.release();
    assert!(!matches!(answer, Answer::Crashed), "{answer:?}");
    world.proxy.quiet().await;
    world.age_locks().await;
    done(lambda.invoke(br#"{"sweep":{"control":"s3-bucket-public"}}"#).await);
    assert_eq!(crate::drift::block_of(&world, &bucket).await, Some([true; 4]));
    world.assert_conserved().await;
}
