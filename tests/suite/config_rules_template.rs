//! The rules of AWS Config in a template of their own: those that the controls follow, each once, each about what its control is about.

use std::{collections::BTreeSet, fs, path::PathBuf};

use remedy_testkit::lambda::binary;
use serde_json::{Value, json};

use crate::template::{ROOT, described, functions, of_type, python, resolved, texts};

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
    let folder: PathBuf = binary("sealer").parent().expect("binaries are in a folder").to_owned();
    let written = python(&["tools/template_config.py", &folder.display().to_string()]);
    let committed = fs::read(PathBuf::from(ROOT).join("config-rules.yaml")).expect("the template is there");
    assert!(written == committed, "config-rules.yaml is out of date: `make template`");
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
    assert_eq!(managed(&rules(&ALL)), followed);
    assert_eq!(managed(&rules(&["AWS::Region=eu-west-1"])), regional);
    assert_eq!(managed(&rules(&["GlobalRegion="])), regional);
    assert!(rules(&["ManagedRules=no"]).is_empty(), "custom rules are there only where they are asked for");
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
