//! Database clusters: Aurora, and Multi-AZ clusters of MySQL and PostgreSQL.

use std::marker::PhantomData;

use aws_sdk_rds::{
    operation::modify_db_cluster::builders::ModifyDBClusterFluentBuilder as Modify,
    types::{DbCluster as Cluster, Filter},
};
use remedy_aws::Reading as _;
use remedy_domain::{Call, Fault, ResourceKind, Target};
use remedy_engine::{Page, Place, Resource, Tags};

use crate::{
    Databases, SERVICE, SOURCE,
    database::{self, By, Database, Listed, PAGE, Single, Summary, find, list, text, waits},
    scheduled::Apply,
};

pub(crate) const DESCRIBE: Call = Call::same("rds:DescribeDBClusters");
pub(crate) const MODIFY: Call = Call::same("rds:ModifyDBCluster");
/// The codes for a cluster that is not there.
const GONE: [&str; 2] = ["DBClusterNotFound", "DBClusterNotFoundFault"];
/// The code for what cannot be an identifier.
const NO_NAME: &str = "InvalidParameterValue";

/// A database cluster, by a client that can speak to RDS, whatever else it can.
#[derive(Debug)]
pub struct DbCluster<C = Databases>(PhantomData<C>);

impl<C: AsRef<Databases> + 'static> Resource for DbCluster<C> {
    const KIND: ResourceKind = ResourceKind {
        types: &[Self::TYPE],
        service: SERVICE,
        source: SOURCE,
        reads: &[DESCRIBE],
        ..ResourceKind::PLAIN
    };
    type Client = C;

    async fn list(client: &C, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        list::<Self>(client.as_ref(), place, from).await
    }

    async fn find(client: &C, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(find::<Self>(client.as_ref(), place, id).await?.into_iter().collect())
    }

    async fn tags(client: &C, target: &Target) -> Result<Tags, Fault> {
        database::tags::<Self>(client.as_ref(), target).await
    }
}

impl<C: AsRef<Databases> + 'static> Database for DbCluster<C> {
    const MODIFIES: &'static [Call] = &[MODIFY];
    type Described = Cluster;
    type Change = Modify;

    async fn describe(databases: &Databases, target: &Target) -> Result<Option<Cluster>, Fault> {
        Self::ask(databases, By::Name(&target.id)).await
    }

    fn summary(cluster: &Cluster) -> Summary<'_> {
        Summary {
            id: text(cluster.db_cluster_identifier()),
            resource_id: text(cluster.db_cluster_resource_id()),
            arn: text(cluster.db_cluster_arn()),
            engine: text(cluster.engine()),
            status: text(cluster.status()),
            window: text(cluster.preferred_maintenance_window()),
            tags: cluster.tag_list(),
        }
    }

    fn change(databases: &Databases, target: &Target, apply: Apply) -> Modify {
        let request = databases.modify_db_cluster().db_cluster_identifier(&target.id);
        request.apply_immediately(apply == Apply::AtOnce)
    }

    async fn send(change: Modify) -> Result<(), Fault> {
        MODIFY.done(change.send().await).map_err(waits)
    }
}

impl<C: AsRef<Databases> + 'static> Single for DbCluster<C> {
    const MODIFY: Call = MODIFY;
}

impl<C: AsRef<Databases> + 'static> Listed for DbCluster<C> {
    const TYPE: &'static str = "AWS::RDS::DBCluster";

    async fn ask(databases: &Databases, by: By<'_>) -> Result<Option<Cluster>, Fault> {
        let request = databases.describe_db_clusters();
        let answer = match by {
            By::Name(id) => {
                let sent = request.db_cluster_identifier(id).send().await;
                DESCRIBE.found(&[GONE[0], GONE[1], NO_NAME], sent)?
            }
            By::ResourceId(id) => {
                let filter = Filter::builder().name("db-cluster-resource-id").values(id).build();
                DESCRIBE.found(&GONE, request.filters(filter).send().await)?
            }
        };
        Ok(answer.and_then(|answer| answer.db_clusters).unwrap_or_default().pop())
    }

    async fn page(databases: &Databases, from: Option<String>) -> Result<(Vec<Cluster>, Option<String>), Fault> {
        let request = databases.describe_db_clusters().max_records(PAGE).set_marker(from);
        let answer = DESCRIBE.answer(request.send().await)?;
        Ok((answer.db_clusters.unwrap_or_default(), answer.marker))
    }
}
