//! The keys that each role may put into the state bucket, by our own evaluator: the operator decides, and each function
//! keeps the ledger of its own controls. The same with an emulator that enforces policies: `least_privilege.rs`; the
//! puts of the real binaries: `calls.rs`.

use std::collections::BTreeMap;

use remedy_domain::renamed;
use remedy_policy::{
    Kind, Policy,
    evaluate::{Caller, Decision, Policies, Request, decide},
};

use crate::template::{described, functions, logical, resources, texts};

pub mod limits;

const ACCOUNT: &str = "111122223333";
const STATE: &str = "arn:aws:s3:::remedy-statebucket";
const EVIDENCE: &str = "arn:aws:s3:::remedy-evidencebucket";
const ID: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
/// The stored objects of each control: written once, and written again.
const OWN: [(&str, &[How]); 9] = [
    ("backlog", &[How::New]),
    ("budget", &[How::New]),
    ("held", &[How::New]),
    ("lock", &[How::New]),
    ("noted", &[How::New]),
    ("open", &[How::New]),
    ("wave", &[How::New]),
    ("baseline", &[How::New, How::Over]),
    ("exemption", &[How::New, How::Over]),
];

/// How an object is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Only if there is none of the key.
    New,
    /// In place of what may be there.
    Over,
}

/// The roles of the hub, with their policies.
pub struct Roles(BTreeMap<String, Vec<String>>);

impl Roles {
    /// Those of the template with these parameters, by function.
    pub fn of(parameters: &[&str]) -> Self {
        let resources = resources(parameters);
        let policies = |function: &str| {
            let role = &resources[&format!("{}ReadRole", logical(function))]["Properties"];
            let names = texts(&role["ManagedPolicyArns"]).into_iter();
            let names = names.map(|arn| arn.split('-').nth(1).expect("a name of the stack").to_owned());
            names.map(|name| resources[&name]["Properties"]["PolicyDocument"].to_string()).collect()
        };
        Self(functions().into_iter().map(|function| (function.clone(), policies(&function))).collect())
    }

    /// The decision on a request of the function's own role, with this function of the account behind it.
    fn decide(&self, function: &str, request: (&str, &str), context: &[(&str, &str)], trust: Option<&str>) -> Decision {
        let parse = |kind, text| Policy::parse(kind, text).expect("a policy of the template");
        let identity: Vec<_> = self.0[function].iter().map(|text| parse(Kind::Identity, text)).collect();
        let resource = trust.map(|text| parse(Kind::Trust, text));
        let policies =
            Policies { identity: identity.iter().collect(), resource: resource.as_ref(), ..Policies::default() };
        let context = context.iter().chain(&[("aws:resourceaccount", ACCOUNT), ("aws:securetransport", "true")]);
        decide(
            &policies,
            &Request {
                caller: Caller::Session {
                    role: format!("arn:aws:iam::{ACCOUNT}:role/remedy-{function}-read"),
                    session: format!("arn:aws:sts::{ACCOUNT}:assumed-role/remedy-{function}-read/s"),
                },
                action: request.0.to_owned(),
                resource: request.1.to_owned(),
                resource_account: ACCOUNT.to_owned(),
                context: context.map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect(),
            },
        )
    }

    fn put(&self, function: &str, object: &str, how: How) -> bool {
        let itself = lambda(function);
        let mut context = vec![("lambda:sourcefunctionarn", itself.as_str())];
        context.extend((how == How::New).then_some(("s3:if-none-match", "*")));
        self.decide(function, ("s3:PutObject", object), &context, None) == Decision::Allowed
    }

    /// Whether a function may put a key into the state bucket.
    pub fn may_put(&self, function: &str, key: &str, how: How) -> bool {
        self.put(function, &format!("{STATE}/{key}"), how)
    }
}

fn lambda(function: &str) -> String {
    format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:remedy-{function}")
}

