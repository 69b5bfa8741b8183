//! Real functions, and a damaged or later entry about their own target: nothing is written that it could forbid.

use remedy_testkit::{
    lambda::{Answer, Lambda},
    proxy::When,
    world::{World, done, only_run},
};
use serde_json::{Value, json};

use crate::{
    drift::{Drift, block_of},
    seal::vault::Vault,
};

/// The one entry of the state bucket under a prefix that ends so.
async fn entry(world: &World, prefix: &str, ending: &str) -> (String, Value) {
    let found = world.state(prefix).await.into_iter().find(|(key, _)| key.ends_with(ending));
    found.unwrap_or_else(|| panic!("nothing under {prefix}…{ending}"))
}

async fn put(world: &World, key: &str, bytes: Vec<u8>) {
    let put = world.s3().put_object().bucket(world.state_bucket()).key(key).body(bytes.into());
    put.send().await.expect("the state bucket takes an entry");
}

/// Half of an entry is left.
async fn damage(world: &World, key: &str, entry: &Value) {
    let text = entry.to_string();
    put(world, key, text.as_bytes()[..text.len() / 2].to_vec()).await;
}

async fn alter(world: &World, key: &str, entry: &Value) {
    put(world, key, entry.to_string().into_bytes()).await;
}

/// It is given back, or ends without a write.
async fn waits(world: &World, lambda: &Lambda, event: &[u8]) -> Value {
    let before = world.repairs().len();
    let answer = lambda.invoke(event).await;
    assert_eq!(world.repairs().len(), before, "nothing is written: {answer:?}");
    match answer {
        Answer::Done(value) => value["runs"][0].clone(),
        Answer::Failed { body, .. } => body,
        other => panic!("{other:?}"),
    }
}

async fn another_is_repaired(world: &World, lambda: &Lambda) {
    let other = Drift::Bucket.make(world, "other").await;
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&other)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
}

async fn told(world: &World) -> usize {
    let s3 = world.s3();
    let list = s3.list_objects_v2().bucket(world.state_bucket()).prefix("notice/damaged-").send().await;
    list.expect("the bucket lists")
        .contents()
        .iter()
        .filter(|it| it.key().is_some_and(|key| !key.contains('.')))
        .count()
}

async fn drifts_again(world: &World, bucket: &str) {
    world.s3().delete_public_access_block().bucket(bucket).send().await.expect("it drifts again");
}

#[tokio::test]
async fn a_lock_that_was_released_in_another_word_is_released() {
    let world = World::new().await;
    let (bucket, lambda) = (Drift::Bucket.make(&world, "a").await, world.deploy("s3-public-access", "enforce"));
    only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    let (key, mut done) = entry(&world, "lock/s3-bucket-public/", ".done").await;
    (done["outcome"], done["format"], done["more"]) = (json!("sublimated"), json!(2), json!({"than": "this"}));
    alter(&world, &key, &done).await;
    drifts_again(&world, &bucket).await;
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!((&run["outcome"], block_of(&world, &bucket).await), (&json!("repaired"), Some([true; 4])), "{run:#}");
}

#[tokio::test]
async fn half_a_lock_holds_up_its_own_target_and_is_told_once() {
    for ending in ["0000000000", ".done"] {
        let world = World::new().await;
        let (bucket, lambda) = (Drift::Bucket.make(&world, "a").await, world.deploy("s3-public-access", "enforce"));
        only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
        let (key, done) = entry(&world, "lock/s3-bucket-public/", ending).await;
        if ending != ".done" {
            let delete = world.s3().delete_object().bucket(world.state_bucket()).key(format!("{key}.done"));
            delete.send().await.expect("an object is deleted");
        }
        damage(&world, &key, &done).await;
        drifts_again(&world, &bucket).await;
        for _ in 0..2 {
            waits(&world, &lambda, &Drift::Bucket.event(&bucket)).await;
        }
        assert_eq!(told(&world).await, 1, "once");
        another_is_repaired(&world, &lambda).await;
    }
}

#[tokio::test]
async fn half_an_exemption_holds_up_what_it_is_named_after() {
    let world = World::new().await;
    let (bucket, lambda) = (Drift::Bucket.make(&world, "a").await, world.deploy("s3-public-access", "enforce"));
    let repaired = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(world.undo(&lambda, &repaired).await["outcome"], "reverted");
    let (key, exemption) = entry(&world, "exemption/", "").await;
    let mut later = exemption.clone();
    (later["format"], later["approved_by"]["mail"]) = (json!(9), json!("bob@example.org"));
    alter(&world, &key, &later).await;
    assert_eq!(
        waits(&world, &lambda, &Drift::Bucket.event(&bucket)).await["outcome"],
        "exempt",
        "a later form exempts"
    );
    damage(&world, &key, &exemption).await;
    waits(&world, &lambda, &Drift::Bucket.event(&bucket)).await;
    assert_eq!(told(&world).await, 1);
    another_is_repaired(&world, &lambda).await;
}

