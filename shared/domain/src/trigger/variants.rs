//! Samples with something changed, and our own events: what the samples alone do not show.

use serde_json::{Value, json};

use super::samples::{load, seen};

const USER_CALL: &str = "eb-ct-CreateAccessKey-self-null-params";
const ROOT_CALL: &str = "eb-ct-CreateAccessKey-root";
const KEY_CALL: &str = "eb-ct-DisableKeyRotation";
const BUCKET_CALL: &str = "eb-ct-PutBucketPolicy";
const GROUP_CALL: &str = "eb-ct-AuthorizeSecurityGroupIngress";
const MFA_CALL: &str = "eb-ct-DeactivateMFADevice";
const POLICY_CALL: &str = "eb-ct-CreatePolicyVersion";
const LOGIN: &str = "eb-signin-ok-iam-user";
const COMPLIANCE: &str = "eb-compliance-s3-ssl";
const ITEM: &str = "eb-ci-change-sg";
const HUB: &str = "eb-securityhub-imported";
const ANALYZER: &str = "eb-access-analyzer-external";
const GUARD: &str = "eb-guardduty-finding";
const RULE: &str = "config-rule-scheduled";

/// The sample with values put in place, and what comes of it. A tilde stands for a slash, as in JSON pointers.
#[track_caller]
fn check(sample: &str, changes: &Value, expected: &str) {
    let text = load().into_iter().find_map(|(name, text)| (name == sample).then_some(text)).unwrap_or_default();
    let mut event: Value = serde_json::from_str(&text).unwrap_or_default();
    for (at, value) in changes.as_object().into_iter().flatten() {
        let (parent, last) = at.rsplit_once('/').unwrap_or_default();
        if let Some(Value::Object(members)) = event.pointer_mut(parent) {
            members.insert(last.replace("~1", "/"), value.clone());
        }
        assert_eq!(event.pointer(at), Some(value), "{sample} has no {at}");
    }
    assert_eq!(seen(&event.to_string()), expected, "{sample}");
}

#[test]
#[rustfmt::skip]
fn calls_on_oneself_need_an_iam_user_of_the_account() {
    check(USER_CALL, &json!({"/detail/requestParameters": {}}), "api-call here one AWS::IAM::User bob by call iam.amazonaws.com:CreateAccessKey");
    check(USER_CALL, &json!({"/detail/requestParameters": {"userName": null}}), "api-call here one AWS::IAM::User bob by call iam.amazonaws.com:CreateAccessKey");
    check(USER_CALL, &json!({"/detail/userIdentity/accountId": "999999999999"}), "api-call here nothing: not-about-a-resource");
    check(USER_CALL, &json!({"/detail/eventName": "CreateAccountAlias"}), "api-call here nothing: not-about-a-resource");
    // Root's `userName` is the alias of the account.
    check(ROOT_CALL, &json!({"/detail/userIdentity/userName": "alias"}), "api-call here nothing: not-about-a-resource");
    check(MFA_CALL, &json!({"/detail/requestParameters": {"serialNumber": "arn:aws:iam::111122223333:mfa/bob"}}), "api-call here nothing: not-about-a-resource");
}

#[test]
#[rustfmt::skip]
fn calls_on_the_device_of_root_are_about_the_account() {
    let root = "api-call here one AWS::::Account 111122223333 by call iam.amazonaws.com:DeactivateMFADevice";
    let device = json!({"serialNumber": "arn:aws:iam::111122223333:mfa/root-account-mfa-device"});
    check(MFA_CALL, &json!({"/detail/requestParameters": device}), root);
    check(MFA_CALL, &json!({"/detail/userIdentity/type": "Root", "/detail/requestParameters": {"serialNumber": "arn:aws:iam::111122223333:mfa/my-phone"}}), root);
    check(MFA_CALL, &json!({"/detail/userIdentity/type": "Root", "/detail/requestParameters": {"userName": "bob", "serialNumber": "arn:aws:iam::111122223333:mfa/bob"}}), "api-call here one AWS::IAM::User bob by call iam.amazonaws.com:DeactivateMFADevice");
    check(MFA_CALL, &json!({"/detail/userIdentity/type": "Root", "/detail/eventName": "ListMFADevices", "/detail/requestParameters": null}), "api-call here nothing: not-about-a-resource");
}

