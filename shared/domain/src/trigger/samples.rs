//! Every sample event, and the trigger it is: alone, in a queue, through a topic, and through a topic in a queue.
use std::fs;

use serde_json::json;

use super::*;

/// Where the samples are.
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/samples");

/// Sample, and what comes of it: cause, place (`here` is the account and region of the samples), scope, where the answer
/// goes. `type` is the resource's own.
#[rustfmt::skip]
const SAMPLES_SEEN: [(&str, &str); 64] = [
    ("cloudwatch-alarm-daily-period", "refused: unknown-event"),
    ("config-rule-change-deleted", "config-rule here nothing: resource-deleted -> TESTTOKEN-0001 hipaa-s3-tls-only 2026-03-02T10:15:30.123Z for AWS::S3::Bucket phi-imaging-example"),
    ("config-rule-change-s3", "config-rule here one AWS::S3::Bucket phi-imaging-example by type -> TESTTOKEN-0001 hipaa-s3-tls-only 2026-03-02T10:15:30.123Z for AWS::S3::Bucket phi-imaging-example"),
    ("config-rule-left-scope", "config-rule here nothing: left-scope -> TESTTOKEN-0001 hipaa-s3-tls-only 2026-03-02T10:15:30.123Z for AWS::S3::Bucket phi-imaging-example"),
    ("config-rule-minimal-no-leftscope", "config-rule here all by any -> TESTTOKEN-0001 hipaa-s3-tls-only 2026-03-02T10:00:00.000Z"),
    ("config-rule-oversized", "config-rule here one AWS::IAM::Policy ANPAEXAMPLE0000000001 by type -> TESTTOKEN-0001 hipaa-s3-tls-only 2026-03-02T10:15:30.123Z for AWS::IAM::Policy ANPAEXAMPLE0000000001"),
    ("config-rule-scheduled", "config-rule here all by any -> TESTTOKEN-0001 hipaa-log-retention 2026-03-02T10:00:00.000Z"),
    ("config-rule-snapshot-delivered", "config-rule here all by any -> TESTTOKEN-0001 hipaa-s3-tls-only 2026-03-02T10:00:00.000Z"),
    ("config-rule-testmode", "config-rule here all by any -> TESTMODE hipaa-s3-tls-only 2026-03-02T10:00:00.000Z"),
    ("eb-access-analyzer-error", "access-analyzer here nothing: analysis-failed"),
    ("eb-access-analyzer-external", "access-analyzer here one AWS::S3::Bucket arn:aws:s3:::phi-imaging-example by type"),
    ("eb-ci-change-oversized", "configuration-item here one AWS::IAM::Policy ANPAEXAMPLE0000000001 by type"),
    ("eb-ci-change-sg", "configuration-item here one AWS::EC2::SecurityGroup sg-0123456789abcdef0 by type"),
    ("eb-compliance-access-keys", "compliance-change here one AWS::IAM::User AIDAEXAMPLE0000000001 by rule access-keys-rotated"),
    ("eb-compliance-cloudtrail-arn", "compliance-change here one AWS::CloudTrail::Trail arn:aws:cloudtrail:us-east-1:999999999999:trail/orgTrail by rule securityhub-cloud-trail-encryption-enabled-dadfg6"),
    ("eb-compliance-cloudtrail-name", "compliance-change here one AWS::CloudTrail::Trail hipaa-trail by rule cloud-trail-log-file-validation-enabled"),
    ("eb-compliance-compliant-noop", "compliance-change here nothing: compliant"),
    ("eb-compliance-iam-policy-admin", "compliance-change here one AWS::IAM::Policy ANPAEXAMPLE0000000001 by rule iam-policy-no-statements-with-admin-access"),
    ("eb-compliance-iam-user-mfa", "compliance-change here one AWS::IAM::User AIDAEXAMPLE0000000001 by rule securityhub-iam-user-mfa-enabled-0a1b2c3d"),
    ("eb-compliance-kms-pending-deletion", "compliance-change here one AWS::KMS::Key 1234abcd-12ab-34cd-56ef-1234567890ab by rule kms-cmk-not-scheduled-for-deletion"),
    ("eb-compliance-kms-rotation", "compliance-change here one AWS::KMS::Key 1234abcd-12ab-34cd-56ef-1234567890ab by rule cmk-backing-key-rotation-enabled"),
    ("eb-compliance-loggroup", "compliance-change here one AWS::Logs::LogGroup /aws/lambda/patient-api by rule cw-loggroup-retention-period-check"),
    ("eb-compliance-nacl", "compliance-change here one AWS::EC2::NetworkAcl acl-0123456789abcdef0 by rule nacl-no-unrestricted-ssh-rdp"),
    ("eb-compliance-not-applicable", "compliance-change here nothing: not-applicable"),
    ("eb-compliance-password-policy", "compliance-change here one AWS::::Account 111122223333 by rule iam-password-policy"),
    ("eb-compliance-rds-cluster", "compliance-change here one AWS::RDS::DBCluster cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ by rule rds-cluster-deletion-protection-enabled"),
    ("eb-compliance-rds-public", "compliance-change here one AWS::RDS::DBInstance db-ABCDEFGHIJKLMNOPQRSTUVWXYZ by rule rds-instance-public-access-check"),
    ("eb-compliance-s3-public-read", "compliance-change here one AWS::S3::Bucket phi-imaging-example by rule s3-bucket-public-read-prohibited-conformance-pack-ab12cd34e"),
    ("eb-compliance-s3-ssl", "compliance-change here one AWS::S3::Bucket phi-imaging-example by rule s3-bucket-ssl-requests-only"),
    ("eb-compliance-sg-ssh", "compliance-change here one AWS::EC2::SecurityGroup sg-0123456789abcdef0 by rule restricted-ssh"),
    ("eb-ct-AttachUserPolicy", "api-call here one AWS::IAM::User bob by call iam.amazonaws.com:AttachUserPolicy"),
    ("eb-ct-AuthorizeSecurityGroupIngress", "api-call here one AWS::EC2::SecurityGroup sg-0123456789abcdef0 by call ec2.amazonaws.com:AuthorizeSecurityGroupIngress"),
    ("eb-ct-CreateAccessKey", "api-call here one AWS::IAM::User bob by call iam.amazonaws.com:CreateAccessKey"),
    ("eb-ct-CreateAccessKey-root", "api-call here nothing: not-about-a-resource"),
    ("eb-ct-CreateAccessKey-self-null-params", "api-call here one AWS::IAM::User bob by call iam.amazonaws.com:CreateAccessKey"),
    ("eb-ct-CreatePolicyVersion", "api-call here one AWS::IAM::Policy arn:aws:iam::111122223333:policy/billing-export by call iam.amazonaws.com:CreatePolicyVersion"),
    ("eb-ct-DeactivateMFADevice", "api-call here one AWS::IAM::User bob by call iam.amazonaws.com:DeactivateMFADevice"),
    ("eb-ct-DeleteBucketPublicAccessBlock", "api-call here one AWS::S3::Bucket phi-imaging-example by call s3.amazonaws.com:DeleteBucketPublicAccessBlock"),
    ("eb-ct-DisableKeyRotation", "api-call here one AWS::KMS::Key arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab by call kms.amazonaws.com:DisableKeyRotation"),
    ("eb-ct-ModifyDBInstance", "api-call here one AWS::RDS::DBInstance patient-db by call rds.amazonaws.com:ModifyDBInstance"),
    ("eb-ct-PutAccountPublicAccessBlock", "api-call here one AWS::::Account 111122223333 by call s3.amazonaws.com:PutAccountPublicAccessBlock"),
    ("eb-ct-PutBucketPolicy", "api-call here one AWS::S3::Bucket phi-imaging-example by call s3.amazonaws.com:PutBucketPolicy"),
    ("eb-ct-PutBucketPolicy-oidc", "api-call here one AWS::S3::Bucket phi-imaging-example by call s3.amazonaws.com:PutBucketPolicy"),
    ("eb-ct-ScheduleKeyDeletion", "api-call here one AWS::KMS::Key 1234abcd-12ab-34cd-56ef-1234567890ab by call kms.amazonaws.com:ScheduleKeyDeletion"),
    ("eb-ct-StopLogging", "api-call here one AWS::CloudTrail::Trail arn:aws:cloudtrail:us-east-1:111122223333:trail/hipaa-trail by call cloudtrail.amazonaws.com:StopLogging"),
    ("eb-ct-StopLogging-denied", "api-call here nothing: call-failed"),
    ("eb-ct-no-requestid", "api-call here one AWS::KMS::Key k by call kms.amazonaws.com:DisableKeyRotation"),
    ("eb-ct-no-useragent", "api-call here one AWS::KMS::Key k by call kms.amazonaws.com:DisableKeyRotation"),
    ("eb-ct-service-principal", "api-call here one AWS::S3::Bucket phi-imaging-example by call s3.amazonaws.com:PutBucketPolicy"),
    ("eb-custom-offboarding", "refused: untrusted-source"),
    ("eb-guardduty-finding", "guard-duty here one AWS::IAM::User bob by type"),
    ("eb-health-credentials-exposed", "health here nothing: not-about-a-resource"),
    ("eb-kms-cmk-deletion", "kms here one AWS::KMS::Key arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab by type"),
    ("eb-kms-cmk-rotation", "kms here one AWS::KMS::Key arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab by type"),
    ("eb-scheduled", "schedule here all by any"),
    ("eb-securityhub-custom-action", "security-hub-custom-action here one AWS::S3::Bucket arn:aws:s3:::phi-imaging-example by rule securityhub-s3-bucket-ssl-requests-only-0a1b2c3d"),
    ("eb-securityhub-imported", "security-hub-imported here one AWS::S3::Bucket arn:aws:s3:::phi-imaging-example by rule securityhub-s3-bucket-ssl-requests-only-0a1b2c3d"),
    ("eb-securityhub-v2", "security-hub-imported here nothing: not-about-a-resource"),
    ("eb-signin-failed-iam-user", "sign-in here nothing: call-failed"),
    ("eb-signin-ok-iam-user", "sign-in here one AWS::IAM::User bob by type"),
    ("eb-signin-root", "sign-in here nothing: not-about-a-resource"),
    ("eb-signin-saml-no-loginto", "sign-in here nothing: not-about-a-resource"),
    ("scheduler-raw-input", "refused: wrong-shape"),
    ("sns-wrapped-compliance", "notifications 1: compliance-change here one AWS::S3::Bucket phi-imaging-example by rule s3-bucket-ssl-requests-only"),
];

