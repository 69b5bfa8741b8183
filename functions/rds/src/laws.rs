//! The worlds of this function's controls, and the laws in all of them.

mod adversaries;
mod databases;
mod public;
mod sign_in;
mod verdicts;

use remedy_domain::Target;
use remedy_engine::Tags;
use remedy_rds::{Databases, DbCluster, DbInstance};
use remedy_testkit::{
    fake::Service,
    laws::{
        Law, Lawful, TestAccount, Touch,
        proptest::{
            prelude::{BoxedStrategy, Just, Strategy, any},
            prop_oneof,
        },
    },
};

use self::databases::{Form, State, World, clusters, instances, make, tag};
use crate::{
    Attribute, DbClusterDeletable, DbInstanceDeletable, DbPublic, DbUnpatched, Of, PasswordOnly, Upgrades, Value,
};

remedy_testkit::laws!(db_instance_deletable: Of<DbInstanceDeletable>);
remedy_testkit::laws!(db_cluster_deletable: Of<DbClusterDeletable>);
remedy_testkit::laws!(db_public: DbPublic);
remedy_testkit::laws!(db_unpatched: Of<DbUnpatched>);
remedy_testkit::laws!(db_instance_password_only: PasswordOnly<DbInstance>);
remedy_testkit::laws!(db_cluster_password_only: PasswordOnly<DbCluster>);

const RDS: &[&Service] = &[&remedy_rds_testing::RDS];

/// How an attribute comes about in a world.
trait Arranged: Attribute + Copy {
    const MOOT: &'static [Law];
    const TOUCHES: &'static [Touch];

    /// The databases that may have it.
    fn forms() -> BoxedStrategy<Form>;

    /// Its values.
    fn values() -> BoxedStrategy<Self::Value>;

    /// Sets it by a genuine call, not the control's.
    async fn put(databases: &Databases, form: Form, id: &str, value: &Self::Value);
}

impl<A: Arranged> Lawful for Of<A> {
    type World = World<A::Value>;
    const FAKES: &'static [&'static Service] = RDS;
    const MOOT: &'static [Law] = A::MOOT;
    const TOUCHES: &'static [Touch] = A::TOUCHES;

    fn worlds() -> BoxedStrategy<Self::World> {
        (A::forms(), State::all(), A::values()).prop_map(|(form, state, value)| World { form, state, value }).boxed()
    }

    fn settings() -> BoxedStrategy<Value<A>> {
        A::values().prop_map(Value).boxed()
    }

    async fn arrange(world: &Self::World, stage: &TestAccount) -> Option<String> {
        let id = make(world.form, stage).await?;
        A::put(&stage.client(), world.form, &id, &world.value).await;
        world.state.set(world.form, stage, &id).then_some(id)
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        tag(stage, target, tags).await
    }
}

impl Arranged for DbInstanceDeletable {
    const MOOT: &'static [Law] = &[Law::Asks];
    const TOUCHES: &'static [Touch] = &[Touch::of("deletion-protection", &["setting"], &["/DeletionProtection"])];

    fn forms() -> BoxedStrategy<Form> {
        instances()
    }

    fn values() -> BoxedStrategy<bool> {
        any::<bool>().boxed()
    }

    async fn put(databases: &Databases, form: Form, id: &str, is_protected: &bool) {
        let request = databases.modify_db_instance().db_instance_identifier(id);
        if !form.is_member() {
            request.deletion_protection(*is_protected).send().await.unwrap();
        }
    }
}

impl Arranged for DbClusterDeletable {
    const MOOT: &'static [Law] = &[Law::Asks];
    const TOUCHES: &'static [Touch] = &[Touch::of("deletion-protection", &["setting"], &["/DeletionProtection"])];

    fn forms() -> BoxedStrategy<Form> {
        clusters()
    }

    fn values() -> BoxedStrategy<bool> {
        any::<bool>().boxed()
    }

    async fn put(databases: &Databases, _: Form, id: &str, is_protected: &bool) {
        let request = databases.modify_db_cluster().db_cluster_identifier(id);
        request.deletion_protection(*is_protected).send().await.unwrap();
    }
}

impl Arranged for DbUnpatched {
    const MOOT: &'static [Law] = &[];
    const TOUCHES: &'static [Touch] =
        &[Touch::of("minor-version-upgrades", &["setting"], &["/AutoMinorVersionUpgrade"])];

    fn forms() -> BoxedStrategy<Form> {
        prop_oneof![instances(), Just(Form::MultiAzCluster), Just(Form::AuroraCluster)].boxed()
    }

    fn values() -> BoxedStrategy<Upgrades> {
        prop_oneof![any::<bool>().prop_map(Upgrades::Instance), any::<bool>().prop_map(Upgrades::Cluster)].boxed()
    }

    async fn put(databases: &Databases, form: Form, id: &str, upgrades: &Upgrades) {
        let are = upgrades.are_automatic();
        if form.is_cluster() {
            let request = databases.modify_db_cluster().db_cluster_identifier(id);
            request.auto_minor_version_upgrade(are).send().await.unwrap();
        } else {
            let request = databases.modify_db_instance().db_instance_identifier(id);
            request.auto_minor_version_upgrade(are).send().await.unwrap();
        }
    }
}
