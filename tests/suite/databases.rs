//! Databases on the internet: whether anybody there can reach one decides whether a person is asked.

use aws_sdk_ec2::types::{AddPrefixListEntry, IpPermission, PrefixListId};
use remedy_testkit::world::{TIMEOUT, World, only_run};
use serde_json::{Value, json};

use crate::drift;

/// Whom the security group of the database lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LetsIn {
    Nobody,
    /// By a prefix list of two halves, neither of which is the whole.
    Everybody,
}

/// A public database in subnets with a route to the internet.
async fn database(world: &World, lets_in: LetsIn) -> String {
    let ec2 = aws_sdk_ec2::Client::new(&world.config());
    let vpc = ec2.create_vpc().cidr_block("10.20.0.0/16").send().await.expect("a VPC").vpc.expect("it is described");
    let vpc = vpc.vpc_id.expect("a VPC has an id");
    let gateway = ec2.create_internet_gateway().send().await.expect("a gateway").internet_gateway.expect("described");
    let gateway = gateway.internet_gateway_id.expect("a gateway has an id");
    ec2.attach_internet_gateway().vpc_id(&vpc).internet_gateway_id(&gateway).send().await.expect("it is attached");
    let tables = ec2.describe_route_tables().send().await.expect("route tables").route_tables.unwrap_or_default();
    let main = tables.iter().find(|table| table.vpc_id() == Some(&vpc)).and_then(|table| table.route_table_id());
    let route = ec2.create_route().route_table_id(main.expect("a VPC has a main table")).gateway_id(&gateway);
    route.destination_cidr_block("0.0.0.0/0").send().await.expect("a route");
    let mut subnets = Vec::new();
    for (zone, block) in [("a", "10.20.1.0/24"), ("b", "10.20.2.0/24")] {
        let zone = format!("{}{zone}", world.account.region);
        let made = ec2.create_subnet().vpc_id(&vpc).cidr_block(block).availability_zone(zone).send().await;
        subnets.push(made.expect("a subnet").subnet.and_then(|subnet| subnet.subnet_id).expect("it has an id"));
    }
    let group = ec2.create_security_group().group_name("records").description("records").vpc_id(&vpc).send().await;
    let group = group.expect("a security group").group_id.expect("it has an id");
    if lets_in == LetsIn::Everybody {
        let entry = |block: &str| AddPrefixListEntry::builder().cidr(block).build();
        let list = ec2.create_managed_prefix_list().prefix_list_name("halves").address_family("IPv4").max_entries(2);
        let list = list.entries(entry("0.0.0.0/1")).entries(entry("128.0.0.0/1")).send().await.expect("a prefix list");
        let list = list.prefix_list.and_then(|list| list.prefix_list_id).expect("it has an id");
        let named = PrefixListId::builder().prefix_list_id(list).build();
        let rule =
            IpPermission::builder().ip_protocol("tcp").from_port(5432).to_port(5432).prefix_list_ids(named).build();
        let allow = ec2.authorize_security_group_ingress().group_id(&group).ip_permissions(rule);
        allow.send().await.expect("the rule is taken");
    }
    let rds = aws_sdk_rds::Client::new(&world.proxied_config());
    let place = rds.create_db_subnet_group().db_subnet_group_name("records").db_subnet_group_description("records");
    place.set_subnet_ids(Some(subnets)).send().await.expect("a subnet group");
    let create = rds.create_db_instance().db_instance_identifier("records").engine("postgres").port(5432);
    let create = create.db_instance_class("db.t4g.micro").allocated_storage(20).master_username("root");
    let create = create.master_user_password("Correct-Horse-7").publicly_accessible(true);
    let create = create.db_subnet_group_name("records").vpc_security_group_ids(group);
    create.send().await.expect("the emulator makes a database");
    "records".to_owned()
}

async fn run(world: &World, id: &str) -> Value {
    let mut env = world.environment("enforce");
    env.insert("REMEDY_TOPIC_ARN".to_owned(), drift::topic(world, "notices").await);
    let lambda = world.deploy_with("rds", env, TIMEOUT);
    world.proxy.clear();
    only_run(lambda.invoke(json!({"control": "db-public", "resource": id}).to_string().as_bytes()).await)
}

fn made(world: &World, name: &str) -> usize {
    world.proxy.calls_where(|call| call.name() == name).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_a_prefix_list_lets_everybody_reach_waits_for_a_person() {
    let world = World::new().await;
    let id = database(&world, LetsIn::Everybody).await;
    let run = run(&world, &id).await;
    assert_eq!(
        (&run["outcome"], &run["reason_code"]),
        (&json!("awaiting-approval"), &json!("internet-clients")),
        "{run:#}"
    );
    for read in ["ec2:DescribeSecurityGroupRules", "ec2:GetManagedPrefixListEntries", "ec2:DescribeRouteTables"] {
        assert_eq!(made(&world, read), 1, "{read}");
    }
    assert_eq!(
        (world.repairs().len(), made(&world, "sns:Publish")),
        (0, 1),
        "people are notified, and nothing is written"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_database_that_lets_nobody_in_is_closed_at_once() {
    let world = World::new().await;
    let id = database(&world, LetsIn::Nobody).await;
    let run = run(&world, &id).await;
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    let rds = aws_sdk_rds::Client::new(&world.proxied_config());
    let found = rds.describe_db_instances().db_instance_identifier(&id).send().await.expect("RDS answers");
    assert_eq!(found.db_instances()[0].publicly_accessible(), Some(false));
    let repairs = world.repairs();
    assert_eq!(repairs.len(), 1, "{repairs:?}");
    let sent = |name: &str| repairs[0].parameter(name);
    assert_eq!(
        (sent("PubliclyAccessible").as_deref(), sent("ApplyImmediately").as_deref()),
        (Some("false"), Some("false"))
    );
    world.assert_conserved().await;
}
