//! The reads of Amazon EC2 that show who can reach a database. Tests plant the resources; no call makes one.

use remedy_testkit::fake::{Dialect, Kind, List, Pages, Refusal, Refused, Request, Row, Scope, Service, Spelling};
use serde_json::{Map, Value};

/// The service.
pub static EC2: Service = Service::of(
    "ec2",
    Dialect::Ec2,
    &[
        Row::list("DescribeSecurityGroupRules", &RULE, of("securityGroupRuleSet", &[("group-id", "groupId")])),
        Row::list("DescribeRouteTables", &ROUTE_TABLE, of("routeTableSet", &[("vpc-id", "vpcId")])),
        Row::items("GetManagedPrefixListEntries", &PREFIX_LIST, of("entrySet", &[])),
    ],
);

/// A rule of a security group.
pub static RULE: Kind = kind("security-group-rule/", "SecurityGroupRuleId", "securityGroupRuleId");

/// A route table.
pub static ROUTE_TABLE: Kind = kind("route-table/", "RouteTableId", "routeTableId");

/// A prefix list.
pub static PREFIX_LIST: Kind = kind("prefix-list/", "PrefixListId", "prefixListId");

const fn of(shown: &'static str, filters: &'static [(&'static str, &'static str)]) -> List {
    List { shown, filters, pages: Pages::RESULTS }
}

const fn kind(arn: &'static str, named_by: &'static str, id: &'static str) -> Kind {
    Kind {
        service: "ec2",
        arn,
        named_by,
        id,
        spelling: Spelling::Exact,
        shown_as: "",
        scope: Scope::Region,
        missing: Refused(400, "InvalidPrefixListID.NotFound", "The prefix list ID does not exist"),
        exists: Refused(400, "InvalidParameterValue", "It exists"),
        members: &[],
        window: None,
        fresh: planted,
    }
}

/// No call makes one.
fn planted(_: &mut Request<'_>) -> Result<Map<String, Value>, Refusal> {
    Err(Refusal::new(400, "UnsupportedOperation", "it is planted"))
}