#[test]
fn every_sample_is_what_the_table_says() {
    let samples = load();
    assert_eq!(samples.len(), SAMPLES_SEEN.len());
    for ((name, text), (expected_name, expected)) in samples.iter().zip(SAMPLES_SEEN) {
        assert_eq!((name.as_str(), seen(text).as_str()), (expected_name, expected));
    }
}

/// Samples that are single events, with what comes of them.
fn single() -> impl Iterator<Item = (String, &'static str)> {
    let samples = load().into_iter().zip(SAMPLES_SEEN).map(|((_, text), (_, expected))| (text, expected));
    samples.filter(|(_, expected)| !expected.starts_with("notifications"))
}

#[test]
fn a_queue_and_a_topic_change_nothing() {
    for (text, expected) in single() {
        let notification = json!({"Type": "Notification", "MessageId": "n", "TopicArn": "arn", "Message": text});
        let direct = json!({"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": notification});
        assert_eq!(seen(&records(&[direct])), format!("notifications n: {expected}"));
        for body in [text, notification.to_string()] {
            let message = json!({"messageId": "q", "eventSource": "aws:sqs", "body": body, "attributes": {}});
            assert_eq!(seen(&records(&[message])), format!("batch q: {expected}"));
        }
    }
}

#[test]
fn a_batch_keeps_its_order() {
    let (bodies, expected): (Vec<String>, Vec<&str>) = single().unzip();
    let message =
        |(n, body): (usize, &String)| json!({"messageId": n.to_string(), "eventSource": "aws:sqs", "body": body});
    let messages: Vec<_> = bodies.iter().enumerate().map(message).collect();
    let lines: Vec<_> = expected.iter().enumerate().map(|(n, line)| format!("{n}: {line}")).collect();
    assert_eq!(seen(&records(&messages)), format!("batch {}", lines.join(" & ")));
}

