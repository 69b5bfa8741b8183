//! Silencing Remedy is reported: for each type of resource of the template, the calls that could, and the rules that
//! match them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::template::{of_type, resolved, resources};

const ACCOUNT: &str = "111122223333";
/// The ids that the template is resolved with.
const KEY: &str = "00000000-0000-4000-8000-00000datakey";
const DENY_POLICY: &str = "arn:aws:iam::111122223333:policy/remedy-iam-mfa-deny";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:remedy-notices";
/// The row of calls that concern no resource of the stack.
const DRIFT: &str = "what tells the stack of drift";

/// Calls that could silence, blind or take over a resource: the service as CloudTrail names it, their names there, and
/// their subjects, in CloudTrail's words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Calls {
    service: String,
    calls: Vec<String>,
    about: Value,
}

/// The one table, by the type of the resource.
fn table() -> BTreeMap<String, Vec<Calls>> {
    serde_json::from_str(include_str!("tampering/table.json")).expect("the table is JSON")
}

/// Events that should not be reported: reading, AWS's own work, data, and resources of others.
fn quiet() -> Vec<Value> {
    let reading = |mut event: Value| {
        event["detail"]["readOnly"] = json!(true);
        event
    };
    let data = |mut event: Value| {
        event["detail"]["managementEvent"] = json!(false);
        event
    };
    let deny = json!({"userName": "bob", "policyArn": DENY_POLICY});
    let by_the_function = |mut event: Value| {
        event["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] = json!("remedy-iam-mfa-write");
        event
    };
    let (key, state, topic) =
        (json!({"keyId": KEY}), json!({"bucketName": "remedy-statebucket"}), json!({"topicArn": TOPIC}));
    let (function, queue) =
        (json!({"functionName": "remedy-operator"}), json!({"queueUrl": "https://sqs/1/remedy-kms-keys"}));
    vec![
        reading(event("kms", "GenerateDataKey", &key)),
        reading(event("kms", "Sign", &key)),
        reading(event("s3", "GetBucketPolicy", &state)),
        data(event("s3", "PutObject", &state)),
        data(event("sqs", "SendMessage", &queue)),
        data(event("sns", "Publish", &topic)),
        data(event("lambda", "Invoke", &function)),
        event("logs", "CreateLogStream", &json!({"logGroupName": "/aws/lambda/remedy-kms-keys"})),
        event("s3", "PutBucketPolicy", &json!({"bucketName": "theirs"})),
        event("kms", "DisableKey", &json!({"keyId": "theirs"})),
        event("iam", "DeleteRole", &json!({"roleName": "theirs"})),
        by_the_function(event("iam", "AttachUserPolicy", &deny)),
        by_the_function(event("iam", "DetachUserPolicy", &deny)),
        event("sns", "Unsubscribe", &json!({"subscriptionArn": format!("{TOPIC}-2:0f0f")})),
    ]
}

fn event(service: &str, name: &str, about: &Value) -> Value {
    json!({
        "source": format!("aws.{service}"),
        "account": ACCOUNT,
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventSource": format!("{service}.amazonaws.com"),
            "eventName": name,
            "readOnly": false,
            "managementEvent": true,
            "requestParameters": about,
        },
    })
}

/// Whether EventBridge would match an event, as far as these rules need it to be known.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
fn takes(pattern: &Value, event: &Value) -> bool {
    let Value::Object(members) = pattern else { panic!("no pattern: {pattern}") };
    members.iter().all(|(name, wanted)| match wanted {
        Value::Array(sides) if name == "$or" => sides.iter().any(|side| takes(side, event)),
        Value::Array(values) if event[name].is_null() => values.contains(&json!({"exists": false})),
        Value::Array(values) => each(&event[name]).iter().any(|found| values.iter().any(|value| fits(value, found))),
        inner if event[name].is_null() => takes(inner, &Value::Null),
        inner => each(&event[name]).iter().any(|found| takes(inner, found)),
    })
}

/// A list in an event stands for any of its items.
fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => vec![],
        one => vec![one],
    }
}

