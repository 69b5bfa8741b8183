//! The same for sweeps, with a queue and without one, and for the sealer.

use remedy_testkit::{
    lambda::Lambda,
    queue::Queue,
    world::{TIMEOUT, World, done},
};
use serde_json::json;

use super::at_every_point;
use crate::{
    drift::{self, block_of},
    scenes::no_open_lock,
    seal::{assert_intact, vault::Vault},
};

const SWEEP: &[u8] = br#"{"sweep":{"control":"s3-bucket-public"}}"#;

/// Two buckets that drifted since the first sweep.
async fn two_buckets(world: &World) -> [String; 2] {
    world.swept_before("s3-bucket-public").await;
    [drift::bucket(world, "a").await, drift::bucket(world, "b").await]
}

async fn assert_repaired(world: &World, buckets: &[String], what: &str) {
    for bucket in buckets {
        assert_eq!(block_of(world, bucket).await, Some([true; 4]), "{what}: {bucket}");
        let of = |call: &remedy_testkit::proxy::Call| call.resource.as_ref() == Some(bucket);
        assert_eq!(world.repairs().into_iter().filter(of).count(), 1, "{what}: {bucket} was repaired once");
    }
    world.assert_conserved().await;
    no_open_lock(world, what).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_survives_a_crash_at_every_call() {
    at_every_point("a sweep", async |point| {
        let world = World::new().await;
        let buckets = two_buckets(&world).await;
        let lambda = world.deploy("s3-public-access", "enforce");
        let over = point.kill(&world, &lambda, SWEEP).await;
        done(lambda.invoke(SWEEP).await);
        assert_repaired(&world, &buckets, &format!("a sweep killed at {point:?}")).await;
        over.is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_with_a_queue_survives_a_crash_at_every_call() {
    at_every_point("a sweep with a queue", async |point| {
        let world = World::new().await;
        let buckets = two_buckets(&world).await;
        let mut env = world.environment("enforce");
        env.insert("REMEDY_QUEUE_URL".to_owned(), drift::queue(&world, "targets").await);
        let lambda = world.deploy_with("s3-public-access", env, TIMEOUT);
        let over = point.kill(&world, &lambda, SWEEP).await;
        done(lambda.invoke(SWEEP).await);
        take(&world, &lambda).await;
        assert_repaired(&world, &buckets, &format!("a sweep with a queue, killed at {point:?}")).await;
        over.is_none()
    })
    .await;
}

/// Every message in the queue is taken.
async fn take(world: &World, lambda: &Lambda) {
    let mut queue = Queue::new(5);
    for body in drift::messages(world, "targets").await {
        queue.push(body);
    }
    let drained = queue.drain(std::slice::from_ref(lambda), 10, async |_| world.age_locks().await).await;
    assert!(drained.dead_lettered.is_empty(), "{:?}", drained.dead_lettered);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sealer_survives_a_crash_at_every_call() {
    at_every_point("the sealer", async |point| {
        let vault = Vault::new().await;
        vault.make_anchor().await;
        vault.repair("a").await;
        vault.age(2).await;
        let sealer = vault.sealer();
        let over = point.kill(&vault.world, &sealer, b"{}").await;
        let answer = done(sealer.invoke(b"{}").await);
        assert_eq!(answer["due"], json!(0), "killed at {point:?}: {answer:#}");
        assert_intact(&vault).await;
        over.is_none()
    })
    .await;
}
