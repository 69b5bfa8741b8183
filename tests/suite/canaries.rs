//! Canaries: what looks like a patient's number is planted wherever text comes in, and must come out nowhere but in the
//! encrypted state bucket, which holds settings verbatim for undo.

mod documents;
mod requests;

use remedy_testkit::{
    lambda::{Answer, Lambda},
    world::{TIMEOUT, World},
};
use serde_json::{Value, json};

use crate::drift::{self, Drift};

/// The form of a social security number and of a medical record number.
const CANARIES: [&str; 2] = ["987-65-4321", "MRN00412345"];

fn planted() -> String {
    CANARIES.join(" ")
}

/// Fails if a canary is in the text for people, AWS or logs.
fn assert_silent(sink: &str, text: &str) {
    let text = text.to_lowercase();
    for canary in CANARIES.map(str::to_lowercase) {
        let at = text.find(&canary).map(|at| text.chars().skip(at.saturating_sub(80)).take(200).collect::<String>());
        assert_eq!(at, None, "{sink} tells a canary");
    }
}

/// A function that notifies people by a topic.
async fn deploy(world: &World, function: &str, mode: &str) -> Lambda {
    let parameters = json!({"owner_tag": "owner", "iac_tags": ["terraform"], "identity_repairs": "auto"});
    let settings = json!({"parameters": parameters, "protected": {"break_glass": [world.break_glass()]}});
    let mut env = world.environment(mode);
    env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&settings));
    env.insert("REMEDY_TOPIC_ARN".to_owned(), drift::topic(world, "notices").await);
    world.deploy_with(function, env, TIMEOUT)
}

fn said(answer: &Answer) -> String {
    match answer {
        Answer::Done(value) => value.to_string(),
        Answer::Failed { error_type, message, body } => format!("{error_type} {message} {body}"),
        other => panic!("the function neither answered nor refused: {other:?}"),
    }
}

/// Checks answers, logs with metrics, notices and evidence.
async fn assert_all_silent(world: &World, lambda: &Lambda, answers: &[Answer]) {
    answers.iter().for_each(|answer| assert_silent("an answer", &said(answer)));
    assert_silent("a log", &lambda.logs());
    for (key, record) in world.evidence().await {
        assert_silent("a record's key", &key);
        assert_silent("a record", &record.to_string());
    }
    for call in world.proxy.calls_where(|call| call.operation == "Publish") {
        assert_silent("a notice", &call.parameter("Message").unwrap_or_default());
        assert_silent("a notice's subject", &call.parameter("Subject").unwrap_or_default());
    }
}

/// A bucket whose policy and tags are full of canaries.
async fn bucket(world: &World) -> String {
    let name = Drift::Plaintext.make(world, "a").await;
    let (text, planted) = (drift::policy_of(world, &name).await.expect("a policy"), planted());
    let statement = json!({"Sid": planted, "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket",
        "Resource": format!("arn:aws:s3:::{name}/{planted}"), "Condition": {"StringEquals": {"aws:PrincipalTag/mrn": planted}}});
    let text = text.replacen("\"Statement\":[", &format!("\"Statement\":[{statement},"), 1);
    world.s3().put_bucket_policy().bucket(&name).policy(text).send().await.expect("a policy is put");
    let tag = |key: &str| aws_sdk_s3::types::Tag::builder().key(key).value(&planted).build().expect("a tag");
    let tags = ["owner", "terraform", "mrn"].map(tag);
    let tags = aws_sdk_s3::types::Tagging::builder().set_tag_set(Some(tags.into())).build().expect("tags");
    world.s3().put_bucket_tagging().bucket(&name).tagging(tags).send().await.expect("it is tagged");
    name
}

#[tokio::test]
async fn what_stands_in_policies_and_tags_is_told_nobody() {
    for (function, control) in [("s3-encryption", "s3-bucket-without-tls"), ("s3-public-access", "s3-bucket-public")] {
        let world = World::new().await;
        let name = bucket(&world).await;
        let event = json!({"control": control, "resource": name}).to_string();
        let mut answers = Vec::new();
        for mode in ["observe", "enforce"] {
            let lambda = deploy(&world, function, mode).await;
            answers.push(lambda.invoke(event.as_bytes()).await);
            assert_all_silent(&world, &lambda, &answers).await;
        }
        assert!(!world.evidence().await.is_empty(), "there is something to look through");
        assert!(!world.proxy.calls_where(|call| call.operation == "Publish").is_empty(), "people were told something");
        let state = json!(world.state("").await).to_string();
        assert!(state.contains(CANARIES[0]), "settings are kept verbatim, in the state bucket alone");
    }
}

#[tokio::test]
async fn what_stands_in_events_is_told_nobody() {
    let world = World::new().await;
    let lambda = deploy(&world, "s3-public-access", "enforce").await;
    let planted = planted();
    let compliance = |member: &str| {
        let mut event = json!({"version": "0", "id": planted, "detail-type": "Config Rules Compliance Change",
            "source": "aws.config", "account": world.account.id, "region": "us-east-1", "resources": [planted],
            "detail": {"resourceId": "gone", "resourceType": "AWS::S3::Bucket", "awsRegion": "us-east-1",
                "awsAccountId": world.account.id, "configRuleName": "s3-bucket-level-public-access-prohibited",
                "annotation": planted, "newEvaluationResult": {"complianceType": "NON_COMPLIANT", "annotation": planted}}});
        if !member.is_empty() {
            event["detail"][member] = json!(planted);
        }
        event
    };
    let mut events: Vec<Value> =
        ["", "awsRegion", "awsAccountId", "newEvaluationResult"].into_iter().map(compliance).collect();
    events.extend([
        json!({"control": "s3-bucket-public", "resource": "gone", planted.as_str(): 1}),
        json!({"control": "s3-bucket-public", "resource": "gone", "account": planted}),
        json!({"control": "s3-bucket-public", "resource": "gone", "region": planted}),
        json!({"control": "s3-bucket-public", "resource": "gone", "mode": planted}),
        json!({"revert": {"plan": planted, "reason": planted}}),
        json!({"sweep": {"control": "s3-bucket-public", "note": planted}}),
        json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": planted, "attributes": {"x": planted}}]}),
        json!({planted.as_str(): planted}),
        json!(planted),
    ]);
    let mut answers = Vec::new();
    for event in events {
        answers.push(lambda.invoke(event.to_string().as_bytes()).await);
    }
    assert_all_silent(&world, &lambda, &answers).await;
}
