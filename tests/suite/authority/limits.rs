//! Limits of every policy of the template.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::template::{of_type, resources, texts};

/// IAM takes 6,144 characters of a managed policy, white space left out, and ten policies of a role.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
#[test]
fn every_policy_fits_with_the_longest_names() {
    let stack = "r".repeat(38);
    let name = format!("AWS::StackName={stack}");
    let parameters = [
        &*name,
        "AWS::Partition=aws-us-gov",
        "Writes=permitted",
        "OrganizationId=o-exampleorg1",
        "ExternalId=7f3a9c-4d21-8e5b",
        "AnchorBucket=anchor",
    ];
    let resources = resources(&parameters);
    policies_fit(&resources, &stack);
}

/// Whether IAM takes each of these policies, made with the longest name of a stack.
pub fn policies_fit(resources: &BTreeMap<String, Value>, stack: &str) {
    for (name, policy) in of_type(resources, "AWS::IAM::ManagedPolicy") {
        let text = policy["PolicyDocument"].to_string();
        // CloudFormation fills a bucket's name up to 63 characters.
        let longer: usize = ["evidencebucket", "statebucket"]
            .map(|bucket| text.matches(&format!("{stack}-{bucket}")).count() * (63 - stack.len() - 1 - bucket.len()))
            .iter()
            .sum();
        let partition = text.matches("arn:aws:").count() * "-us-gov".len();
        let length = text.len() + longer + partition;
        assert!(length <= 6_144, "{name}: {length} characters");
    }
    for (name, role) in of_type(resources, "AWS::IAM::Role") {
        assert!(role["ManagedPolicyArns"].as_array().map_or(0, Vec::len) <= 10, "{name}");
    }
}

#[test]
fn no_statement_lets_a_role_put_any_key() {
    let resources = resources(&["Writes=permitted"]);
    for (name, policy) in of_type(&resources, "AWS::IAM::ManagedPolicy") {
        for statement in policy["PolicyDocument"]["Statement"].as_array().expect("a list") {
            let puts =
                statement["Effect"] == "Allow" && texts(&statement["Action"]).contains(&"s3:PutObject".to_owned());
            let resources = texts(&statement["Resource"]);
            let whole = |resource: &String| resource.ends_with("bucket/*");
            assert!(!resources.is_empty() && (!puts || !resources.iter().any(whole)), "{name}: {statement}");
        }
    }
}