/// The controls of every function, as the state bucket names them.
fn controls() -> Vec<(String, String)> {
    let of = |function: String| {
        let described = described(&function);
        let ids = described["controls"].as_array().expect("a list").iter();
        let ids: Vec<_> =
            ids.map(|control| renamed::filed(control["id"].as_str().expect("an id")).to_owned()).collect();
        ids.into_iter().map(move |id| (function.clone(), id))
    };
    functions().into_iter().flat_map(of).collect()
}

#[test]
fn decisions_are_put_by_the_operator_alone() {
    let roles = Roles::of(&["Writes=permitted"]);
    let keys = [
        (format!("ask/{ID}/0000.decision"), How::New),
        (format!("ask/{ID}/0001.decision"), How::Over),
        ("hold/all".to_owned(), How::New),
        ("hold/all".to_owned(), How::Over),
        ("hold/control/s3-bucket-public/0000000001".to_owned(), How::New),
        (format!("nonce/2026030412/{ID}"), How::New),
        (format!("nonce/2026030412/{ID}"), How::Over),
        ("settings/in-force".to_owned(), How::New),
        ("settings/in-force".to_owned(), How::Over),
        ("settings/adopted".to_owned(), How::New),
        ("indexed/asks".to_owned(), How::Over),
        ("settings.json".to_owned(), How::New),
        ("settings.json".to_owned(), How::Over),
    ];
    for (key, how) in keys {
        for function in functions() {
            // A decision stays, even for the operator; the `SettingsWriter` puts documents.
            let replaced = ["settings/in-force", "indexed/asks"].contains(&key.as_str());
            let of_operator = !key.starts_with("settings.") && (how == How::New || replaced);
            let may = function == "operator" && of_operator;
            assert_eq!(roles.may_put(&function, &key, how), may, "{function} puts {key}, {how:?}");
        }
    }
    for function in functions() {
        let tells = roles.may_put(&function, "settings/opening/0000/0001", How::New);
        assert_eq!(tells, function != "sealer", "{function} tells which settings there were");
        assert!(!roles.may_put(&function, "settings/opening/0000/0001", How::Over), "{function}");
        let marks = roles.may_put(&function, "seal/last/0000000000", How::New);
        assert_eq!(marks, function == "sealer", "{function} says how far the evidence is sealed");
    }
}

#[test]
fn a_function_keeps_the_ledger_of_its_own_controls_alone() {
    let roles = Roles::of(&["Writes=permitted"]);
    for (owner, control) in controls() {
        for (prefix, ways) in OWN {
            for how in [How::New, How::Over] {
                for function in functions() {
                    let key = format!("{prefix}/{control}/{ACCOUNT}/us-east-1/{ID}");
                    let is_decision =
                        function == "operator" && (prefix == "exemption" || (prefix == "open" && how == How::New));
                    let may = is_decision || (function == owner && ways.contains(&how));
                    assert_eq!(roles.may_put(&function, &key, how), may, "{function} puts {key}, {how:?}");
                }
            }
        }
        let released = format!("lock/{control}/{ID}/0000000000.done");
        for function in functions() {
            let may = function == owner || function == "sealer";
            assert_eq!(roles.may_put(&function, &released, How::New), may, "{function} puts {released}");
        }
    }
}

#[test]
fn a_folder_of_a_control_inside_of_another_is_not_its_own() {
    let roles = Roles::of(&["Writes=permitted"]);
    let all = controls();
    for (owner, control) in &all {
        for (_, other) in all.iter().filter(|(function, _)| function != owner) {
            for key in [
                format!("exemption/{other}/{control}/x"),
                format!("lock/{other}/lock/{control}/x"),
                format!("hold/{control}/x"),
                format!("nonce/{control}/x"),
                format!("ask/{ID}/{control}/0000.decision"),
                format!("ask/{ID}/0000.decision/{control}"),
                format!("{control}/exemption"),
            ] {
                let allowed = [How::New, How::Over].map(|how| roles.may_put(owner, &key, how));
                assert_eq!(allowed, [false, false], "{owner} puts {key}");
            }
        }
    }
}

