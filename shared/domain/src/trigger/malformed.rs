//! Payloads that must be refused, for the tests of this parser and of everything behind it.
//!
//! They are built from small valid events, without files and without a test framework, so that tests of the real
//! binaries can send the same ones.

use serde_json::Value;

use super::{malformed_bulk, malformed_members, malformed_values};

/// Valid events, one of each kind, by name. Each member in them is looked at or is there to be skipped.
#[rustfmt::skip]
pub(super) const VALID: [(&str, &str); 17] = [
    (
        "manual",
        r#"{"control":"s3-bucket-public","resource":"phi-imaging-example","account":"111122223333","region":"us-east-1","mode":"observe"}"#,
    ),
    (
        "sweep",
        r#"{"sweep":{"control":"s3-bucket-public","account":"111122223333","region":"us-east-1"}}"#,
    ),
    (
        "status",
        r#"{"status":{"control":"s3-bucket-public"}}"#,
    ),
    (
        "revert",
        r#"{"revert":{"plan":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","reason":"CHG-0001"}}"#,
    ),
    (
        "approved",
        r#"{"approved":{"plan":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}}"#,
    ),
    (
        "scheduled",
        r#"{"detail-type":"Scheduled Event","source":"aws.events","account":"111122223333","region":"us-east-1","resources":[],"detail":{}}"#,
    ),
    (
        "compliance",
        r#"{"detail-type":"Config Rules Compliance Change","source":"aws.config","account":"111122223333","region":"us-east-1","detail":{"resourceId":"phi-imaging-example","resourceType":"AWS::S3::Bucket","awsRegion":"us-east-1","awsAccountId":"111122223333","configRuleName":"s3-bucket-ssl-requests-only","newEvaluationResult":{"evaluationResultIdentifier":{"evaluationResultQualifier":{"configRuleName":"s3-bucket-ssl-requests-only","resourceType":"AWS::S3::Bucket","resourceId":"phi-imaging-example"}},"complianceType":"NON_COMPLIANT"}}}"#,
    ),
    (
        "item",
        r#"{"detail-type":"Config Configuration Item Change","source":"aws.config","account":"111122223333","region":"us-east-1","detail":{"configurationItem":{"configurationItemCaptureTime":"2026-03-02T10:15:30.123Z","awsAccountId":"111122223333","configurationItemStatus":"OK","resourceType":"AWS::EC2::SecurityGroup","resourceId":"sg-0123456789abcdef0","awsRegion":"us-east-1"},"messageType":"ConfigurationItemChangeNotification"}}"#,
    ),
    (
        "api-call",
        r#"{"detail-type":"AWS API Call via CloudTrail","source":"aws.kms","account":"111122223333","region":"us-east-1","detail":{"userIdentity":{"type":"IAMUser","accountId":"111122223333","userName":"bob"},"eventSource":"kms.amazonaws.com","eventName":"DisableKeyRotation","awsRegion":"us-east-1","requestParameters":{"keyId":"alias/phi"},"recipientAccountId":"111122223333","resources":[{"type":"AWS::KMS::Key","ARN":"arn:aws:kms:us-east-1:111122223333:key/1"}]}}"#,
    ),
    (
        "bucket-call",
        r#"{"detail-type":"AWS API Call via CloudTrail","source":"aws.s3","account":"111122223333","region":"us-east-1","detail":{"userIdentity":{"type":"Root"},"eventSource":"s3.amazonaws.com","eventName":"PutBucketPolicy","requestParameters":{"bucketName":"phi-imaging-example"},"recipientAccountId":"111122223333"}}"#,
    ),
    (
        "sign-in",
        r#"{"detail-type":"AWS Console Sign In via CloudTrail","source":"aws.signin","account":"111122223333","region":"us-east-1","detail":{"userIdentity":{"type":"IAMUser","accountId":"111122223333","userName":"bob"},"awsRegion":"us-east-1","responseElements":{"ConsoleLogin":"Success"},"recipientAccountId":"111122223333"}}"#,
    ),
    (
        "security-hub",
        r#"{"detail-type":"Security Hub Findings - Imported","source":"aws.securityhub","account":"111122223333","region":"us-east-1","detail":{"findings":[{"AwsAccountId":"111122223333","Region":"us-east-1","ProductFields":{"RelatedAWSResources:0/name":"s3-bucket-ssl-requests-only","RelatedAWSResources:0/type":"AWS::Config::ConfigRule"},"Resources":[{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::phi-imaging-example","Region":"us-east-1"}],"Compliance":{"Status":"FAILED"},"Workflow":{"Status":"NEW"},"RecordState":"ACTIVE"}]}}"#,
    ),
    (
        "access-analyzer",
        r#"{"detail-type":"Access Analyzer Finding","source":"aws.access-analyzer","account":"111122223333","region":"us-east-1","detail":{"status":"ACTIVE","resourceType":"AWS::S3::Bucket","resource":"arn:aws:s3:::phi-imaging-example","accountId":"111122223333","region":"us-east-1","isDeleted":false}}"#,
    ),
    (
        "guard-duty",
        r#"{"detail-type":"GuardDuty Finding","source":"aws.guardduty","account":"111122223333","region":"us-east-1","detail":{"accountId":"111122223333","region":"us-east-1","resource":{"accessKeyDetails":{"userType":"IAMUser","userName":"bob"},"s3BucketDetails":[{"name":"phi-imaging-example"}]},"service":{"archived":false}}}"#,
    ),
    (
        "kms",
        r#"{"detail-type":"KMS CMK Deletion","source":"aws.kms","account":"111122223333","region":"us-east-1","resources":["arn:aws:kms:us-east-1:111122223333:key/1"],"detail":{"key-id":"1"}}"#,
    ),
    (
        "config-rule",
        r#"{"invokingEvent":"{\"awsAccountId\":\"111122223333\",\"notificationCreationTime\":\"2026-03-02T10:00:00.000Z\",\"messageType\":\"ScheduledNotification\"}","ruleParameters":"{\"control\":\"s3-tls\"}","resultToken":"TOKEN","eventLeftScope":false,"configRuleArn":"arn:aws:config:us-east-1:111122223333:config-rule/config-rule-abc123","configRuleName":"hipaa-s3-tls-only","accountId":"111122223333"}"#,
    ),
    (
        "queue",
        r#"{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":"{\"sweep\":{}}"}]}"#,
    ),
];