#[test]
fn what_aws_config_sends_to_its_own_topic_is_what_it_sends_to_the_bus() {
    let kinds = ["eb-compliance-", "eb-ci-"];
    let samples: Vec<_> =
        load().into_iter().filter(|(name, _)| kinds.iter().any(|kind| name.starts_with(kind))).collect();
    assert!(samples.len() > 10);
    for (name, text) in samples {
        let event: Value = serde_json::from_str(&text).unwrap();
        let mut detail = event["detail"].clone();
        // The bus tells the type of the message in the type of the detail; the topic in the message.
        detail["messageType"] =
            detail.get("messageType").cloned().unwrap_or_else(|| "ComplianceChangeNotification".into());
        // What belongs to no Region has that of the event, or of the function.
        let told = |text: &str| seen(text).replace("111122223333/-", "here");
        assert_eq!(told(&detail.to_string()), seen(&text), "{name}");
        let wrapped = json!({"Type": "Notification", "MessageId": "1", "Message": detail.to_string()}).to_string();
        let record = json!({"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": wrapped,
            "attributes": {"ApproximateReceiveCount": "1"}}]});
        assert_eq!(told(&record.to_string()), format!("batch m: {}", seen(&text)), "{name}");
    }
    let started =
        r#"{"messageType":"ConfigRulesEvaluationStarted","awsAccountId":"111122223333","awsRegion":"us-east-1"}"#;
    assert_eq!(seen(started), "configuration-item here nothing: not-about-a-resource");
    assert_eq!(seen(r#"{"messageType":"ComplianceChangeNotification"}"#), "refused: wrong-shape");
    assert_eq!(seen(r#"{"messageType":"x","control":"c"}"#), "refused: unknown-event");
}

/// Whatever is wrong with it: an event of Security Hub has the findings of several accounts.
#[test]
fn a_finding_that_cannot_be_read_leaves_the_others() {
    let (_, text) = load().into_iter().find(|(name, _)| *name == HUB).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let good = whole["detail"]["findings"][0].clone();
    let with = |pointer: &str, value: Value| {
        let mut finding = good.clone();
        *finding.pointer_mut(pointer).unwrap() = value;
        finding
    };
    let bad = [
        json!(null),
        json!("finding"),
        json!([]),
        json!({}),
        with("/AwsAccountId", json!("12")),
        with("/Resources", json!([])),
        with("/Resources", json!({})),
        with("/Resources/0/Id", json!("a\u{1b}b")),
        with("/Resources/0", json!(vec![0; 3])),
    ];
    for bad in bad {
        let mut event = whole.clone();
        event["detail"]["findings"] = json!([good, bad, good]);
        let seen = seen(&event.to_string());
        let parts: Vec<_> = seen.split(" & ").collect();
        let [first, second, refused] = parts.as_slice() else { panic!("{bad}: {seen}") };
        assert_eq!(first, second, "{bad}");
        assert!(first.contains(" one ") && refused.contains("refused: wrong-shape: finding 1"), "{bad}: {seen}");
        event["detail"]["findings"] = json!([bad, bad]);
        assert!(self::seen(&event.to_string()).starts_with("refused: "), "{bad}: nothing is left to follow");
    }
}

#[test]
fn a_schedule_of_either_kind_means_everything_and_other_news_of_config_nothing() {
    let scheduled = |source: &str, detail: &str| {
        seen(&format!(
            r#"{{"version":"0","id":"1","detail-type":"Scheduled Event","source":"{source}","account":"111122223333","time":"2026-06-01T00:00:00Z","region":"us-east-1","resources":[],"detail":{detail}}}"#
        ))
    };
    let everything = scheduled("aws.events", "{}");
    assert!(everything.contains("schedule") && !everything.contains("refused"), "{everything}");
    assert_eq!(scheduled("aws.scheduler", r#""{}""#), everything, "the default event of EventBridge Scheduler");
    assert!(scheduled("aws.cron", "{}").contains("untrusted-source"));
    for kind in ["Config Rules Re-evaluation Status", "Config Configuration Snapshot Delivery Status"] {
        let event = format!(
            r#"{{"version":"0","id":"1","detail-type":"{kind}","source":"aws.config","account":"111122223333","time":"2026-06-01T00:00:00Z","region":"us-east-1","resources":[],"detail":{{}}}}"#
        );
        assert_eq!(seen(&event), "configuration-item here nothing: not-about-a-resource", "{kind}");
    }
}

#[test]
#[rustfmt::skip]
fn a_policy_that_is_attached_comes_into_effect_and_is_looked_at_too() {
    check(
        POLICY_CALL,
        &json!({"/detail/eventName": "AttachRolePolicy", "/detail/requestParameters/roleName": "r"}),
        "api-call here one AWS::IAM::Role r by call iam.amazonaws.com:AttachRolePolicy & api-call here one AWS::IAM::Policy arn:aws:iam::111122223333:policy/billing-export by call iam.amazonaws.com:AttachRolePolicy",
    );
    check(
        POLICY_CALL,
        &json!({"/detail/eventName": "AttachUserPolicy", "/detail/requestParameters": {"userName": "u", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}}),
        "api-call here one AWS::IAM::User u by call iam.amazonaws.com:AttachUserPolicy",
    );
    check(
        POLICY_CALL,
        &json!({"/detail/eventName": "DetachUserPolicy", "/detail/requestParameters": {"userName": "u", "policyArn": "arn:p"}}),
        "api-call here one AWS::IAM::User u by call iam.amazonaws.com:DetachUserPolicy",
    );
}

#[test]
#[rustfmt::skip]
fn calls_name_their_resource_by_service() {
    check(
        KEY_CALL,
        &json!({"/detail/resources": []}),
        "api-call here one AWS::KMS::Key 1234abcd-12ab-34cd-56ef-1234567890ab by call kms.amazonaws.com:DisableKeyRotation",
    );
    check(
        KEY_CALL,
        &json!({"/detail/resources": [{"ARN": "a"}, {"type": "AWS::KMS::Key", "ARN": "b"}, {"type": "AWS::KMS::Key", "ARN": "c"}]}),
        "api-call here one AWS::KMS::Key b by call kms.amazonaws.com:DisableKeyRotation & api-call here one AWS::KMS::Key c by call kms.amazonaws.com:DisableKeyRotation",
    );
    check(BUCKET_CALL, &json!({"/detail/requestParameters": null}), "api-call here nothing: not-about-a-resource");
    check(
        BUCKET_CALL,
        &json!({"/detail/awsRegion": "eu-west-1"}),
        "api-call 111122223333/eu-west-1 one AWS::S3::Bucket phi-imaging-example by call s3.amazonaws.com:PutBucketPolicy",
    );
    check(
        BUCKET_CALL,
        &json!({"/detail/eventName": "DeleteAccountPublicAccessBlock"}),
        "api-call here one AWS::::Account 111122223333 by call s3.amazonaws.com:DeleteAccountPublicAccessBlock",
    );
    check(
        POLICY_CALL,
        &json!({"/detail/eventName": "UpdateAccountPasswordPolicy"}),
        "api-call here one AWS::::Account 111122223333 by call iam.amazonaws.com:UpdateAccountPasswordPolicy",
    );
    check(
        POLICY_CALL,
        &json!({"/detail/eventName": "CreatePolicy", "/detail/requestParameters": {"policyName": "p"}, "/detail/responseElements": {"policy": {"arn": "arn:p"}}}),
        "api-call here one AWS::IAM::Policy arn:p by call iam.amazonaws.com:CreatePolicy",
    );
    check(
        GROUP_CALL,
        &json!({"/detail/eventName": "CreateSecurityGroup", "/detail/requestParameters": {"vpcId": "vpc-1"}, "/detail/responseElements": {"groupId": "sg-1"}}),
        "api-call here one AWS::EC2::SecurityGroup sg-1 by call ec2.amazonaws.com:CreateSecurityGroup",
    );
    check(GROUP_CALL, &json!({"/source": "aws.sagemaker", "/detail/eventSource": "sagemaker.amazonaws.com"}), "api-call here nothing: not-about-a-resource");
    check(GROUP_CALL, &json!({"/detail/errorCode": "Client.DryRunOperation"}), "api-call here nothing: call-failed");
}

#[test]
#[rustfmt::skip]
fn logins_show_users_alone() {
    check(LOGIN, &json!({"/detail/userIdentity/type": "Root"}), "sign-in here nothing: not-about-a-resource");
    check(LOGIN, &json!({"/detail/responseElements": null}), "sign-in here one AWS::IAM::User bob by type");
    check(LOGIN, &json!({"/detail/errorMessage": "No username found in supplied account"}), "sign-in here nothing: call-failed");
}

#[test]
#[rustfmt::skip]
fn config_tells_of_regions_and_of_ends() {
    check(COMPLIANCE, &json!({"/detail/awsRegion": "global"}), "compliance-change here one AWS::S3::Bucket phi-imaging-example by rule s3-bucket-ssl-requests-only");
    check(
        COMPLIANCE,
        &json!({"/detail/awsRegion": "eu-west-1"}),
        "compliance-change 111122223333/eu-west-1 one AWS::S3::Bucket phi-imaging-example by rule s3-bucket-ssl-requests-only",
    );
    check(COMPLIANCE, &json!({"/detail/newEvaluationResult": null}), "compliance-change here nothing: insufficient-data");
    check(COMPLIANCE, &json!({"/detail/newEvaluationResult/complianceType": "INSUFFICIENT_DATA"}), "compliance-change here nothing: insufficient-data");
    check(COMPLIANCE, &json!({"/detail/newEvaluationResult/evaluationResultIdentifier/evaluationResultQualifier/resourceId": "other"}), "refused: wrong-shape");
    for gone in ["ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"] {
        check(ITEM, &json!({"/detail/configurationItem/configurationItemStatus": gone}), "configuration-item here nothing: resource-deleted");
    }
    check(
        ITEM,
        &json!({"/detail/configurationItem/configurationItemStatus": "ResourceDiscovered"}),
        "configuration-item here one AWS::EC2::SecurityGroup sg-0123456789abcdef0 by type",
    );
}

#[test]
#[rustfmt::skip]
fn a_rule_may_say_which_control() {
    let reply = "-> TESTTOKEN-0001 hipaa-log-retention 2026-03-02T10:00:00.000Z";
    check(RULE, &json!({"/ruleParameters": "{\"control\":\"log-group-retention\"}"}), &format!("config-rule here all by control log-group-retention {reply}"));
    check(RULE, &json!({"/ruleParameters": null, "/configRuleArn": null}), &format!("config-rule 111122223333/- all by any {reply}"));
    let (at, of) = ("2026-03-02T10:15:30.123Z", "AWS::S3::Bucket phi-imaging-example");
    check(
        "config-rule-change-s3",
        &json!({"/ruleParameters": "{\"control\":\"s3-tls\"}"}),
        &format!("config-rule here one {of} by control s3-tls -> TESTTOKEN-0001 hipaa-s3-tls-only {at} for {of}"),
    );
}

#[test]
#[rustfmt::skip]
fn settled_findings_are_left_alone() {
    let settled = [
        ("/detail/findings/0/RecordState", json!("ARCHIVED"), "archived"),
        ("/detail/findings/0/Workflow", json!({"Status": "RESOLVED"}), "resolved"),
        ("/detail/findings/0/Workflow", json!({"Status": "SUPPRESSED"}), "suppressed"),
        ("/detail/findings/0/Compliance", json!({"Status": "PASSED"}), "compliant"),
        ("/detail/findings/0/Compliance", json!({"Status": "NOT_AVAILABLE"}), "insufficient-data"),
    ];
    for (at, value, idle) in settled {
        check(HUB, &json!({ at: value }), &format!("security-hub-imported here nothing: {idle}"));
    }
    check(ANALYZER, &json!({"/detail/isDeleted": true, "/detail/error": "x"}), "access-analyzer here nothing: resource-deleted");
    check(ANALYZER, &json!({"/detail/status": "ARCHIVED"}), "access-analyzer here nothing: archived");
    check(ANALYZER, &json!({"/detail/status": "RESOLVED"}), "access-analyzer here nothing: resolved");
    check(GUARD, &json!({"/detail/service/archived": true}), "guard-duty here nothing: archived");
}

#[test]
#[rustfmt::skip]
fn findings_may_be_about_several_resources() {
    check(HUB, &json!({"/detail/findings/0/ProductFields": null}), "security-hub-imported here one AWS::S3::Bucket arn:aws:s3:::phi-imaging-example by type");
    check(
        HUB,
        &json!({"/detail/findings/0/ProductFields/RelatedAWSResources:0~1type": "AWS::EC2::VPC"}),
        "security-hub-imported here one AWS::S3::Bucket arn:aws:s3:::phi-imaging-example by type",
    );
    let finding = |resources: Value| json!({"AwsAccountId": "111122223333", "Resources": resources});
    let account = json!({"Type": "AwsAccount", "Id": "AWS::::Account:111122223333", "Region": "eu-west-1"});
    let findings = json!([finding(json!([account, {"Type": "AwsKmsKey", "Id": "k"}])), finding(json!([{"Type": "Other", "Id": "x"}]))]);
    check(
        HUB,
        &json!({"/detail/findings": findings}),
        "security-hub-imported 111122223333/eu-west-1 one AWS::::Account 111122223333 by type & security-hub-imported here one AWS::KMS::Key k by type & security-hub-imported here nothing: not-about-a-resource",
    );
    // In a delegated administrator's account, each finding is of the account that it names.
    let of = |account: &str| json!({"AwsAccountId": account, "Resources": [{"Type": "AwsKmsKey", "Id": "k"}]});
    check(
        HUB,
        &json!({"/detail/findings": [of("444455556666"), of("111122223333")]}),
        "security-hub-imported 444455556666/us-east-1 one AWS::KMS::Key k by type & security-hub-imported here one AWS::KMS::Key k by type",
    );
    check(
        GUARD,
        &json!({"/detail/resource/s3BucketDetails": [{"name": "a"}, {"name": "b"}]}),
        "guard-duty here one AWS::S3::Bucket a by type & guard-duty here one AWS::S3::Bucket b by type",
    );
    check(GUARD, &json!({"/detail/resource/accessKeyDetails/userType": "Role"}), "guard-duty here nothing: not-about-a-resource");
}

#[test]
#[rustfmt::skip]
fn our_own_events() {
    let (plan, half) = ("0f".repeat(32), "0f".repeat(16));
    let table = [
        (r#"{"control":"s3-bucket-public","resource":"b"}"#.to_owned(), "manual -/- one - b by control s3-bucket-public".to_owned()),
        (
            r#"{"mode":"observe","control":"c","resource":"b","account":"111122223333","region":"us-east-1"}"#.to_owned(),
            "manual here one - b by control c at most observe".to_owned(),
        ),
        (r#"{"sweep":{}}"#.to_owned(), "sweep -/- all by any".to_owned()),
        (r#"{"sweep":{"control":"c","account":"111122223333","region":"us-east-1"}}"#.to_owned(), "sweep here all by control c".to_owned()),
        (
            format!(r#"{{"sweep":{{"control":"c","account":"111122223333","after":"{half}"}}}}"#),
            format!("sweep 111122223333/- all by control c after {half}"),
        ),
        (
            format!(r#"{{"sweep":{{"controls":["c","d"],"region":"us-east-1","from":"page 2","after":"{half}"}}}}"#),
            format!("sweep -/us-east-1 all by control c d from page 2 after {half}"),
        ),
        (r#"{"controls":["c","d"],"resource":"b"}"#.to_owned(), "manual -/- one - b by control c d".to_owned()),
        (format!(r#"{{"revert":{{"plan":"{plan}"}}}}"#), format!("revert -/- revert {plan}")),
        (format!(r#"{{"revert":{{"plan":"{plan}","reason":"{}"}}}}"#, "ü".repeat(1024)), format!("revert -/- revert {plan}")),
        (r#"{"status":{}}"#.to_owned(), "status -/- all by any".to_owned()),
        (r#"{"status":{"control":"c"}}"#.to_owned(), "status -/- all by control c".to_owned()),
        (format!(r#"{{"approved":{{"plan":"{plan}"}}}}"#), format!("approved -/- approved {plan}")),
    ];
    for (event, expected) in table {
        assert_eq!(seen(&event), expected);
    }
}
