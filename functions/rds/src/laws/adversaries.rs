//! Databases that change under Remedy's hands, and names that lie.

use aws_sdk_rds::types::{DbInstance as Instance, PendingModifiedValues};
use remedy_domain::{FaultKind, Outcome};
use remedy_engine::{Place, Resource as _};
use remedy_rds::{Databases, DbInstance, Others, Scheduled};
use remedy_rds_testing::INSTANCE;
use remedy_testkit::laws::{Bearing, Case, FakeEnvironment, Lawful, Scenario, flaps};
use serde_json::json;

use super::{
    databases::{Form, State, World},
    sign_in::SignIn,
};
use crate::{DbInstanceDeletable, IamSignIn, Of, PasswordOnly, Value};

type Deletable = Of<DbInstanceDeletable>;
type SignsInByPassword = PasswordOnly<DbInstance>;

fn unprotected() -> Case<Deletable> {
    let world = World { form: Form::Postgres, state: State::Available, value: false };
    Case { world, other: Value(true), mask: 0 }
}

fn password_only(others: Others) -> Case<SignsInByPassword> {
    let world = SignIn { form: Form::Postgres, state: State::Available, now: false, pending: false, others };
    Case { world, other: Scheduled::new(IamSignIn(true), None), mask: 0 }
}

async fn open<C: Lawful>(case: Case<C>) -> Scenario<C> {
    Scenario::open(&case, &FakeEnvironment::of::<C>()).await.expect("the fake has such a database")
}

/// The description of the database now.
async fn described<C: Lawful>(scenario: &Scenario<C>) -> Instance {
    let databases = scenario.stage.client::<Databases>();
    let answer = databases.describe_db_instances().db_instance_identifier(&scenario.target.id).send().await.unwrap();
    answer.db_instances.unwrap().pop().unwrap()
}

async fn upgrade_waits<C: Lawful>(scenario: &Scenario<C>) {
    let request = scenario.stage.client::<Databases>().modify_db_instance().db_instance_identifier(&scenario.target.id);
    request.engine_version("17.5").send().await.unwrap();
}

fn pending(instance: &Instance) -> (Option<&str>, Option<bool>) {
    let pending = instance.pending_modified_values();
    let sign_in = pending.and_then(PendingModifiedValues::iam_database_authentication_enabled);
    (pending.and_then(PendingModifiedValues::engine_version), sign_in)
}

#[tokio::test]
async fn a_delete_in_flight_is_gone() {
    let scenario = open(unprotected()).await;
    assert!(scenario.stage.set(&INSTANCE, &scenario.target.id, json!({"DBInstanceStatus": "deleting"})));
    let report = scenario.repair().await.unwrap();
    assert_eq!((report.outcome, report.performed.len()), (Outcome::Gone, 0));
}

#[tokio::test]
async fn stopped() {
    let scenario = open(unprotected()).await;
    assert!(State::Stopped.set(Form::Postgres, &scenario.stage, &scenario.target.id));
    let report = scenario.repair().await.unwrap();
    assert_eq!((report.outcome, report.performed.len()), (Outcome::NeedsHuman, 0), "{report:?}");
}

#[tokio::test]
async fn protected_by_somebody_meanwhile() {
    let scenario = open(unprotected()).await;
    let (databases, id) = (scenario.stage.client::<Databases>(), scenario.target.id.clone());
    let meanwhile = async move {
        let request = databases.modify_db_instance().db_instance_identifier(id).deletion_protection(true);
        request.send().await.unwrap();
    };
    scenario.ports.after_creating("-intent-", meanwhile);
    let report = scenario.repair().await.unwrap();
    assert_eq!((report.outcome, report.performed.len()), (Outcome::Superseded, 0), "{report:?}");
}

#[tokio::test]
async fn a_database_in_the_making_is_looked_at_later() {
    let scenario = open(unprotected()).await;
    assert!(scenario.stage.set(&INSTANCE, &scenario.target.id, json!({"DBInstanceStatus": "creating"})));
    let fault = scenario.repair().await.unwrap_err();
    assert_eq!((fault.kind, fault.code.as_str()), (FaultKind::Transient, "settling"));
}

#[tokio::test]
async fn an_identifier_that_was_given_to_another_database_is_gone() {
    let scenario = open(unprotected()).await;
    let (databases, id) = (scenario.stage.client::<Databases>(), scenario.target.id.as_str());
    databases.delete_db_instance().db_instance_identifier(id).skip_final_snapshot(true).send().await.unwrap();
    let again = databases.create_db_instance().db_instance_identifier(id).db_instance_class("db.r6g.large");
    again.engine("postgres").send().await.unwrap();
    assert_eq!(scenario.repair().await.unwrap().outcome, Outcome::Gone);
    assert_eq!(described(&scenario).await.deletion_protection(), Some(false), "the other one is left alone");
}

#[tokio::test]
async fn renamed_meanwhile() {
    let mut scenario = open(unprotected()).await;
    scenario.target.id = "clinic-as-it-was-called".to_owned();
    assert_eq!(scenario.repair().await.unwrap().outcome, Outcome::Gone);
}

