//! The worlds of databases with an address on the internet, and what may go wrong there.

use aws_sdk_rds::types::DbCluster as Cluster;
use remedy_domain::{Consent, Outcome, Target, Verdict};
use remedy_engine::Tags;
use remedy_rds::{AnyDescribed, Databases};
use remedy_rds_testing::{
    CLUSTER, INSTANCE,
    network::{EC2, PREFIX_LIST, ROUTE_TABLE, RULE},
};
use remedy_testkit::{
    fake::Service,
    laws::{
        Case, FakeEnvironment, Lawful, Scenario, TestAccount, Touch,
        proptest::{
            prelude::{BoxedStrategy, Just, Strategy, any},
            prop_oneof,
        },
    },
};
use serde_json::json;

use super::databases::{Form, State, clusters, instances, make, tag};
use crate::{DbPublic, PubliclyAccessible, Reachability, db_public::Facts};

/// A database, whether it is public, and what is around it.
#[derive(Debug, Clone)]
pub struct Public {
    form: Form,
    state: State,
    setting: PubliclyAccessible,
    source: Source,
    gateway: Gateway,
}

/// Whom the security group lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Everybody,
    Partner,
    Inside,
    ListOfEverybody,
    Nobody,
}

/// The target of the subnets' default route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gateway {
    Internet,
    Nat,
}

impl Source {
    fn member(self, list: &str) -> Option<(&'static str, String)> {
        match self {
            Self::Everybody => Some(("cidrIpv4", "0.0.0.0/0".to_owned())),
            Self::Partner => Some(("cidrIpv4", "8.8.8.0/24".to_owned())),
            Self::Inside => Some(("cidrIpv4", "10.0.0.0/8".to_owned())),
            Self::ListOfEverybody => Some(("prefixListId", list.to_owned())),
            Self::Nobody => None,
        }
    }
}

/// Plants a VPC around an instance. On a stage where nothing can be planted it has that of the stage.
fn surround(world: &Public, stage: &TestAccount, id: &str) {
    let [group, vpc, subnet, list] = ["sg", "vpc", "subnet", "pl"].map(|kind| format!("{kind}-{id}"));
    let around = json!({
        "VpcSecurityGroups": [{"VpcSecurityGroupId": group, "Status": "active"}],
        "DBSubnetGroup": {"VpcId": vpc, "Subnets": [{"SubnetIdentifier": subnet, "SubnetStatus": "Active"}]},
    });
    if !stage.set(&INSTANCE, id, around) {
        return;
    }
    let blocks = json!([{"cidr": "0.0.0.0/1"}, {"cidr": "128.0.0.0/1"}]);
    let (gateway, target) = match world.gateway {
        Gateway::Internet => ("gatewayId", "igw-1"),
        Gateway::Nat => ("natGatewayId", "nat-1"),
    };
    let route = json!({"destinationCidrBlock": "0.0.0.0/0", gateway: target, "state": "active"});
    let table = json!({"vpcId": vpc, "associationSet": [{"main": true}], "routeSet": [route]});
    assert!(stage.set(&PREFIX_LIST, &list, json!({"entrySet": blocks})));
    assert!(stage.set(&ROUTE_TABLE, &format!("rtb-{id}"), table));
    if let Some((member, source)) = world.source.member(&list) {
        let rule = json!({
            "groupId": group, "isEgress": false, "ipProtocol": "tcp", "fromPort": 1000, "toPort": 9000, member: source,
        });
        assert!(stage.set(&RULE, &format!("sgr-{id}"), rule));
    }
}

impl Lawful for DbPublic {
    type World = Public;
    const FAKES: &'static [&'static Service] = &[&remedy_rds_testing::RDS, &EC2];
    const TOUCHES: &'static [Touch] = &[Touch::of("public-accessibility", &["setting"], &["/PubliclyAccessible"])];

    fn worlds() -> BoxedStrategy<Public> {
        let forms = prop_oneof![4 => instances(), 1 => clusters()];
        let sources = prop_oneof![
            Just(Source::Everybody),
            Just(Source::Partner),
            Just(Source::Inside),
            Just(Source::ListOfEverybody),
            Just(Source::Nobody)
        ];
        let gateways = prop_oneof![Just(Gateway::Internet), Just(Gateway::Nat)];
        let public = |(form, state, is_public, source, gateway)| Public {
            form,
            state,
            setting: PubliclyAccessible(is_public),
            source,
            gateway,
        };
        (forms, State::all(), any::<bool>(), sources, gateways).prop_map(public).boxed()
    }

    fn settings() -> BoxedStrategy<PubliclyAccessible> {
        any::<bool>().prop_map(PubliclyAccessible).boxed()
    }

    /// No call makes a cluster public or takes that back: only a public one has something to say.
    async fn arrange(world: &Public, stage: &TestAccount) -> Option<String> {
        let (id, PubliclyAccessible(is_public)) = (make(world.form, stage).await?, world.setting);
        if world.form.is_cluster() {
            let is_so = is_public && stage.set(&CLUSTER, &id, json!({"PubliclyAccessible": true}));
            return (is_so && world.state.set(world.form, stage, &id)).then_some(id);
        }
        let request = stage.client::<Databases>().modify_db_instance().db_instance_identifier(&id);
        request.publicly_accessible(is_public).send().await.unwrap();
        surround(world, stage, &id);
        world.state.set(world.form, stage, &id).then_some(id)
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        tag(stage, target, tags).await
    }
}

