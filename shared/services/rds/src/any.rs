//! Databases of either kind.

use std::marker::PhantomData;

use aws_sdk_rds::{
    operation::{
        modify_db_cluster::builders::ModifyDBClusterFluentBuilder,
        modify_db_instance::builders::ModifyDBInstanceFluentBuilder,
    },
    types::{DbCluster as Cluster, DbInstance as Instance},
};
use remedy_domain::{Call, Fault, ResourceKind, Target};
use remedy_engine::{Page, Place, Resource, Tags};

use crate::{
    Databases, DbCluster, DbInstance, SERVICE, SOURCE,
    cluster::Clusters,
    database::{self, Database, Form as _, Summary, find, list},
    instance::Instances,
    scheduled::Apply,
};

/// Prefixes of a page's token, before the marker of RDS.
const INSTANCES: &str = "instances|";
const CLUSTERS: &str = "clusters|";

/// A database instance or a database cluster.
#[derive(Debug)]
pub struct AnyDatabase<C = Databases>(PhantomData<C>);

/// The description of one.
#[derive(Debug, Clone)]
pub enum Described {
    /// An instance.
    Instance(Box<Instance>),
    /// A cluster.
    Cluster(Box<Cluster>),
}

/// A request that modifies one.
#[derive(Debug)]
pub enum Change {
    /// `ModifyDBInstance`.
    Instance(Box<ModifyDBInstanceFluentBuilder>),
    /// `ModifyDBCluster`.
    Cluster(Box<ModifyDBClusterFluentBuilder>),
}

impl<C: AsRef<Databases> + 'static> Resource for AnyDatabase<C> {
    const KIND: ResourceKind = ResourceKind {
        types: &[Instances::TYPE, Clusters::TYPE],
        service: SERVICE,
        source: SOURCE,
        reads: &[Instances::DESCRIBE, Clusters::DESCRIBE],
        ..ResourceKind::PLAIN
    };
    type Client = C;

    /// Instances first.
    async fn list(client: &C, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        let from = from.unwrap_or_else(|| INSTANCES.to_owned());
        let after = |begin| from.strip_prefix(begin).map(|marker| Some(marker.to_owned()).filter(|it| !it.is_empty()));
        if let Some(marker) = after(CLUSTERS) {
            let page = list::<Clusters>(client.as_ref(), place, marker).await?;
            return Ok(Page { next: page.next.map(|marker| format!("{CLUSTERS}{marker}")), ..page });
        }
        let page = list::<Instances>(client.as_ref(), place, after(INSTANCES).flatten()).await?;
        let next = page.next.map_or_else(|| CLUSTERS.to_owned(), |marker| format!("{INSTANCES}{marker}"));
        Ok(Page { next: Some(next), ..page })
    }

    /// An instance and a cluster may have the same identifier, but not the same ARN.
    async fn find(client: &C, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        let instance = find::<Instances>(client.as_ref(), place, id).await?;
        if instance.as_ref().is_some_and(|instance| instance.arn.as_deref() == Some(id)) {
            return Ok(instance.into_iter().collect());
        }
        let cluster = find::<Clusters>(client.as_ref(), place, id).await?;
        Ok(instance.into_iter().chain(cluster).collect())
    }

    async fn tags(client: &C, target: &Target) -> Result<Tags, Fault> {
        database::tags::<Self>(client.as_ref(), target).await
    }
}

impl<C: AsRef<Databases> + 'static> Database for AnyDatabase<C> {
    const MODIFIES: &'static [Call] = &[Instances::MODIFY, Clusters::MODIFY];
    type Described = Described;
    type Change = Change;

    async fn describe(databases: &Databases, target: &Target) -> Result<Option<Described>, Fault> {
        if is_cluster(target) {
            let cluster = DbCluster::<C>::describe(databases, target).await?;
            return Ok(cluster.map(|cluster| Described::Cluster(Box::new(cluster))));
        }
        let instance = DbInstance::<C>::describe(databases, target).await?;
        Ok(instance.map(|instance| Described::Instance(Box::new(instance))))
    }

    fn summary(described: &Described) -> Summary<'_> {
        match described {
            Described::Instance(instance) => DbInstance::<C>::summary(instance),
            Described::Cluster(cluster) => DbCluster::<C>::summary(cluster),
        }
    }

    fn change(databases: &Databases, target: &Target, apply: Apply) -> Change {
        if is_cluster(target) {
            Change::Cluster(Box::new(DbCluster::<C>::change(databases, target, apply)))
        } else {
            Change::Instance(Box::new(DbInstance::<C>::change(databases, target, apply)))
        }
    }

    async fn send(change: Change) -> Result<(), Fault> {
        match change {
            Change::Instance(change) => DbInstance::<C>::send(*change).await,
            Change::Cluster(change) => DbCluster::<C>::send(*change).await,
        }
    }
}

fn is_cluster(target: &Target) -> bool {
    target.resource_type == Clusters::TYPE
}
