//! Policies of AWS belong to an account of AWS: the functions may read them all the same, and nothing else of another account. By our own
//! evaluator: no emulator says whose an AWS-managed policy is.

use std::collections::BTreeMap;

use remedy_policy::evaluate::Decision;
use serde_json::Value;

use crate::template::{decision, declared, described, functions, logical, resolved, resources};

const HUB: &str = "111122223333";
const MEMBER: &str = "444455556666";
/// Its number is not known; it is not ours.
const OF_AWS: &str = "999999999999";

fn places() -> [(&'static str, BTreeMap<String, Value>); 2] {
    let member = [
        "HubAccount=111122223333",
        "OrganizationId=o-exampleorg1",
        "ExternalId=7f3a9c-4d21-8e5b",
        "AWS::AccountId=444455556666",
    ];
    [(HUB, resources(&[])), (MEMBER, resolved("member-roles.yaml", &member))]
}

#[test]
fn what_reads_policies_reads_those_of_aws() {
    let reading = ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"];
    let mut seen = 0;
    for (account, resources) in places() {
        for function in functions() {
            let reads = declared(&described(&function), "reads");
            let Some(policy) = resources.get(&format!("{}Read", logical(&function))) else { continue };
            let (policy, role) = (&policy["Properties"], format!("arn:aws:iam::{account}:role/remedy-{function}-read"));
            let of = |action: &str, arn: &str, owner: &str| decision(policy, &role, (action, arn), owner);
            for action in reading.iter().filter(|action| reads.contains(**action)) {
                seen += 1;
                for arn in ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/job-function/Billing"] {
                    assert_eq!(
                        of(action, arn, OF_AWS),
                        Decision::Allowed,
                        "{function} in {account}: {action} on {arn}"
                    );
                }
                let own = format!("arn:aws:iam::{account}:policy/own");
                assert_eq!(of(action, &own, account), Decision::Allowed, "{function}: {action}");
                let theirs = format!("arn:aws:iam::{OF_AWS}:policy/theirs");
                assert_eq!(
                    of(action, &theirs, OF_AWS),
                    Decision::ImplicitlyDenied,
                    "{function}: {action} of another account"
                );
            }
            if reads.contains("iam:ListPolicies") {
                assert_eq!(of("iam:ListPolicies", "*", OF_AWS), Decision::Allowed, "{function} in {account}");
            }
            if reads.contains("iam:GetRole") {
                let theirs = format!("arn:aws:iam::{OF_AWS}:role/theirs");
                assert_eq!(of("iam:GetRole", &theirs, OF_AWS), Decision::ImplicitlyDenied, "{function} in {account}");
            }
        }
    }
    assert!(seen >= 6, "the functions that read policies, in both places: {seen}");
}
