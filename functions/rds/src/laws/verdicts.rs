//! The verdicts, row by row.

use aws_sdk_rds::types::{
    ClusterPendingModifiedValues, DbCluster as Cluster, DbInstance as Instance, DomainMembership,
    PendingModifiedValues,
    builders::{DbClusterBuilder, DbInstanceBuilder},
};
use remedy_domain::{AccountId, Consent, Context, Parameters, Timestamp, Verdict};
use remedy_engine::Remediation;
use remedy_rds::{AnyDescribed, DbCluster, DbInstance, Scheduled};

use crate::{
    DbClusterDeletable, DbInstanceDeletable, DbUnpatched, IamSignIn, Of, PasswordOnly, SignsIn, Upgrades, Value,
    password_only::{Facts, Support},
};

fn instance(engine: &str) -> DbInstanceBuilder {
    Instance::builder()
        .engine(engine)
        .db_instance_status("available")
        .preferred_maintenance_window("sun:05:00-sun:05:30")
}

fn cluster(engine: &str) -> DbClusterBuilder {
    Cluster::builder().engine(engine).status("available").preferred_maintenance_window("mon:06:00-mon:06:30")
}

fn judge<R: Remediation>(facts: &R::Facts, setting: &R::Setting) -> Verdict<R::Setting> {
    let (account, parameters) = (AccountId::parse("111122223333").unwrap(), Parameters::default());
    R::judge(facts, setting, &Context { now: Timestamp::UNIX_EPOCH, account: &account, parameters: &parameters })
}

/// A verdict in one word, with the setting that is wanted, and what is asked.
#[derive(Debug, PartialEq)]
enum Said<S> {
    Compliant,
    Contained,
    OutOfScope,
    NeedsHuman(String),
    Auto(S),
    Ask(S, String),
}

fn said<R: Remediation>(facts: &R::Facts, setting: &R::Setting) -> Said<R::Setting> {
    match judge::<R>(facts, setting) {
        Verdict::Compliant => Said::Compliant,
        Verdict::Contained(_) => Said::Contained,
        Verdict::OutOfScope(_) => Said::OutOfScope,
        Verdict::NeedsHuman { reason, .. } => Said::NeedsHuman(reason.text.into_owned()),
        Verdict::Drifted(drift) => match drift.consent {
            Consent::Auto => Said::Auto(drift.desired),
            Consent::Ask(why) => Said::Ask(drift.desired, why.text.into_owned()),
        },
        Verdict::Dormant(_) => panic!("no control of this function finds something dormant"),
    }
}

mod deletable {
    use super::*;

    fn of(instance: DbInstanceBuilder) -> Said<Value<DbInstanceDeletable>> {
        let instance = instance.build();
        let setting = Value(instance.deletion_protection() == Some(true));
        said::<Of<DbInstanceDeletable>>(&instance, &setting)
    }

    fn of_cluster(cluster: DbClusterBuilder) -> Said<Value<DbClusterDeletable>> {
        let cluster = cluster.build();
        let setting = Value(cluster.deletion_protection() == Some(true));
        said::<Of<DbClusterDeletable>>(&cluster, &setting)
    }

    #[test]
    fn protected_is_compliant() {
        assert_eq!(of(instance("postgres").deletion_protection(true)), Said::Compliant);
        assert_eq!(of_cluster(cluster("aurora-mysql").deletion_protection(true)), Said::Compliant);
    }

    #[test]
    fn unprotected_is_protected_without_asking() {
        assert_eq!(of(instance("postgres")), Said::Auto(Value(true)));
        assert_eq!(of(instance("oracle-se2").deletion_protection(false)), Said::Auto(Value(true)));
        assert_eq!(of_cluster(cluster("postgres")), Said::Auto(Value(true)));
    }

    #[test]
    fn members_are_out_of_scope() {
        assert_eq!(of(instance("aurora-mysql").db_cluster_identifier("ward")), Said::OutOfScope);
        assert_eq!(of(instance("mysql").db_cluster_identifier("ward")), Said::OutOfScope);
    }

