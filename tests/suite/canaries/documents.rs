//! Canaries in IAM and KMS documents, in descriptions and tags, and in the names of resources.

use remedy_testkit::world::World;
use serde_json::{Value, json};

use super::{CANARIES, assert_all_silent, deploy, planted};
use crate::drift::iam;

/// A name that should never have been given: buckets, users and policies may bear it.
fn name(world: &World, kind: &str) -> String {
    format!("{kind}-{}-{}-{}", world.account.id, CANARIES[0], CANARIES[1].to_lowercase())
}

/// A policy that makes everybody it is attached to an administrator, with canaries wherever IAM takes free text.
fn admin_policy() -> String {
    let planted = planted();
    let harmless = json!({"Sid": "Harmless", "Effect": "Allow", "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::scans/{planted}/*"), "Condition": {"StringEquals": {"aws:PrincipalTag/mrn": planted}}});
    let admin = json!({"Sid": "ssn", "Effect": "Allow", "Action": "*", "Resource": "*"});
    json!({"Version": "2012-10-17", "Id": planted, "Statement": [harmless, admin]}).to_string()
}

async fn policy(world: &World) -> String {
    let (iam, name) = (iam(world), name(world, "policy"));
    for user in ["chief", "on-call"] {
        iam.create_user().user_name(user).send().await.expect("a user is created");
        let administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
        iam.attach_user_policy().user_name(user).policy_arn(administrator).send().await.expect("it is attached");
        iam.create_access_key().user_name(user).send().await.expect("a user gets a key");
    }
    let tag = aws_sdk_iam::types::Tag::builder().key("owner").value(CANARIES[1]).build().expect("a tag");
    let made = iam.create_policy().policy_name(&name).policy_document(admin_policy()).description(planted()).tags(tag);
    made.send().await.expect("a policy is created");
    name
}

async fn inline_policy(world: &World) -> String {
    let (iam, user) = (iam(world), name(world, "user"));
    let tag = aws_sdk_iam::types::Tag::builder().key("owner").value(CANARIES[1]).build().expect("a tag");
    iam.create_user().user_name(&user).tags(tag).send().await.expect("a user is created");
    iam.create_login_profile().user_name(&user).password("Correct-Horse-7").send().await.expect("a password is set");
    let document = json!({"Version": "2012-10-17", "Statement": [{"Sid": "ssn", "Effect": "Allow", "Action": "kms:Decrypt",
        "Resource": "*", "Condition": {"StringEquals": {"kms:EncryptionContext:patient": planted()}}}]});
    let put = iam.put_user_policy().user_name(&user).policy_name(name(world, "inline"));
    put.policy_document(document.to_string()).send().await.expect("an inline policy is put");
    user
}

async fn key(world: &World) -> String {
    let kms = aws_sdk_kms::Client::new(&world.config());
    let root = format!("arn:aws:iam::{}:root", world.account.id);
    let statement = |sid: &str, principal: &str| json!({"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"});
    let document = json!({"Version": "2012-10-17", "Id": planted(),
        "Statement": [statement("owner", &root), statement(&planted(), "*")]});
    let tag = aws_sdk_kms::types::Tag::builder().tag_key("owner").tag_value(planted()).build().expect("a tag");
    let made = kms.create_key().description(planted()).policy(document.to_string()).tags(tag);
    made.send().await.expect("a key is created").key_metadata.expect("it is told").key_id
}

async fn bucket(world: &World) -> String {
    let name = format!("b-{}-{}", CANARIES[0], world.account.id);
    world.s3().create_bucket().bucket(&name).send().await.expect("a bucket is created");
    name
}

/// The function, its controls, and the resource that they are about.
async fn all(world: &World) -> Vec<(&'static str, Vec<&'static str>, String)> {
    let user = inline_policy(world).await;
    vec![
        ("iam-policies", vec!["iam-policy-admin"], policy(world).await),
        ("iam-policies", vec!["iam-inline-policy", "iam-inline-kms"], user.clone()),
        ("iam-mfa", vec!["iam-user-without-mfa"], user),
        ("kms-keys", vec!["kms-key-open-policy", "kms-key-unrotated"], key(world).await),
        ("s3-public-access", vec!["s3-bucket-public"], bucket(world).await),
    ]
}

#[tokio::test]
async fn what_stands_in_documents_and_names_is_told_nobody() {
    let world = World::new().await;
    let mut outcomes = Vec::new();
    for (function, controls, resource) in all(&world).await {
        for control in &controls {
            world.swept_before(control).await;
        }
        for mode in ["observe", "enforce"] {
            let lambda = deploy(&world, function, mode).await;
            let mut answers = Vec::new();
            for control in &controls {
                let event = json!({"control": control, "resource": resource}).to_string();
                let answer = lambda.invoke(event.as_bytes()).await;
                if let remedy_testkit::lambda::Answer::Done(Value::Object(answer)) = &answer {
                    outcomes.push(format!("{mode} {control} {}", answer["runs"][0]["outcome"]));
                }
                answers.push(answer);
            }
            answers.push(lambda.invoke(json!({"sweep": {}}).to_string().as_bytes()).await);
            assert_all_silent(&world, &lambda, &answers).await;
        }
    }
    let repaired = outcomes.iter().filter(|told| told.contains("repaired") || told.contains("contained")).count();
    assert!(repaired >= 4, "there is something to look through: {outcomes:#?}");
    let state = json!(world.state("").await).to_string();
    assert!(state.contains(CANARIES[0]), "settings are kept verbatim, in the state bucket alone");
}
