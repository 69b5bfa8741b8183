//! Databases of every form and in every state, made by genuine calls.

use aws_sdk_rds::types::Tag;
use remedy_domain::Target;
use remedy_engine::Tags;
use remedy_rds::Databases;
use remedy_rds_testing::{CLUSTER, INSTANCE};
use remedy_testkit::laws::{
    TestAccount,
    proptest::{
        prelude::{BoxedStrategy, Just, Strategy},
        prop_oneof,
    },
};
use serde_json::json;

/// A database, its state, and a value of one of its attributes.
#[derive(Debug, Clone)]
pub struct World<V> {
    pub(super) form: Form,
    pub(super) state: State,
    pub(super) value: V,
}

/// The form of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// PostgreSQL, by itself.
    Postgres,
    /// SQL Server, by itself.
    SqlServer,
    /// An instance of Amazon DocumentDB.
    Documents,
    /// An instance of an Aurora cluster.
    AuroraMember,
    /// An instance of a Multi-AZ DB cluster.
    MultiAzMember,
    /// An Aurora cluster.
    AuroraCluster,
    /// A Multi-AZ DB cluster.
    MultiAzCluster,
    /// Of Amazon Neptune.
    NeptuneCluster,
}

pub(super) fn instances() -> BoxedStrategy<Form> {
    prop_oneof![
        4 => Just(Form::Postgres),
        1 => Just(Form::SqlServer),
        1 => Just(Form::Documents),
        1 => Just(Form::AuroraMember),
        1 => Just(Form::MultiAzMember),
    ]
    .boxed()
}

pub(super) fn clusters() -> BoxedStrategy<Form> {
    prop_oneof![4 => Just(Form::AuroraCluster), 2 => Just(Form::MultiAzCluster), 1 => Just(Form::NeptuneCluster)]
        .boxed()
}

impl Form {
    pub(super) fn is_cluster(self) -> bool {
        matches!(self, Self::AuroraCluster | Self::MultiAzCluster | Self::NeptuneCluster)
    }

    pub(super) fn is_member(self) -> bool {
        matches!(self, Self::AuroraMember | Self::MultiAzMember)
    }

    fn engine(self) -> &'static str {
        match self {
            Self::Postgres | Self::MultiAzMember | Self::MultiAzCluster => "postgres",
            Self::SqlServer => "sqlserver-se",
            Self::Documents => "docdb",
            Self::AuroraMember | Self::AuroraCluster => "aurora-postgresql",
            Self::NeptuneCluster => "neptune",
        }
    }
}

/// The state of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It can be used.
    Available,
    /// It is full: it can be changed all the same.
    Full,
    /// Somebody stopped it.
    Stopped,
}

impl State {
    /// Those in which a database can be changed, as the laws do.
    pub(super) fn all() -> impl Strategy<Value = Self> {
        prop_oneof![6 => Just(Self::Available), 1 => Just(Self::Full)]
    }

    /// Brings it about, as no call can. Returns whether this stage can.
    pub(super) fn set(self, form: Form, stage: &TestAccount, id: &str) -> bool {
        let status = match self {
            Self::Available => return true,
            Self::Full => "storage-full",
            Self::Stopped => "stopped",
        };
        if form.is_cluster() {
            stage.set(&CLUSTER, id, json!({"Status": status}))
        } else {
            stage.set(&INSTANCE, id, json!({"DBInstanceStatus": status}))
        }
    }
}

/// Makes one; nothing where this stage has no such thing.
pub(super) async fn make(form: Form, stage: &TestAccount) -> Option<String> {
    let (databases, name) = (stage.client::<Databases>(), stage.name("db"));
    if form.is_cluster() || form.is_member() {
        cluster(form, &databases, &name).await?;
    }
    if form.is_cluster() {
        return Some(name);
    }
    let id = if form.is_member() { format!("{name}-1") } else { name.clone() };
    let request = databases.create_db_instance().db_instance_identifier(&id).db_instance_class("db.r6g.large");
    let request = request.engine(form.engine()).set_db_cluster_identifier(form.is_member().then_some(name));
    let request =
        if form.is_member() { request } else { request.master_username("admin").master_user_password("a-password") };
    request.send().await.ok()?;
    Some(id)
}

async fn cluster(form: Form, databases: &Databases, name: &str) -> Option<()> {
    let request = databases.create_db_cluster().db_cluster_identifier(name).engine(form.engine());
    let is_multi_az = matches!(form, Form::MultiAzCluster | Form::MultiAzMember);
    let class = is_multi_az.then(|| "db.r6g.large".to_owned());
    let request =
        request.set_db_cluster_instance_class(class).master_username("admin").master_user_password("a-password");
    request.send().await.ok()?;
    // It is being created the first time somebody looks.
    databases.describe_db_clusters().db_cluster_identifier(name).send().await.ok().map(drop)
}

/// Tags a database.
pub(super) async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let request = stage.client::<Databases>().add_tags_to_resource().resource_name(target.arn.as_ref().unwrap());
    request.set_tags(Some(tags.collect())).send().await.unwrap();
    true
}