/// All payloads. A name reads `<kind>/<what>`, the kind being the [word](super::RefusalKind) of the refusal.
#[must_use]
pub fn cases() -> Vec<(String, Vec<u8>)> {
    let mut cases = Vec::new();
    cases.extend(truncations());
    cases.extend(duplicates());
    cases.extend(not_json().into_iter().map(|(name, text)| (format!("not-json/{name}"), text.into_bytes())));
    cases.extend(not_utf8());
    cases.extend(malformed_bulk::cases());
    cases.extend(malformed_members::cases());
    cases.extend(malformed_values::cases());
    cases
}

/// Every event, cut at seven places.
fn truncations() -> Vec<(String, Vec<u8>)> {
    let cut = |name: &str, text: &str, eighths: usize| {
        let kept = text.bytes().take(text.len() * eighths / 8).collect();
        (format!("not-json/{name} cut at {eighths} eighths"), kept)
    };
    VALID.iter().flat_map(|(name, text)| (1..8).map(move |eighths| cut(name, text, eighths))).collect()
}

/// Every event with its first member twice, with a member of a skipped object twice, and with one spelled in two ways.
#[rustfmt::skip]
fn duplicates() -> Vec<(String, Vec<u8>)> {
    let mut cases = Vec::new();
    for (name, text) in VALID {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            continue;
        };
        let Some((first, value)) = members.iter().next() else {
            continue;
        };
        let spelled: String = first.chars().fold(String::new(), |all, c| all + &format!("\\u{:04x}", u32::from(c)));
        let added = [
            ("twice", format!("\"{first}\":{value}")),
            ("twice, escaped", format!("\"{spelled}\":{value}")),
            ("twice in a skipped object", "\"extra\":{\"a\":{\"Effect\":\"Deny\",\"Effect\":\"Allow\"}}".to_owned()),
            ("twice in a skipped array", "\"extra\":[[],{\"a\":1,\"b\":2,\"\\u0061\":3}]".to_owned()),
        ];
        cases.extend(added.map(|(what, added)| (format!("duplicate-key/{name} {what}"), with_member(text, &added).into_bytes())));
    }
    cases
}

