//! Whether somebody on the internet can reach a database: what Amazon EC2 says of its security groups and its subnets.
//!
//! Only a certain no is one. A rule, a prefix list or a route that says something else than what is known here may let anybody in.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::{
    Client,
    types::{Filter, RouteState, RouteTable, SecurityGroupRule},
};
use aws_sdk_rds::types::{DbInstance as Instance, DbSubnetGroup, Endpoint};
use futures_util::future::{try_join, try_join_all};
use remedy_aws::{Connect, Reading as _, Session};
use remedy_engine::prelude::*;
use remedy_network::{Addresses, Protocol, Rule, Source, Unreadable, exposed};
use remedy_rds::Databases;

const RULES: Call = Call::same("ec2:DescribeSecurityGroupRules");
const LISTS: Call = Call::same("ec2:GetManagedPrefixListEntries");
const ROUTES: Call = Call::same("ec2:DescribeRouteTables");
/// Every call of this module.
pub(crate) const READS: &[Call] = &[RULES, LISTS, ROUTES];

/// A client for databases and for the network around them.
#[derive(Debug, Clone)]
pub struct Networked {
    databases: Databases,
    network: Client,
}

impl Connect for Networked {
    fn connect(session: &Session) -> Self {
        Self { databases: Databases::connect(session), network: Client::new(session.config()) }
    }
}

impl AsRef<Databases> for Networked {
    fn as_ref(&self) -> &Databases {
        &self.databases
    }
}

/// Whether a way is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is.
    Open,
    /// It is not.
    Closed,
    /// It may be.
    Unknown,
}

/// Whether packets from the internet reach a database that has a public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reachability {
    /// Whether its security groups let any address of the internet in, on its port.
    pub groups: Way,
    /// Whether any of its subnets has a route to an internet gateway.
    pub subnets: Way,
}

impl Reachability {
    /// Of a database that nobody has looked at.
    pub const UNKNOWN: Self = Self { groups: Way::Unknown, subnets: Way::Unknown };

    /// Whether it is certain that nobody on the internet can be using the database.
    #[must_use]
    pub fn is_certainly_none(self) -> bool {
        self.groups == Way::Closed || self.subnets == Way::Closed
    }

    /// Reads it.
    pub(crate) async fn of(client: &Networked, instance: &Instance) -> Result<Self, Fault> {
        let (groups, subnets) = try_join(groups(&client.network, instance), subnets(&client.network, instance)).await?;
        Ok(Self { groups, subnets })
    }
}

async fn groups(client: &Client, instance: &Instance) -> Result<Way, Fault> {
    let ids = instance.vpc_security_groups().iter().filter_map(|group| group.vpc_security_group_id());
    let ids: Vec<_> = ids.map(str::to_owned).collect();
    let port = instance.endpoint().and_then(Endpoint::port).and_then(|port| u16::try_from(port).ok());
    let (false, Some(port)) = (ids.is_empty(), port) else { return Ok(Way::Unknown) };
    let Ok(rules) = rules(client, ids).await?.iter().filter_map(ingress).collect::<Result<Vec<_>, _>>() else {
        return Ok(Way::Unknown);
    };
    let named: BTreeSet<_> = rules.iter().filter_map(Rule::list).collect();
    let lists = try_join_all(named.into_iter().map(|id| list(client, id))).await?;
    let lists = lists.into_iter().flatten().collect();
    Ok(of_rules(&rules, &lists, port))
}

fn of_rules(rules: &[Rule], lists: &BTreeMap<String, Addresses>, port: u16) -> Way {
    match exposed(rules, lists, Protocol::TCP, port) {
        Ok(addresses) if addresses.is_empty() => Way::Closed,
        Ok(_) => Way::Open,
        Err(Unreadable) => Way::Unknown,
    }
}

fn filter(name: &str, values: Vec<String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// All rules of these groups.
async fn rules(client: &Client, ids: Vec<String>) -> Result<Vec<SecurityGroupRule>, Fault> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let request = client.describe_security_group_rules().filters(filter("group-id", ids.clone()));
        let page = RULES.answer(request.max_results(1000).set_next_token(from).send().await)?;
        all.extend(page.security_group_rules.unwrap_or_default());
        from = page.next_token.filter(|token| !token.is_empty());
        if from.is_none() {
            return Ok(all);
        }
    }
}