async fn open(form: Form, source: Source, gateway: Gateway) -> Scenario<DbPublic> {
    let setting = PubliclyAccessible(true);
    let world = Public { form, state: State::Available, setting, source, gateway };
    let case = Case { world, other: PubliclyAccessible(false), mask: 0 };
    Scenario::open(&case, &FakeEnvironment::of::<DbPublic>()).await.expect("the fake has such a database")
}

/// Whether a person is asked.
async fn asks(source: Source, gateway: Gateway) -> bool {
    let (_, drift) = open(Form::Postgres, source, gateway).await.drift().await.expect("it is public");
    matches!(drift.consent, Consent::Ask(_))
}

#[tokio::test]
async fn nobody_is_asked_if_nobody_can_be_using_it() {
    assert!(!asks(Source::Inside, Gateway::Internet).await, "only private addresses are let in");
    assert!(!asks(Source::Nobody, Gateway::Internet).await);
    assert!(!asks(Source::Everybody, Gateway::Nat).await, "no subnet has a route");
    assert!(asks(Source::Everybody, Gateway::Internet).await);
    assert!(asks(Source::Partner, Gateway::Internet).await, "a partner may be using it");
}

#[tokio::test]
async fn a_group_that_is_open_by_a_prefix_list_only() {
    assert!(asks(Source::ListOfEverybody, Gateway::Internet).await);
}

#[tokio::test]
async fn a_pending_engine_upgrade_stays_pending() {
    let scenario = open(Form::Postgres, Source::Inside, Gateway::Internet).await;
    let (databases, id) = (scenario.stage.client::<Databases>(), scenario.target.id.as_str());
    databases.modify_db_instance().db_instance_identifier(id).engine_version("17.5").send().await.unwrap();
    assert_eq!(scenario.repair().await.unwrap().outcome, Outcome::Repaired);
    let answer = databases.describe_db_instances().db_instance_identifier(id).send().await.unwrap();
    let now = answer.db_instances().first().unwrap();
    assert_eq!((now.publicly_accessible(), now.engine_version()), (Some(false), Some("17.4")));
    assert_eq!(now.pending_modified_values().unwrap().engine_version(), Some("17.5"));
}

#[tokio::test]
async fn an_aurora_member_is_closed_and_a_multi_az_member_is_a_persons() {
    let aurora = open(Form::AuroraMember, Source::Inside, Gateway::Internet).await;
    assert_eq!(aurora.repair().await.unwrap().outcome, Outcome::Repaired);
    for form in [Form::MultiAzMember, Form::MultiAzCluster] {
        let multi_az = open(form, Source::Inside, Gateway::Internet).await;
        assert_eq!(multi_az.repair().await.unwrap().outcome, Outcome::NeedsHuman, "{form:?}");
    }
}

#[tokio::test]
async fn stopped() {
    let scenario = open(Form::Postgres, Source::Inside, Gateway::Internet).await;
    assert!(State::Stopped.set(Form::Postgres, &scenario.stage, &scenario.target.id));
    assert_eq!(scenario.repair().await.unwrap().outcome, Outcome::NeedsHuman);
}

#[tokio::test]
async fn a_cluster_that_is_not_public_is_compliant() {
    let scenario = open(Form::AuroraCluster, Source::Inside, Gateway::Internet).await;
    assert!(scenario.stage.set(&CLUSTER, &scenario.target.id, json!({"PubliclyAccessible": false})));
    assert_eq!(scenario.repair().await.unwrap().outcome, Outcome::AlreadyCompliant);
}

#[tokio::test]
async fn an_express_cluster() {
    let scenario = open(Form::AuroraCluster, Source::Inside, Gateway::Internet).await;
    let cluster =
        Cluster::builder().engine("aurora-postgresql").status("available").internet_access_gateway_enabled(true);
    let described = AnyDescribed::Cluster(Box::new(cluster.build()));
    let facts = Facts { described, reachability: Reachability::UNKNOWN };
    let verdict = scenario.judge(&facts, &PubliclyAccessible(false));
    assert!(matches!(verdict, Verdict::NeedsHuman { reason, .. } if reason.text.contains("VPC")));
}