fn records(records: &[serde_json::Value]) -> String {
    json!({ "Records": records }).to_string()
}

/// All samples by name, in order. What cannot be read is missed by the count of the table.
pub(super) fn load() -> Vec<(String, String)> {
    let paths = fs::read_dir(SAMPLES).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut samples: Vec<(String, String)> = paths
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), fs::read_to_string(&path).ok()?)))
        .collect();
    samples.sort();
    samples
}

/// A delivery of one event in one line, every member of the trigger in it.
pub(super) fn seen(text: &str) -> String {
    match parse(text.as_bytes()) {
        Ok(Delivery::Direct(triggers)) => lines(&triggers),
        Ok(Delivery::Batch(messages)) => format!("batch {}", of(&messages)),
        Ok(Delivery::Notifications(messages)) => format!("notifications {}", of(&messages)),
        Err(refusal) => format!("refused: {}", refusal.kind()),
    }
}

fn of(messages: &[Message]) -> String {
    let said = messages.iter().map(|message| match &message.triggers {
        Ok(triggers) => format!("{}: {}", message.id, lines(triggers)),
        Err(refusal) => format!("{}: refused: {}", message.id, refusal.kind()),
    });
    said.collect::<Vec<_>>().join(" & ")
}

fn lines(triggers: &[Trigger]) -> String {
    triggers.iter().map(line).collect::<Vec<_>>().join(" & ")
}