    #[test]
    fn other_services_are_out_of_scope() {
        assert_eq!(of(instance("docdb")), Said::OutOfScope);
        assert_eq!(of(instance("custom-oracle-ee")), Said::OutOfScope);
        assert_eq!(of_cluster(cluster("neptune")), Said::OutOfScope);
    }

    #[test]
    fn stopped() {
        let stopped = |protected| instance("postgres").db_instance_status("stopped").deletion_protection(protected);
        assert!(matches!(of(stopped(false)), Said::NeedsHuman(reason) if reason.contains("seven days")));
        assert_eq!(of(stopped(true)), Said::Compliant, "what is right needs nobody");
    }

    #[test]
    fn a_secondary_of_a_global_cluster() {
        let secondary = cluster("aurora-postgresql").global_cluster_identifier("clinics");
        assert_eq!(of_cluster(secondary), Said::Auto(Value(true)));
    }
}

mod unpatched {
    use super::*;

    fn of(instance: DbInstanceBuilder) -> Said<Value<DbUnpatched>> {
        let instance = instance.build();
        let setting = Value(Upgrades::Instance(instance.auto_minor_version_upgrade() == Some(true)));
        said::<Of<DbUnpatched>>(&AnyDescribed::Instance(Box::new(instance)), &setting)
    }

    fn of_cluster(cluster: DbClusterBuilder) -> Said<Value<DbUnpatched>> {
        let cluster = cluster.build();
        let setting = Value(Upgrades::Cluster(cluster.auto_minor_version_upgrade() == Some(true)));
        said::<Of<DbUnpatched>>(&AnyDescribed::Cluster(Box::new(cluster)), &setting)
    }

    #[test]
    fn on_is_compliant() {
        assert_eq!(of(instance("postgres").auto_minor_version_upgrade(true)), Said::Compliant);
        assert_eq!(of_cluster(cluster("mysql").auto_minor_version_upgrade(true)), Said::Compliant);
    }

    #[test]
    fn window_is_in_the_reason() {
        let Said::Ask(desired, why) = of(instance("postgres")) else { panic!("it asks") };
        assert_eq!(desired, Value(Upgrades::Instance(true)));
        assert!(why.contains("(sun:05:00-sun:05:30, UTC)"), "{why}");
        let odd = instance("postgres").preferred_maintenance_window("Jane Doe, 555-0100");
        assert!(matches!(of(odd), Said::Ask(_, why) if !why.contains("Jane")), "only a window is shown");
    }

    #[test]
    fn one_aurora_member_of_three_off() {
        let member = |on| instance("aurora-mysql").db_cluster_identifier("ward").auto_minor_version_upgrade(on);
        assert_eq!(of(member(true)), Said::Compliant);
        assert!(matches!(of(member(false)), Said::Ask(..)), "each member says it for itself");
        assert_eq!(of_cluster(cluster("aurora-mysql").auto_minor_version_upgrade(false)), Said::OutOfScope);
    }

    #[test]
    fn multi_az_member_out_of_scope_and_cluster_drifted() {
        assert_eq!(of(instance("mysql").db_cluster_identifier("ward")), Said::OutOfScope);
        assert!(matches!(of_cluster(cluster("mysql")), Said::Ask(Value(Upgrades::Cluster(true)), _)));
    }

    #[test]
    fn custom_oracle() {
        assert_eq!(of(instance("custom-oracle-ee")), Said::OutOfScope);
        assert_eq!(of(instance("docdb")), Said::OutOfScope);
        assert_eq!(of_cluster(cluster("neptune")), Said::OutOfScope);
    }
}

mod password_only {
    use super::*;

    fn of(instance: DbInstanceBuilder, support: Support) -> Said<Scheduled<IamSignIn>> {
        let described = instance.build();
        let setting = <DbInstance as SignsIn>::read(&described);
        said::<PasswordOnly<DbInstance>>(&Facts { described, support }, &setting)
    }

