//! The dialect of EC2 as rows, at the level of the wire: the testkit does not depend on EC2's SDK, which is large. The laws of
//! `db-public` read the table beside the room of RDS by the genuine client.

use aws_smithy_runtime_api::client::{http::HttpConnector as _, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use serde_json::json;

use super::super::{
    Dialect, FakeAws, Kind, List, Pages, Refused, Row, Scope, Service, Spelling, call::element, request::members,
};

const ALREADY: Refused = Refused(400, "InvalidParameterValue", "there is one already");

const fn kind(arn: &'static str, named_by: &'static str, id: &'static str, missing: &'static str) -> Kind {
    Kind {
        service: "ec2",
        arn,
        named_by,
        id,
        spelling: Spelling::Exact,
        shown_as: "",
        scope: Scope::Region,
        missing: Refused(400, missing, "it does not exist"),
        exists: ALREADY,
        members: &[],
        window: None,
        fresh: |_| Ok(members(json!({}))),
    }
}

static RULE: Kind =
    kind("security-group-rule/", "SecurityGroupRuleId", "securityGroupRuleId", "InvalidSecurityGroupRuleId.NotFound");
static PREFIXES: Kind = kind("prefix-list/", "PrefixListId", "prefixListId", "InvalidPrefixListID.NotFound");
static ROUTES: Kind = kind("route-table/", "RouteTableId", "routeTableId", "InvalidRouteTableID.NotFound");

const fn list(shown: &'static str, filters: &'static [(&'static str, &'static str)]) -> List {
    List { shown, filters, pages: Pages::RESULTS }
}

static EC2: Service = Service::of(
    "ec2",
    Dialect::Ec2,
    &[
        Row::list("DescribeSecurityGroupRules", &RULE, list("securityGroupRuleSet", &[("group-id", "groupId")])),
        Row::items("GetManagedPrefixListEntries", &PREFIXES, list("entrySet", &[])),
        Row::list(
            "DescribeRouteTables",
            &ROUTES,
            list("routeTableSet", &[("association.subnet-id", "associationSet.subnetId"), ("vpc-id", "vpcId")]),
        ),
    ],
);

const HERE: (&str, &str) = ("111122223333", "us-east-1");

/// Status and body of an answer.
async fn ask(fake: &FakeAws, form: &str) -> (u16, String) {
    let mut request = HttpRequest::new(SdkBody::from(form));
    let signed = "AWS4-HMAC-SHA256 Credential=AKIA111122223333TEST/20260101/us-east-1/ec2/aws4_request";
    request.headers_mut().insert("authorization", signed);
    request.set_uri("https://ec2.us-east-1.amazonaws.com/").unwrap();
    let answer = fake.call(request).await.unwrap();
    let body = String::from_utf8(answer.body().bytes().unwrap().to_vec()).unwrap();
    (answer.status().as_u16(), body)
}

fn planted() -> FakeAws {
    let fake = FakeAws::of(&[&EC2]);
    for (id, group) in [("sgr-1", "sg-1"), ("sgr-2", "sg-1"), ("sgr-3", "sg-2")] {
        let rule = json!({"securityGroupRuleId": id, "groupId": group, "fromPort": 22, "isEgress": false});
        fake.plant(&RULE, HERE, id, rule);
    }
    let entries = json!([{"cidr": "0.0.0.0/1"}, {"cidr": "128.0.0.0/1"}]);
    fake.plant(&PREFIXES, HERE, "pl-1", json!({"prefixListId": "pl-1", "entrySet": entries}));
    let of = json!([{"subnetId": "subnet-1"}, {"subnetId": "subnet-2"}]);
    let out = json!([{"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]);
    fake.plant(&ROUTES, HERE, "rtb-1", json!({"routeTableId": "rtb-1", "associationSet": of, "routeSet": out}));
    fake
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let fake = planted();
    let asked = "Action=DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1=sg-1&MaxResults=1";
    let (status, first) = ask(&fake, asked).await;
    assert_eq!((status, element(&first, "securityGroupRuleId")), (200, Some("sgr-1")), "{first}");
    assert!(first.starts_with("<DescribeSecurityGroupRulesResponse"), "{first}");
    let next = element(&first, "nextToken").unwrap();
    let (_, second) = ask(&fake, &format!("{asked}&NextToken={next}")).await;
    assert_eq!((element(&second, "securityGroupRuleId"), element(&second, "nextToken")), (Some("sgr-2"), None));
    let (status, unknown) =
        ask(&fake, "Action=DescribeSecurityGroupRules&Filter.1.Name=colour&Filter.1.Value.1=x").await;
    assert_eq!((status, element(&unknown, "Code")), (400, Some("InvalidParameterValue")));
}

#[tokio::test]
async fn filters_look_into_lists() {
    let fake = planted();
    let of = |subnet: &str| {
        format!("Action=DescribeRouteTables&Filter.1.Name=association.subnet-id&Filter.1.Value.1={subnet}")
    };
    let (_, found) = ask(&fake, &of("subnet-2")).await;
    assert_eq!(element(&found, "gatewayId"), Some("igw-1"));
    assert_eq!(element(&ask(&fake, &of("subnet-3")).await.1, "item"), None);
}

#[tokio::test]
async fn what_a_resource_holds_is_a_list_too() {
    let fake = planted();
    let (_, entries) = ask(&fake, "Action=GetManagedPrefixListEntries&PrefixListId=pl-1").await;
    assert_eq!(entries.matches("<cidr>").count(), 2, "{entries}");
    let (status, missing) = ask(&fake, "Action=GetManagedPrefixListEntries&PrefixListId=pl-2").await;
    assert_eq!((status, element(&missing, "Code")), (400, Some("InvalidPrefixListID.NotFound")));
}
