//! Contracts of the template for other accounts: what it makes is what the hub expects there, and opens to the hub alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::template::{
    self, actions, allowed, assert_current, declared, described, functions, logical, of_type, resolved, resources,
    statements, texts,
};

type Resources = BTreeMap<String, Value>;

const HUB: &str = "111122223333";
const MEMBER: &str = "444455556666";
const OF_THE_HUB: [&str; 2] = ["OrganizationId=o-exampleorg1", "ExternalId=7f3a9c-4d21-8e5b"];

/// Another account of the hub's organization. A StackSet gives its stacks names of its own.
fn member(more: &[&str]) -> Resources {
    let place = ["HubAccount=111122223333", "AWS::AccountId=444455556666", "AWS::StackName=StackSet-members-0000"];
    resolved("member-roles.yaml", &[&place[..], &OF_THE_HUB, more].concat())
}

fn hub(more: &[&str]) -> Resources {
    resources(&[&OF_THE_HUB[..], more].concat())
}

/// The functions that look after something, with what each says of itself.
fn guests() -> Vec<(String, Value)> {
    let described = functions().into_iter().map(|function| (described(&function), function));
    let guests = described.filter(|(described, _)| !described["controls"].as_array().unwrap().is_empty());
    guests.map(|(described, function)| (function, described)).collect()
}

fn with_sid<'a>(policy: &'a Value, sid: &str) -> Option<&'a Value> {
    statements(policy).into_iter().find(|statement| statement["Sid"] == sid)
}

fn names(resources: &Resources) -> BTreeSet<String> {
    of_type(resources, "AWS::IAM::Role").into_iter().flat_map(|(_, role)| texts(&role["RoleName"])).collect()
}

fn patterns(resources: &Resources, is_meant: impl Fn(&str) -> bool) -> Vec<&Value> {
    let rules = of_type(resources, "AWS::Events::Rule").into_iter().filter(|(name, _)| is_meant(name));
    rules.map(|(_, rule)| &rule["EventPattern"]).collect()
}

/// The types and the calls that these patterns hear, as often as they do.
fn heard(patterns: &[&Value]) -> Vec<(&'static str, String)> {
    let of = |member: &'static str| {
        patterns
            .iter()
            .flat_map(move |pattern| template::heard(pattern, member).into_iter().map(move |one| (member, one)))
    };
    let mut heard: Vec<_> = of("resourceType").chain(of("eventName")).collect();
    heard.sort();
    heard
}

#[test]
fn it_is_what_make_template_writes() {
    assert_current("tools/template_members.py", "member-roles.yaml");
}

#[test]
fn each_role_permits_what_its_function_declares_and_what_it_may_in_the_hub() {
    let (member, hub) = (member(&["Writes=permitted"]), hub(&["Writes=permitted"]));
    for (function, described) in guests() {
        let name = logical(&function);
        let (read, write) = (&member[&format!("{name}Read")], &member[&format!("{name}Write")]);
        let config = actions(described["host"]["config"].as_array().expect("every function answers AWS Config"));
        assert_eq!(allowed(read), &declared(&described, "reads") | &config, "{function} reads");
        assert_eq!(allowed(write), declared(&described, "writes"), "{function} writes");
        for (policy, of_the_hub, sids) in [
            (read, &hub[&format!("{name}Read")], &["Observe", "ObserveAwsPolicies", "ObserveLists", "Config"][..]),
            (
                write,
                &hub[&format!("{name}Write")],
                &["Repair", "RepairByOwnPolicies", "RepairByTheDenyPolicy", "RepairTheAccount", "NeverLockAKeyOut"],
            ),
        ] {
            for sid in sids {
                let there = with_sid(policy, sid).map(|statement| statement.to_string().replace(MEMBER, HUB));
                assert_eq!(there, with_sid(of_the_hub, sid).map(Value::to_string), "{function}: {sid}");
            }
            let own = statements(policy).len() - sids.iter().filter(|sid| with_sid(policy, sid).is_some()).count();
            assert_eq!(own, usize::from(sids.contains(&"Repair")), "{function}: nothing else is permitted or denied");
        }
        let denied = with_sid(write, "NeverRemedyItself").expect("Remedy's own is out of reach");
        let there: BTreeSet<_> = texts(&denied["Resource"]).into_iter().collect();
        // Policies of roles are named after the stack there, the MFA-deny policy after the hub's.
        let expected = ["role/remedy-*", "policy/StackSet-members-0000-*", "policy/remedy-*"].into_iter().chain([
            "role/aws-service-role/*",
            "role/aws-reserved/*",
            "role/stacksets-exec-*",
        ]);
        assert_eq!(there, expected.map(|kind| format!("arn:aws:iam::{MEMBER}:{kind}")).collect(), "{function}");
    }
}