#[tokio::test]
async fn another_answer_is_no_approval_and_what_is_not_understood_cannot_be_approved() {
    let world = World::new().await;
    let (bucket, lambda) = (Drift::Bucket.make(&world, "a").await, world.deploy("s3-public-access", "approve"));
    let event = Drift::Bucket.event(&bucket);
    let plan = only_run(lambda.invoke(&event).await)["plan"].as_str().expect("it waits").to_owned();
    world.agree_to(&plan).await;
    let (ask_key, ask) = entry(&world, "ask/", "0000").await;
    let (key, decision) = entry(&world, "ask/", ".decision").await;
    let mut later = decision.clone();
    later["answer"] = json!("approved-with-conditions");
    alter(&world, &key, &later).await;
    assert_eq!(waits(&world, &lambda, &event).await["outcome"], "blocked", "it stands like a refusal");
    alter(&world, &key, &decision).await;
    let mut other = ask.clone();
    other["subject"] = json!({"amnesty": {"days": 3}});
    alter(&world, &ask_key, &other).await;
    assert_eq!(waits(&world, &lambda, &event).await["outcome"], "awaiting-approval");
    damage(&world, &key, &decision).await;
    alter(&world, &ask_key, &ask).await;
    waits(&world, &lambda, &event).await;
    assert_eq!(told(&world).await, 1);
    alter(&world, &key, &decision).await;
    let approved = json!({"approved": {"plan": plan}}).to_string();
    assert_eq!(only_run(lambda.invoke(approved.as_bytes()).await)["outcome"], "repaired");
}

#[tokio::test]
async fn a_hold_of_another_scope_stops_everything_and_half_a_hold_what_its_key_says() {
    let world = World::new().await;
    world.remember_settings().await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let by = json!({"account": world.account.id, "id": "AIDAANN", "arn": "arn:aws:iam::111122223333:user/ann"});
    let hold = json!({
        "format": 1, "scope": "all", "switch": "held", "reason": "images are gone", "by": by, "at": "2026-03-02T10:00:00Z",
    });
    let mut other = hold.clone();
    other["scope"] = json!({"region": "us-west-2"});
    alter(&world, "hold/region/us-west-2", &other).await;
    let bucket = Drift::Bucket.make(&world, "a").await;
    let run = waits(&world, &lambda, &Drift::Bucket.event(&bucket)).await;
    assert_eq!((&run["outcome"], &run["check"]), (&json!("blocked"), &json!("hold")), "{run:#}");
    other["switch"] = json!("released");
    alter(&world, "hold/region/us-west-2", &other).await;
    damage(&world, "hold/control/s3-bucket-public", &hold).await;
    let run = waits(&world, &lambda, &Drift::Bucket.event(&bucket)).await;
    assert_eq!((&run["outcome"], &run["check"]), (&json!("blocked"), &json!("hold")), "{run:#}");
    let elsewhere = Drift::Rotation.make(&world, "a").await;
    let run = only_run(world.deploy("kms-keys", "enforce").invoke(&Drift::Rotation.event(&elsewhere)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
}

#[tokio::test]
async fn half_a_plan_is_not_taken_back_and_holds_up_no_other_undo() {
    let world = World::new().await;
    let (first, lambda) = (Drift::Bucket.make(&world, "a").await, world.deploy("s3-public-access", "enforce"));
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&first)).await);
    world.agree_to_undo(run["plan"].as_str().expect("a plan")).await;
    let (key, plan) = entry(&world, "plan/", "").await;
    damage(&world, &key, &plan).await;
    waits(&world, &lambda, json!({"revert": {"plan": run["plan"]}}).to_string().as_bytes()).await;
    assert_eq!(told(&world).await, 1);
    let second = Drift::Bucket.make(&world, "b").await;
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&second)).await);
    assert_eq!(world.undo(&lambda, &run).await["outcome"], "reverted");
}

/// A worker that crashes directly after its write.
async fn lost(world: &World, tag: &str) -> String {
    let (bucket, lambda) = (Drift::Bucket.make(world, tag).await, world.deploy("s3-public-access", "enforce"));
    let breakpoint = world.proxy.stop_when(When::After, |call| call.operation == "PutPublicAccessBlock");
    assert!(breakpoint.reached_or(lambda.invoke(&Drift::Bucket.event(&bucket))).await.is_ok(), "it writes");
    lambda.kill().await;
    breakpoint.release();
    world.proxy.quiet().await;
    bucket
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_open_lock_and_half_a_notice_hold_up_no_sweep_and_no_sealer() {
    let vault = Vault::new().await;
    vault.make_anchor().await;
    let world = &vault.world;
    let first = lost(world, "a").await;
    let (key, lock) = entry(world, "lock/s3-bucket-public/", "0000000000").await;
    let second = lost(world, "b").await;
    world.age_locks().await;
    damage(world, &key, &lock).await;
    put(world, "notice/of-somebody", b"{\"format\":1,\"at\"".to_vec()).await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let swept = done(lambda.invoke(br#"{"sweep":{"control":"s3-bucket-public"}}"#).await);
    let closed = |bucket: &str| {
        let runs = swept["runs"].as_array().expect("runs").iter();
        runs.filter(|run| run["resource"] == bucket && run["outcome"] == "recovered").count()
    };
    assert_eq!((closed(&first), closed(&second)), (0, 1), "{swept:#}");
    for _ in 0..2 {
        done(vault.sealer().invoke(b"{}").await);
    }
    assert_eq!(told(world).await, 2, "the lock and the notice, once each");
}
