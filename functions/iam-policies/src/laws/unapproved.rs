//! Changes of policies that only a comparison with the past shows.

use std::time::Duration;

use remedy_domain::Outcome;
use remedy_testkit::laws::{Case, FakeEnvironment, Scenario};

use super::{
    policies::Changed,
    worlds::{EVERYTHING, READING, document},
};
use remedy_iam::Iam;

use crate::PolicyUnapproved;

const DAYS: Duration = Duration::from_hours(8 * 24);

/// A policy whose second version is the default, seen compliant more than a week after it was made. Its first one
/// reads.
async fn seen_in_order(world: Changed) -> Scenario<PolicyUnapproved> {
    let scenario =
        Scenario::open(&Case { world, other: (), mask: 0 }, &FakeEnvironment::of::<PolicyUnapproved>()).await.unwrap();
    assert_eq!(outcome(&scenario).await, Outcome::AlreadyCompliant);
    scenario
}

async fn outcome(scenario: &Scenario<PolicyUnapproved>) -> Outcome {
    scenario.ask().await.unwrap().outcome
}

/// Makes a version that is not the default.
async fn make(scenario: &Scenario<PolicyUnapproved>, text: &str) {
    let client = scenario.stage.client::<Iam>().client;
    let request = client.create_policy_version().policy_arn(scenario.target.arn.as_deref().unwrap());
    request.policy_document(text).set_as_default(false).send().await.unwrap();
}

async fn let_count(scenario: &Scenario<PolicyUnapproved>, version: &str) {
    let client = scenario.stage.client::<Iam>().client;
    let request = client.set_default_policy_version().policy_arn(scenario.target.arn.as_deref().unwrap());
    request.version_id(version).send().await.unwrap();
}

#[tokio::test]
async fn a_version_that_aged_before_it_counts_is_a_change() {
    let scenario = seen_in_order(Changed { text: document(&[READING]), approved: false, days: 8 }).await;
    make(&scenario, &document(&[EVERYTHING])).await;
    scenario.ports.time().advance(DAYS);
    assert_eq!(outcome(&scenario).await, Outcome::AlreadyCompliant, "it does not count yet");
    let_count(&scenario, "v3").await;
    let told = scenario.ask().await.unwrap();
    assert_eq!(told.outcome, Outcome::NeedsHuman, "{told:?}");
    assert!(told.violations[0].text.contains("instead of v2"), "{told:?}");
    scenario.ports.time().advance(DAYS * 10);
    assert_eq!(outcome(&scenario).await, Outcome::NeedsHuman, "time approves nothing");
    let_count(&scenario, "v2").await;
    assert_eq!(outcome(&scenario).await, Outcome::AlreadyCompliant, "what counted before counts again");
}

#[tokio::test]
async fn going_back_to_an_old_version_is_a_change() {
    for approved in [false, true] {
        let scenario = seen_in_order(Changed { text: document(&[EVERYTHING]), approved, days: 8 }).await;
        let_count(&scenario, "v1").await;
        assert_eq!(outcome(&scenario).await, Outcome::NeedsHuman);
    }
}

#[tokio::test]
async fn the_same_document_in_another_version_is_no_change() {
    let scenario = seen_in_order(Changed { text: document(&[EVERYTHING]), approved: false, days: 8 }).await;
    make(&scenario, &document(&[EVERYTHING]).replace('{', "{ ")).await;
    let_count(&scenario, "v3").await;
    assert_eq!(outcome(&scenario).await, Outcome::AlreadyCompliant);
}

#[tokio::test]
async fn an_evaluation_remembers_nothing() {
    let world = Changed { text: document(&[EVERYTHING]), approved: false, days: 8 };
    let scenario = Scenario::<PolicyUnapproved>::open(
        &Case { world, other: (), mask: 0 },
        &FakeEnvironment::of::<PolicyUnapproved>(),
    )
    .await
    .unwrap();
    assert_eq!(scenario.evaluate().await.unwrap().outcome, Outcome::AlreadyCompliant);
    assert!(scenario.ports.shelf(remedy_engine::LedgerBucket::State).is_empty());
}
