//! Laws that hold for every policy: verdicts agree with the decision on single requests, and do not depend on spelling.

use std::{collections::BTreeMap, sync::LazyLock};

use proptest::{prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::{
    Answer, Holder, Identity, Kind, Policy, Resource,
    catalogue::Catalogue,
    edit,
    evaluate::{Caller, Decision, Policies, Request, decide},
    resources,
};

const ORG: &str = "o-ours000000";
const US: &str = "111122223333";
const THEM: &str = "999999999999";

const STRINGS: &[&str] = &["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"];

/// Conditions from every family of keys.
fn clause() -> impl Strategy<Value = (String, String, Value)> {
    let operator = |base: &'static [&'static str]| {
        (
            select(&["", "", "", "ForAnyValue:", "ForAllValues:"][..]),
            select(base),
            select(&["", "", "", "IfExists"][..]),
        )
            .prop_map(|(set, base, exists)| format!("{set}{base}{exists}"))
    };
    let values = |pool: &'static [&'static str]| prop::collection::vec(select(pool), 1..3).prop_map(|list| json!(list));
    let of = |key: &'static str, base: &'static [&'static str], pool: &'static [&'static str]| {
        (operator(base), Just(key.to_owned()), values(pool)).boxed()
    };
    prop_oneof![
        4 => of("aws:PrincipalOrgID", STRINGS, &[ORG, "o-*", "*"]),
        2 => of("AWS:principalaccount", STRINGS, &[US, "*"]),
        2 => of("aws:PrincipalArn", &["ArnLike", "ArnEquals", "ArnNotLike", "StringLike", "StringNotLike", "StringEquals"], &["arn:aws:iam::111122223333:role/*", "arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:root", "*"]),
        2 => of("aws:SourceVpce", STRINGS, &["vpce-ours", "vpce-*"]),
        3 => of("aws:SourceIp", &["IpAddress", "NotIpAddress"], &["198.51.100.0/24", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "::/0"]),
        2 => of("aws:Referer", STRINGS, &["https://clinic.example/", "https://*", "*"]),
        2 => of("aws:SecureTransport", &["Bool"], &["true", "false"]),
        1 => of("aws:PrincipalIsAWSService", &["Bool"], &["true", "false"]),
        3 => (select(&["aws:PrincipalOrgID", "aws:SourceVpce", "aws:SourceIp", "aws:Referer"][..]), any::<bool>())
            .prop_map(|(key, absent)| ("Null".to_owned(), key.to_owned(), json!(absent.to_string()))),
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    prop::collection::vec(clause(), 0..3).prop_map(|clauses| {
        let mut out = serde_json::Map::new();
        for (operator, key, values) in clauses {
            let keys = out.entry(operator).or_insert_with(|| json!({}));
            keys[key] = values;
        }
        Value::Object(out)
    })
}

fn bucket_statement() -> impl Strategy<Value = Value> {
    let principal = select(
        &[
            r#"{"Principal":"*"}"#,
            r#"{"Principal":"*"}"#,
            r#"{"Principal":{"AWS":["*"]}}"#,
            r#"{"Principal":{"AWS":"111122223333"}}"#,
            r#"{"NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"}}"#,
        ][..],
    );
    let action = select(vec![
        json!({"Action": "s3:*"}),
        json!({"Action": ["s3:GetObject"]}),
        json!({"Action": "*"}),
        json!({"NotAction": "s3:GetObject"}),
        json!({"Action": ["s3:Get*", "s3:PutObject"]}),
    ]);
    let resource = select(vec![
        json!({"Resource": "arn:aws:s3:::b/*"}),
        json!({"Resource": "*"}),
        json!({"Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}),
        json!({"NotResource": "arn:aws:s3:::b/private/*"}),
    ]);
    (any::<bool>(), principal, action, resource, condition()).prop_map(
        |(allow, principal, action, resource, condition)| {
            let mut statement = json!({"Effect": if allow { "Allow" } else { "Deny" }, "Condition": condition});
            for part in [serde_json::from_str(principal).unwrap(), action, resource] {
                let Value::Object(members) = part else { continue };
                statement.as_object_mut().unwrap().extend(members);
            }
            statement
        },
    )
}

fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

type Context = Vec<(&'static str, &'static str)>;

/// External callers of every sort. The analyser assumes no key and knows no alphabet of values, so neither do these.
fn callers() -> Vec<(Caller, Context)> {
    let user = Caller::User { arn: format!("arn:aws:iam::{THEM}:user/x") };
    let session = Caller::Session {
        role: format!("arn:aws:iam::{THEM}:role/x"),
        session: format!("arn:aws:sts::{THEM}:assumed-role/x/y"),
    };
    // AWS says that a nameless caller's account is `anonymous`. Here the key is absent: no verdict may lean on it.
    let mut callers = vec![(Caller::Anonymous, vec![])];
    for org in [None, Some("o-theirs0000"), Some("theirs")] {
        let nameless: Context = org
            .map(|org| ("aws:principalorgid", org))
            .into_iter()
            .chain([("aws:principalisawsservice", "false")])
            .collect();
        let mut named = nameless.clone();
        named.push(("aws:principalaccount", THEM));
        callers.extend([(user.clone(), nameless), (user.clone(), named.clone())]);
        for (caller, arn) in
            [(&user, "arn:aws:iam::999999999999:user/x"), (&session, "arn:aws:iam::999999999999:role/x")]
        {
            let with_arn = named.iter().copied().chain([("aws:principalarn", arn)]);
            callers.push((caller.clone(), with_arn.collect()));
        }
    }
    callers
}

/// Their addresses, and everything else that they choose.
fn circumstances() -> Vec<Context> {
    let places = [
        Some(("aws:sourceip", "8.8.8.8")),
        Some(("aws:sourceip", "203.0.113.9")),
        Some(("aws:sourceip", "2a00::1")),
        Some(("aws:sourcevpce", "vpce-theirs")),
        Some(("aws:sourcevpce", "theirs")),
        None,
    ];
    let referers = [
        None,
        Some("https://clinic.example/"),
        Some("https://other.example/"),
        Some("http://plain.example/"),
        Some("https://*"),
        Some("*"),
    ];
    let mut out = Vec::new();
    for place in places {
        for referer in referers {
            for secure in ["true", "false"] {
                let chosen = place.into_iter().chain(referer.map(|url| ("aws:referer", url)));
                out.push(chosen.chain([("aws:securetransport", secure)]).collect());
            }
        }
    }
    out
}

/// Requests that external callers can make, with everything that they can choose.
fn strangers() -> Vec<Request> {
    let mut requests = Vec::new();
    for (caller, who) in callers() {
        for circumstance in circumstances() {
            let context: BTreeMap<_, _> = who
                .iter()
                .chain(&circumstance)
                .map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]))
                .collect();
            for (action, resource) in ASKED {
                requests.push(Request {
                    caller: caller.clone(),
                    action: action.to_owned(),
                    resource: resource.to_owned(),
                    resource_account: US.to_owned(),
                    context: context.clone(),
                });
            }
        }
    }
    requests
}

