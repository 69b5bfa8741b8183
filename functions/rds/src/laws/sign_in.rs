//! The worlds of databases that take no sign-in by IAM.

use std::fmt::Debug;

use remedy_domain::Target;
use remedy_engine::{Remediation, Tags};
use remedy_rds::{Apply, Databases, DbCluster, DbInstance, Others, Scheduled};
use remedy_testkit::{
    fake::Service,
    laws::{
        Lawful, TestAccount, Touch,
        proptest::{
            prelude::{BoxedStrategy, Just, Strategy, any},
            prop_oneof,
        },
    },
};
use serde_json::{Value, json};

use super::{
    RDS,
    databases::{Form, State, clusters, instances, make, tag},
};
use crate::{IamSignIn, PasswordOnly, SignsIn};

/// A database, whether it takes sign-in by IAM, and whether anything else is pending.
#[derive(Debug, Clone)]
pub struct SignIn {
    pub(super) form: Form,
    pub(super) state: State,
    pub(super) now: bool,
    pub(super) pending: bool,
    pub(super) others: Others,
}

fn others() -> impl Strategy<Value = Others> {
    prop_oneof![Just(Others::Quiet), Just(Others::Pending)]
}

/// How a kind of database is arranged.
pub(super) trait Arranged: SignsIn + Debug {
    fn forms() -> BoxedStrategy<Form>;

    /// Switches sign-in by IAM on or off by a genuine call, at once or in the window.
    async fn switch(databases: &Databases, id: &str, sign_in: IamSignIn, apply: Apply);

    /// Lets something else wait for the maintenance window.
    async fn upgrade(databases: &Databases, id: &str);
}

impl<D: Arranged> Lawful for PasswordOnly<D>
where
    Self: Remediation<On = D, Setting = Scheduled<IamSignIn>>,
{
    type World = SignIn;
    const FAKES: &'static [&'static Service] = RDS;
    const TOUCHES: &'static [Touch] =
        &[Touch::of("iam-sign-in", &["setting"], &["/IAMDatabaseAuthenticationEnabled", "/PendingModifiedValues"])];

    fn worlds() -> BoxedStrategy<SignIn> {
        let sign_in = |(form, state, now, pending, others)| SignIn { form, state, now, pending, others };
        (D::forms(), State::all(), any::<bool>(), any::<bool>(), others()).prop_map(sign_in).boxed()
    }

    fn settings() -> BoxedStrategy<Scheduled<IamSignIn>> {
        let set = |(now, pending): (bool, Option<bool>)| Scheduled::new(IamSignIn(now), pending.map(IamSignIn));
        any::<(bool, Option<bool>)>().prop_map(set).boxed()
    }

    async fn arrange(world: &SignIn, stage: &TestAccount) -> Option<String> {
        let (id, databases) = (make(world.form, stage).await?, stage.client::<Databases>());
        if !world.form.is_member() && world.form != Form::NeptuneCluster {
            D::switch(&databases, &id, IamSignIn(world.now), Apply::AtOnce).await;
            D::switch(&databases, &id, IamSignIn(world.pending), Apply::InWindow).await;
        }
        if world.others == Others::Pending {
            D::upgrade(&databases, &id).await;
        }
        world.state.set(world.form, stage, &id).then_some(id)
    }

    /// The final value counts: a change that waits for the window is nobody else's change.
    fn merged(_: &str, [ours, wanted, now]: [&Value; 3]) -> Option<Value> {
        let finally = |setting: &Value| setting.get("pending").unwrap_or(&setting["now"]).clone();
        let [was, is_to_be, is] = [ours, wanted, now].map(finally);
        if was == is_to_be || is == is_to_be {
            return Some(now.clone());
        }
        let scheduled = wanted.get("pending").is_some() && now["now"] != is_to_be;
        let merged = if scheduled { json!({"now": now["now"], "pending": is_to_be}) } else { json!({"now": is_to_be}) };
        (is == was).then_some(merged)
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        tag(stage, target, tags).await
    }
}

impl Arranged for DbInstance {
    fn forms() -> BoxedStrategy<Form> {
        instances()
    }

    async fn switch(databases: &Databases, id: &str, IamSignIn(on): IamSignIn, apply: Apply) {
        let request =
            databases.modify_db_instance().db_instance_identifier(id).apply_immediately(apply == Apply::AtOnce);
        request.enable_iam_database_authentication(on).send().await.unwrap();
    }

    async fn upgrade(databases: &Databases, id: &str) {
        let request = databases.modify_db_instance().db_instance_identifier(id);
        request.db_instance_class("db.t4g.micro").send().await.unwrap();
    }
}

impl Arranged for DbCluster {
    fn forms() -> BoxedStrategy<Form> {
        clusters()
    }

    async fn switch(databases: &Databases, id: &str, IamSignIn(on): IamSignIn, apply: Apply) {
        let request = databases.modify_db_cluster().db_cluster_identifier(id).apply_immediately(apply == Apply::AtOnce);
        request.enable_iam_database_authentication(on).send().await.unwrap();
    }

    async fn upgrade(databases: &Databases, id: &str) {
        let request = databases.modify_db_cluster().db_cluster_identifier(id);
        request.engine_version("17.5").send().await.unwrap();
    }
}
