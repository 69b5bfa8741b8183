//! The genuine SDK reads the table.

use aws_sdk_rds::{
    Client,
    error::ProvideErrorMetadata as _,
    types::{CloudwatchLogsExportConfiguration, DbInstance, Filter, Tag},
};
use remedy_testkit::fake::{Caller, FakeAws};

use super::*;

const ACCOUNT: &str = "111122223333";
const HERE: (&str, &str) = (ACCOUNT, "us-east-1");

fn rds() -> (FakeAws, Client) {
    let fake = FakeAws::of(&[&RDS]);
    let client = Client::new(&fake.config(ACCOUNT, "us-east-1", Caller::Test));
    (fake, client)
}

async fn create(client: &Client, id: &str) -> DbInstance {
    let request = client.create_db_instance().db_instance_identifier(id).db_instance_class("db.t4g.micro");
    let tag = Tag::builder().key("team").value("cardiology <1>").build();
    request.engine("postgres").tags(tag).send().await.unwrap().db_instance.unwrap()
}

async fn described(client: &Client, id: &str) -> DbInstance {
    let answer = client.describe_db_instances().db_instance_identifier(id).send().await.unwrap();
    answer.db_instances.unwrap().pop().unwrap()
}

#[tokio::test]
async fn an_instance_is_found_by_its_names_and_by_its_resource_id() {
    let (_, client) = rds();
    let made = create(&client, "PHI").await;
    let (arn, unique) = (made.db_instance_arn().unwrap(), made.dbi_resource_id().unwrap());
    assert_eq!((made.db_instance_identifier(), arn), (Some("phi"), "arn:aws:rds:us-east-1:111122223333:db:phi"));
    for name in ["phi", "Phi", arn] {
        assert_eq!(described(&client, name).await, made, "{name}");
    }
    let by = async |id: &str| {
        let filter = Filter::builder().name("dbi-resource-id").values(id).build();
        client.describe_db_instances().filters(filter).send().await.unwrap().db_instances().to_vec()
    };
    assert_eq!(by(unique).await.first(), Some(&made));
    assert!(by("db-OTHER").await.is_empty());
    let missing = client.describe_db_instances().db_instance_identifier("other").send().await.unwrap_err();
    assert!(missing.into_service_error().is_db_instance_not_found_fault());
    let elsewhere = arn.replace("us-east-1", "eu-west-1");
    assert!(client.describe_db_instances().db_instance_identifier(elsewhere).send().await.is_err());
    let again = client.create_db_instance().db_instance_identifier("phi").db_instance_class("c").engine("mysql");
    assert_eq!(again.send().await.unwrap_err().code(), Some("DBInstanceAlreadyExists"));
}

#[tokio::test]
async fn instances_come_in_pages() {
    let (fake, client) = rds();
    for id in ["a", "b", "c"] {
        create(&client, id).await;
    }
    fake.page_size(1);
    let mut pages = client.describe_db_instances().into_paginator().items().send();
    let mut ids = Vec::new();
    while let Some(instance) = pages.next().await {
        ids.push(instance.unwrap().db_instance_identifier.unwrap());
    }
    assert_eq!(ids, ["a", "b", "c"]);
}

#[tokio::test]
async fn some_members_wait_for_the_window() {
    let (fake, client) = rds();
    create(&client, "phi").await;
    let modify = || client.modify_db_instance().db_instance_identifier("phi");
    let sent = modify().deletion_protection(true).enable_iam_database_authentication(true).backup_retention_period(35);
    sent.apply_immediately(false).send().await.unwrap();
    let now = described(&client, "phi").await;
    assert_eq!(
        (now.deletion_protection(), now.backup_retention_period()),
        (Some(true), Some(35)),
        "at once all the same"
    );
    assert_eq!(now.iam_database_authentication_enabled(), Some(false));
    assert_eq!(now.pending_modified_values().unwrap().iam_database_authentication_enabled(), Some(true));
    modify().enable_iam_database_authentication(false).send().await.unwrap();
    let now = described(&client, "phi").await;
    assert_eq!(now.pending_modified_values().unwrap().iam_database_authentication_enabled(), None, "cancelled");
    modify().backup_retention_period(0).send().await.unwrap();
    let now = described(&client, "phi").await;
    assert_eq!(now.pending_modified_values().unwrap().backup_retention_period(), Some(0), "that is an outage");
    fake.pass_windows(&INSTANCE);
    assert_eq!(described(&client, "phi").await.backup_retention_period(), Some(0));
}

#[tokio::test]
async fn what_is_applied_at_once_takes_along_whatever_waits() {
    let (_, client) = rds();
    create(&client, "phi").await;
    let modify = || client.modify_db_instance().db_instance_identifier("phi");
    modify().db_instance_class("db.r6g.large").send().await.unwrap();
    assert_eq!(described(&client, "phi").await.db_instance_class(), Some("db.t4g.micro"));
    modify().publicly_accessible(false).apply_immediately(true).send().await.unwrap();
    assert_eq!(described(&client, "phi").await.db_instance_class(), Some("db.r6g.large"));
}

