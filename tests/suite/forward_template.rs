//! The template for the other Regions of the hub's own account: the hub hears there what it hears in its own Region, once, on its default bus.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::template::{assert_current, heard, of_type, resolved, resources, statements};

const HUB: &str = "111122223333";

fn away(more: &[&str]) -> BTreeMap<String, Value> {
    resolved("forward.yaml", &[&["HubRegion=eu-central-1"], more].concat())
}

#[test]
fn it_is_what_make_template_writes() {
    assert_current("tools/template_forward.py", "forward.yaml");
}

#[test]
fn the_hub_hears_of_its_other_regions_what_it_hears_of_its_own() {
    let (away, hub) = (away(&[]), resources(&["AWS::Region=eu-central-1"]));
    let of = |patterns: Vec<&Value>| -> Vec<(&str, String)> {
        let each = |member: &'static str| {
            patterns
                .iter()
                .flat_map(move |one| heard(one, member).into_iter().map(move |name| (member, name)))
                .collect::<Vec<_>>()
        };
        let mut all = [each("resourceType"), each("eventName")].concat();
        all.sort();
        all
    };
    let own = of_type(&hub, "AWS::Events::Rule").into_iter().filter(|(name, _)| name.ends_with("Drift"));
    let own: BTreeSet<_> = of(own.map(|(_, rule)| &rule["EventPattern"]).collect()).into_iter().collect();
    let sent = of_type(&away, "AWS::Events::Rule").into_iter().filter(|(name, _)| *name != "RolesChanged");
    let sent = of(sent.map(|(_, rule)| &rule["EventPattern"]).collect());
    assert_eq!(sent, own.into_iter().collect::<Vec<_>>(), "each once, and nothing else");
    let changed = &away["RolesChanged"]["Properties"]["EventPattern"];
    assert_eq!(
        changed, &hub["TamperingRoles"]["Properties"]["EventPattern"],
        "CloudTrail tells of IAM in one Region alone"
    );
}

#[test]
fn events_go_to_the_default_bus_of_the_region_of_the_hub_and_of_its_account_alone() {
    let bus = format!("arn:aws:events:eu-central-1:{HUB}:event-bus/default");
    let away = away(&[]);
    for (name, rule) in of_type(&away, "AWS::Events::Rule") {
        assert_eq!(rule["EventPattern"]["account"], json!([HUB]), "{name}");
        let target = &rule["Targets"][0];
        assert_eq!(
            (&target["Arn"], &target["RoleArn"]),
            (&json!(bus), &json!(format!("arn:aws:iam::{HUB}:role/remedy-forward-us-east-1")))
        );
        assert_eq!(
            target["DeadLetterConfig"]["Arn"],
            format!("arn:aws:sqs:us-east-1:{HUB}:remedy-undelivered"),
            "{name}"
        );
    }
    let [allow] = statements(&away["Forward"]).try_into().expect("one statement");
    assert_eq!((&allow["Action"], &allow["Resource"]), (&json!("events:PutEvents"), &json!(bus)));
    assert!(self::away(&["AWS::Region=eu-central-1"]).is_empty(), "the Region of the hub hears its own");
    let without = self::away(&["GlobalControls=no"]);
    assert!(
        !without.contains_key("IamCalled") && without.contains_key("S3Called") && without.contains_key("RolesChanged")
    );
}
