//! `db-instance-password-only`: a database instance that takes no sign-in by IAM.
//!
//! **What drifts.** IAM database authentication of a DB instance is off, and is not scheduled to be on.
//!
//! **Why it matters.** 45 CFR 164.308(a)(3)(ii)(A) (authorization and supervision), 164.308(a)(4)(i) (access management), 164.312(d)
//! (authentication): passwords of a database are shared, do not expire, and AWS CloudTrail does not see who got one.
//!
//! **What we read.** What RDS says of the instance; on drift, whether RDS offers sign-in by IAM for its engine, version and class.
//!
//! **What we change.** `ModifyDBInstance` with `EnableIAMDatabaseAuthentication`: at once if nothing else is pending, otherwise in the
//! maintenance window, so that nothing else that is pending is carried out. The instance is not rebooted.
//!
//! **What we never touch.** Users, passwords and grants of the database. Members of a cluster, of which the cluster has the
//! setting. Engines and versions that cannot do it. Amazon DocumentDB, Amazon Neptune, RDS Custom.
//!
//! **What may break.** Sign-in by IAM takes memory of the machine. Who signs in by a password goes on.
//!
//! **Way back.** Sign-in by IAM is switched off again, which stops whoever has begun to use it. While other changes are pending,
//! that is refused: it would carry them out.
//!
//! **When a person decides.** Always. RDS cannot change the instance in its state. RDS no longer says whether this version can do it.
//!
//! Source: Amazon RDS User Guide, "IAM database authentication for MariaDB, MySQL, and PostgreSQL", "Using the schedule modifications
//! setting".

use aws_sdk_rds::types::{DbInstance as Instance, PendingModifiedValues};
use remedy_engine::prelude::*;
use remedy_rds::{Database, DbInstance, Others, Scheduled};

use crate::{
    attribute::INSTANCE_EVENTS,
    password_only::{DEVIATES, Directory, IamSignIn, OFFERS, REASONS, RunsOn, SignsIn},
};

impl SignsIn for DbInstance {
    const CONTROL: Control = Control {
        id: ControlId("db-instance-password-only"),
        title: "Database instance without sign-in by IAM",
        hipaa: "164.308(a)(3)(ii)(A), (4)(i); 164.312(d)",
        config_rules: &["RDS_INSTANCE_IAM_AUTHENTICATION_ENABLED"],
        events: INSTANCE_EVENTS,
        reads: &[&[OFFERS]],
        writes: &[<DbInstance>::MODIFIES],
        elements: &["DB instance: sign-in by IAM"],
        deviates: DEVIATES,
        reasons: REASONS,
        ..Control::of(<DbInstance>::KIND)
    };

    fn read(instance: &Instance) -> Scheduled<IamSignIn> {
        let pending =
            instance.pending_modified_values().and_then(PendingModifiedValues::iam_database_authentication_enabled);
        let now = instance.iam_database_authentication_enabled() == Some(true);
        Scheduled::new(IamSignIn(now), pending.map(IamSignIn))
    }

    fn others(instance: &Instance) -> Others {
        let mut pending = instance.pending_modified_values().cloned().unwrap_or_else(nothing);
        pending.iam_database_authentication_enabled = None;
        pending.processor_features = pending.processor_features.filter(|features| !features.is_empty());
        pending.additional_storage_volumes = pending.additional_storage_volumes.filter(|volumes| !volumes.is_empty());
        if pending == nothing() { Others::Quiet } else { Others::Pending }
    }

    fn runs_on(instance: &Instance) -> RunsOn<'_> {
        let is_in_domain = !instance.domain_memberships().is_empty();
        RunsOn {
            version: instance.engine_version().unwrap_or_default(),
            class: instance.db_instance_class(),
            directory: if is_in_domain { Directory::Kerberos } else { Directory::None },
        }
    }

    fn obstacle(instance: &Instance) -> Option<&'static str> {
        instance.db_cluster_identifier().map(|_| "a member of a cluster, which takes sign-in by IAM as a whole")
    }

    fn set(change: Self::Change, IamSignIn(on): IamSignIn) -> Self::Change {
        change.enable_iam_database_authentication(on)
    }
}

fn nothing() -> PendingModifiedValues {
    PendingModifiedValues::builder().build()
}
