//! The common ground of instances and clusters.

use std::{fmt::Debug, marker::PhantomData};

use aws_sdk_rds::types::Tag;
use remedy_domain::{Call, Fault, Observed, Region, ResourceKind, Target};
use remedy_engine::{Page, Place, Resource, Tags};

use crate::{
    Databases, SERVICE, SOURCE,
    scheduled::Apply,
    state::{State, is_window, state},
};

/// Targets on one page of a list, which is what RDS allows.
pub(crate) const PAGE: i32 = 100;

/// The code of RDS for a text that cannot be an identifier.
pub(crate) const NO_NAME: &str = "InvalidParameterValue";

/// The codes of RDS for a change that must wait until another has ended.
const CHANGING: [&str; 4] =
    ["InvalidDBInstanceState", "InvalidDBInstanceStateFault", "InvalidDBClusterState", "InvalidDBClusterStateFault"];

/// A kind of database: its description by RDS, and the request that modifies it.
#[expect(async_fn_in_trait, reason = "the loop runs on one thread; no future crosses to another")]
pub trait Database: Resource<Client: AsRef<Databases>> {
    /// Every call that changes one.
    const MODIFIES: &'static [Call];
    /// The description of one, as the SDK has it.
    type Described: Debug + Clone;
    /// The request that modifies one.
    type Change;

    /// Returns the description of the database with the target's identifier, if there is one.
    async fn describe(databases: &Databases, target: &Target) -> Result<Option<Self::Described>, Fault>;

    /// The members of the description that all kinds have.
    fn summary(described: &Self::Described) -> Summary<'_>;

    /// Returns a request that modifies nothing yet, with the time at which it is applied.
    fn change(databases: &Databases, target: &Target, apply: Apply) -> Self::Change;

    /// Sends the request. A database that is being changed is a transient fault.
    async fn send(change: Self::Change) -> Result<(), Fault>;
}

/// A kind of database that one call changes.
pub trait Single: Database {
    /// The call.
    const MODIFY: Call;
}

/// The part of a description that all kinds of databases have.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// The identifier, in small letters. Another database may have it tomorrow.
    pub id: &'a str,
    /// The resource id, which no other database ever has.
    pub resource_id: &'a str,
    /// The ARN. The identifier is in it.
    pub arn: &'a str,
    /// The engine: `postgres`, `aurora-mysql`.
    pub engine: &'a str,
    /// The status: `available`.
    pub status: &'a str,
    /// The weekly maintenance window, in UTC: `sun:05:00-sun:05:30`.
    pub window: &'a str,
    /// Its tags.
    pub tags: &'a [Tag],
}

/// The members of an answer that RDS may leave out.
pub(crate) fn text(member: Option<&str>) -> &str {
    member.unwrap_or_default()
}

impl Summary<'_> {
    /// Whether this is the target, and not another that was given its identifier.
    #[must_use]
    pub fn is(&self, target: &Target) -> bool {
        self.id == target.id && target.unique_id.as_deref().is_none_or(|unique| unique == self.resource_id)
    }

    /// Whether the engine is Aurora's.
    #[must_use]
    pub fn is_aurora(&self) -> bool {
        self.engine.starts_with("aurora")
    }

    /// Its next maintenance window, in words.
    #[must_use]
    pub fn in_window(&self) -> String {
        if is_window(self.window) {
            format!("in the maintenance window ({}, UTC)", self.window)
        } else {
            "in the maintenance window".to_owned()
        }
    }

    pub(crate) fn target(&self, place: &Place, resource_type: &str) -> Target {
        Target {
            account: place.account.clone(),
            region: Region::clone(&place.region),
            resource_type: resource_type.to_owned(),
            id: self.id.to_owned(),
            unique_id: Some(self.resource_id.to_owned()),
            arn: Some(self.arn.to_owned()),
        }
    }

    pub(crate) fn tags(&self) -> Tags {
        let pair = |tag: &Tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()));
        self.tags.iter().filter_map(pair).collect()
    }
}

/// Reads the setting of a database, and all that RDS says of it. One whose identifier belongs to another is absent; one that
/// is being changed settles.
pub async fn observe<D: Database, S>(
    client: &D::Client,
    target: &Target,
    setting: impl FnOnce(&D::Described) -> S,
) -> Result<Observed<D::Described, S>, Fault> {
    let Some(facts) = D::describe(client.as_ref(), target).await? else { return Ok(Observed::Absent) };
    let summary = D::summary(&facts);
    match state(summary.status) {
        _ if !summary.is(target) => Ok(Observed::Absent),
        State::Gone => Ok(Observed::Absent),
        State::Changing => Ok(Observed::Settling),
        State::Steady | State::Down(_) => Ok(Observed::Present { setting: setting(&facts), facts }),
    }
}

/// The tags of a target, which come with what RDS says of it.
pub(crate) async fn tags<D: Database>(databases: &Databases, target: &Target) -> Result<Tags, Fault> {
    let described = D::describe(databases, target).await?;
    let summary = described.as_ref().map(D::summary).filter(|summary| summary.is(target));
    Ok(summary.map(|summary| summary.tags()).unwrap_or_default())
}

