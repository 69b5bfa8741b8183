//! `db-cluster-password-only`: a database cluster that takes no sign-in by IAM.
//!
//! **What drifts.** IAM database authentication of a DB cluster is off, and is not scheduled to be on.
//!
//! **Why it matters.** 45 CFR 164.308(a)(3)(ii)(A) (authorization and supervision), 164.308(a)(4)(i) (access management), 164.312(d)
//! (authentication): passwords of a database are shared, do not expire, and AWS CloudTrail does not see who got one.
//!
//! **What we read.** What RDS says of the cluster; on drift, whether RDS offers sign-in by IAM for its engine and version.
//!
//! **What we change.** `ModifyDBCluster` with `EnableIAMDatabaseAuthentication`: at once if nothing else is pending, otherwise in the
//! maintenance window, so that nothing else that is pending is carried out. No member is rebooted.
//!
//! **What we never touch.** Users, passwords and grants of the database. Aurora Serverless v1, and versions that cannot do it. Amazon
//! DocumentDB, Amazon Neptune, RDS Custom.
//!
//! **What may break.** Sign-in by IAM takes memory of the members. Who signs in by a password goes on.
//!
//! **Way back.** Sign-in by IAM is switched off again, which stops whoever has begun to use it. While other changes are pending,
//! that is refused: it would carry them out.
//!
//! **When a person decides.** Always. RDS cannot change the cluster in its state. RDS no longer says whether this version can do it.
//!
//! Source: Amazon Aurora User Guide, "IAM database authentication", "Limitations of Aurora Serverless v1".

use aws_sdk_rds::types::{ClusterPendingModifiedValues, DbCluster as Cluster};
use remedy_engine::prelude::*;
use remedy_rds::{Database, DbCluster, Others, Scheduled};

use crate::{
    attribute::CLUSTER_EVENTS,
    password_only::{DEVIATES, Directory, IamSignIn, OFFERS, REASONS, RunsOn, SignsIn},
};

impl SignsIn for DbCluster {
    const CONTROL: Control = Control {
        id: ControlId("db-cluster-password-only"),
        title: "Database cluster without sign-in by IAM",
        hipaa: "164.308(a)(3)(ii)(A), (4)(i); 164.312(d)",
        config_rules: &["RDS_CLUSTER_IAM_AUTHENTICATION_ENABLED"],
        events: CLUSTER_EVENTS,
        reads: &[&[OFFERS]],
        writes: &[<DbCluster>::MODIFIES],
        elements: &["DB cluster: sign-in by IAM"],
        deviates: DEVIATES,
        reasons: REASONS,
        ..Control::of(<DbCluster>::KIND)
    };

    fn read(cluster: &Cluster) -> Scheduled<IamSignIn> {
        let pending = cluster.pending_modified_values();
        let pending = pending.and_then(ClusterPendingModifiedValues::iam_database_authentication_enabled);
        let now = cluster.iam_database_authentication_enabled() == Some(true);
        Scheduled::new(IamSignIn(now), pending.map(IamSignIn))
    }

    fn others(cluster: &Cluster) -> Others {
        let mut pending = cluster.pending_modified_values().cloned().unwrap_or_else(nothing);
        pending.iam_database_authentication_enabled = None;
        if pending == nothing() { Others::Quiet } else { Others::Pending }
    }

    fn runs_on(cluster: &Cluster) -> RunsOn<'_> {
        let is_in_domain = !cluster.domain_memberships().is_empty();
        RunsOn {
            version: cluster.engine_version().unwrap_or_default(),
            class: cluster.db_cluster_instance_class(),
            directory: if is_in_domain { Directory::Kerberos } else { Directory::None },
        }
    }

    fn obstacle(cluster: &Cluster) -> Option<&'static str> {
        (cluster.engine_mode() == Some("serverless")).then_some("Aurora Serverless v1 takes no sign-in by IAM")
    }

    fn set(change: Self::Change, IamSignIn(on): IamSignIn) -> Self::Change {
        change.enable_iam_database_authentication(on)
    }
}

fn nothing() -> ClusterPendingModifiedValues {
    ClusterPendingModifiedValues::builder().build()
}