#[tokio::test]
async fn log_types_are_switched_one_by_one() {
    let (_, client) = rds();
    create(&client, "phi").await;
    let switch = async |on: &[&str], off: &[&str]| {
        let mut types = CloudwatchLogsExportConfiguration::builder();
        types = on.iter().fold(types, |types, kind| types.enable_log_types(*kind));
        types = off.iter().fold(types, |types, kind| types.disable_log_types(*kind));
        let request = client.modify_db_instance().db_instance_identifier("phi");
        let sent = request.cloudwatch_logs_export_configuration(types.build()).send().await.unwrap();
        sent.db_instance.unwrap().enabled_cloudwatch_logs_exports.unwrap_or_default()
    };
    assert_eq!(switch(&["upgrade", "postgresql"], &[]).await, ["postgresql", "upgrade"]);
    assert_eq!(switch(&["postgresql"], &["upgrade"]).await, ["postgresql"]);
}

#[tokio::test]
async fn an_instance_that_is_not_idle_takes_no_change() {
    let (fake, client) = rds();
    create(&client, "phi").await;
    let modify = || client.modify_db_instance().db_instance_identifier("phi").deletion_protection(true).send();
    fake.plant(&INSTANCE, HERE, "phi", json!({"DBInstanceStatus": "stopped"}));
    assert_eq!(described(&client, "phi").await.db_instance_status(), Some("stopped"));
    assert_eq!(modify().await.unwrap_err().code(), Some("InvalidDBInstanceState"));
    fake.plant(&INSTANCE, HERE, "phi", json!({"DBInstanceStatus": "available"}));
    modify().await.unwrap();
    let delete = client.delete_db_instance().db_instance_identifier("phi").send().await;
    assert_eq!(delete.unwrap_err().code(), Some("InvalidParameterCombination"), "it is protected");
}

#[tokio::test]
async fn members_of_a_cluster_leave_its_members_to_it() {
    let (_, client) = rds();
    let request = client.create_db_cluster().db_cluster_identifier("care").engine("aurora-postgresql");
    let cluster = request.send().await.unwrap().db_cluster.unwrap();
    assert_eq!(cluster.backup_retention_period(), Some(1));
    let request = client.create_db_instance().db_instance_identifier("care-1").db_instance_class("db.r6g.large");
    request.engine("aurora-postgresql").db_cluster_identifier("care").send().await.unwrap();
    let modify = client.modify_db_instance().db_instance_identifier("care-1");
    let refused = modify.clone().deletion_protection(true).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterCombination"));
    modify.publicly_accessible(true).send().await.unwrap();
    client.modify_db_cluster().db_cluster_identifier("care").deletion_protection(true).send().await.unwrap();
    let none = client.modify_db_cluster().db_cluster_identifier("care").backup_retention_period(0).send().await;
    assert_eq!(none.unwrap_err().code(), Some("InvalidParameterValue"), "clusters are always backed up");
    let filter = Filter::builder().name("db-cluster-resource-id").values(cluster.db_cluster_resource_id().unwrap());
    let found = client.describe_db_clusters().filters(filter.build()).send().await.unwrap();
    let found = found.db_clusters().first().unwrap();
    assert_eq!(found.deletion_protection(), Some(true));
    assert_eq!(found.db_cluster_members().first().unwrap().db_instance_identifier(), Some("care-1"));
    let missing = client.describe_db_clusters().db_cluster_identifier("other").send().await.unwrap_err();
    assert!(missing.into_service_error().is_db_cluster_not_found_fault());
}

#[tokio::test]
async fn tags_are_set_by_arn_and_shown_with_the_instance() {
    let (_, client) = rds();
    let arn = create(&client, "phi").await.db_instance_arn.unwrap();
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    let add = client.add_tags_to_resource().resource_name(&arn).tags(tag("owner", "a")).tags(tag("team", "b"));
    add.send().await.unwrap();
    client.remove_tags_from_resource().resource_name(&arn).tag_keys("owner").send().await.unwrap();
    assert_eq!(described(&client, "phi").await.tag_list(), [tag("team", "b")]);
    let listed = client.list_tags_for_resource().resource_name(&arn).send().await.unwrap();
    assert_eq!(listed.tag_list(), [tag("team", "b")]);
    let other = client.list_tags_for_resource().resource_name(arn.replace(":db:", ":cluster:")).send().await;
    assert_eq!(other.unwrap_err().code(), Some("DBClusterNotFoundFault"));
}

#[tokio::test]
async fn the_capabilities_of_engines_are_described() {
    let (_, client) = rds();
    let signs_in = async |engine: &str| {
        let request = client.describe_orderable_db_instance_options().engine(engine);
        let answer = request.db_instance_class("db.t4g.micro").send().await.unwrap();
        let options = answer.orderable_db_instance_options().to_vec();
        options.iter().map(|option| option.supports_iam_database_authentication().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(signs_in("postgres").await, [true]);
    assert_eq!(signs_in("sqlserver-se").await, [false]);
    assert!(signs_in("db2-of-tomorrow").await.is_empty());
    let versions = client.describe_db_engine_versions().engine("mysql").send().await.unwrap();
    assert!(versions.db_engine_versions()[0].exportable_log_types().contains(&"audit".to_owned()));
}

#[tokio::test]
async fn every_attribute_stands_under_its_path() {
    let (fake, client) = rds();
    create(&client, "phi").await;
    client.modify_db_instance().db_instance_identifier("phi").multi_az(true).send().await.unwrap();
    let dump = fake.dump();
    let of = |attribute: &str| dump[&format!("rds/111122223333/us-east-1/db/phi/{attribute}")].as_str();
    assert_eq!((of("MultiAZ"), of("PendingModifiedValues/MultiAZ")), ("false", "true"));
    let seen = fake.journal().pop().unwrap();
    assert_eq!((seen.operation.as_str(), seen.resource.as_str()), ("rds:ModifyDBInstance", "phi"));
}
