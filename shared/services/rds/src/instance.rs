//! Database instances.

use aws_sdk_rds::{
    operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder as Modify,
    types::{DbInstance as Instance, Filter},
};
use remedy_aws::Reading as _;
use remedy_domain::{Call, Fault};

use crate::{
    Databases,
    database::{By, Form, NO_NAME, Only, PAGE, Summary, text},
    scheduled::Apply,
};

/// The codes for an instance that is not there.
const GONE: [&str; 2] = ["DBInstanceNotFound", "DBInstanceNotFoundFault"];

/// A database instance. The members of clusters are among them.
pub type DbInstance<C = Databases> = Only<Instances, C>;

/// The form of instances.
#[derive(Debug)]
pub enum Instances {}

impl Form for Instances {
    const TYPE: &'static str = "AWS::RDS::DBInstance";
    const DESCRIBE: Call = Call::same("rds:DescribeDBInstances");
    const MODIFY: Call = Call::same("rds:ModifyDBInstance");
    type Described = Instance;
    type Change = Modify;

    async fn ask(databases: &Databases, by: By<'_>) -> Result<Option<Instance>, Fault> {
        let request = databases.describe_db_instances();
        let answer = match by {
            By::Name(id) => {
                let sent = request.db_instance_identifier(id).send().await;
                Self::DESCRIBE.found(&[GONE[0], GONE[1], NO_NAME], sent)?
            }
            By::ResourceId(id) => {
                let filter = Filter::builder().name("dbi-resource-id").values(id).build();
                Self::DESCRIBE.found(&GONE, request.filters(filter).send().await)?
            }
        };
        Ok(answer.and_then(|answer| answer.db_instances).unwrap_or_default().pop())
    }

    async fn page(databases: &Databases, from: Option<String>) -> Result<(Vec<Instance>, Option<String>), Fault> {
        let request = databases.describe_db_instances().max_records(PAGE).set_marker(from);
        let answer = Self::DESCRIBE.answer(request.send().await)?;
        Ok((answer.db_instances.unwrap_or_default(), answer.marker))
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

    fn change(databases: &Databases, id: &str, apply: Apply) -> Modify {
        let request = databases.modify_db_instance().db_instance_identifier(id);
        request.apply_immediately(apply == Apply::AtOnce)
    }

    async fn send(change: Modify) -> Result<(), Fault> {
        Self::MODIFY.done(change.send().await)
    }
}
