//! `db-unpatched`: a database that does not get minor versions by itself.
//!
//! **What drifts.** Automatic upgrades of the minor version are off: of a DB instance, the members of an Aurora cluster among them,
//! or of a Multi-AZ DB cluster.
//!
//! **Why it matters.** 45 CFR 164.308(a)(1)(ii)(B) (risk management), 164.308(a)(5)(ii)(B) (protection from malicious software): minor
//! versions close known holes in the database that holds PHI.
//!
//! **What we read.** What RDS says of the instance or cluster.
//!
//! **What we change.** `ModifyDBInstance` or `ModifyDBCluster` with `AutoMinorVersionUpgrade` and nothing else. An upgrade that is
//! pending already is not carried out by it.
//!
//! **What we never touch.** The version itself. Aurora clusters, whose members have the attribute, and members of a Multi-AZ DB
//! cluster, of which the cluster has it. Amazon DocumentDB, Amazon Neptune, RDS Custom.
//!
//! **What may break.** When a minor version is due, the database is down for minutes in its maintenance window.
//!
//! **Way back.** Automatic upgrades are switched off again. An upgrade that ran meanwhile stays.
//!
//! **When a person decides.** Always: a validated system may need its version. RDS cannot change the database in its state.
//!
//! Source: Amazon RDS User Guide, "Automatically upgrading the minor engine version"; Amazon Aurora User Guide, the same.

use std::mem::discriminant;

use remedy_engine::prelude::*;
use remedy_rds::{AnyChange, AnyDatabase, AnyDescribed, Database, DbCluster, DbInstance, Single};

use crate::attribute::{Attribute, Change, EVENTS};

/// Automatic upgrades of the minor version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DbUnpatched;

/// Whether there are any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Upgrades {
    /// Of an instance.
    Instance(bool),
    /// Of a cluster.
    Cluster(bool),
}

impl Upgrades {
    pub(crate) fn are_automatic(self) -> bool {
        match self {
            Self::Instance(are) | Self::Cluster(are) => are,
        }
    }

    fn on(self) -> Self {
        match self {
            Self::Instance(_) => Self::Instance(true),
            Self::Cluster(_) => Self::Cluster(true),
        }
    }
}

impl Attribute for DbUnpatched {
    const CONTROL: Control = Control {
        id: ControlId("db-unpatched"),
        title: "Database without automatic upgrades of its minor version",
        hipaa: "164.308(a)(1)(ii)(B), (5)(ii)(B)",
        config_rules: &["RDS_AUTOMATIC_MINOR_VERSION_UPGRADE_ENABLED", "RDS_CLUSTER_AUTO_MINOR_VERSION_UPGRADE_ENABLE"],
        events: EVENTS,
        writes: &[<AnyDatabase>::MODIFIES],
        elements: &["database: automatic upgrades of the minor version"],
        deviates: &["minor-version-upgrades"],
        reasons: &["engine", "member", "members-decide", "outage", "state"],
        ..Control::of(<AnyDatabase>::KIND)
    };
    const NAME: &'static str = "automatic upgrades of the minor version";
    type On = AnyDatabase;
    type Value = Upgrades;

    fn read(database: &AnyDescribed) -> Upgrades {
        match database {
            AnyDescribed::Instance(instance) => Upgrades::Instance(instance.auto_minor_version_upgrade() == Some(true)),
            AnyDescribed::Cluster(cluster) => Upgrades::Cluster(cluster.auto_minor_version_upgrade() == Some(true)),
        }
    }

    fn judge(database: &AnyDescribed, upgrades: &Upgrades) -> Verdict<Upgrades> {
        let summary = <AnyDatabase>::summary(database);
        let is_member = matches!(database, AnyDescribed::Instance(one) if one.db_cluster_identifier().is_some());
        match (upgrades, summary.is_aurora()) {
            (Upgrades::Instance(_), false) if is_member => Verdict::OutOfScope(Reason::new(
                "member",
                "a member of a Multi-AZ DB cluster, which is upgraded as a whole",
            )),
            (Upgrades::Cluster(_), true) => Verdict::OutOfScope(Reason::new(
                "members-decide",
                "an Aurora cluster, whose members say it each for itself",
            )),
            _ if upgrades.are_automatic() => Verdict::Compliant,
            _ => Verdict::Drifted(Drift {
                violations: vec![Violation::new(
                    "minor-version-upgrades",
                    "minor versions are not installed by themselves",
                )],
                desired: upgrades.on(),
                consent: Consent::ask(
                    "outage",
                    format!(
                        "the database is down for minutes {} when a minor version is due, and a validated system may need its \
                     version",
                        summary.in_window()
                    ),
                ),
                note: None,
            }),
        }
    }

    fn call(upgrades: &Upgrades) -> Call {
        match upgrades {
            Upgrades::Instance(_) => <DbInstance>::MODIFY,
            Upgrades::Cluster(_) => <DbCluster>::MODIFY,
        }
    }

    fn lost(from: &Upgrades, to: &Upgrades) -> Vec<String> {
        let is_possible = discriminant(from) == discriminant(to);
        if is_possible { vec![] } else { vec!["whether it is a cluster".to_owned()] }
    }

    fn set(change: Change<Self>, upgrades: &Upgrades) -> Change<Self> {
        let are = upgrades.are_automatic();
        match change {
            AnyChange::Instance(change) => AnyChange::Instance(Box::new(change.auto_minor_version_upgrade(are))),
            AnyChange::Cluster(change) => AnyChange::Cluster(Box::new(change.auto_minor_version_upgrade(are))),
        }
    }
}