#[test]
fn a_role_opens_to_one_role_of_the_hub_that_says_who_it_is() {
    let (member, hub) = (member(&["Writes=permitted"]), hub(&["Writes=permitted"]));
    for (function, _) in guests() {
        let guest = hub[&format!("{}ReadRole", logical(&function))]["Properties"]["RoleName"].as_str().unwrap();
        let says = json!({"aws:PrincipalOrgID": "o-exampleorg1", "sts:SourceIdentity": format!("remedy-{function}")});
        let mut brings = says.clone();
        brings["sts:ExternalId"] = "7f3a9c-4d21-8e5b".into();
        let statement = |sid: &str, action: &str, equals: Value| {
            let condition = json!({"StringEquals": equals, "ArnEquals": {"aws:PrincipalArn": format!("arn:aws:iam::{HUB}:role/{guest}")}});
            let principal = json!({"AWS": format!("arn:aws:iam::{HUB}:root")});
            json!({"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition})
        };
        let expected =
            json!([statement("Hub", "sts:AssumeRole", brings), statement("WhoActs", "sts:SetSourceIdentity", says)]);
        for kind in ["Read", "Write"] {
            let role = &member[&format!("{}{kind}Role", logical(&function))]["Properties"];
            assert_eq!(role["AssumeRolePolicyDocument"]["Statement"], expected, "{function} {kind}");
            assert!(role.get("Policies").is_none(), "{function} {kind} has an inline policy");
        }
    }
}

/// A role's trust policy has 2,048 characters at most, whatever the stack is called: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
#[test]
fn the_longest_external_id_and_stack_name_fit_into_every_trust_policy() {
    let text = std::fs::read_to_string(format!("{}/member-roles.yaml", template::ROOT)).expect("the template is there");
    let most = |parameter: &str| {
        let (_, rest) = text.split_once(&format!("\n  {parameter}:\n")).expect("the parameter is there");
        let (_, rest) = rest.split_once("AllowedPattern:").expect("it has a pattern");
        let pattern = rest.lines().next().expect("a pattern");
        let (_, count) = pattern.rsplit_once(',').expect("its longest");
        count.trim_end_matches("}$").parse::<usize>().expect("a number")
    };
    let (external, stack) = ("x".repeat(most("ExternalId")), "s".repeat(most("StackName") + 1));
    assert!(external.len() >= 256 && stack.len() <= 64, "{} {}", external.len(), stack.len());
    let longest = [format!("ExternalId={external}"), format!("StackName={stack}"), "Writes=permitted".to_owned()];
    let roles = member(&longest.each_ref().map(String::as_str));
    let mut trusts = 0;
    for (name, role) in roles.iter().filter(|(_, resource)| resource["Type"] == "AWS::IAM::Role") {
        let trust = &role["Properties"]["AssumeRolePolicyDocument"];
        let written = trust.to_string().len();
        trusts += usize::from(trust.to_string().contains(&external));
        assert!(written <= 2_048, "{name}: {written}");
    }
    assert!(trusts >= 2 * guests().len(), "{trusts}");
}

#[test]
fn the_hub_may_assume_exactly_the_roles_that_are_made_and_is_told_their_names() {
    for (writes, kinds) in [("Writes=none", &["read"][..]), ("Writes=permitted", &["read", "write"])] {
        let (member, hub) = (member(&[writes]), hub(&[writes]));
        let mut reached = BTreeSet::new();
        for (function, _) in guests() {
            let name = logical(&function);
            let expected: Vec<_> = kinds.iter().map(|kind| format!("remedy-{function}-{kind}")).collect();
            let members = with_sid(&hub[&format!("{name}Read")], "Members").expect("it may go to other accounts");
            let arns = expected.iter().map(|role| format!("arn:aws:iam::*:role/{role}"));
            assert_eq!(texts(&members["Resource"]), arns.collect::<Vec<_>>(), "{function}");
            assert_eq!(texts(&members["Action"]), ["sts:AssumeRole", "sts:SetSourceIdentity"], "{function}");
            let itself = format!("arn:aws:lambda:us-east-1:{HUB}:function:remedy-{function}");
            let ours = json!({"StringEquals": {"aws:ResourceOrgID": "o-exampleorg1"}, "ArnEquals": {"lambda:SourceFunctionArn": itself}});
            assert_eq!(members["Condition"], ours);
            let told = &hub[&format!("{name}Function")]["Properties"]["Environment"]["Variables"];
            assert_eq!(told["REMEDY_READ_ROLE"], expected[0]);
            assert_eq!(told["REMEDY_WRITE_ROLE"], expected.get(1).cloned().unwrap_or_default());
            assert_eq!(told["REMEDY_EXTERNAL_ID"], "7f3a9c-4d21-8e5b");
            if let Some(own) = hub.get(&format!("{name}WriteRole")) {
                let trust = &own["Properties"]["AssumeRolePolicyDocument"]["Statement"];
                assert_eq!(trust.as_array().map(Vec::len), Some(1));
                assert_eq!(
                    texts(&trust[0]["Action"]),
                    texts(&members["Action"]),
                    "{function} says who acts at home, too"
                );
                let named = json!({"StringEqualsIfExists": {"sts:SourceIdentity": format!("remedy-{function}")}});
                assert_eq!(trust[0]["Condition"], named);
                let at_home =
                    with_sid(&hub[&format!("{name}Read")], "PermittedAsItself").expect("nothing else lets it");
                assert_eq!(texts(&at_home["Action"]), ["sts:SetSourceIdentity"]);
                assert_eq!(texts(&at_home["Resource"]), [format!("arn:aws:iam::{HUB}:role/{}", expected[1])]);
                assert_eq!(at_home["Condition"], json!({"ArnEquals": {"lambda:SourceFunctionArn": itself}}));
            }
            reached.extend(expected);
        }
        let mut made = names(&member);
        assert!(made.remove("remedy-forward-us-east-1"));
        assert_eq!(made, reached, "{writes}");
    }
}

#[test]
fn without_leave_to_write_nobody_may_become_who_could() {
    assert!(!names(&member(&[])).iter().any(|name| name.ends_with("-write")), "there is no such role by default");
    for resources in [hub(&["Writes=none", "Mode=enforce"]), resources(&["Writes=none", "Mode=enforce"])] {
        for (name, policy) in of_type(&resources, "AWS::IAM::ManagedPolicy") {
            assert!(!policy.to_string().contains("-write"), "{name} tells of a role that writes");
        }
    }
    let alone = resources(&["Writes=permitted", "Regions=us-east-1,eu-west-1"]);
    for (name, policy) in of_type(&alone, "AWS::IAM::ManagedPolicy") {
        assert!(!policy.to_string().contains("iam::*"), "{name} reaches other accounts without an organization");
    }
    for (name, function) in of_type(&alone, "AWS::Serverless::Function") {
        let told = &function["Environment"]["Variables"];
        for variable in ["REMEDY_READ_ROLE", "REMEDY_EXTERNAL_ID"] {
            assert!(told.get(variable).is_none_or(|value| value == ""), "{name} {variable}");
        }
        assert!(told.get("REMEDY_REGIONS").is_none_or(|regions| regions == "us-east-1,eu-west-1"), "{name}");
    }
    assert!(of_type(&alone, "AWS::Events::EventBus").is_empty());
}

#[test]
fn one_region_makes_the_roles_and_every_region_tells_of_drift() {
    let home = member(&["Writes=permitted"]);
    let away = member(&["Writes=permitted", "AWS::Region=eu-west-1"]);
    assert_eq!(names(&away), BTreeSet::from(["remedy-forward-eu-west-1".to_owned()]));
    assert!(names(&home).is_disjoint(&names(&away)), "a role is of the account as a whole");
    for rule in ["IamCalled", "S3Called", "Found", "FoundGlobal"] {
        assert!(
            home.contains_key(rule) && away.contains_key(rule),
            "{rule}: CloudTrail and AWS Config choose the Region"
        );
    }
    let without = member(&["Writes=permitted", "GlobalControls=no"]);
    assert!(!names(&without).iter().any(|name| name.contains("-iam-")));
    assert!(!without.contains_key("IamCalled") && !without.contains_key("FoundGlobal"));
    let itself = member(&["Writes=permitted", "AWS::AccountId=111122223333"]);
    assert!(itself.is_empty(), "the hub's own account has its roles already: {:?}", itself.keys());
}

#[test]
fn the_hub_hears_of_other_accounts_what_it_hears_of_its_own_and_hears_it_once() {
    let (member, hub) = (member(&[]), hub(&[]));
    let own = patterns(&hub, |name| name.ends_with("Drift"));
    let rules = of_type(&hub, "AWS::Events::Rule").into_iter().filter(|(name, _)| name.contains("Elsewhere"));
    let elsewhere: Vec<_> = rules.map(|(_, rule)| rule).collect();
    for pattern in &own {
        assert_eq!(pattern["account"], json!([HUB]));
    }
    for rule in &elsewhere {
        assert_eq!(rule["EventPattern"]["account"], json!([{"anything-but": HUB}]));
    }
    // Each queue gets from elsewhere at least what it gets of the hub's own account, and no rule of the bus names a call that none here does.
    for (function, _) in guests() {
        let queue = format!("arn:aws:sqs:us-east-1:{HUB}:remedy-{function}");
        let is_target =
            |rule: &&&Value| rule["Targets"].as_array().expect("targets").iter().any(|one| one["Arn"] == queue);
        let sent: Vec<_> = elsewhere.iter().filter(is_target).map(|rule| &rule["EventPattern"]).collect();
        let sent = heard(&sent);
        let here = heard(&[&hub[&format!("{}Drift", logical(&function))]["Properties"]["EventPattern"]]);
        assert!(
            here.iter().all(|one| sent.iter().filter(|other| *other == one).count() == 1),
            "{function}: {here:?} {sent:?}"
        );
    }
    let wanted: BTreeSet<_> = heard(&own).into_iter().collect();
    let sent: Vec<_> = elsewhere.iter().map(|rule| &rule["EventPattern"]).collect();
    assert_eq!(heard(&sent).into_iter().collect::<BTreeSet<_>>(), wanted);
    let sent = patterns(&member, |_| true);
    for pattern in &sent {
        assert_eq!(pattern["account"], json!([MEMBER]));
        if pattern["detail-type"] == json!(["Config Rules Compliance Change"]) {
            assert_eq!(pattern["detail"]["newEvaluationResult"], json!({"complianceType": ["NON_COMPLIANT"]}));
        }
    }
    assert_eq!(heard(&sent), wanted.into_iter().collect::<Vec<_>>(), "each once, and nothing else");
}

#[test]
fn events_go_to_the_bus_of_the_hub_by_one_role_and_from_there_to_the_queues() {
    let (member, hub) = (member(&["AWS::Region=eu-west-1"]), hub(&[]));
    let bus = "arn:aws:events:us-east-1:111122223333:event-bus/remedy";
    let role = format!("arn:aws:iam::{MEMBER}:role/remedy-forward-eu-west-1");
    for (name, rule) in of_type(&member, "AWS::Events::Rule") {
        let target = &rule["Targets"][0];
        assert_eq!((&target["Arn"], &target["RoleArn"]), (&json!(bus), &json!(role)), "{name}");
        assert_eq!(target["DeadLetterConfig"]["Arn"], format!("arn:aws:sqs:eu-west-1:{MEMBER}:remedy-undelivered"));
        assert!(rule["Name"].as_str().unwrap().starts_with("remedy-"), "{name}: the queue knows rules by their names");
    }
    let forward = statements(&member["Forward"]);
    assert_eq!(
        forward.iter().map(|one| (&one["Action"], &one["Resource"])).collect::<Vec<_>>(),
        [(&json!("events:PutEvents"), &json!(bus))]
    );
    assert_eq!(hub["Bus"]["Properties"]["Name"], "remedy");
    let policy = &hub["BusPolicy"]["Properties"]["Statement"];
    assert_eq!((&policy["Action"], &policy["Resource"]), (&json!("events:PutEvents"), &json!(bus)));
    let from = json!({"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/remedy-forward-*"}});
    assert_eq!(policy["Condition"], from);
    let elsewhere = of_type(&hub, "AWS::Events::Rule").into_iter().filter(|(name, _)| name.contains("Elsewhere"));
    for (name, rule) in elsewhere {
        assert_eq!(rule["EventBusName"], "remedy", "{name}");
        let targets = rule["Targets"].as_array().expect("targets").iter();
        let queues =
            targets.map(|target| format!("{}QueuePolicy", logical(target["Id"].as_str().expect("a function"))));
        for queue in queues.chain(["DeadLettersPolicy".to_owned()]) {
            let admitted = texts(&statements(&hub[&queue])[0]["Condition"]["ArnLike"]["aws:SourceArn"]);
            assert!(
                admitted.contains(&format!("arn:aws:events:us-east-1:{HUB}:rule/remedy/remedy-*")),
                "{queue}: {admitted:?}"
            );
        }
    }
}