/// A rule that lets packets in; nothing, where it is about those that leave.
fn ingress(rule: &SecurityGroupRule) -> Option<Result<Rule, Unreadable>> {
    let source = match (rule.cidr_ipv4().or(rule.cidr_ipv6()), rule.prefix_list_id(), rule.referenced_group_info()) {
        (Some(block), _, _) => Addresses::of_block(block).map(Source::Addresses),
        (None, Some(list), _) => Some(Source::List(list.to_owned())),
        (None, None, group) => group.map(|_| Source::Group),
    };
    let read = |source| Rule::read(rule.ip_protocol().unwrap_or_default(), (rule.from_port(), rule.to_port()), source);
    (rule.is_egress() != Some(true)).then(|| source.ok_or(Unreadable).and_then(read))
}

/// The addresses of a prefix list, if it is there and can be read.
async fn list(client: &Client, id: &str) -> Result<Option<(String, Addresses)>, Fault> {
    let (mut all, mut from) = (Addresses::default(), None);
    loop {
        let request = client.get_managed_prefix_list_entries().prefix_list_id(id).set_next_token(from);
        let Some(page) = LISTS.found(&["InvalidPrefixListID.NotFound"], request.send().await)? else { return Ok(None) };
        for entry in page.entries() {
            let Some(block) = entry.cidr().and_then(Addresses::of_block) else { return Ok(None) };
            all = all.union(&block);
        }
        from = page.next_token.filter(|token| !token.is_empty());
        if from.is_none() {
            return Ok(Some((id.to_owned(), all)));
        }
    }
}

async fn subnets(client: &Client, instance: &Instance) -> Result<Way, Fault> {
    let group = instance.db_subnet_group();
    let vpc = group.and_then(|group| group.vpc_id());
    let subnets: Vec<_> =
        group.into_iter().flat_map(DbSubnetGroup::subnets).map(|one| one.subnet_identifier()).collect();
    let (Some(vpc), false) = (vpc, subnets.is_empty()) else { return Ok(Way::Unknown) };
    let (mut tables, mut from) = (Vec::new(), None);
    loop {
        let request = client.describe_route_tables().filters(filter("vpc-id", vec![vpc.to_owned()]));
        let page = ROUTES.answer(request.set_next_token(from).send().await)?;
        tables.extend(page.route_tables.unwrap_or_default());
        from = page.next_token.filter(|token| !token.is_empty());
        if from.is_none() {
            break;
        }
    }
    let ways: Vec<_> =
        subnets.into_iter().map(|subnet| subnet.map_or(Way::Unknown, |id| of_subnet(id, &tables))).collect();
    Ok(worst(&ways))
}

/// By its own table, or by the main one, which is that of every subnet without.
fn of_subnet(subnet: &str, tables: &[RouteTable]) -> Way {
    let is_own = |table: &&RouteTable| table.associations().iter().any(|one| one.subnet_id() == Some(subnet));
    let is_main = |table: &&RouteTable| table.associations().iter().any(|one| one.main() == Some(true));
    let table = tables.iter().find(is_own).or_else(|| tables.iter().find(is_main));
    table.map_or(Way::Unknown, of_table)
}

/// A route to a firewall or another machine in between may end at an internet gateway.
fn of_table(table: &RouteTable) -> Way {
    let of_route = |route: &aws_sdk_ec2::types::Route| {
        let gateway = route.gateway_id().unwrap_or_default();
        let is_between = route.instance_id().is_some()
            || route.network_interface_id().is_some()
            || (gateway.starts_with("vpce-") && route.destination_prefix_list_id().is_none());
        match route.state() {
            Some(RouteState::Blackhole) => Way::Closed,
            _ if gateway.starts_with("igw-") => Way::Open,
            _ if is_between => Way::Unknown,
            _ => Way::Closed,
        }
    };
    worst(&table.routes().iter().map(of_route).collect::<Vec<_>>())
}