fn line(trigger: &Trigger) -> String {
    let Trigger { scope, cause, reply_to, account, region, mode_ceiling } = trigger;
    let place = match (account.as_deref(), region.as_deref()) {
        (Some("111122223333"), Some("us-east-1")) => "here".to_owned(),
        (account, region) => format!("{}/{}", account.unwrap_or("-"), region.unwrap_or("-")),
    };
    let scope = match scope {
        Scope::One(Hint { resource_type, id, selector }) => {
            let resource_type = resource_type.as_deref();
            format!("one {} {id} by {}", resource_type.unwrap_or("-"), word(selector, resource_type))
        }
        Scope::All { selector, at } => {
            let part = |word: &str, part: &Option<String>| {
                part.as_ref().map(|part| format!(" {word} {part}")).unwrap_or_default()
            };
            format!("all by {}{}{}", word(selector, None), part("from", &at.from), part("after", &at.after))
        }
        Scope::Refused(refusal) => format!("refused: {refusal}"),
        Scope::Nothing(idle) => format!("nothing: {idle}"),
        Scope::Revert { plan } => format!("revert {plan}"),
        Scope::Approved { plan } => format!("approved {plan}"),
    };
    let reply = reply_to.as_ref().map(|ReplyTo { result_token, rule_name, ordering_timestamp, resource }| {
        let resource = resource.as_ref().map_or_else(String::new, |(kind, id)| format!(" for {kind} {id}"));
        format!(" -> {result_token} {rule_name} {ordering_timestamp}{resource}")
    });
    let ceiling = mode_ceiling.as_ref().map(|mode| format!(" at most {mode}"));
    format!("{cause} {place} {scope}{}{}", reply.unwrap_or_default(), ceiling.unwrap_or_default())
}

fn word(selector: &Selector, resource_type: Option<&str>) -> String {
    match selector {
        Selector::Any => "any".to_owned(),
        Selector::Controls(ids) => format!("control {}", ids.join(" ")),
        Selector::ConfigRule { name } => format!("rule {name}"),
        Selector::ApiCall { source, name } => format!("call {source}:{name}"),
        Selector::ResourceType(of) if Some(of.as_str()) == resource_type => "type".to_owned(),
        Selector::ResourceType(of) => format!("type {of}"),
    }
}