#[tokio::test]
async fn an_identifier_that_looks_like_the_resource_id_of_another_hides_nothing() {
    let scenario = open(unprotected()).await;
    let unique = scenario.target.unique_id.clone().unwrap();
    let databases = scenario.stage.client::<Databases>();
    let imitation = databases.create_db_instance().db_instance_identifier(&unique).db_instance_class("db.r6g.large");
    imitation.engine("postgres").send().await.unwrap();
    let place = Place { account: scenario.target.account.clone(), region: scenario.target.region.clone() };
    let find = async |id: &str| DbInstance::find(&databases, &place, id).await.unwrap();
    assert_eq!(find(&unique).await, std::slice::from_ref(&scenario.target), "AWS Config names it so");
    assert_eq!(find(&unique.to_lowercase()).await.first().map(|found| found.id.clone()), Some(unique.to_lowercase()));
    let shouted = scenario.target.id.to_uppercase();
    assert_eq!(find(&shouted).await, std::slice::from_ref(&scenario.target), "as somebody typed it");
    assert_eq!(find("db_no-name").await, [], "no identifier at all");
}

#[tokio::test]
async fn an_undo_leaves_a_class_change_pending() {
    let scenario = open(unprotected()).await;
    let plan = scenario.repair().await.unwrap().plan.unwrap();
    upgrade_waits(&scenario).await;
    assert_eq!(scenario.revert(&plan).await.unwrap().outcome, Outcome::Reverted);
    let now = described(&scenario).await;
    assert_eq!((now.deletion_protection(), now.engine_version()), (Some(false), Some("17.4")));
    assert_eq!(pending(&now), (Some("17.5"), None), "still pending");
}

#[tokio::test]
async fn terraform_takes_it_off_again_and_again() {
    let bearing = flaps(&unprotected(), &FakeEnvironment::of::<Deletable>(), 20).await;
    assert_eq!(bearing, Bearing::Held);
}

#[tokio::test]
async fn other_values_pending_stay_pending() {
    let scenario = open(password_only(Others::Quiet)).await;
    upgrade_waits(&scenario).await;
    let report = scenario.repair().await.unwrap();
    assert_eq!(report.outcome, Outcome::Contained, "{report:?}");
    let now = described(&scenario).await;
    assert_eq!((now.engine_version(), now.iam_database_authentication_enabled()), (Some("17.4"), Some(false)));
    assert_eq!(pending(&now), (Some("17.5"), Some(true)));
}

#[tokio::test]
async fn an_upgrade_that_is_scheduled_after_the_plan_was_made_is_not_carried_out() {
    let scenario = open(password_only(Others::Quiet)).await;
    let (databases, id) = (scenario.stage.client::<Databases>(), scenario.target.id.clone());
    let meanwhile = async move {
        let request = databases.modify_db_instance().db_instance_identifier(id).engine_version("17.5");
        request.send().await.unwrap();
    };
    scenario.ports.after_creating("-intent-", meanwhile);
    let report = scenario.repair().await.unwrap();
    assert_eq!((report.outcome, report.performed.len()), (Outcome::Superseded, 0), "{report:?}");
    assert_eq!(pending(&described(&scenario).await), (Some("17.5"), None));
}

#[tokio::test]
async fn a_window_passes_between_two_sweeps() {
    let scenario = open(password_only(Others::Pending)).await;
    assert_eq!(scenario.repair().await.unwrap().outcome, Outcome::Contained);
    assert_eq!(scenario.repair().await.unwrap().outcome, Outcome::Contained, "it waits");
    let passed = json!({"IAMDatabaseAuthenticationEnabled": true, "PendingModifiedValues": {}});
    assert!(scenario.stage.set(&INSTANCE, &scenario.target.id, passed));
    assert_eq!(scenario.repair().await.unwrap().outcome, Outcome::AlreadyCompliant);
}

#[tokio::test]
async fn an_undo_after_the_window_changes_it_back() {
    let scenario = open(password_only(Others::Pending)).await;
    let plan = scenario.repair().await.unwrap().plan.unwrap();
    let passed = json!({"IAMDatabaseAuthenticationEnabled": true, "PendingModifiedValues": {}});
    assert!(scenario.stage.set(&INSTANCE, &scenario.target.id, passed));
    assert_eq!(scenario.revert(&plan).await.unwrap().outcome, Outcome::Reverted);
    assert_eq!(described(&scenario).await.iam_database_authentication_enabled(), Some(false));
}

#[tokio::test]
async fn an_undo_does_not_carry_out_what_others_have_scheduled() {
    let scenario = open(password_only(Others::Quiet)).await;
    let plan = scenario.repair().await.unwrap().plan.unwrap();
    upgrade_waits(&scenario).await;
    let report = scenario.revert(&plan).await.unwrap();
    assert_eq!((report.outcome, report.performed.len()), (Outcome::Blocked, 0), "{report:?}");
    let now = described(&scenario).await;
    assert_eq!((now.engine_version(), now.iam_database_authentication_enabled()), (Some("17.4"), Some(true)));
}