    fn of_cluster(cluster: DbClusterBuilder, support: Support) -> Said<Scheduled<IamSignIn>> {
        let described = cluster.build();
        let setting = <DbCluster as SignsIn>::read(&described);
        said::<PasswordOnly<DbCluster>>(&Facts { described, support }, &setting)
    }

    fn pending() -> aws_sdk_rds::types::builders::PendingModifiedValuesBuilder {
        PendingModifiedValues::builder()
    }

    #[test]
    fn on_is_compliant() {
        assert_eq!(
            of(instance("postgres").iam_database_authentication_enabled(true), Support::Unknown),
            Said::Compliant
        );
        let on = cluster("aurora-mysql").iam_database_authentication_enabled(true);
        assert_eq!(of_cluster(on, Support::Unknown), Said::Compliant);
    }

    #[test]
    fn scheduled_is_contained() {
        let scheduled = pending().iam_database_authentication_enabled(true).build();
        assert_eq!(of(instance("postgres").pending_modified_values(scheduled), Support::Unknown), Said::Contained);
        let scheduled = ClusterPendingModifiedValues::builder().iam_database_authentication_enabled(true).build();
        let cluster = cluster("aurora-mysql").pending_modified_values(scheduled);
        assert_eq!(of_cluster(cluster, Support::Unknown), Said::Contained);
    }

    #[test]
    fn off_is_switched_on_at_once_if_nothing_else_is_pending() {
        let Said::Ask(desired, why) = of(instance("postgres"), Support::Offered) else { panic!("it asks") };
        assert_eq!(desired, Scheduled::new(IamSignIn(true), None));
        assert!(why.contains("passwords go on working") && !why.contains("Kerberos"), "{why}");
    }

    #[test]
    fn other_values_pending() {
        let scheduled = Scheduled::new(IamSignIn(false), Some(IamSignIn(true)));
        for others in [
            pending().engine_version("17.5"),
            pending().db_instance_class("db.r6g.large"),
            pending().master_user_password("****"),
            pending().dedicated_log_volume(true),
        ] {
            let instance = instance("postgres").pending_modified_values(others.build());
            assert!(matches!(of(instance, Support::Offered), Said::Ask(desired, _) if desired == scheduled));
        }
        let nothing =
            instance("postgres").pending_modified_values(pending().set_processor_features(Some(vec![])).build());
        assert!(matches!(of(nothing, Support::Offered), Said::Ask(desired, _) if desired.pending.is_none()));
        let upgrade = ClusterPendingModifiedValues::builder().engine_version("17.5").build();
        let cluster = cluster("aurora-postgresql").pending_modified_values(upgrade);
        assert!(matches!(of_cluster(cluster, Support::Offered), Said::Ask(desired, _) if desired == scheduled));
    }

    #[test]
    fn sql_server() {
        assert_eq!(of(instance("sqlserver-se"), Support::Missing), Said::OutOfScope);
    }

    #[test]
    fn a_class_that_is_offered_no_longer() {
        assert!(matches!(of(instance("mysql"), Support::Unknown), Said::NeedsHuman(why) if why.contains("no longer")));
    }

    #[test]
    fn neptune_cluster_untouched() {
        assert_eq!(of_cluster(cluster("neptune"), Support::Offered), Said::OutOfScope);
        assert_eq!(of(instance("docdb"), Support::Offered), Said::OutOfScope);
    }

    #[test]
    fn aurora_serverless_v1() {
        assert_eq!(of_cluster(cluster("aurora-mysql").engine_mode("serverless"), Support::Offered), Said::OutOfScope);
    }

    #[test]
    fn members_are_out_of_scope() {
        let member = instance("aurora-postgresql").db_cluster_identifier("ward");
        assert_eq!(of(member, Support::Offered), Said::OutOfScope);
    }

    #[test]
    fn small_classes_and_kerberos_are_in_the_reason() {
        let domain = DomainMembership::builder().domain("d-1234567890").build();
        let small = instance("mysql").db_instance_class("db.t4g.micro").domain_memberships(domain);
        assert!(
            matches!(of(small, Support::Offered), Said::Ask(_, why) if why.contains("small class") && why.contains("Kerberos"))
        );
    }
}