#[test]
fn functions_ask_and_use_approvals_up_and_replace_nothing_else() {
    let roles = Roles::of(&["Writes=permitted"]);
    for (function, _) in controls() {
        for (key, ways) in [
            (format!("ask/{ID}/0000"), [true, false]),
            (format!("ask/{ID}/0000.spent"), [true, true]),
            (format!("plan/{ID}"), [true, true]),
            (format!("notice/{ID}"), [true, false]),
            (format!("notice/{ID}.sent"), [true, false]),
            (format!("superseded/{ID}/0000"), [true, false]),
        ] {
            let allowed = [How::New, How::Over].map(|how| roles.may_put(&function, &key, how));
            // A key without a condition permits both.
            assert_eq!(allowed, ways, "{function} puts {key}");
        }
    }
}

#[test]
fn seals_are_put_by_the_sealer_and_records_by_every_function_once() {
    let roles = Roles::of(&["Writes=permitted"]);
    for function in functions() {
        let record = format!("{EVIDENCE}/2026/03/04/12/0000.000-x-intent-{ID}.json");
        assert!(roles.put(&function, &record, How::New), "{function}");
        assert!(!roles.put(&function, &record, How::Over), "{function}");
        let seal = format!("{EVIDENCE}/seal/0000000000.json");
        assert_eq!(roles.put(&function, &seal, How::New), function == "sealer", "{function}");
    }
}

#[test]
fn a_role_that_is_passed_to_another_function_decides_writes_and_proves_nothing() {
    let parameters = ["Writes=permitted", "OrganizationId=o-exampleorg1", "ExternalId=7f3a9c-4d21-8e5b"];
    let (roles, resources) = (Roles::of(&parameters), resources(&parameters));
    let org = ("aws:resourceorgid", "o-exampleorg1");
    for function in functions() {
        let (itself, write) = (lambda(&function), format!("arn:aws:iam::{ACCOUNT}:role/remedy-{function}-write"));
        let trust = resources.get(&format!("{}WriteRole", logical(&function)));
        let trust = trust.map(|role| role["Properties"]["AssumeRolePolicyDocument"].to_string());
        let member = format!("arn:aws:iam::444455556666:role/remedy-{function}-write");
        let record = format!("{EVIDENCE}/2026/03/04/12/x.json");
        let mut requests = vec![("s3:PutObject", record.as_str(), None)];
        if trust.is_some() {
            requests.push(("sts:AssumeRole", &write, trust.as_deref()));
            requests.push(("sts:AssumeRole", &member, None));
        }
        for (action, resource, trust) in requests {
            let of = |source: Option<&str>| {
                let mut context = vec![("s3:if-none-match", "*"), org];
                context.extend(source.map(|source| ("lambda:sourcefunctionarn", source)));
                roles.decide(&function, (action, resource), &context, trust)
            };
            assert_eq!(of(Some(&itself)), Decision::Allowed, "{function}: {action} on {resource}");
            let other = itself.replace("remedy-", "mallory-");
            for source in [None, Some(other.as_str()), Some("arn:aws:lambda:us-east-1:444455556666:function:remedy")] {
                assert_eq!(of(source), Decision::ExplicitlyDenied, "{function}: {action} on {resource} by {source:?}");
            }
        }
    }
}

#[test]
fn the_operator_sends_to_the_queues_of_the_functions_by_name() {
    let roles = Roles::of(&["Writes=permitted"]);
    let sends = |queue: &str| {
        let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:remedy-{queue}");
        roles.decide("operator", ("sqs:SendMessage", &arn), &[], None) == Decision::Allowed
    };
    for function in functions() {
        let has_controls = !described(&function)["controls"].as_array().expect("a list").is_empty();
        assert_eq!(sends(&function), has_controls, "{function}");
    }
    assert!(sends("dead-letters"), "what it could not do");
    assert!(!sends("another"));
}
