//! No write role changes Remedy's own resources, in whatever service a function writes to, now or later. By our own evaluator.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use remedy_policy::evaluate::Decision;
use serde_json::{Value, json};

use crate::{
    many_functions::{Said, planned},
    template::{LOCK, decision, described, of_type, resolved},
};

const HUB: &str = "111122223333";
const MEMBER: &str = "444455556666";

/// The functions, one of which says that it writes in each of these services.
fn with_writes_in(services: &BTreeSet<String>) -> BTreeMap<String, Value> {
    let mut functions = planned();
    let mut writer = described("kms-keys");
    writer["function"] = json!("writer");
    writer["controls"][0]["id"] = json!("writer-control");
    let call =
        |service: &String| json!({"operation": format!("{service}:ChangeIt"), "action": format!("{service}:ChangeIt")});
    writer["controls"][0]["writes"] = services.iter().map(call).collect();
    functions.insert("writer".to_owned(), writer);
    functions
}

fn planned_resources(file: &Path, parameters: &[&str]) -> BTreeMap<String, Value> {
    resolved(&file.display().to_string(), &[&["Writes=permitted"], parameters].concat())
}

/// The ARN of each resource of a template, with the service that could change it.
fn arns(resources: &BTreeMap<String, Value>) -> Vec<(String, String)> {
    let arns = resources.values().filter_map(|resource| resource["Arn"].as_str());
    arns.map(|arn| (arn.split(':').nth(2).expect("a service").to_owned(), arn.to_owned())).collect()
}

#[test]
fn what_remedy_consists_of_is_denied_in_every_service_that_a_function_writes_to() {
    let hub = [
        LOCK,
        "OrganizationId=o-exampleorg1",
        "ExternalId=7f3a9c-4d21-8e5b",
        "Witness=arn:aws:events:us-east-1:999988887777:event-bus/x",
    ];
    let member = [
        "HubAccount=111122223333",
        "AWS::AccountId=444455556666",
        "AWS::StackName=StackSet-members-0000",
        "OrganizationId=o-exampleorg1",
        "ExternalId=7f3a9c-4d21-8e5b",
    ];
    for (generator, account, parameters) in [("template", HUB, &hub[..]), ("template_members", MEMBER, &member)] {
        // First the services that the template has resources in; then functions that write in all of them, and in one more.
        let present = Said::new(&format!("present-{generator}"), &planned());
        let own = arns(&planned_resources(&present.written(generator), parameters));
        let services: BTreeSet<_> =
            own.iter().map(|(service, _)| service.clone()).chain(["rds".to_owned(), "ec2".to_owned()]).collect();
        println!("{generator}: {} resources of its own in {services:?}", own.len());
        let later = Said::new(&format!("later-{generator}"), &with_writes_in(&services));
        let resources = planned_resources(&later.written(generator), parameters);
        let role = format!("arn:aws:iam::{account}:role/remedy-writer-write");
        let may = |policy: &Value, action: &str, arn: &str| decision(policy, &role, (action, arn), account);
        let of_writes =
            of_type(&resources, "AWS::IAM::ManagedPolicy").into_iter().filter(|(name, _)| name.ends_with("Write"));
        let writing: Vec<_> = of_writes.collect();
        assert!(writing.len() > 10, "{}", writing.len());
        for (name, policy) in &writing {
            for (service, arn) in arns(&resources) {
                let action = format!("{service}:ChangeIt");
                assert_eq!(may(policy, &action, &arn), Decision::ExplicitlyDenied, "{name}: {action} on {arn}");
            }
        }
        let (_, writer) = writing.iter().find(|(name, _)| *name == "WriterWrite").expect("it writes");
        for theirs in
            ["logs:us-east-1:A:log-group:/aws/lambda/theirs", "sns:us-east-1:A:theirs", "rds:us-east-1:A:db:theirs"]
        {
            let (service, arn) = (
                theirs.split(':').next().expect("a service"),
                format!("arn:aws:{}", theirs.replace(":A:", &format!(":{account}:"))),
            );
            let permitted = if services.contains(service) { Decision::Allowed } else { Decision::ImplicitlyDenied };
            assert_eq!(may(writer, &format!("{service}:ChangeIt"), &arn), permitted, "{arn}");
        }
    }
}
