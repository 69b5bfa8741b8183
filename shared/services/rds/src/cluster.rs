//! Database clusters: Aurora, and Multi-AZ clusters of MySQL and PostgreSQL.

use aws_sdk_rds::{
    operation::modify_db_cluster::builders::ModifyDBClusterFluentBuilder as Modify,
    types::{DbCluster as Cluster, Filter},
};
use remedy_aws::Reading as _;
use remedy_domain::{Call, Fault};

use crate::{
    Databases,
    database::{By, Form, NO_NAME, Only, PAGE, Summary, text},
    scheduled::Apply,
};

/// The codes for a cluster that is not there.
const GONE: [&str; 2] = ["DBClusterNotFound", "DBClusterNotFoundFault"];

/// A database cluster.
pub type DbCluster<C = Databases> = Only<Clusters, C>;

/// The form of clusters.
#[derive(Debug)]
pub enum Clusters {}

impl Form for Clusters {
    const TYPE: &'static str = "AWS::RDS::DBCluster";
    const DESCRIBE: Call = Call::same("rds:DescribeDBClusters");
    const MODIFY: Call = Call::same("rds:ModifyDBCluster");
    type Described = Cluster;
    type Change = Modify;

    async fn ask(databases: &Databases, by: By<'_>) -> Result<Option<Cluster>, Fault> {
        let request = databases.describe_db_clusters();
        let answer = match by {
            By::Name(id) => {
                let sent = request.db_cluster_identifier(id).send().await;
                Self::DESCRIBE.found(&[GONE[0], GONE[1], NO_NAME], sent)?
            }
            By::ResourceId(id) => {
                let filter = Filter::builder().name("db-cluster-resource-id").values(id).build();
                Self::DESCRIBE.found(&GONE, request.filters(filter).send().await)?
            }
        };
        Ok(answer.and_then(|answer| answer.db_clusters).unwrap_or_default().pop())
    }

    async fn page(databases: &Databases, from: Option<String>) -> Result<(Vec<Cluster>, Option<String>), Fault> {
        let request = databases.describe_db_clusters().max_records(PAGE).set_marker(from);
        let answer = Self::DESCRIBE.answer(request.send().await)?;
        Ok((answer.db_clusters.unwrap_or_default(), answer.marker))
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

    fn change(databases: &Databases, id: &str, apply: Apply) -> Modify {
        let request = databases.modify_db_cluster().db_cluster_identifier(id);
        request.apply_immediately(apply == Apply::AtOnce)
    }

    async fn send(change: Modify) -> Result<(), Fault> {
        Self::MODIFY.done(change.send().await)
    }
}
