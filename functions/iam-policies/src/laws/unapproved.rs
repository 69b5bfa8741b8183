//! Changes of policies that only a comparison with the past shows.

use std::time::Duration;

use remedy_domain::Outcome;
use remedy_testkit::laws::{Case, FakeTheatre, Scene};

use super::{
    policies::Changed,
    worlds::{EVERYTHING, READING, document},
};
use remedy_iam::Iam;

use crate::PolicyUnapproved;

const DAYS: Duration = Duration::from_hours(8 * 24);

/// A policy whose second version is the default, seen compliant more than a week after it was made. Its first one
/// reads.
async fn seen_in_order(world: Changed) -> Scene<PolicyUnapproved> {
    let scene = Scene::open(&Case { world, other: (), mask: 0 }, &FakeTheatre).await.unwrap();
    assert_eq!(outcome(&scene).await, Outcome::AlreadyCompliant);
    scene
}

async fn outcome(scene: &Scene<PolicyUnapproved>) -> Outcome {
    scene.ask().await.unwrap().outcome
}

/// Makes a version that is not the default.
async fn make(scene: &Scene<PolicyUnapproved>, text: &str) {
    let client = scene.stage.client::<Iam>().client;
    let request = client.create_policy_version().policy_arn(scene.target.arn.as_deref().unwrap());
    request.policy_document(text).set_as_default(false).send().await.unwrap();
}

async fn let_count(scene: &Scene<PolicyUnapproved>, version: &str) {
    let client = scene.stage.client::<Iam>().client;
    let request = client.set_default_policy_version().policy_arn(scene.target.arn.as_deref().unwrap());
    request.version_id(version).send().await.unwrap();
}

#[tokio::test]
async fn a_version_that_aged_before_it_counts_is_a_change() {
    let scene = seen_in_order(Changed { text: document(&[READING]), approved: false, days: 8 }).await;
    make(&scene, &document(&[EVERYTHING])).await;
    scene.ports.time().advance(DAYS);
    assert_eq!(outcome(&scene).await, Outcome::AlreadyCompliant, "it does not count yet");
    let_count(&scene, "v3").await;
    let told = scene.ask().await.unwrap();
    assert_eq!(told.outcome, Outcome::NeedsHuman, "{told:?}");
    assert!(told.violations[0].contains("instead of v2"), "{told:?}");
    scene.ports.time().advance(DAYS * 10);
    assert_eq!(outcome(&scene).await, Outcome::NeedsHuman, "time approves nothing");
    let_count(&scene, "v2").await;
    assert_eq!(outcome(&scene).await, Outcome::AlreadyCompliant, "what counted before counts again");
}

#[tokio::test]
async fn going_back_to_an_old_version_is_a_change() {
    for approved in [false, true] {
        let scene = seen_in_order(Changed { text: document(&[EVERYTHING]), approved, days: 8 }).await;
        let_count(&scene, "v1").await;
        assert_eq!(outcome(&scene).await, Outcome::NeedsHuman);
    }
}

#[tokio::test]
async fn the_same_document_in_another_version_is_no_change() {
    let scene = seen_in_order(Changed { text: document(&[EVERYTHING]), approved: false, days: 8 }).await;
    make(&scene, &document(&[EVERYTHING]).replace('{', "{ ")).await;
    let_count(&scene, "v3").await;
    assert_eq!(outcome(&scene).await, Outcome::AlreadyCompliant);
}

#[tokio::test]
async fn an_evaluation_remembers_nothing() {
    let world = Changed { text: document(&[EVERYTHING]), approved: false, days: 8 };
    let scene = Scene::<PolicyUnapproved>::open(&Case { world, other: (), mask: 0 }, &FakeTheatre).await.unwrap();
    assert_eq!(scene.evaluate().await.unwrap().outcome, Outcome::AlreadyCompliant);
    assert!(scene.ports.shelf(remedy_engine::Shelf::State).is_empty());
}
