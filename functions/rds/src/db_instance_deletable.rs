//! `db-instance-deletable`: a database instance that one call deletes.
//!
//! **What drifts.** Deletion protection of a DB instance is off.
//!
//! **Why it matters.** 45 CFR 164.308(a)(7)(i) (contingency plan), 164.308(a)(7)(ii)(C) (emergency mode operation): one call deletes
//! the PHI, and with it the automated backups.
//!
//! **What we read.** What RDS says of the instance.
//!
//! **What we change.** `ModifyDBInstance` with `DeletionProtection` and nothing else. RDS applies it at once; what else is pending
//! stays pending.
//!
//! **What we never touch.** Members of a cluster: they share the storage of the cluster, which has a protection of its own. An
//! instance of an Aurora cluster can be deleted all the same. Amazon DocumentDB, Amazon Neptune, RDS Custom.
//!
//! **What may break.** Nothing that runs. Deleting the instance, also by a stack that replaces it, fails until protection is off.
//!
//! **Way back.** Deletion protection is switched off again.
//!
//! **When a person decides.** Infrastructure as code manages the instance. RDS cannot change it in its state: it is stopped, or has
//! failed.
//!
//! Source: Amazon RDS User Guide, "Deleting a DB instance", "Settings for DB instances".

use aws_sdk_rds::types::DbInstance as Instance;
use remedy_engine::prelude::*;
use remedy_rds::{Database, DbInstance, Single};

use crate::attribute::{Attribute, Change, INSTANCE_EVENTS};

/// Deletion protection of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DbInstanceDeletable;

impl Attribute for DbInstanceDeletable {
    const CONTROL: Control = Control {
        id: ControlId("db-instance-deletable"),
        title: "Database instance without deletion protection",
        hipaa: "164.308(a)(7)(i), (ii)(C)",
        config_rules: &["RDS_INSTANCE_DELETION_PROTECTION_ENABLED"],
        events: INSTANCE_EVENTS,
        writes: &[<DbInstance>::MODIFIES],
        elements: &["DB instance: deletion protection"],
        deviates: &["deletion-protection"],
        reasons: &["engine", "member", "state"],
        ..Control::of(<DbInstance>::KIND)
    };
    const NAME: &'static str = "deletion protection";
    type On = DbInstance;
    type Value = bool;

    fn read(instance: &Instance) -> bool {
        instance.deletion_protection() == Some(true)
    }

    fn judge(instance: &Instance, is_protected: &bool) -> Verdict<bool> {
        match (instance.db_cluster_identifier(), is_protected) {
            (Some(_), _) => {
                Verdict::OutOfScope(Reason::new("member", "a member of a cluster, which is protected as a whole"))
            }
            (None, true) => Verdict::Compliant,
            (None, false) => Verdict::Drifted(Drift {
                violations: vec![Violation::new("deletion-protection", "deletion protection is off")],
                desired: true,
                consent: Consent::Auto,
                note: None,
            }),
        }
    }

    fn call(_: &bool) -> Call {
        <DbInstance>::MODIFY
    }

    fn set(change: Change<Self>, is_protected: &bool) -> Change<Self> {
        change.deletion_protection(*is_protected)
    }
}
