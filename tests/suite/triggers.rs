//! Every sample payload through every function: an answer or a typed refusal, and nothing is written that should not be.

use std::{collections::BTreeMap, fs, path::Path};

use remedy_testkit::{
    lambda::Answer,
    world::{World, done},
};
use serde_json::{Value, json};

use crate::drift;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/samples");
/// The functions with controls.
pub(crate) const FUNCTIONS: [&str; 7] =
    ["s3-public-access", "s3-encryption", "kms-keys", "rds", "iam-mfa", "iam-password-policy", "iam-policies"];

fn samples(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).expect("the samples are there");
    files
        .map(|file| file.expect("a sample").path())
        .map(|path| {
            (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read(&path).expect("a sample reads"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_gets_an_answer_or_a_typed_refusal_from_every_function() {
    let world = World::in_account("111122223333").await;
    let samples = samples(Path::new(SAMPLES));
    assert_eq!(samples.len(), 64);
    for function in FUNCTIONS {
        let lambda = world.deploy(function, "observe");
        for (name, payload) in &samples {
            match lambda.invoke(payload).await {
                Answer::Done(answer) => assert!(answer["runs"].is_array(), "{function} {name}: {answer}"),
                Answer::Failed { error_type, .. } => {
                    let refused = ["cloudwatch-alarm-daily-period", "eb-custom-offboarding", "scheduler-raw-input"];
                    assert!(refused.contains(&name.as_str()), "{function} refused {name}: {error_type}");
                }
                other => panic!("{function} {name}: {other:?}"),
            }
        }
    }
    assert!(world.repairs().is_empty());
}

fn sample(name: &str, world: &World, replace: &[(&str, &str)]) -> Vec<u8> {
    let mut text = fs::read_to_string(format!("{SAMPLES}/{name}.json")).expect("the sample is there");
    for (from, to) in replace.iter().chain(&[("111122223333", world.account.id.as_str())]) {
        text = text.replace(from, to);
    }
    text.into_bytes()
}

async fn outcomes(world: &World, function: &str, event: &[u8]) -> Vec<(String, String)> {
    let answer = done(world.deploy(function, "enforce").invoke(event).await);
    let text = |run: &Value, name: &str| run[name].as_str().unwrap_or_default().to_owned();
    answer["runs"].as_array().unwrap().iter().map(|run| (text(run, "control"), text(run, "outcome"))).collect()
}

fn run(control: &str, outcome: &str) -> Vec<(String, String)> {
    vec![(control.to_owned(), outcome.to_owned())]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_aws_reach_the_right_control() {
    let bucket_events = [
        "eb-compliance-s3-public-read",
        "eb-ct-DeleteBucketPublicAccessBlock",
        "eb-ct-PutBucketPolicy",
        "eb-ct-PutBucketPolicy-oidc",
        "eb-access-analyzer-external",
    ];
    for name in bucket_events {
        let world = World::new().await;
        let bucket = drift::bucket(&world, "a").await;
        let event = sample(name, &world, &[("phi-imaging-example", &bucket)]);
        assert_eq!(outcomes(&world, "s3-public-access", &event).await, run("s3-bucket-public", "repaired"), "{name}");
    }
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let tls = sample("eb-compliance-s3-ssl", &world, &[("phi-imaging-example", &bucket)]);
    assert!(outcomes(&world, "s3-public-access", &tls).await.is_empty(), "a rule of another control");
}

#[tokio::test(flavor = "multi_thread")]
async fn key_events_reach_the_right_control() {
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    for (name, control) in [
        ("eb-compliance-kms-rotation", "kms-key-unrotated"),
        ("eb-ct-DisableKeyRotation", "kms-key-unrotated"),
        ("eb-compliance-kms-pending-deletion", "kms-key-pending-deletion"),
        ("eb-ct-ScheduleKeyDeletion", "kms-key-pending-deletion"),
    ] {
        let world = World::new().await;
        let drift = if control == "kms-key-pending-deletion" { drift::Drift::Dying } else { drift::Drift::Rotation };
        let key = drift.make(&world, "").await;
        let event = sample(name, &world, &[(id, &key)]);
        assert_eq!(outcomes(&world, "kms-keys", &event).await, run(control, "repaired"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn user_and_account_events_reach_the_right_control() {
    let world = World::new().await;
    let name = drift::user(&world, "amy").await;
    let user = drift::iam(&world).get_user().user_name(&name).send().await.unwrap().user.unwrap();
    let by_id = sample("eb-compliance-iam-user-mfa", &world, &[("AIDAEXAMPLE0000000001", user.user_id())]);
    assert_eq!(outcomes(&world, "iam-mfa", &by_id).await, run("iam-user-without-mfa", "contained"));
    let account = sample("eb-compliance-password-policy", &world, &[]);
    assert_eq!(outcomes(&world, "iam-password-policy", &account).await, run("iam-password-policy-weak", "repaired"));
    let account = sample("eb-ct-PutAccountPublicAccessBlock", &world, &[]);
    assert_eq!(outcomes(&world, "s3-public-access", &account).await, run("s3-account-public", "awaiting-approval"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_identifier_of_a_rule_decides_over_its_name() {
    let world = World::new().await;
    let key = drift::Drift::Rotation.make(&world, "").await;
    drift::config_rule(&world, "our-own-name", "CMK_BACKING_KEY_ROTATION_ENABLED").await;
    drift::config_rule(&world, "kms-cmk-not-scheduled-for-deletion", "CMK_BACKING_KEY_ROTATION_ENABLED").await;
    for rule in ["our-own-name", "kms-cmk-not-scheduled-for-deletion"] {
        let names =
            [("1234abcd-12ab-34cd-56ef-1234567890ab", key.as_str()), ("cmk-backing-key-rotation-enabled", rule)];
        let event = sample("eb-compliance-kms-rotation", &world, &names);
        let seen = outcomes(&world, "kms-keys", &event).await;
        assert!(seen.iter().all(|(control, _)| control == "kms-key-unrotated") && seen.len() == 1, "{rule}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_aws_speaks_for_aws_and_only_for_its_own_account() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let event = sample("eb-compliance-s3-public-read", &world, &[("phi-imaging-example", &bucket)]);
    let original: Value = serde_json::from_slice(&event).unwrap();
    let forged = [
        (json!({"source": "acme.config"}), "untrusted-source"),
        (json!({"account": "999999999999"}), "foreign-account"),
        (json!({"source": "aws.s3"}), "untrusted-source"),
    ];
    let lambda = world.deploy("s3-public-access", "enforce");
    for (members, kind) in forged {
        let mut event = original.clone();
        event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        match lambda.invoke(event.to_string().as_bytes()).await {
            Answer::Failed { error_type, .. } => {
                assert!([kind, "unknown-event"].contains(&error_type.as_str()), "{error_type}")
            }
            other => panic!("{members}: {other:?}"),
        }
    }
    let elsewhere = String::from_utf8(event).unwrap().replace(&world.account.id, "999999999999");
    assert!(matches!(lambda.invoke(elsewhere.as_bytes()).await, Answer::Failed { .. }), "another account altogether");
    assert!(world.repairs().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_finding_about_a_compliant_resource_changes_nothing() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let lambda = world.deploy("s3-public-access", "enforce");
    done(lambda.invoke(&drift::Drift::Bucket.event(&bucket)).await);
    world.proxy.clear();
    let event = sample("eb-compliance-s3-public-read", &world, &[("phi-imaging-example", &bucket)]);
    assert_eq!(outcomes(&world, "s3-public-access", &event).await, run("s3-bucket-public", "already-compliant"));
    assert!(world.proxy.effects().is_empty());
}

#[tokio::test]
async fn an_unknown_control_is_refused_with_what_there_is() {
    let world = World::new().await;
    let answer = world.deploy("kms-keys", "enforce").invoke(br#"{"control":"kms-key-rotated","resource":"x"}"#).await;
    let Answer::Failed { error_type, message, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(error_type, "unknown-control");
    assert!(message.contains("kms-key-unrotated"), "{message}");
}

#[tokio::test]
async fn an_unknown_plan_is_refused() {
    let world = World::new().await;
    let event = json!({"revert": {"plan": "a".repeat(64)}}).to_string();
    let answer = world.deploy("kms-keys", "enforce").invoke(event.as_bytes()).await;
    assert!(matches!(answer, Answer::Failed { .. }), "{answer:?}");
}
