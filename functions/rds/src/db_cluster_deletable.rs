//! `db-cluster-deletable`: a database cluster that one call deletes.
//!
//! **What drifts.** Deletion protection of a DB cluster is off: of Aurora, or of a Multi-AZ DB cluster.
//!
//! **Why it matters.** 45 CFR 164.308(a)(7)(i) (contingency plan), 164.308(a)(7)(ii)(C) (emergency mode operation): one call deletes
//! the PHI, and with it the automated backups.
//!
//! **What we read.** What RDS says of the cluster.
//!
//! **What we change.** `ModifyDBCluster` with `DeletionProtection` and nothing else. RDS applies it at once; what else is pending stays
//! pending. The secondary clusters of a global database are protected each by itself.
//!
//! **What we never touch.** The members of the cluster. Amazon DocumentDB, Amazon Neptune, RDS Custom.
//!
//! **What may break.** Nothing that runs. Deleting the cluster, also by a stack that replaces it, fails until protection is off.
//!
//! **Way back.** Deletion protection is switched off again.
//!
//! **When a person decides.** Infrastructure as code manages the cluster. RDS cannot change it in its state: it is stopped, or has
//! failed.
//!
//! Source: Amazon Aurora User Guide, "Deleting Aurora DB clusters and DB instances", "Settings for Amazon Aurora".

use aws_sdk_rds::types::DbCluster as Cluster;
use remedy_engine::prelude::*;
use remedy_rds::{Database, DbCluster, Single};

use crate::attribute::{Attribute, CLUSTER_EVENTS, Change};

/// Deletion protection of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DbClusterDeletable;

impl Attribute for DbClusterDeletable {
    const CONTROL: Control = Control {
        id: ControlId("db-cluster-deletable"),
        title: "Database cluster without deletion protection",
        hipaa: "164.308(a)(7)(i), (ii)(C)",
        config_rules: &["RDS_CLUSTER_DELETION_PROTECTION_ENABLED"],
        events: CLUSTER_EVENTS,
        writes: &[<DbCluster>::MODIFIES],
        elements: &["DB cluster: deletion protection"],
        deviates: &["deletion-protection"],
        reasons: &["engine", "state"],
        ..Control::of(<DbCluster>::KIND)
    };
    const NAME: &'static str = "deletion protection";
    type On = DbCluster;
    type Value = bool;

    fn read(cluster: &Cluster) -> bool {
        cluster.deletion_protection() == Some(true)
    }

    fn judge(_: &Cluster, is_protected: &bool) -> Verdict<bool> {
        if *is_protected {
            return Verdict::Compliant;
        }
        Verdict::Drifted(Drift {
            violations: vec![Violation::new("deletion-protection", "deletion protection is off")],
            desired: true,
            consent: Consent::Auto,
            note: None,
        })
    }

    fn call(_: &bool) -> Call {
        <DbCluster>::MODIFY
    }

    fn set(change: Change<Self>, is_protected: &bool) -> Change<Self> {
        change.deletion_protection(*is_protected)
    }
}
