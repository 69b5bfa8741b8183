//! Attempts, notices and waiting asks are bounded, however they end and whoever causes them.

use remedy_testkit::{
    lambda::Lambda,
    proxy::Fault,
    world::{TIMEOUT, World, only_run},
};
use serde_json::{Value, json};

use crate::drift::{Drift, block_of};
use remedy_tests::clinic::Clinic;

fn deploy(world: &World, settings: &Value) -> Lambda {
    let mut env = world.environment("enforce");
    env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(settings));
    world.deploy_with("s3-public-access", env, TIMEOUT)
}

async fn run(lambda: &Lambda, bucket: &str) -> Value {
    only_run(lambda.invoke(&Drift::Bucket.event(bucket)).await)
}

fn is_repair_of(bucket: &str) -> impl Fn(&remedy_testkit::proxy::Call) -> bool + Send + Sync + 'static {
    let bucket = bucket.to_owned();
    move |call| call.operation == "PutPublicAccessBlock" && call.resource.as_deref() == Some(&bucket)
}

async fn records(world: &World, kind: &str) -> usize {
    world.evidence().await.values().filter(|record| record["kind"] == kind).count()
}

async fn used(world: &World) -> usize {
    let slots = world.state("budget/").await;
    let returned = slots.keys().filter(|key| key.ends_with(".unused")).count();
    slots.len() - 2 * returned
}

