//! `db-public`: a database with an address on the internet.
//!
//! **What drifts.** A DB instance is publicly accessible: its name resolves to a public address outside of its VPC. Or a DB cluster
//! is, or has an internet access gateway, which needs neither a VPC nor security groups.
//!
//! **Why it matters.** 45 CFR 164.308(a)(3)(i) (workforce security), 164.308(a)(4)(ii)(A) (isolation of clearinghouses),
//! 164.308(a)(4)(ii)(C) (access establishment), 164.312(a)(1) (access control), 164.312(e)(1) (transmission security): only a password
//! stands between the internet and PHI.
//!
//! **What we read.** What RDS says of the database; on drift, the rules of its security groups, the prefix lists that they name, and
//! the route tables of its VPC.
//!
//! **What we change.** `ModifyDBInstance` with `PubliclyAccessible` and nothing else. RDS applies it at once; what else is pending
//! stays pending.
//!
//! **What we never touch.** Security groups, subnets and routes. Amazon DocumentDB, Amazon Neptune, RDS Custom.
//!
//! **What may break.** Clients on the internet lose the database. Those in the VPC, behind peering or a VPN go on by its private
//! address, once their resolvers have forgotten the public one.
//!
//! **Way back.** The instance is made publicly accessible again.
//!
//! **When a person decides.** Somebody on the internet may be using it: a security group lets a public address in, and a subnet has a
//! route to an internet gateway, or neither can be excluded. A Multi-AZ DB cluster and its members, and a cluster with an internet
//! access gateway: no call of RDS closes them as they are. RDS cannot change the instance in its state.
//!
//! Source: Amazon RDS User Guide, "Hiding a DB instance in a VPC from the internet"; Amazon Aurora User Guide, "Express configuration".

use aws_sdk_rds::types::DbInstance as Instance;
use remedy_engine::prelude::*;
use remedy_rds::{AnyDatabase, AnyDescribed, Apply, Database, DbInstance, Single};

use crate::{
    attribute::{EVENTS, judged},
    reachability::{Networked, READS, Reachability},
};

/// The control `db-public`.
#[derive(Debug)]
pub struct DbPublic;

/// Facts that affect the decision.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The description of the database.
    pub described: AnyDescribed,
    /// Whether anybody on the internet can be using it; unknown, until it matters.
    pub reachability: Reachability,
}

/// Whether a database has a public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PubliclyAccessible(pub bool);

impl Setting for PubliclyAccessible {
    const NAME: &'static str = "public accessibility";
}

impl Put for PubliclyAccessible {
    fn call(&self) -> Call {
        DbInstance::<Networked>::MODIFY
    }
}

impl Remediation for DbPublic {
    const CONTROL: Control = Control {
        id: ControlId("db-public"),
        title: "Database with an address on the internet",
        hipaa: "164.308(a)(3)(i), (4)(ii)(A), (4)(ii)(C); 164.312(a)(1), (e)(1)",
        config_rules: &["RDS_INSTANCE_PUBLIC_ACCESS_CHECK"],
        events: EVENTS,
        reads: &[READS],
        writes: &[DbInstance::<Networked>::MODIFIES],
        elements: &["DB instance: public accessibility"],
        deviates: &["public-accessibility"],
        reasons: &["by-hand", "engine", "internet-clients", "state"],
        ..Control::of(Self::KIND)
    };
    type On = AnyDatabase<Networked>;
    type Facts = Facts;
    type Setting = PubliclyAccessible;
    type Step = Whole<PubliclyAccessible>;

    async fn observe(client: &Networked, target: &Target) -> Result<Observed<Facts, PubliclyAccessible>, Fault> {
        Ok(match remedy_rds::observe::<Self::On, _>(client, target, of).await? {
            Observed::Present { facts: described, setting } => {
                Observed::Present { facts: Facts { described, reachability: Reachability::UNKNOWN }, setting }
            }
            Observed::Absent => Observed::Absent,
            Observed::Settling => Observed::Settling,
        })
    }

    async fn consult(
        client: &Networked,
        _: &Target,
        facts: Facts,
        PubliclyAccessible(is_public): &PubliclyAccessible,
        _: &Parameters,
    ) -> Result<Facts, Fault> {
        let summary = <Self::On>::summary(&facts.described);
        let is_ours = remedy_rds::foreign(summary.engine).is_none();
        let reachability = match &facts.described {
            AnyDescribed::Instance(instance) if *is_public && is_ours && !is_multi_az_member(instance) => {
                Reachability::of(client, instance).await?
            }
            AnyDescribed::Instance(_) | AnyDescribed::Cluster(_) => return Ok(facts),
        };
        Ok(Facts { reachability, ..facts })
    }

    fn judge(
        facts: &Facts,
        PubliclyAccessible(is_public): &PubliclyAccessible,
        _: &Context<'_>,
    ) -> Verdict<PubliclyAccessible> {
        judged(<Self::On>::summary(&facts.described), || match &facts.described {
            AnyDescribed::Cluster(cluster) if cluster.internet_access_gateway_enabled() == Some(true) => by_hand(
                "the cluster has an internet access gateway",
                "move the cluster into a VPC: it needs subnets and security groups, which a person chooses",
            ),
            AnyDescribed::Cluster(_) if *is_public => by_hand("the cluster is publicly accessible", NO_CALL),
            AnyDescribed::Instance(instance) if *is_public && is_multi_az_member(instance) => {
                by_hand("the instance is publicly accessible", NO_CALL)
            }
            AnyDescribed::Instance(_) if *is_public => Verdict::Drifted(Drift {
                violations: vec![Violation::new("public-accessibility", "the instance is publicly accessible")],
                desired: PubliclyAccessible(false),
                consent: consent(facts.reachability),
                note: None,
            }),
            AnyDescribed::Instance(_) | AnyDescribed::Cluster(_) => Verdict::Compliant,
        })
    }

    async fn perform(
        writer: &Writer<Networked>,
        target: &Target,
        Whole(PubliclyAccessible(is_public)): &Whole<PubliclyAccessible>,
    ) -> Result<(), Fault> {
        let change = DbInstance::<Networked>::change(writer.client().as_ref(), target, Apply::InWindow);
        DbInstance::<Networked>::send(change.publicly_accessible(*is_public)).await
    }
}

const NO_CALL: &str =
    "no call of RDS closes a Multi-AZ DB cluster: restore it from a snapshot as one that is not public, and cut over";

fn of(database: &AnyDescribed) -> PubliclyAccessible {
    PubliclyAccessible(match database {
        AnyDescribed::Instance(instance) => instance.publicly_accessible() == Some(true),
        AnyDescribed::Cluster(cluster) => cluster.publicly_accessible() == Some(true),
    })
}

fn is_multi_az_member(instance: &Instance) -> bool {
    instance.db_cluster_identifier().is_some() && !DbInstance::<Networked>::summary(instance).is_aurora()
}

fn by_hand(violation: &'static str, reason: &'static str) -> Verdict<PubliclyAccessible> {
    let violations = vec![Violation::new("public-accessibility", violation)];
    Verdict::NeedsHuman { violations, reason: Reason::new("by-hand", reason) }
}

fn consent(reachability: Reachability) -> Consent {
    if reachability.is_certainly_none() {
        Consent::Auto
    } else {
        Consent::ask("internet-clients", "clients on the internet lose the database")
    }
}