/// Texts that are not JSON, or that readers would not agree on.
#[rustfmt::skip]
const NOT_JSON: [&str; 50] = [
    r#""\ud800""#, r#""\udc00""#, r#""\ud800\ud800""#, r#""\ud800x""#, r#""\ud83d\u0041""#, r#""\u12""#,
    r#""\u12g4""#, r#""\x41""#, r#""\'""#, "\"a\nb\"", "\"a\u{0}b\"", "\"a\u{1f}b\"", "\u{0}", "1e400",
    "-1e400", "1e99999999999999999999", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x10", "NaN", "Infinity",
    "-Infinity", "nul", "True", "truefalse", "'a'", "\"open", "[1,]", "[,1]", "[1 2]", "[1}", "{\"a\"}",
    "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1]", "/* */ 1", "1 // x",
    "\u{feff}1", "\u{a0}1", "undefined", "",
];

/// Each of them as the value of a member that nobody looks at, and some as the whole document.
#[rustfmt::skip]
fn not_json() -> Vec<(String, String)> {
    let event = |value: &str| with_member(r#"{"detail-type":"Scheduled Event"}"#, &format!("\"extra\":{value}"));
    let name = |value: &str| format!("value {}", value.escape_debug());
    let mut cases: Vec<_> = NOT_JSON.iter().map(|value| (name(value), event(value))).collect();
    let whole = [
        ("empty", String::new()),
        ("white space", " \r\n\t ".to_owned()),
        ("byte order mark", "\u{feff}{\"sweep\":{}}".to_owned()),
        ("NUL before", "\u{0}{\"sweep\":{}}".to_owned()),
        ("NUL after", "{\"sweep\":{}}\u{0}".to_owned()),
        ("garbage after", "{\"sweep\":{}} x".to_owned()),
        ("brace after", "{\"sweep\":{}}}".to_owned()),
        ("two documents", "{\"sweep\":{}}{\"sweep\":{}}".to_owned()),
        ("text", "sweep".to_owned()),
        ("number out of range", format!("{}.5", "9".repeat(400))),
        ("six megabytes of an open string", format!("\"{}", "a".repeat(6 << 20))),
        ("six megabytes of white space", " ".repeat(6 << 20)),
    ];
    cases.extend(whole.into_iter().map(|(name, text)| (name.to_owned(), text)));
    cases
}

#[rustfmt::skip]
fn not_utf8() -> Vec<(String, Vec<u8>)> {
    let bytes: [(&str, &[u8]); 7] = [
        ("a stray byte", b"{\"sweep\":{},\"\xff\":1}"),
        ("a continuation alone", b"{\"sweep\":{\"control\":\"\x80\"}}"),
        ("a character cut short", b"{\"sweep\":{\"control\":\"\xe2\x82\"}}"),
        ("an overlong slash", b"{\"sweep\":{\"control\":\"\xc0\xaf\"}}"),
        ("an encoded surrogate", b"{\"sweep\":{\"control\":\"\xed\xa0\x80\"}}"),
        ("beyond unicode", b"{\"sweep\":{\"control\":\"\xf4\x90\x80\x80\"}}"),
        ("utf-16", b"\xff\xfe{\0}\0"),
    ];
    bytes.into_iter().map(|(name, bytes)| (format!("not-utf8/{name}"), bytes.to_vec())).collect()
}

/// The text of an object with one more member at its end.
pub(super) fn with_member(object: &str, member: &str) -> String {
    object.strip_suffix('}').map_or_else(String::new, |open| format!("{open},{member}}}"))
}