fn fits(value: &Value, found: &Value) -> bool {
    let Value::Object(operator) = value else { return value == found };
    let (operator, operand) = operator.iter().next().expect("an operator");
    let Some(text) = found.as_str() else { return false };
    match (operator.as_str(), operand) {
        ("prefix", Value::String(prefix)) => text.starts_with(prefix),
        ("wildcard", Value::String(pattern)) => remedy_policy::glob::matches(pattern, text),
        ("exists", Value::Bool(wanted)) => *wanted,
        ("anything-but", Value::Array(others)) => !others.contains(found),
        _ => panic!("an operator that is not known here: {value}"),
    }
}

const EVERYTHING: [&str; 4] = [
    "Writes=permitted",
    "OrganizationId=o-exampleorg1",
    "ExternalId=7f3a9c-4d21-8e5b",
    "Witness=arn:aws:events:us-east-1:999988887777:event-bus/security",
];

/// The patterns of events that people are notified of as tampering.
fn patterns() -> Vec<(String, Value)> {
    let resources = resources(&EVERYTHING);
    let rules = of_type(&resources, "AWS::Events::Rule").into_iter().filter(|(name, _)| name.starts_with("Tampering"));
    rules.map(|(name, rule)| (name.to_owned(), rule["EventPattern"].clone())).collect()
}

#[test]
fn every_call_that_could_silence_a_resource_of_the_template_is_told() {
    let patterns = patterns();
    let is_heard = |event: &Value| patterns.iter().any(|(_, pattern)| takes(pattern, event));
    for (kind, rows) in table() {
        assert!(!rows.is_empty(), "{kind}");
        for Calls { service, calls, about } in &rows {
            for call in calls {
                assert!(is_heard(&event(service, call, about)), "{kind}: nobody hears {call} of {about}");
            }
        }
    }
    let mut by_another = event("iam", "DetachUserPolicy", &json!({"userName": "bob", "policyArn": DENY_POLICY}));
    assert!(is_heard(&by_another), "a user who is no role takes the MFA-deny policy off");
    by_another["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] = json!("deployer");
    assert!(is_heard(&by_another), "another role does");
    let tomorrow = event("s3", "PutBucketSomethingNew", &json!({"bucketName": "remedy-evidencebucket"}));
    assert!(is_heard(&tomorrow), "a call that AWS makes later is no reading either");
}

#[test]
fn every_type_of_resource_of_the_template_has_a_row() {
    let (resources, table) = (resources(&EVERYTHING), table());
    let rules = resolved("config-rules.yaml", &["CustomRules=yes"]);
    let kinds: BTreeSet<_> =
        resources.values().chain(rules.values()).filter_map(|resource| resource["Type"].as_str()).collect();
    for kind in &kinds {
        assert!(table.contains_key(*kind), "say which calls could silence a {kind}");
    }
    let of_nothing: Vec<_> = table.keys().filter(|row| *row != DRIFT && !kinds.contains(row.as_str())).collect();
    assert!(of_nothing.is_empty(), "rows of no resource: {of_nothing:?}");
}

#[test]
fn what_happens_all_day_is_not_told() {
    for event in quiet() {
        let told: Vec<_> = patterns().into_iter().filter(|(_, pattern)| takes(pattern, &event)).collect();
        assert!(told.is_empty(), "{told:?} tell of {event}");
    }
    let mut elsewhere = event("s3", "PutBucketPolicy", &json!({"bucketName": "remedy-statebucket"}));
    elsewhere["account"] = json!("444455556666");
    assert!(!patterns().iter().any(|(_, pattern)| takes(pattern, &elsewhere)), "another account's is not ours");
}

#[test]
fn tampering_is_told_here_and_to_a_witness_of_another_account() {
    for (name, rule) in of_type(&resources(&EVERYTHING), "AWS::Events::Rule") {
        let ids: Vec<_> = rule["Targets"].as_array().expect("targets").iter().map(|target| &target["Id"]).collect();
        if name.starts_with("Tampering") {
            assert_eq!(ids, ["people", "witness"], "{name}");
            // EventBridge accepts 2,048 characters of a pattern.
            let length = rule["EventPattern"].to_string().len();
            assert!(length <= 2_048, "{name}: {length} characters");
        }
    }
    let alone = resources(&["Writes=permitted"]);
    assert!(!alone.contains_key("WitnessRole") && !alone.contains_key("Witnessed"));
    for (name, rule) in
        of_type(&alone, "AWS::Events::Rule").into_iter().filter(|(name, _)| name.starts_with("Tampering"))
    {
        assert_eq!(rule["Targets"].as_array().map(Vec::len), Some(1), "{name}");
    }
}
