//! The MFA-deny policy in both templates: what it says, for whom, and that the role which attaches it can attach nothing
//! else. By our own evaluator.

use std::collections::BTreeMap;

use remedy_domain::fence;
use remedy_policy::{
    Holder, Identity, Kind, Policy,
    evaluate::{Caller, Decision, Policies, Request, decide},
};
use serde_json::Value;

use crate::template::{allowed, resolved, resources};

const HUB: &str = "111122223333";
const MEMBER: &str = "444455556666";
const PERMITTED: &str = "Writes=permitted";

/// The account, and the resources that a template makes there.
type Place = (&'static str, BTreeMap<String, Value>);

fn places(more: &[&str]) -> [Place; 2] {
    let hub = resources(&[&[PERMITTED], more].concat());
    let of_the_hub = ["HubAccount=111122223333", "OrganizationId=o-exampleorg1", "ExternalId=7f3a9c-4d21-8e5b"];
    let place = ["AWS::AccountId=444455556666", "AWS::StackName=StackSet-members-0000", PERMITTED];
    [(HUB, hub), (MEMBER, resolved("member-roles.yaml", &[&of_the_hub[..], &place, more].concat()))]
}

fn document(resources: &BTreeMap<String, Value>, name: &str) -> String {
    resources[name]["Properties"]["PolicyDocument"].to_string()
}

fn decision(policy: &str, caller: Caller, call: (&str, &str), context: &[(&str, &str)]) -> Decision {
    let policy = Policy::parse(Kind::Identity, policy).expect("a policy");
    let account = call.1.split(':').nth(4).unwrap_or_default().to_owned();
    decide(
        &Policies { identity: vec![&policy], ..Policies::default() },
        &Request {
            caller,
            action: call.0.to_owned(),
            resource: call.1.to_owned(),
            resource_account: account,
            context: context.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect(),
        },
    )
}

#[test]
fn the_templates_make_exactly_the_policy_that_iam_mfa_attaches() {
    for (account, resources) in places(&[]) {
        let policy = &resources["IamMfaDeny"]["Properties"];
        assert_eq!(policy["ManagedPolicyName"], fence::managed_name("remedy"));
        let arn = format!("arn:aws:iam::{account}:policy/{}", fence::managed_name("remedy"));
        assert!(fence::is_managed(&arn, &document(&resources, "IamMfaDeny")), "{policy:#}");
    }
    for (account, resources) in places(&["AWS::Partition=aws-us-gov", "GlobalControls=yes"]) {
        let text = document(&resources, "IamMfaDeny");
        assert!(fence::same(&text, &fence::managed_document("aws-us-gov", account)), "{text}");
    }
    for (_, resources) in places(&["GlobalControls=no"]) {
        assert!(!resources.contains_key("IamMfaDeny"), "it is where the roles of iam-mfa are");
    }
    let alone = resources(&["Writes=none"]);
    assert!(alone.contains_key("IamMfaDeny") && !alone.contains_key("IamMfaWrite"), "also where nothing is written");
}

#[test]
fn the_write_role_of_iam_mfa_makes_nobody_an_administrator() {
    for (account, resources) in places(&[]) {
        let write = &resources["IamMfaWrite"];
        let actions: Vec<_> = allowed(write).into_iter().collect();
        assert_eq!(actions, ["iam:AttachUserPolicy", "iam:DeleteUserPolicy", "iam:DetachUserPolicy"]);
        let text = document(&resources, "IamMfaWrite");
        let caller = || Caller::Session {
            role: format!("arn:aws:iam::{account}:role/remedy-iam-mfa-write"),
            session: format!("arn:aws:sts::{account}:assumed-role/remedy-iam-mfa-write/s"),
        };
        let ours = format!("arn:aws:iam::{account}:policy/remedy-iam-mfa-deny");
        let others = [
            "arn:aws:iam::aws:policy/AdministratorAccess".to_owned(),
            format!("arn:aws:iam::{account}:policy/remedy-IamPoliciesWrite-0000"),
            format!("arn:aws:iam::{account}:policy/remedy-iam-mfa-deny-2"),
            format!("arn:aws:iam::{account}:policy/ops/remedy-iam-mfa-deny"),
            format!("arn:aws:iam::{account}:policy/*"),
            "arn:aws:iam::999988887777:policy/remedy-iam-mfa-deny".to_owned(),
        ];
        let user = format!("arn:aws:iam::{account}:user/ops/mallory");
        for action in ["iam:AttachUserPolicy", "iam:DetachUserPolicy"] {
            let told = |policy: &str| {
                let context = [("iam:policyarn", policy), ("aws:resourceaccount", account)];
                decision(&text, caller(), (action, &user), &context)
            };
            assert_eq!(told(&ours), Decision::Allowed, "{action}");
            for other in &others {
                assert_ne!(told(other), Decision::Allowed, "{action} {other}");
            }
            assert_ne!(decision(&text, caller(), (action, &user), &[]), Decision::Allowed, "{action} of nothing");
        }
        for action in ["iam:AttachRolePolicy", "iam:AttachGroupPolicy", "iam:PutUserPolicy", "iam:CreatePolicyVersion"]
        {
            for resource in [&user, &ours] {
                let context = [("iam:policyarn", ours.as_str()), ("aws:resourceaccount", account)];
                assert_ne!(decision(&text, caller(), (action, resource), &context), Decision::Allowed, "{action}");
            }
        }
        let policy = Policy::parse(Kind::Identity, &text).expect("a policy");
        let identity = Identity::of(&Holder::of(&policy)).expect("little work");
        assert!(!identity.admin && identity.privilege_escalation.is_empty() && identity.later_escalation.is_empty());
    }
}

#[test]
fn nobody_of_remedy_changes_the_deny_policy() {
    for (account, resources) in places(&[]) {
        let ours = format!("arn:aws:iam::{account}:policy/remedy-iam-mfa-deny");
        let text = document(&resources, "IamPoliciesWrite");
        for action in ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicyVersion"] {
            let caller = Caller::User { arn: format!("arn:aws:iam::{account}:user/a") };
            let context = [("aws:resourceaccount", account)];
            assert_eq!(decision(&text, caller, (action, &ours), &context), Decision::ExplicitlyDenied, "{action}");
        }
    }
}

