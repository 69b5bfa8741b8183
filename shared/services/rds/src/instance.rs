//! Database instances.

use std::marker::PhantomData;

use aws_sdk_rds::{
    operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder as Modify,
    types::{DbInstance as Instance, Filter},
};
use remedy_aws::Reading as _;
use remedy_domain::{Call, Fault, ResourceKind, Target};
use remedy_engine::{Page, Place, Resource, Tags};

use crate::{
    Databases, SERVICE, SOURCE,
    database::{self, By, Database, Listed, PAGE, Single, Summary, find, list, text, waits},
    scheduled::Apply,
};

pub(crate) const DESCRIBE: Call = Call::same("rds:DescribeDBInstances");
pub(crate) const MODIFY: Call = Call::same("rds:ModifyDBInstance");
/// The codes for an instance that is not there.
const GONE: [&str; 2] = ["DBInstanceNotFound", "DBInstanceNotFoundFault"];
/// The code for what cannot be an identifier.
const NO_NAME: &str = "InvalidParameterValue";

/// A database instance, by a client that can speak to RDS, whatever else it can. The members of clusters are among them.
#[derive(Debug)]
pub struct DbInstance<C = Databases>(PhantomData<C>);

impl<C: AsRef<Databases> + 'static> Resource for DbInstance<C> {
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

impl<C: AsRef<Databases> + 'static> Database for DbInstance<C> {
    const MODIFIES: &'static [Call] = &[MODIFY];
    type Described = Instance;
    type Change = Modify;

    async fn describe(databases: &Databases, target: &Target) -> Result<Option<Instance>, Fault> {
        Self::ask(databases, By::Name(&target.id)).await
    }

    fn summary(instance: &Instance) -> Summary<'_> {
        Summary {
            id: text(instance.db_instance_identifier()),
            resource_id: text(instance.dbi_resource_id()),
            arn: text(instance.db_instance_arn()),
            engine: text(instance.engine()),
            status: text(instance.db_instance_status()),
            window: text(instance.preferred_maintenance_window()),
            tags: instance.tag_list(),
        }
    }

    fn change(databases: &Databases, target: &Target, apply: Apply) -> Modify {
        let request = databases.modify_db_instance().db_instance_identifier(&target.id);
        request.apply_immediately(apply == Apply::AtOnce)
    }

    async fn send(change: Modify) -> Result<(), Fault> {
        MODIFY.done(change.send().await).map_err(waits)
    }
}

impl<C: AsRef<Databases> + 'static> Single for DbInstance<C> {
    const MODIFY: Call = MODIFY;
}

impl<C: AsRef<Databases> + 'static> Listed for DbInstance<C> {
    const TYPE: &'static str = "AWS::RDS::DBInstance";

    async fn ask(databases: &Databases, by: By<'_>) -> Result<Option<Instance>, Fault> {
        let request = databases.describe_db_instances();
        let answer = match by {
            By::Name(id) => {
                let sent = request.db_instance_identifier(id).send().await;
                DESCRIBE.found(&[GONE[0], GONE[1], NO_NAME], sent)?
            }
            By::ResourceId(id) => {
                let filter = Filter::builder().name("dbi-resource-id").values(id).build();
                DESCRIBE.found(&GONE, request.filters(filter).send().await)?
            }
        };
        Ok(answer.and_then(|answer| answer.db_instances).unwrap_or_default().pop())
    }

    async fn page(databases: &Databases, from: Option<String>) -> Result<(Vec<Instance>, Option<String>), Fault> {
        let request = databases.describe_db_instances().max_records(PAGE).set_marker(from);
        let answer = DESCRIBE.answer(request.send().await)?;
        Ok((answer.db_instances.unwrap_or_default(), answer.marker))
    }
}
