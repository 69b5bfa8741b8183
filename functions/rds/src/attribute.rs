//! A family of controls, each of which reads one attribute of a database's description and sets it by one member of a
//! `ModifyDBInstance` or `ModifyDBCluster` request.

use std::{fmt::Debug, marker::PhantomData};

use remedy_engine::prelude::*;
use remedy_rds::{Apply, Database, Databases, State, Summary, foreign, state};
use serde::de::DeserializeOwned;

/// Events of instances: what makes one, and what changes one.
pub(crate) const INSTANCE_EVENTS: &[&str] = &[
    "CreateDBInstance",
    "CreateDBInstanceReadReplica",
    "ModifyDBInstance",
    "RestoreDBInstanceFromDBSnapshot",
    "RestoreDBInstanceToPointInTime",
];
/// Events of clusters.
pub(crate) const CLUSTER_EVENTS: &[&str] =
    &["CreateDBCluster", "ModifyDBCluster", "RestoreDBClusterFromSnapshot", "RestoreDBClusterToPointInTime"];
/// Events of both.
pub(crate) const EVENTS: &[&str] = &[
    "CreateDBCluster",
    "CreateDBInstance",
    "CreateDBInstanceReadReplica",
    "ModifyDBCluster",
    "ModifyDBInstance",
    "RestoreDBClusterFromSnapshot",
    "RestoreDBClusterToPointInTime",
    "RestoreDBInstanceFromDBSnapshot",
    "RestoreDBInstanceToPointInTime",
];

/// The description of a database of this kind, and the request that modifies one.
pub(crate) type Described<A> = <<A as Attribute>::On as Database>::Described;
pub(crate) type Change<A> = <<A as Attribute>::On as Database>::Change;

/// An attribute that RDS applies at once, whatever is said. So `ApplyImmediately` is false: it would carry out what else is pending.
pub trait Attribute: Debug + Clone + PartialEq + 'static {
    /// The control.
    const CONTROL: Control;
    /// The attribute's name in the conflict that is reported if somebody else changed it.
    const NAME: &'static str;
    /// The kind of database.
    type On: Database<Client = Databases>;
    /// Its value.
    type Value: Debug + Clone + PartialEq + Serialize + DeserializeOwned;

    /// The value.
    fn read(described: &Described<Self>) -> Self::Value;

    /// The verdict on the value. The family has already put databases of other services out of scope.
    fn judge(described: &Described<Self>, value: &Self::Value) -> Verdict<Self::Value>;

    /// The call that sets a value.
    fn call(value: &Self::Value) -> Call;

    /// The parts of the way from one value to another that no call makes.
    fn lost(_from: &Self::Value, _to: &Self::Value) -> Vec<String> {
        Vec::new()
    }

    /// The one member of that call.
    fn set(change: Change<Self>, value: &Self::Value) -> Change<Self>;
}

/// The control of an attribute.
#[derive(Debug)]
pub struct Of<A>(PhantomData<A>);

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Value<A: Attribute>(pub A::Value);

impl<A: Attribute> Setting for Value<A> {
    const NAME: &'static str = A::NAME;
}

impl<A: Attribute> Put for Value<A> {
    fn call(&self) -> Call {
        A::call(&self.0)
    }

    fn lost(Self(from): &Self, Self(to): &Self) -> Vec<String> {
        A::lost(from, to)
    }
}

impl<A: Attribute> Remediation for Of<A> {
    const CONTROL: Control = A::CONTROL;
    type On = A::On;
    type Facts = Described<A>;
    type Setting = Value<A>;
    type Step = Whole<Value<A>>;

    async fn observe(client: &Databases, target: &Target) -> Result<Observed<Described<A>, Value<A>>, Fault> {
        remedy_rds::observe::<A::On, _>(client, target, |described| Value(A::read(described))).await
    }

    fn judge(described: &Described<A>, Value(value): &Value<A>, _: &Context<'_>) -> Verdict<Value<A>> {
        judged(A::On::summary(described), || of_value(A::judge(described, value)))
    }

    async fn perform(
        writer: &Writer<Databases>,
        target: &Target,
        Whole(Value(value)): &Whole<Value<A>>,
    ) -> Result<(), Fault> {
        let change = A::On::change(writer.client(), target, Apply::InWindow);
        A::On::send(A::set(change, value)).await
    }
}

/// A verdict where it is this function's business; where the state of the database keeps RDS from changing it, a person's.
pub(crate) fn judged<S>(summary: Summary<'_>, judge: impl FnOnce() -> Verdict<S>) -> Verdict<S> {
    if let Some(reason) = foreign(summary.engine) {
        return Verdict::OutOfScope(Reason::new("engine", reason));
    }
    match (judge(), state(summary.status)) {
        (Verdict::Drifted(Drift { violations, .. }), State::Down(reason)) => {
            Verdict::NeedsHuman { violations, reason: Reason::new("state", reason) }
        }
        (verdict, _) => verdict,
    }
}

fn of_value<A: Attribute>(verdict: Verdict<A::Value>) -> Verdict<Value<A>> {
    match verdict {
        Verdict::Compliant => Verdict::Compliant,
        Verdict::Contained(violations) => Verdict::Contained(violations),
        Verdict::Dormant(violations) => Verdict::Dormant(violations),
        Verdict::OutOfScope(reason) => Verdict::OutOfScope(reason),
        Verdict::NeedsHuman { violations, reason } => Verdict::NeedsHuman { violations, reason },
        Verdict::Drifted(Drift { violations, desired, consent, note }) => {
            Verdict::Drifted(Drift { violations, desired: Value(desired), consent, note })
        }
    }
}