const ASKED: [(&str, &str); 12] = [
    ("s3:GetObject", "arn:aws:s3:::b/key"),
    ("s3:PutObject", "arn:aws:s3:::b/key"),
    ("s3:ListBucket", "arn:aws:s3:::b"),
    ("s3:GetBucketAcl", "arn:aws:s3:::b"),
    ("s3:GetObject", "arn:aws:s3:::b"),
    ("s3:PutObject", "arn:aws:s3:::b"),
    ("s3:GetObject", "arn:aws:s3:::other/key"),
    ("s3:PutObject", "arn:aws:s3:::other/key"),
    ("s3:ListBucket", "arn:aws:s3:::other"),
    ("s3:DeleteObject", "arn:aws:s3:::b/private/key"),
    ("s3:GetObject", "arn:aws:s3:::b/private/key"),
    ("s3:PutObject", "arn:aws:s3:::b/private/key"),
];

/// Whether the policy admits the request, whatever the caller's own account says.
fn admitted(policy: &Policy<'_>, everything: &Policy<'_>, request: &Request) -> bool {
    let policies = Policies { identity: vec![everything], resource: Some(policy), ..Policies::default() };
    decide(&policies, request) == Decision::Allowed
}

const ACTIONS: [&str; 12] = [
    "*",
    "*:*",
    "s3:*",
    "S3:Get*",
    "iam:*",
    "iam:PassRole",
    "iam:Create*",
    "lambda:*",
    "ec2:RunInstances",
    "sqs:*",
    "iam:?reateAccessKey",
    "kms:Decrypt",
];
const RESOURCES: [&str; 6] = [
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:iam::111122223333:user/*",
    "arn:aws:iam::111122223333:user/dev/*",
    "arn:aws:iam::111122223333:user/dev/a",
    "arn:*",
];

fn identity_statement() -> impl Strategy<Value = Value> {
    let some = |pool: &'static [&'static str]| prop::collection::vec(select(pool), 1..3);
    (
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.15),
        some(&ACTIONS),
        prop::bool::weighted(0.15),
        some(&RESOURCES),
        prop::bool::weighted(0.15),
    )
        .prop_map(|(allow, not_action, actions, not_resource, resources, conditional)| {
            let mut statement = json!({
                "Effect": if allow { "Allow" } else { "Deny" },
                if not_action { "NotAction" } else { "Action" }: actions,
                if not_resource { "NotResource" } else { "Resource" }: resources,
            });
            if conditional {
                statement["Condition"] = json!({"Bool": {"aws:MultiFactorAuthPresent": allow.to_string()}});
            }
            statement
        })
}

/// Resources that each pattern matches or just misses.
const SAMPLES: [&str; 9] = [
    "*",
    "arn:aws:s3:::b/x",
    "arn:aws:s3:::other",
    "arn:aws:iam::111122223333:user/x",
    "arn:aws:iam::111122223333:user/dev/a",
    "arn:aws:iam::111122223333:user/dev/b",
    "arn:aws:iam::111122223333:user/me",
    "arn:aws:sqs:eu-west-1:111122223333:q",
    "arn:aws:iam::444455556666:role/r",
];

/// Resources of other kinds that the ways to more permissions are about.
const KINDS: [&str; 7] = [
    "arn:aws:iam::111122223333:group/g",
    "arn:aws:iam::111122223333:policy/p",
    "arn:aws:lambda:eu-west-1:111122223333:function:f",
    "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
    "arn:aws:glue:eu-west-1:111122223333:devEndpoint/d",
    "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1",
    "arn:aws:datapipeline:eu-west-1:111122223333:pipeline/p",
];

fn may(policy: &Policy<'_>, action: &str, resource: &str, mfa: &str) -> bool {
    let context = BTreeMap::from([
        ("aws:username".to_owned(), vec!["me".to_owned()]),
        ("aws:multifactorauthpresent".to_owned(), vec![mfa.to_owned()]),
    ]);
    let request = Request {
        caller: Caller::User { arn: format!("arn:aws:iam::{US}:user/me") },
        action: action.to_owned(),
        resource: resource.to_owned(),
        resource_account: US.to_owned(),
        context,
    };
    decide(&Policies { identity: vec![policy], ..Policies::default() }, &request) == Decision::Allowed
}

/// A request meets no condition of an allow if MFA is false, and no condition of a deny if it is true: what is permitted
/// without condition is what no condition can help and none can hinder. Denies that have one do not take away.
fn permitted(text: &str, action: &str, resource: &str) -> bool {
    let mut document: Value = serde_json::from_str(text).unwrap();
    document["Statement"].as_array_mut().unwrap().retain(|statement| statement.get("Condition").is_none());
    if document["Statement"].as_array().unwrap().is_empty() {
        return false;
    }
    let text = document.to_string();
    may(&Policy::parse(Kind::Identity, &text).unwrap(), action, resource, "false")
}

fn identity_of(text: &str) -> Identity {
    Identity::of(&Holder::of(&Policy::parse(Kind::Identity, text).unwrap())).unwrap()
}

fn public_and_admitted(statements: &[Value]) -> (Answer, Option<Request>) {
    let text = document(statements);
    let policy = Policy::parse(Kind::Bucket, &text).unwrap();
    let own =
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}).to_string();
    let own = Policy::parse(Kind::Identity, &own).unwrap();
    let admitted = STRANGERS.iter().find(|request| admitted(&policy, &own, request)).cloned();
    (Resource::of(&policy).public, admitted)
}

static STRANGERS: LazyLock<Vec<Request>> = LazyLock::new(strangers);

/// Conditions that contradict each other value by value are not all seen: then the analyser says public of what admits
/// nobody. That must stay rare.
#[test]
fn what_is_public_admits_a_stranger_but_for_contradictions() {
    let mut runner = TestRunner::deterministic();
    let policies = prop::collection::vec(bucket_statement(), 1..4);
    let (mut public, mut idle) = (0, 0);
    for _ in 0..1_500 {
        let statements = policies.new_tree(&mut runner).unwrap().current();
        let (answer, admitted) = public_and_admitted(&statements);
        if answer == Answer::Yes {
            public += 1;
            idle += usize::from(admitted.is_none());
        }
    }
    assert!(public > 400, "{public} public policies are too few to tell");
    assert!(idle * 100 <= public, "{idle} of {public} public policies admit nobody");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_not_public_admits_no_stranger(statements in prop::collection::vec(bucket_statement(), 1..4)) {
        let (public, admitted) = public_and_admitted(&statements);
        prop_assert!(public != Answer::Unknown, "every key is known");
        if public == Answer::No {
            prop_assert!(admitted.is_none(), "{} admits {:?}", document(&statements), admitted);
        }
    }

    #[test]
    fn verdicts_on_identities_are_what_requests_get(statements in prop::collection::vec(identity_statement(), 1..5)) {
        let text = document(&statements);
        let found = identity_of(&text);
        let sampled = ["s3:getobject", "s3:deletebucket", "iam:passrole", "iam:createaccesskey", "iam:createuser", "iam:deleteuser", "lambda:createfunction", "ec2:runinstances", "sqs:sendmessage", "kms:decrypt", "aps:createworkspace"];
        let everywhere = |action: &str| SAMPLES.iter().all(|resource| permitted(&text, action, resource));
        let somewhere = |action: &str| SAMPLES.iter().any(|resource| permitted(&text, action, resource));
        let of_its_kind = |action: &str| SAMPLES.into_iter().chain(KINDS).filter(|resource| *resource != "*" && resources::fits(action, resource)).collect::<Vec<_>>();
        let somewhere_of_its_kind = |action: &str| of_its_kind(action).iter().any(|resource| permitted(&text, action, resource));
        if found.admin {
            prop_assert!(sampled.iter().all(|action| everywhere(action)), "{} is no administrator", text);
        } else {
            prop_assert!(!sampled.iter().all(|action| everywhere(action)), "{} is one", text);
        }
        for service in ["s3", "sqs", "iam"] {
            let full = Catalogue::get().actions_of(service).unwrap().iter().step_by(9).all(|name| everywhere(&format!("{service}:{name}")))
                && [&sampled[..], &["s3:getbucketacl", "iam:createuser"]].concat().iter().filter(|action| action.starts_with(service)).all(|action| everywhere(action));
            prop_assert_eq!(found.full_service_access.iter().any(|known| known == service), full, "{} {}", service, &text);
        }
        for method in crate::escalation::methods().iter().filter(|method| method.is_first()) {
            let told = found.privilege_escalation.contains(&method);
            let open = method.actions.iter().all(|action| somewhere_of_its_kind(action));
            prop_assert!(told || !open, "{} is open in {}", method.name, &text);
            prop_assert!(!told || method.actions.iter().all(|action| somewhere(action)), "{} is closed in {}", method.name, &text);
        }
    }

    #[test]
    fn an_allow_more_removes_no_risk(statements in prop::collection::vec(identity_statement(), 1..4), more in identity_statement()) {
        let mut more = more;
        more["Effect"] = json!("Allow");
        let before = identity_of(&document(&statements));
        let after = identity_of(&document(&[statements, vec![more]].concat()));
        prop_assert!(after.admin || !before.admin);
        prop_assert!(after.admin_literal || !before.admin_literal);
        prop_assert!(before.privilege_escalation.iter().all(|method| after.privilege_escalation.contains(method)));
        prop_assert!(before.full_service_access.iter().all(|service| after.full_service_access.contains(service)));
    }

    #[test]
    fn an_allow_more_keeps_a_bucket_public(statements in prop::collection::vec(bucket_statement(), 1..4), more in bucket_statement()) {
        let mut more = more;
        more["Effect"] = json!("Allow");
        let of = |list: &[Value]| {
            let text = document(list);
            let found = Resource::of(&Policy::parse(Kind::Bucket, &text).unwrap());
            (found.public, found.public_literal)
        };
        let (before, after) = (of(&statements), of(&[statements.clone(), vec![more]].concat()));
        // A policy that was called public and admits nobody may be recognised as such once there is more to see.
        prop_assert!(after.0 == Answer::Yes || public_and_admitted(&statements).1.is_none());
        prop_assert!(after.1 == Answer::Yes || before.1 != Answer::Yes);
    }

    #[test]
    fn spelling_changes_no_verdict_on_an_identity(statements in prop::collection::vec(identity_statement(), 1..4), seed in any::<u64>()) {
        let text = document(&statements);
        let found = identity_of(&text);
        let spelled = document(&statements.iter().rev().flat_map(|statement| respelled(statement, seed)).collect::<Vec<_>>());
        prop_assert_eq!(&identity_of(&spelled), &found, "{} {}", text, spelled);
        prop_assert_eq!(&identity_of(&escaped(&text)), &found);
        if let [only] = statements.as_slice() {
            let single = json!({"Version": "2012-10-17", "Statement": only}).to_string();
            prop_assert_eq!(&identity_of(&single), &found);
        }
    }

    #[test]
    fn spelling_changes_no_verdict_on_a_bucket(statements in prop::collection::vec(bucket_statement(), 1..4), seed in any::<u64>()) {
        let of = |text: &str| {
            let found = Resource::of(&Policy::parse(Kind::Bucket, text).unwrap());
            (found.public, found.public_literal)
        };
        let text = document(&statements);
        let found = of(&text);
        let spelled = document(&statements.iter().rev().flat_map(|statement| respelled(statement, seed)).collect::<Vec<_>>());
        prop_assert_eq!(of(&spelled), found, "{} {}", &text, spelled);
        prop_assert_eq!(of(&escaped(&text)), found);
        if let [only] = statements.as_slice() {
            prop_assert_eq!(of(&json!({"Version": "2012-10-17", "Statement": only}).to_string()), found);
        }
    }

    #[test]
    fn removing_strangers_takes_nothing_from_anybody_else(statements in prop::collection::vec(bucket_statement(), 1..4)) {
        let text = document(&statements);
        let policy = Policy::parse(Kind::Bucket, &text).unwrap();
        let Ok(edited) = edit::remove_public(&policy) else { return Ok(()) };
        let removed: Vec<_> = edited.changes.iter().map(|change| change.statement).collect();
        prop_assert_eq!(&removed, &Resource::of(&policy).public_statements);
        let Some(after) = edited.text else { return Ok(()) };
        let after = Policy::parse(Kind::Bucket, &after).unwrap();
        prop_assert!(Resource::of(&after).public != Answer::Yes);
        // The other statements keep the same bytes and the same order.
        let untouched = |statement: &&crate::document::Statement<'_>| !removed.contains(&statement.index);
        let before: Vec<_> = policy.statements.iter().filter(untouched).map(|statement| statement.span.of(&text)).collect();
        let kept: Vec<_> = after.statements.iter().map(|statement| statement.span.of(after.text)).collect();
        prop_assert_eq!(before, kept);
    }

    #[test]
    fn removing_an_administrator_takes_and_gives_nothing_else(statements in prop::collection::vec(identity_statement(), 1..5)) {
        let text = document(&statements);
        let policy = Policy::parse(Kind::Identity, &text).unwrap();
        let Ok(edited) = edit::remove_admin(&policy) else { return Ok(()) };
        let Some(after) = edited.text else { return Ok(()) };
        let found = identity_of(&after);
        prop_assert!(!found.admin && !found.admin_literal);
        let after = Policy::parse(Kind::Identity, &after).unwrap();
        for action in ["s3:getobject", "iam:passrole", "iam:createuser", "lambda:createfunction", "kms:decrypt", "sqs:sendmessage"] {
            for resource in SAMPLES {
                for mfa in ["true", "false"] {
                    let (before, now) = (may(&policy, action, resource, mfa), may(&after, action, resource, mfa));
                    prop_assert!(before || !now, "{} gained {} on {}", text, action, resource);
                    // A lost grant came from a pattern that means everything, and from no other.
                    prop_assert!(now || !before || !may_by_name(&statements, action, resource, mfa), "{} lost {}", text, action);
                }
            }
        }
    }

    #[test]
    fn printing_is_the_inverse_of_parsing(statements in prop::collection::vec(bucket_statement(), 1..4)) {
        let text = serde_json::to_string_pretty(&json!({"Version": "2012-10-17", "Id": "x", "Statement": statements})).unwrap();
        let policy = Policy::parse(Kind::Bucket, &text).unwrap();
        prop_assert_eq!(policy.print(), &text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}\",:a-zA-Z0-9*?$\\\\ ./-]{0,200}") {
        for kind in [Kind::Identity, Kind::Bucket, Kind::Trust] {
            prop_assert!(Policy::parse(kind, &text).is_err() || text.contains("Statement"));
        }
    }
}

/// Whether the policy without its everything patterns still grants this: those that an edit may not touch.
fn may_by_name(statements: &[Value], action: &str, resource: &str, mfa: &str) -> bool {
    let rest: Vec<Value> = statements
        .iter()
        .filter_map(|statement| {
            let mut statement = statement.clone();
            let all = |item: &Value| item == "*" || item == "*:*";
            if statement["Effect"] == "Allow"
                && let Some(Value::Array(items)) = statement.get_mut("Action")
            {
                items.retain(|item| !all(item));
                if items.is_empty() {
                    return None;
                }
            }
            Some(statement)
        })
        .collect();
    if rest.is_empty() {
        return false;
    }
    let text = document(&rest);
    may(&Policy::parse(Kind::Identity, &text).unwrap(), action, resource, mfa)
}

/// Actions in another case, a single value without its list, and a statement for each action where that means the same.
fn respelled(statement: &Value, seed: u64) -> Vec<Value> {
    let mut statement = statement.clone();
    let members = statement.as_object_mut().unwrap();
    for key in ["Action", "NotAction", "Resource", "NotResource"] {
        let Some(Value::Array(items)) = members.get_mut(key) else { continue };
        if key.ends_with("Action") && seed.is_multiple_of(2) {
            for item in items.iter_mut() {
                *item = json!(item.as_str().unwrap().to_uppercase());
            }
        }
        items.reverse();
        if let [only] = items.as_slice() {
            let only = only.clone();
            members.insert(key.to_owned(), only);
        }
    }
    match statement.get("Action") {
        Some(Value::Array(actions)) if seed.is_multiple_of(3) => {
            let one = |action: &Value| {
                let mut part = statement.clone();
                part["Action"] = action.clone();
                part
            };
            actions.iter().map(one).collect()
        }
        _ => vec![statement],
    }
}

/// Every star and every `s` as an escape.
fn escaped(text: &str) -> String {
    text.replace('*', "\\u002A").replace("s3", "\\u0073\\u0033")
}