/// How a database is asked for.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// By its identifier, whose case does not count.
    Name(&'a str),
    /// By its resource id.
    ResourceId(&'a str),
}

/// Instances, or clusters: their calls, and the members of their descriptions.
#[expect(async_fn_in_trait, reason = "the loop runs on one thread; no future crosses to another")]
pub trait Form: Debug + 'static {
    /// The AWS Config resource type.
    const TYPE: &'static str;
    /// The call that lists and describes them.
    const DESCRIBE: Call;
    /// The call that modifies one.
    const MODIFY: Call;
    /// The description of one, as the SDK has it.
    type Described: Debug + Clone;
    /// The request that modifies one.
    type Change;

    /// Returns the database that is called so, if there is one.
    async fn ask(databases: &Databases, by: By<'_>) -> Result<Option<Self::Described>, Fault>;

    /// Returns one page of all, and the marker of the next.
    async fn page(databases: &Databases, from: Option<String>)
    -> Result<(Vec<Self::Described>, Option<String>), Fault>;

    /// The members of the description that all kinds have.
    fn summary(described: &Self::Described) -> Summary<'_>;

    /// Returns a request that modifies nothing yet of the database with this identifier.
    fn change(databases: &Databases, id: &str, apply: Apply) -> Self::Change;

    /// Sends the request.
    async fn send(change: Self::Change) -> Result<(), Fault>;
}

/// Databases of one form, by a client that can speak to RDS, whatever else it can.
#[derive(Debug)]
pub struct Only<F, C = Databases>(PhantomData<(F, C)>);

impl<F: Form, C: AsRef<Databases> + 'static> Resource for Only<F, C> {
    const KIND: ResourceKind = ResourceKind {
        types: &[F::TYPE],
        service: SERVICE,
        source: SOURCE,
        reads: &[F::DESCRIBE],
        ..ResourceKind::PLAIN
    };
    type Client = C;

    async fn list(client: &C, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        list::<F>(client.as_ref(), place, from).await
    }

    async fn find(client: &C, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(find::<F>(client.as_ref(), place, id).await?.into_iter().collect())
    }

    async fn tags(client: &C, target: &Target) -> Result<Tags, Fault> {
        tags::<Self>(client.as_ref(), target).await
    }
}

impl<F: Form, C: AsRef<Databases> + 'static> Database for Only<F, C> {
    const MODIFIES: &'static [Call] = &[F::MODIFY];
    type Described = F::Described;
    type Change = F::Change;

    async fn describe(databases: &Databases, target: &Target) -> Result<Option<F::Described>, Fault> {
        F::ask(databases, By::Name(&target.id)).await
    }

    fn summary(described: &F::Described) -> Summary<'_> {
        F::summary(described)
    }

    fn change(databases: &Databases, target: &Target, apply: Apply) -> F::Change {
        F::change(databases, &target.id, apply)
    }

    async fn send(change: F::Change) -> Result<(), Fault> {
        F::send(change).await.map_err(waits)
    }
}

impl<F: Form, C: AsRef<Databases> + 'static> Single for Only<F, C> {
    const MODIFY: Call = F::MODIFY;
}

pub(crate) async fn list<F: Form>(databases: &Databases, place: &Place, from: Option<String>) -> Result<Page, Fault> {
    let (described, next) = F::page(databases, from).await?;
    let targets = described.iter().map(|one| F::summary(one).target(place, F::TYPE)).collect();
    Ok(Page { targets, next })
}

/// The database that is called `id`. Somebody may give a database the resource id of another as its identifier, for the case of
/// identifiers does not count: only if nothing is called exactly so, the case is left aside, as RDS does.
pub(crate) async fn find<F: Form>(databases: &Databases, place: &Place, id: &str) -> Result<Option<Target>, Fault> {
    let target = |described: &F::Described| F::summary(described).target(place, F::TYPE);
    if let Some((_, name)) = id.strip_prefix("arn:").and_then(|arn| arn.rsplit_once(':')) {
        // By its identifier, as those who look at it ask: the answer serves them, too.
        let named = F::ask(databases, By::Name(name)).await?.as_ref().map(target);
        return Ok(named.filter(|named| named.arn.as_deref() == Some(id)));
    }
    let named = F::ask(databases, By::Name(id)).await?.as_ref().map(target);
    if named.as_ref().is_some_and(|named| named.id == id) {
        return Ok(named);
    }
    let known = F::ask(databases, By::ResourceId(id)).await?.as_ref().map(target);
    Ok(known.filter(|known| known.unique_id.as_deref() == Some(id)).or(named))
}

/// Makes the fault of a write transient if the database is being changed: the write succeeds later.
fn waits(fault: Fault) -> Fault {
    if CHANGING.contains(&fault.code.as_str()) { Fault::transient(fault.doing, fault.code) } else { fault }
}

#[cfg(test)]
mod tests {
    use remedy_domain::{AccountId, FaultKind};

    use super::*;

    const SUMMARY: Summary<'_> = Summary {
        id: "clinic",
        resource_id: "db-NEW",
        arn: "arn:aws:rds:us-east-1:111122223333:db:clinic",
        engine: "postgres",
        status: "available",
        window: "sun:05:00-sun:05:30",
        tags: &[],
    };

    #[test]
    fn an_identifier_that_belongs_to_another_database_is_not_the_target() {
        let place =
            Place { account: AccountId::parse("111122223333").unwrap(), region: Region::parse("us-east-1").unwrap() };
        let target = SUMMARY.target(&place, "AWS::RDS::DBInstance");
        assert!(SUMMARY.is(&target));
        assert!(!SUMMARY.is(&Target { unique_id: Some("db-OLD".to_owned()), ..target.clone() }), "reused");
        assert!(!SUMMARY.is(&Target { id: "before".to_owned(), ..target.clone() }), "renamed meanwhile");
        assert!(SUMMARY.is(&Target { unique_id: None, ..target }), "named by a person");
    }

    #[test]
    fn a_change_that_meets_another_is_tried_again() {
        let kind = |code: &str| waits(Fault::rejected("rds:ModifyDBInstance", code, "x")).kind;
        assert_eq!(kind("InvalidDBInstanceState"), FaultKind::Transient);
        assert_eq!(kind("InvalidDBClusterStateFault"), FaultKind::Transient);
        assert_eq!(kind("InvalidParameterCombination"), FaultKind::Rejected);
    }
}
