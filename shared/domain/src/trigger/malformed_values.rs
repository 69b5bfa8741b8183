//! Payloads with one member of the wrong value, and documents of the wrong family, of two or of none.

use serde_json::{Value, json};

use super::malformed_members::with;

/// All of them.
pub(super) fn cases() -> Vec<(String, Vec<u8>)> {
    let spoiled = values()
        .into_iter()
        .map(|(kind, event, at, value)| (format!("{kind}/{event} {at} = {}", brief(&value)), with(event, at, value)));
    let whole = WHOLE.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
    spoiled.chain(whole).collect()
}

/// Members of the right type that say the wrong thing: kind, event, place, value.
#[rustfmt::skip]
fn values() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let mut values = shapes();
    values.extend([
        ("foreign-account", "compliance", "/detail/awsAccountId", json!("999999999999")),
        ("foreign-account", "item", "/detail/configurationItem/awsAccountId", json!("999999999999")),
        ("foreign-account", "api-call", "/detail/recipientAccountId", json!("999999999999")),
        ("foreign-account", "sign-in", "/detail/recipientAccountId", json!("999999999999")),
        ("foreign-account", "security-hub", "/detail/findings/0/Resources/0", json!({"Type": "AwsAccount", "Id": "AWS::::Account:999999999999"})),
        ("foreign-account", "access-analyzer", "/detail/accountId", json!("999999999999")),
        ("foreign-account", "guard-duty", "/detail/accountId", json!("999999999999")),
        ("foreign-account", "compliance", "/account", json!("999999999999")),
        ("foreign-account", "config-rule", "/accountId", json!("999999999999")),
        ("foreign-account", "config-rule", "/configRuleArn", json!("arn:aws:config:us-east-1:999999999999:config-rule/x")),
        ("untrusted-source", "compliance", "/source", json!("hipaa.config")),
        ("untrusted-source", "compliance", "/source", json!("aws.s3")),
        ("untrusted-source", "compliance", "/source", json!("AWS.config")),
        ("untrusted-source", "compliance", "/source", json!("")),
        ("untrusted-source", "compliance", "/source", json!(" aws.config")),
        ("untrusted-source", "compliance", "/detail-type", json!("GuardDuty Finding")),
        ("untrusted-source", "scheduled", "/source", json!("aws.schedulers")),
        ("untrusted-source", "sign-in", "/source", json!("aws.iam")),
        ("untrusted-source", "api-call", "/source", json!("aws.s3")),
        ("untrusted-source", "api-call", "/detail/eventSource", json!("s3.amazonaws.com")),
        ("untrusted-source", "api-call", "/detail/eventSource", json!("kms.example.com")),
        ("unknown-event", "compliance", "/detail-type", json!("Config-Rules Re-evaluation Status")),
        ("unknown-event", "compliance", "/detail-type", json!("config rules compliance change")),
        ("unknown-event", "item", "/detail/messageType", json!("ConfigurationHistoryDeliveryCompleted")),
        ("unknown-event", "queue", "/Records/0/eventSource", json!("aws:kinesis")),
        ("unknown-event", "config-rule", "/invokingEvent", json!("{\"messageType\":\"Other\"}")),
        ("not-json", "config-rule", "/invokingEvent", json!("")),
        ("not-json", "config-rule", "/invokingEvent", json!("{")),
        ("not-json", "config-rule", "/invokingEvent", json!("\u{feff}{}")),
        ("not-json", "config-rule", "/ruleParameters", json!("{'a':1}")),
        ("duplicate-key", "config-rule", "/invokingEvent", json!("{\"messageType\":\"a\",\"messageType\":\"b\"}")),
        ("duplicate-key", "config-rule", "/ruleParameters", json!("{\"control\":\"a\",\"control\":\"b\"}")),
        ("too-deep", "config-rule", "/invokingEvent", json!("[".repeat(100_000))),
        ("oversize", "config-rule", "/ruleParameters", json!(" ".repeat((1 << 20) + 1))),
    ]);
    values
}

