//! Sweeps of all accounts and Regions.

use std::collections::BTreeMap;

use remedy_testkit::{
    proxy::Fault,
    queue::Queue,
    world::{TIMEOUT, World, done, only_run},
};
use serde_json::json;

use super::{environment, event, in_region, member, text};
use crate::drift::{self, Drift};

/// A hub and a member with a drifted key in each of two Regions, and what the settings name.
async fn two_accounts_in_two_regions() -> (World, Vec<(World, String)>) {
    let hub = World::new().await;
    let there = member(&hub).await;
    let mut keys = Vec::new();
    for account in [&hub, &there] {
        for region in ["us-east-1", "eu-west-1"] {
            let place = in_region(account, region);
            let key = drift::key(&place).await;
            keys.push((place, key));
        }
    }
    for (place, _) in &keys {
        hub.swept_before_in("kms-key-unrotated", &place.account.id, &place.account.region).await;
    }
    (hub, keys)
}

fn sweeping(hub: &World, there: &World) -> BTreeMap<String, String> {
    let mut env = environment(hub, &json!({"accounts": [there.account.id]}));
    env.insert("REMEDY_REGIONS".to_owned(), "us-east-1,eu-west-1".to_owned());
    env
}

async fn rotates(place: &World, key: &str) -> bool {
    let kms = aws_sdk_kms::Client::new(&place.config());
    kms.get_key_rotation_status().key_id(key).send().await.expect("a key tells").key_rotation_enabled
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_goes_through_all_accounts_and_regions() {
    let (hub, keys) = two_accounts_in_two_regions().await;
    let lambda = hub.deploy_with("kms-keys", sweeping(&hub, &keys[2].0), TIMEOUT);
    let answer = done(lambda.invoke(br#"{"sweep":{"control":"kms-key-unrotated"}}"#).await);
    let runs = answer["runs"].as_array().expect("runs");
    let places: Vec<_> = runs.iter().map(|run| (text(&run["account"]), text(&run["region"]))).collect();
    for (place, key) in &keys {
        assert!(places.contains(&(place.account.id.clone(), place.account.region.clone())), "{places:?}");
        assert!(rotates(place, key).await);
    }
    assert_eq!(places.len(), keys.len(), "{answer:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forecast_is_of_all_accounts_and_regions() {
    let (hub, keys) = two_accounts_in_two_regions().await;
    let lambda = hub.deploy_with("kms-keys", sweeping(&hub, &keys[2].0), TIMEOUT);
    let answer = done(lambda.invoke(br#"{"status":{"control":"kms-key-unrotated"}}"#).await);
    assert_eq!(answer["status"]["kms-key-unrotated"]["writes"], keys.len(), "{answer:#}");
    assert!(hub.repairs().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_of_one_account_looks_in_all_of_its_regions_and_nowhere_else() {
    let (hub, keys) = two_accounts_in_two_regions().await;
    let there = &keys[2].0;
    let lambda = hub.deploy_with("kms-keys", sweeping(&hub, there), TIMEOUT);
    let sweep = json!({"sweep": {"control": "kms-key-unrotated", "account": there.account.id}});
    done(lambda.invoke(sweep.to_string().as_bytes()).await);
    for (place, key) in &keys {
        assert_eq!(rotates(place, key).await, place.account.id == there.account.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_queue_every_place_is_a_message_and_every_target_another() {
    let (hub, keys) = two_accounts_in_two_regions().await;
    let mut env = sweeping(&hub, &keys[2].0);
    env.insert("REMEDY_QUEUE_URL".to_owned(), drift::queue(&hub, "targets").await);
    let lambda = hub.deploy_with("kms-keys", env, TIMEOUT);
    let schedule = json!({
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "source": "aws.events", "resources": [],
        "detail-type": "Scheduled Event", "account": hub.account.id, "time": "2026-03-02T10:15:30Z",
        "region": "us-east-1", "detail": {},
    });
    let answer = done(lambda.invoke(schedule.to_string().as_bytes()).await);
    assert_eq!(answer["enqueued"], keys.len(), "three controls of one kind of resource: {answer:#}");
    let mut queue = Queue::new(3);
    for round in ["places", "targets"] {
        for body in drift::messages(&hub, "targets").await {
            queue.push(body);
        }
        let drained = queue.drain(std::slice::from_ref(&lambda), 40, async |_| {}).await;
        assert!(drained.dead_lettered.is_empty(), "{round}: {:?}", drained.dead_lettered);
        assert!(!drained.acknowledged.is_empty(), "{round}");
    }
    for (place, key) in &keys {
        assert!(rotates(place, key).await, "{} {}", place.account.id, place.account.region);
    }
    hub.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_lets_nobody_in_is_told_and_holds_up_no_other() {
    let (hub, keys) = two_accounts_in_two_regions().await;
    let there = keys[2].0.account.id.clone();
    let closed = there.clone();
    hub.proxy.on_call(move |call| {
        let is_asked =
            call.operation == "AssumeRole" && call.parameter("RoleArn").is_some_and(|arn| arn.contains(&closed));
        is_asked.then_some(Fault::Denied)
    });
    let lambda = hub.deploy_with("kms-keys", sweeping(&hub, &keys[2].0), TIMEOUT);
    let answer = done(lambda.invoke(br#"{"sweep":{"control":"kms-key-unrotated"}}"#).await);
    let runs = answer["runs"].as_array().expect("runs");
    let (closed, open): (Vec<_>, Vec<_>) = runs.iter().partition(|run| run["account"] == there.as_str());
    assert_eq!((closed.len(), open.len()), (2, 2), "{answer:#}");
    for run in closed {
        assert_eq!(run["outcome"], "blocked", "{run:#}");
        assert!(text(&run["reason"]).contains("sts:AssumeRole"), "{run:#}");
    }
    assert!(open.iter().all(|run| run["outcome"] == "repaired"), "{answer:#}");
    assert!(lambda.logs().contains(r#""class":"alarm""#), "{}", lambda.logs());
    let single = only_run(lambda.invoke(&event(Drift::Rotation, &keys[2].0, &keys[2].1)).await);
    assert_eq!(single["outcome"], "blocked", "{single:#}");
}
