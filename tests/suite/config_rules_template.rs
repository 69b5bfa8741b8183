//! The rules of AWS Config in a template of their own: those that the controls follow, each once, each about what its control is about.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::template::{assert_current, described, functions, heard, of_type, resolved, resources, texts};

const MEMBER: [&str; 4] = [
    "HubAccount=111122223333",
    "OrganizationId=o-exampleorg1",
    "ExternalId=7f3a9c-4d21-8e5b",
    "AWS::AccountId=444455556666",
];
const ALL: [&str; 2] = ["ManagedRules=yes", "CustomRules=yes"];

fn rules(parameters: &[&str]) -> Vec<Value> {
    let resources = resolved("config-rules.yaml", parameters);
    of_type(&resources, "AWS::Config::ConfigRule").into_iter().map(|(_, rule)| rule.clone()).collect()
}

fn managed(rules: &[Value]) -> BTreeSet<String> {
    let of_aws = rules.iter().filter(|rule| rule["Source"]["Owner"] == "AWS");
    of_aws.map(|rule| rule["Source"]["SourceIdentifier"].as_str().expect("an identifier").to_owned()).collect()
}

/// The controls, each with its function.
fn controls() -> Vec<(String, Value)> {
    let of = |function: String| {
        let controls = described(&function)["controls"].as_array().expect("a list").clone();
        controls.into_iter().map(move |control| (function.clone(), control))
    };
    functions().into_iter().flat_map(of).collect()
}

#[test]
fn it_is_what_make_template_writes() {
    assert_current("tools/template_config.py", "config-rules.yaml");
}

#[test]
fn what_a_control_follows_is_there_and_what_is_of_the_account_is_in_one_region() {
    let (mut followed, mut regional) = (BTreeSet::new(), BTreeSet::new());
    for function in functions() {
        let controls = described(&function)["controls"].as_array().expect("a list").clone();
        let whole = controls.iter().all(|control| control["scope"] == "global");
        for rule in controls.iter().flat_map(|control| texts(&control["config_rules"])) {
            followed.insert(rule.clone());
            regional.extend((!whole).then_some(rule));
        }
    }
    // AWS Config does not have it in every Region; the periodic one reports the same (docs/deploy.md, With or without AWS Config).
    let not_made = "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS";
    assert!(
        followed.remove(not_made) && regional.remove(not_made) && followed.contains(&format!("{not_made}_PERIODIC"))
    );
    assert_eq!(managed(&rules(&ALL)), followed);
    assert_eq!(managed(&rules(&["AWS::Region=eu-west-1"])), regional);
    assert_eq!(managed(&rules(&["GlobalRegion="])), regional);
    assert!(rules(&["ManagedRules=no"]).is_empty(), "custom rules are there only where they are asked for");
}

/// The types that AWS documents for each managed rule (AWS Config Developer Guide, List of managed rules, "Resource Types"; periodic rules
/// about the account report `AWS::::Account`).
const DOCUMENTED: &str = include_str!("config_rules_template/types.json");

#[test]
fn the_pattern_of_a_function_admits_what_aws_documents_for_each_of_its_rules() {
    let documented: Value = serde_json::from_str(DOCUMENTED).expect("the table is JSON");
    let (hub, member) = (
        resources(&["OrganizationId=o-exampleorg1", "ExternalId=7f3a9c-4d21-8e5b"]),
        resolved("member-roles.yaml", &MEMBER),
    );
    let of = |resources: &BTreeMap<String, Value>, is_meant: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
        let rules = of_type(resources, "AWS::Events::Rule").into_iter().filter(|(_, rule)| is_meant(rule));
        rules.flat_map(|(_, rule)| heard(&rule["EventPattern"], "resourceType")).collect()
    };
    let sent = of(&member, &|_| true);
    let mut known = BTreeSet::new();
    for (function, control) in controls() {
        let queue = format!("arn:aws:sqs:us-east-1:111122223333:remedy-{function}");
        let to_it = |rule: &Value, on_bus: bool| {
            let targets = rule["Targets"].as_array().expect("targets").iter();
            targets.clone().any(|target| target["Arn"] == queue) && rule.get("EventBusName").is_some() == on_bus
        };
        let (here, elsewhere) = (of(&hub, &|rule| to_it(rule, false)), of(&hub, &|rule| to_it(rule, true)));
        for rule in texts(&control["config_rules"]) {
            let types = texts(&documented[&rule]);
            assert!(!types.is_empty(), "say what AWS documents of {rule}");
            for kind in types {
                for (place, heard) in [("here", &here), ("elsewhere", &elsewhere), ("in a member", &sent)] {
                    assert!(heard.contains(&kind), "{function}: {rule} reports {kind}, which nobody hears {place}");
                }
            }
            known.insert(rule);
        }
    }
    let rows: BTreeSet<_> = documented.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(rows, known, "rows of rules that no control follows");
}

/// A rule that AWS Config does not have in a Region lets the whole stack fail there. This one is missing in newer Regions, and the
/// rule beside it reports the same: https://docs.aws.amazon.com/config/latest/developerguide/managing-rules-by-region-availability.html
#[test]
fn no_rule_is_one_that_regions_lack_while_another_reports_the_same() {
    let managed = managed(&rules(&ALL));
    let (lacking, other) = ("S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS", "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC");
    assert!(!managed.contains(lacking) && managed.contains(other), "{managed:?}");
}

#[test]
fn a_custom_rule_is_about_one_control_and_asks_the_function_that_has_it() {
    let without: Vec<_> =
        controls().into_iter().filter(|(_, control)| texts(&control["config_rules"]).is_empty()).collect();
    let rules = rules(&["ManagedRules=no", "CustomRules=yes"]);
    assert_eq!(rules.len(), without.len());
    for (function, control) in without {
        let rule = rules.iter().find(|rule| rule["ConfigRuleName"] == control["id"]).expect("it has a rule");
        assert_eq!(rule["InputParameters"], json!({"control": control["id"]}), "{rule}");
        let asked = format!("arn:aws:lambda:us-east-1:111122223333:function:remedy-{function}");
        assert_eq!(rule["Source"]["SourceIdentifier"], asked, "{rule}");
    }
    let resources = resolved("config-rules.yaml", &ALL);
    for (name, permission) in of_type(&resources, "AWS::Lambda::Permission") {
        assert_eq!(
            (&permission["Principal"], &permission["SourceAccount"]),
            (&json!("config.amazonaws.com"), &json!("111122223333")),
            "{name}"
        );
        assert!(rules.iter().any(|rule| rule["Source"]["SourceIdentifier"] == permission["FunctionName"]), "{name}");
    }
}