/// A request of a user, with or without MFA, or with keys that tell nothing of MFA.
#[test]
fn the_managed_policy_means_for_each_user_what_the_inline_one_means_but_that_a_device_may_have_any_name() {
    let managed = fence::managed_document("aws", HUB);
    let users = ["user/bob", "user/ops/night/bob", "user/bobby", "user/bob/ann"];
    let actions = [
        "iam:EnableMFADevice",
        "iam:ResyncMFADevice",
        "iam:GetUser",
        "iam:ListMFADevices",
        "iam:DeactivateMFADevice",
        "iam:CreateVirtualMFADevice",
        "iam:DeleteVirtualMFADevice",
        "iam:ListVirtualMFADevices",
        "iam:CreateAccessKey",
        "sts:GetSessionToken",
        "s3:GetObject",
    ];
    let resources = [&users[..], &["mfa/bob", "mfa/bobby", "mfa/ops/bob", "mfa/ann", "role/bob"]].concat();
    let (mut allowed, mut all) = (0, 0);
    for who in ["user/bob", "user/ops/night/bob", "user/bob/ann"] {
        let (arn, name) = (format!("arn:aws:iam::{HUB}:{who}"), who.rsplit('/').next().expect("a name"));
        let inline = fence::document(&arn, name);
        for (action, mfa) in
            actions.iter().flat_map(|action| [None, Some("false"), Some("true")].map(|mfa| (action, mfa)))
        {
            // Two users of an account have two names.
            let is_possible = |resource: &&&str| {
                !resource.starts_with("user/") || **resource == who || resource.rsplit('/').next() != Some(name)
            };
            for resource in resources.iter().filter(is_possible) {
                let mut context = vec![("aws:username", name)];
                context.extend(mfa.map(|mfa| ("aws:multifactorauthpresent", mfa)));
                let resource = format!("arn:aws:iam::{HUB}:{resource}");
                let of =
                    |policy: &str| decision(policy, Caller::User { arn: arn.clone() }, (action, &resource), &context);
                // A device may have any name: the console asks for one, and an enrolment that was broken off leaves its own.
                let expected = if *action == "iam:CreateVirtualMFADevice" && resource.contains(":mfa/") {
                    Decision::Allowed
                } else {
                    of(&inline)
                };
                assert_eq!(of(&managed), expected, "{who} {action} {resource} {mfa:?}");
                allowed += usize::from(of(&managed) == Decision::Allowed);
                all += 1;
            }
        }
    }
    assert!(allowed > 30 && all > 2 * allowed, "{allowed} of {all} are allowed");
}