#[rustfmt::skip]
fn shapes() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let shapes = [
        ("manual", "/control", vec![json!(""), json!("S3"), json!("a b"), json!("a\n"), json!("a".repeat(65)), json!(null), json!(1)]),
        ("manual", "/resource", vec![json!(""), json!("a".repeat(1225)), json!("a\u{0}"), json!("a\u{1b}[2J"), json!("a\u{9b}"), json!("a\u{202e}b")]),
        ("manual", "/account", vec![json!("11112222333"), json!("1111222233334"), json!("11112222333x"), json!("١١١١٢٢٢٢٣٣٣٣")]),
        ("manual", "/region", vec![json!(""), json!("us east"), json!("US-EAST-1"), json!("a".repeat(33))]),
        ("manual", "/mode", vec![json!("Enforce"), json!("force"), json!("")]),
        ("manual", "/dryRun", vec![json!(true)]),
        ("manual", "/regoin", vec![json!("us-east-1")]),
        ("sweep", "/sweep", vec![json!("credentials"), json!(true), json!([]), json!(null)]),
        ("sweep", "/dryRun", vec![json!(true)]),
        ("sweep", "/sweep/accounts", vec![json!([])]),
        ("sweep", "/sweep/after", vec![json!("0".repeat(31)), json!("0".repeat(33)), json!("A".repeat(32)), json!("g".repeat(32)), json!("")]),
        ("sweep", "/sweep/from", vec![json!(""), json!("x".repeat(4097)), json!("a\u{0}"), json!("a\u{202e}b"), json!(1)]),
        ("sweep", "/sweep", vec![json!({"after": "0".repeat(32)}), json!({"from": "page-2"})]),
        ("sweep", "/sweep/controls", vec![json!(["s3-bucket-public"])]),
        ("sweep", "/sweep", vec![json!({"controls": []}), json!({"controls": ["a", "a"]}), json!({"controls": ["A"]}), json!({"controls": "a"})]),
        ("manual", "/controls", vec![json!(["s3-bucket-public"]), json!([]), json!("s3-bucket-public")]),
        ("status", "/status/after", vec![json!("0".repeat(32))]),
        ("revert", "/revert", vec![json!("x"), json!([]), json!(null), json!({})]),
        ("revert", "/revert/plan", vec![json!("0".repeat(63)), json!("0".repeat(65)), json!("A".repeat(64)), json!("g".repeat(64)), json!("")]),
        ("revert", "/revert/reason", vec![json!("x".repeat(1025))]),
        ("revert", "/revert/force", vec![json!(true)]),
        ("approved", "/approved", vec![json!("x"), json!([]), json!(null), json!({})]),
        ("approved", "/approved/by", vec![json!("arn:aws:iam::111122223333:user/mallory")]),
        ("compliance", "/detail/newEvaluationResult/complianceType", vec![json!("non_compliant"), json!("")]),
        ("compliance", "/detail/resourceId", vec![json!("other"), json!("")]),
        ("compliance", "/detail/resourceType", vec![json!("AWS::KMS::Key"), json!("AWS/S3")]),
        ("compliance", "/detail/configRuleName", vec![json!("other"), json!(""), json!("a".repeat(129)), json!("a\nb")]),
        ("item", "/detail/configurationItem/configurationItemCaptureTime", vec![json!("yesterday"), json!("")]),
        ("item", "/detail/messageType", vec![json!("OversizedConfigurationItemChangeNotification"), json!("ScheduledNotification")]),
        ("security-hub", "/detail/findings", vec![json!([]), json!([1]), json!([[]])]),
        ("security-hub", "/detail/findings/0/Resources", vec![json!([]), json!([{}])]),
        ("config-rule", "/resultToken", vec![json!(""), json!("a b"), json!("a".repeat(8193))]),
        ("config-rule", "/invokingEvent", vec![json!("[]"), json!("{}"), json!("null"), json!({}), json!(null)]),
        ("config-rule", "/ruleParameters", vec![json!("[]"), json!("{\"control\":1}"), json!("{\"control\":\"A B\"}")]),
        ("queue", "/Records", vec![json!([]), json!({}), json!(null), json!([1]), json!([{}]), json!([[]])]),
        ("queue", "/Records/0/messageId", vec![json!(null), json!(1), json!(""), json!("a\nb")]),
        ("queue", "/Records/0/EventSource", vec![json!("aws:sns")]),
    ];
    let each = |(event, at, values): (_, _, Vec<Value>)| values.into_iter().map(move |value| ("wrong-shape", event, at, value));
    shapes.into_iter().flat_map(each).collect()
}

/// Documents of the wrong family, of two or of none.
#[rustfmt::skip]
const WHOLE: [(&str, &str); 21] = [
    ("wrong-shape/null", "null"),
    ("wrong-shape/true", "true"),
    ("wrong-shape/number", "1"),
    ("wrong-shape/string", "\"sweep\""),
    ("wrong-shape/array", "[]"),
    ("wrong-shape/array of an event", r#"[{"sweep":{}}]"#),
    ("wrong-shape/manual without its resource", r#"{"control":"s3-bucket-public"}"#),
    (
        "wrong-shape/mixed records",
        r#"{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":"{}"},{"EventSource":"aws:sns","Sns":{"Type":"Notification","MessageId":"1","Message":"{}"}}]}"#,
    ),
    ("wrong-shape/notification without an id", r#"{"Records":[{"EventSource":"aws:sns","Sns":{"Type":"Notification","Message":"{}"}}]}"#),
    ("wrong-shape/notification as an array", r#"{"Records":[{"EventSource":"aws:sns","Sns":["Notification","1","{}"]}]}"#),
    ("unknown-event/empty object", "{}"),
    ("unknown-event/resource alone", r#"{"resource":"phi-imaging-example"}"#),
    ("unknown-event/detail type alone", r#"{"detail-type":"Scheduled Event"}"#),
    ("unknown-event/source alone", r#"{"source":"aws.events"}"#),
    ("unknown-event/alarm", r#"{"source":"aws.cloudwatch","alarmArn":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:daily","accountId":"111122223333"}"#),
    ("unknown-event/records of s3", r#"{"Records":[{"eventSource":"aws:s3"}]}"#),
    ("unknown-event/notification outside of a queue", r#"{"Type":"Notification","MessageId":"1","Message":"{\"sweep\":{}}"}"#),
    ("unknown-event/manual and sweep", r#"{"control":"s3-bucket-public","resource":"x","sweep":{}}"#),
    ("unknown-event/sweep and revert", r#"{"sweep":{},"revert":{}}"#),
    ("unknown-event/event and records", r#"{"Records":[],"detail-type":"Scheduled Event","source":"aws.events"}"#),
    ("unknown-event/members of other spelling", r#"{"Control":"s3-bucket-public","Resource":"x"}"#),
];

/// A value that fits into a name.
fn brief(value: &Value) -> String {
    value.to_string().escape_debug().take(80).collect()
}