async fn notices(world: &World) -> usize {
    world.state("notice/").await.keys().filter(|key| !key.ends_with(".sent")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_that_refuses_its_repair_costs_one_attempt_and_no_slot_and_the_next_one_is_repaired() {
    let world = World::new().await;
    let (denied, other) = (Drift::Bucket.make(&world, "a").await, Drift::Bucket.make(&world, "b").await);
    let lambda = deploy(&world, &json!({"parameters": {"hourly_budget": 12}}));
    let is_meant = is_repair_of(&denied);
    world.proxy.on_call(move |call| is_meant(call).then_some(Fault::Denied));
    let first = run(&lambda, &denied).await;
    assert_eq!(first["outcome"], "blocked", "{first:#}");
    let told = notices(&world).await;
    for _ in 0..12 {
        let again = run(&lambda, &denied).await;
        assert_eq!((&again["outcome"], &again["check"]), (&"blocked".into(), &"attempts".into()), "{again:#}");
    }
    assert_eq!((records(&world, "intent").await, records(&world, "held").await), (1, 1), "tried once, held once");
    assert_eq!((used(&world).await, notices(&world).await), (0, told), "no slot is kept, and nobody is told again");
    assert_eq!(run(&lambda, &other).await["outcome"], "repaired");
    assert_eq!(block_of(&world, &other).await, Some([true; 4]));
    world.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_that_fail_or_come_too_late_are_few_and_leave_the_budget_to_others() {
    for way in [Way::Fails, Way::PingPong] {
        let world = World::new().await;
        let (bad, other) = (Drift::Bucket.make(&world, "a").await, Drift::Bucket.make(&world, "b").await);
        let lambda = deploy(&world, &json!({"parameters": {"hourly_budget": 12, "flap_limit": 10}}));
        for _ in 0..8 {
            way.disturb(&world, &bad);
            let _given_back_or_done = lambda.invoke(&Drift::Bucket.event(&bad)).await;
            world.proxy.clear_faults();
            world.s3().delete_public_access_block().bucket(&bad).send().await.expect("it drifts again");
        }
        let intents = records(&world, "intent").await;
        assert!((1..=5).contains(&intents), "{way:?}: {intents} attempts at one resource in an hour");
        assert!(notices(&world).await <= 7, "{way:?}: {} notices", notices(&world).await);
        let last = run(&lambda, &bad).await;
        assert_eq!(last["outcome"], "blocked", "{way:?}: {last:#}");
        assert_eq!(run(&lambda, &other).await["outcome"], "repaired", "{way:?}");
        world.assert_conserved().await;
    }
}

/// Ways to make a repair fail.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// The write fails, and may succeed later.
    Fails,
    /// The setting is another whenever the second look comes.
    PingPong,
}

impl Way {
    fn disturb(self, world: &World, bucket: &str) {
        let is_meant = is_repair_of(bucket);
        match self {
            Self::Fails => {
                world.proxy.on_call(move |call| is_meant(call).then_some(Fault::Status(503, "SlowDown".into())))
            }
            Self::PingPong => {
                let (s3, name) = (world.s3(), bucket.to_owned());
                let half = aws_sdk_s3::types::PublicAccessBlockConfiguration::builder().block_public_acls(true).build();
                world.proxy.mutate_before(
                    |call| call.operation == "AssumeRole",
                    move || async move {
                        let put = s3.put_public_access_block().bucket(name).public_access_block_configuration(half);
                        put.send().await.expect("somebody changes it");
                    },
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_plan_takes_the_place_of_the_one_that_waits_and_the_older_cannot_be_approved() {
    let clinic = Clinic::open("approve").await;
    let (ann, bob) = (clinic.person("ann").await, clinic.person("bob").await);
    let bucket = Drift::Bucket.make(&clinic.world, "a").await;
    let lambda = clinic.deploy("s3-public-access");
    let mut plans = Vec::new();
    for half in [false, true] {
        let block = aws_sdk_s3::types::PublicAccessBlockConfiguration::builder().block_public_acls(half).build();
        let put = clinic.world.s3().put_public_access_block().bucket(&bucket).public_access_block_configuration(block);
        put.send().await.expect("a block is put");
        let held = run(&lambda, &bucket).await;
        assert_eq!(held["outcome"], "awaiting-approval", "{held:#}");
        plans.push(held["plan"].as_str().expect("a plan").to_owned());
    }
    let pending = ann.does(&["pending"]).await;
    assert_eq!(
        (&pending["waiting"], &pending["controls"]),
        (&1.into(), &json!({"s3-bucket-public": 1})),
        "{pending:#}"
    );
    assert_eq!(pending["pending"][0]["id"], plans[1].as_str());
    let refused = bob.is_refused(&["approve", &plans[0]]).await;
    assert!(refused.contains("newer plan"), "{refused}");
    assert_eq!(ann.does(&["pending", "--control", "kms-key-open-policy"]).await["waiting"], 0);
    assert_eq!(ann.does(&["pending", "--page", "2"]).await["pending"], json!([]));
    bob.does(&["approve", &plans[1]]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_whose_plan_changes_all_the_time_makes_few_records_and_notices_and_one_ask() {
    for (mode, end) in [("approve", "awaiting-approval"), ("observe", "planned")] {
        let clinic = Clinic::open(mode).await;
        let ann = clinic.person("ann").await;
        let bucket = Drift::Plaintext.make(&clinic.world, "a").await;
        let lambda = clinic.deploy("s3-encryption");
        for number in 0..12 {
            let policy = format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"N{number}","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::444455556666:root"}},"Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"}}]}}"#
            );
            clinic.world.s3().put_bucket_policy().bucket(&bucket).policy(policy).send().await.expect("a policy is put");
            let held = only_run(lambda.invoke(&Drift::Plaintext.event(&bucket)).await);
            assert_eq!(held["outcome"], end, "{held:#}");
            assert!(held["evidence"].as_array().is_some_and(|keys| !keys.is_empty()), "it is stored: {held:#}");
        }
        let held = records(&clinic.world, "held").await;
        assert!((1..=6).contains(&held), "{mode}: {held} records");
        assert!(notices(&clinic.world).await <= 7, "{mode}: {} notices", notices(&clinic.world).await);
        let waits = ann.does(&["pending"]).await;
        assert_eq!(waits["waiting"], u64::from(mode == "approve"), "{waits:#}");
    }
}