fn worst(ways: &[Way]) -> Way {
    if ways.contains(&Way::Open) {
        Way::Open
    } else if ways.contains(&Way::Unknown) {
        Way::Unknown
    } else {
        Way::Closed
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{ReferencedSecurityGroup, Route, RouteTableAssociation};

    use super::*;

    fn rule() -> aws_sdk_ec2::types::builders::SecurityGroupRuleBuilder {
        SecurityGroupRule::builder().ip_protocol("tcp").from_port(5432).to_port(5432).is_egress(false)
    }

    fn way(rules: &[SecurityGroupRule], lists: &[(&str, &str)]) -> Way {
        let read: Result<Vec<_>, _> = rules.iter().filter_map(ingress).collect();
        let lists = lists.iter().map(|(id, block)| ((*id).to_owned(), Addresses::of_block(block).unwrap())).collect();
        read.map_or(Way::Unknown, |rules| of_rules(&rules, &lists, 5432))
    }

    #[test]
    fn groups_are_closed_only_for_certain() {
        assert_eq!(way(&[], &[]), Way::Closed);
        assert_eq!(way(&[rule().cidr_ipv4("10.0.0.0/8").build()], &[]), Way::Closed);
        let group = ReferencedSecurityGroup::builder().group_id("sg-1").build();
        assert_eq!(way(&[rule().referenced_group_info(group).build()], &[]), Way::Closed);
        assert_eq!(way(&[rule().cidr_ipv4("0.0.0.0/0").is_egress(true).build()], &[]), Way::Closed, "egress");
        assert_eq!(way(&[rule().cidr_ipv4("8.8.8.0/24").build()], &[]), Way::Open, "a partner can be using it");
        assert_eq!(way(&[rule().cidr_ipv6("::/0").build()], &[]), Way::Open);
        assert_eq!(way(&[rule().build()], &[]), Way::Unknown, "a source of tomorrow");
        assert_eq!(way(&[rule().ip_protocol("new").cidr_ipv4("0.0.0.0/0").build()], &[]), Way::Unknown);
    }

    #[test]
    fn group_open_by_prefix_list_only() {
        let listed = [rule().prefix_list_id("pl-1").build()];
        assert_eq!(way(&listed, &[("pl-1", "0.0.0.0/0")]), Way::Open);
        assert_eq!(way(&listed, &[("pl-1", "10.0.0.0/8")]), Way::Closed);
        assert_eq!(way(&listed, &[]), Way::Unknown, "the list cannot be read");
    }

    fn table(association: RouteTableAssociation, route: Route) -> RouteTable {
        let local = Route::builder().gateway_id("local").destination_cidr_block("10.0.0.0/16").build();
        RouteTable::builder().associations(association).routes(local).routes(route).build()
    }

    fn everywhere() -> aws_sdk_ec2::types::builders::RouteBuilder {
        Route::builder().destination_cidr_block("0.0.0.0/0").state(RouteState::Active)
    }

    #[test]
    fn a_subnet_without_a_table_has_the_main_one() {
        let main = || RouteTableAssociation::builder().main(true).build();
        let own = || RouteTableAssociation::builder().subnet_id("subnet-own").build();
        let tables = [
            table(main(), everywhere().gateway_id("igw-1").build()),
            table(own(), everywhere().nat_gateway_id("nat-1").build()),
        ];
        assert_eq!(of_subnet("subnet-own", &tables), Way::Closed);
        assert_eq!(of_subnet("subnet-other", &tables), Way::Open);
        assert_eq!(of_subnet("subnet-other", &[]), Way::Unknown);
    }

    #[test]
    fn a_firewall_in_between_may_end_at_an_internet_gateway() {
        let way = |route| of_table(&table(RouteTableAssociation::builder().main(true).build(), route));
        assert_eq!(way(everywhere().gateway_id("vpce-1").build()), Way::Unknown);
        assert_eq!(way(everywhere().network_interface_id("eni-1").build()), Way::Unknown);
        assert_eq!(way(Route::builder().destination_prefix_list_id("pl-s3").gateway_id("vpce-1").build()), Way::Closed);
        assert_eq!(way(everywhere().transit_gateway_id("tgw-1").build()), Way::Closed);
        assert_eq!(way(everywhere().egress_only_internet_gateway_id("eigw-1").build()), Way::Closed);
        assert_eq!(way(everywhere().gateway_id("igw-1").state(RouteState::Blackhole).build()), Way::Closed);
    }
}
