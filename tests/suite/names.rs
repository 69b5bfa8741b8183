//! A name is no privilege: resources with names that AWS, Remedy or the settings spare are repaired like any other.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{IndexDocument, WebsiteConfiguration};
use remedy_testkit::{
    lambda::Lambda,
    world::{TIMEOUT, World, only_run},
};
use serde_json::{Value, json};

use crate::drift::{self, block_of, iam};

const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const CLOSED: Option<[bool; 4]> = Some([true; 4]);

/// A function of the stack `remedy`, with a topic and the settings that docs/deploy.md begins with.
async fn deploy(world: &World, function: &str) -> Lambda {
    let settings = json!({
        "protected": {
            "break_glass": [world.break_glass()],
            "principals": [format!("arn:aws:iam::{}:role/deploy/*", world.account.id)],
            "resources": ["AWS::S3::Bucket/vendor-dropzone"],
        },
        "parameters": {"identity_repairs": "auto"},
    });
    let mut env: BTreeMap<String, String> = world.environment("enforce");
    env.insert("REMEDY_STACK".to_owned(), "remedy".to_owned());
    env.insert("REMEDY_TOPIC_ARN".to_owned(), drift::topic(world, "notices").await);
    env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&settings));
    world.deploy_with(function, env, TIMEOUT)
}

async fn run(lambda: &Lambda, control: &str, resource: &str) -> Value {
    only_run(lambda.invoke(json!({"control": control, "resource": resource}).to_string().as_bytes()).await)
}

/// The notices so far.
fn told(world: &World) -> Vec<String> {
    let sent = world.proxy.calls_where(|call| call.operation == "Publish");
    sent.iter().filter_map(|call| call.parameter("Message")).collect()
}

async fn open_bucket(world: &World, name: &str, policy: Option<&str>) -> String {
    let name = format!("{name}-{}", world.account.id);
    world.s3().create_bucket().bucket(&name).send().await.expect("a bucket is created");
    if let Some(statement) = policy {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statement.replace("BUCKET", &name));
        world.s3().put_bucket_policy().bucket(&name).policy(text).send().await.expect("a policy is put");
    }
    name
}

async fn administrator(world: &World, name: &str) {
    let iam = iam(world);
    iam.create_user().user_name(name).send().await.expect("a user");
    iam.attach_user_policy().user_name(name).policy_arn(ADMINISTRATOR_ACCESS).send().await.expect("attached");
    iam.create_access_key().user_name(name).send().await.expect("an access key");
}

#[tokio::test]
async fn an_inline_policy_that_is_called_like_remedys_is_a_violation_and_pages() {
    let world = World::new().await;
    let (iam, lambda) = (iam(&world), deploy(&world, "iam-policies").await);
    for (user, inline) in [("trent", "RemedyBackdoor"), ("uma", "RemedyDenyWithoutMfa"), ("vic", "remedy-x")] {
        iam.create_user().user_name(user).send().await.expect("a user");
        let put = iam.put_user_policy().user_name(user).policy_name(inline).policy_document(EVERYTHING);
        put.send().await.expect("an inline policy");
        assert_eq!(run(&lambda, "iam-inline-kms", user).await["outcome"], "needs-human", "{inline}");
        assert_eq!(run(&lambda, "iam-user-direct-policy", user).await["outcome"], "needs-human", "{inline}");
        let before = told(&world).len();
        let converted = run(&lambda, "iam-inline-policy", user).await;
        assert_eq!(converted["outcome"], "repaired", "{converted:#}");
        assert!(converted["violations"].to_string().contains("somebody imitates Remedy"), "{converted:#}");
        let told = told(&world).split_off(before);
        assert!(told.len() == 1 && told[0].contains("Remedy page:"), "{told:?}");
        assert_eq!(
            run(&lambda, "iam-user-direct-policy", user).await["outcome"],
            "needs-human",
            "and it is still seen"
        );
    }
    for (kind, name) in [("role", "wrought"), ("group", "ward")] {
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        if kind == "role" {
            iam.create_role().role_name(name).assume_role_policy_document(trust).send().await.expect("a role");
            let put = iam.put_role_policy().role_name(name).policy_name("RemedyDenyWithoutMfa");
            put.policy_document(EVERYTHING).send().await.expect("an inline policy");
        } else {
            iam.create_group().group_name(name).send().await.expect("a group");
            let put = iam.put_group_policy().group_name(name).policy_name("RemedyDenyWithoutMfa");
            put.policy_document(EVERYTHING).send().await.expect("an inline policy");
        }
        assert_eq!(run(&lambda, "iam-inline-policy", name).await["outcome"], "repaired", "{kind}");
    }
}

#[tokio::test]
async fn the_fence_that_iam_mfa_puts_up_is_no_violation() {
    let world = World::new().await;
    let (mfa, policies) = (deploy(&world, "iam-mfa").await, deploy(&world, "iam-policies").await);
    let user = drift::user(&world, "a").await;
    assert_eq!(run(&mfa, "iam-user-without-mfa", &user).await["outcome"], "contained");
    for control in ["iam-inline-policy", "iam-inline-kms", "iam-user-direct-policy"] {
        assert_eq!(run(&policies, control, &user).await["outcome"], "already-compliant", "{control}");
    }
}

#[tokio::test]
async fn an_attached_policy_that_is_called_like_remedys_is_a_violation() {
    let world = World::new().await;
    let (iam, lambda) = (iam(&world), deploy(&world, "iam-policies").await);
    for name in ["x-iam-mfa-deny", "remedy-iam-mfa-deny-2"] {
        iam.create_user().user_name(name).send().await.expect("a user");
        let made = iam.create_policy().policy_name(name).policy_document(EVERYTHING).send().await.expect("a policy");
        let arn = made.policy.and_then(|policy| policy.arn).expect("it has an ARN");
        iam.attach_user_policy().user_name(name).policy_arn(arn).send().await.expect("it is attached");
        assert_eq!(run(&lambda, "iam-user-direct-policy", name).await["outcome"], "needs-human", "{name}");
    }
    let version = iam.create_policy_version().policy_arn(world.deny_policy()).policy_document(EVERYTHING);
    version.set_as_default(true).send().await.expect("a version is made");
    let user = drift::user(&world, "a").await;
    iam.attach_user_policy().user_name(&user).policy_arn(world.deny_policy()).send().await.expect("it is attached");
    assert_eq!(run(&lambda, "iam-user-direct-policy", &user).await["outcome"], "needs-human", "what it says counts");
}

#[tokio::test]
async fn users_are_fenced_whatever_they_are_called() {
    let world = World::new().await;
    let (iam, lambda) = (iam(&world), deploy(&world, "iam-mfa").await);
    let state = world.state_bucket();
    for name in [
        state.as_str(),
        "remedy",
        "stacksets-exec-bob",
        "AWSServiceRole-mallory",
        "break-glass-2",
        "deploy-x",
        "remedy-write",
    ] {
        iam.create_user().user_name(name).send().await.expect("a user");
        iam.create_login_profile().user_name(name).password("Correct-Horse-7").send().await.expect("a password");
        assert_eq!(run(&lambda, "iam-user-without-mfa", name).await["outcome"], "contained", "{name}");
    }
    iam.create_user().user_name("break-glass-1").send().await.expect("a user");
    iam.create_login_profile().user_name("break-glass-1").password("Correct-Horse-7").send().await.expect("a password");
    let spared = run(&lambda, "iam-user-without-mfa", "break-glass-1").await;
    assert_eq!((spared["outcome"].as_str(), spared["check"].as_str()), (Some("blocked"), Some("protected")));
    assert!(told(&world).iter().any(|told| told.contains("user/break-glass-1") && told.contains("Remedy alarm:")));
}

#[tokio::test]
async fn buckets_are_closed_whatever_they_are_called() {
    let world = World::new().await;
    let lambda = deploy(&world, "s3-public-access").await;
    for start in ["stacksets-exec-phi", "break-glass-phi", "deploy-phi", "remedy", "remedy-s3-public-access"] {
        let bucket = open_bucket(&world, start, None).await;
        let run = run(&lambda, "s3-bucket-public", &bucket).await;
        assert_eq!(run["outcome"], "repaired", "{run:#}");
        assert_eq!(block_of(&world, &bucket).await, CLOSED, "{bucket}");
    }
    for own in [world.state_bucket(), world.evidence_bucket()] {
        assert_eq!(run(&lambda, "s3-bucket-public", &own).await["outcome"], "blocked", "{own}");
    }
}

#[tokio::test]
async fn a_policy_is_put_right_whatever_it_and_its_holders_are_called() {
    let world = World::new().await;
    let (iam, lambda) = (iam(&world), deploy(&world, "iam-policies").await);
    for name in ["ann", "bob"] {
        administrator(&world, name).await;
    }
    let holders = ["AWSServiceRole-mallory", "deploy-mallory", "stacksets-exec-mallory", "eve"];
    for holder in holders {
        iam.create_user().user_name(holder).send().await.expect("a user");
    }
    for name in ["remedy-backdoor", "AWSServiceRoleForMe", "RemedyInline-x"] {
        let made = iam.create_policy().policy_name(name).policy_document(EVERYTHING).send().await.expect("a policy");
        let arn = made.policy.and_then(|policy| policy.arn).expect("it is told");
        for holder in holders {
            iam.attach_user_policy().user_name(holder).policy_arn(&arn).send().await.expect("attached");
        }
        let done = run(&lambda, "iam-policy-admin", name).await;
        assert_eq!(done["outcome"], "contained", "{done:#}");
        for holder in holders {
            let left = iam.list_attached_user_policies().user_name(holder).send().await.expect("a list");
            assert!(left.attached_policies().is_empty(), "{holder} has {name}");
        }
    }
    iam.attach_user_policy()
        .user_name("deploy-mallory")
        .policy_arn(ADMINISTRATOR_ACCESS)
        .send()
        .await
        .expect("attached");
    assert_eq!(run(&lambda, "iam-admin-attached", "deploy-mallory").await["outcome"], "repaired");
}

#[tokio::test]
async fn a_policy_that_break_glass_has_too_says_whose_name_spares_it() {
    let world = World::new().await;
    let (iam, lambda) = (iam(&world), deploy(&world, "iam-policies").await);
    for name in ["ann", "bob"] {
        administrator(&world, name).await;
    }
    let made = iam.create_policy().policy_name("shared").policy_document(EVERYTHING).send().await.expect("a policy");
    let arn = made.policy.and_then(|policy| policy.arn).expect("it is told");
    for holder in ["break-glass-1", "eve"] {
        iam.create_user().user_name(holder).send().await.expect("a user");
        iam.attach_user_policy().user_name(holder).policy_arn(&arn).send().await.expect("attached");
    }
    let held = run(&lambda, "iam-policy-admin", "shared").await;
    assert_eq!(held["outcome"], "blocked", "{held:#}");
    let why = held["reason"].as_str().unwrap_or_default();
    assert!(why.contains("user/break-glass-1") && why.contains("others may do the same"), "{held:#}");
}

const STRANGERS: &str =
    r#"{"Sid":"SID","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}"#;

#[tokio::test]
async fn no_statement_and_no_website_keeps_a_public_bucket_open() {
    let world = World::new().await;
    let lambda = deploy(&world, "s3-public-access").await;
    let unknown = STRANGERS.replace(r#""Effect""#, r#""Condition":{"StringEquals":{"aws:NoSuchKey":"x"}},"Effect""#);
    for (name, statement, stays) in [
        ("posing", STRANGERS.replace("SID", "RemedyDenyPlaintext"), false),
        ("website", STRANGERS.replace("SID", "Web"), true),
        ("unknown", unknown, true),
    ] {
        let bucket = open_bucket(&world, name, Some(&statement)).await;
        if name == "website" {
            let index = IndexDocument::builder().suffix("index.html").build().expect("a suffix");
            let website = WebsiteConfiguration::builder().index_document(index).build();
            let put = world.s3().put_bucket_website().bucket(&bucket).website_configuration(website);
            put.send().await.expect("a website");
        }
        let before = told(&world).len();
        let run = run(&lambda, "s3-bucket-public", &bucket).await;
        assert_eq!(run["outcome"], "repaired", "{run:#}");
        assert_eq!(block_of(&world, &bucket).await, CLOSED, "{bucket}");
        assert_eq!(drift::policy_of(&world, &bucket).await.is_some(), stays, "{bucket}");
        let told = told(&world).split_off(before);
        let word = if stays { "Remedy alarm:" } else { "Remedy page:" };
        assert!(told.len() == 1 && told[0].contains(word), "{told:?}");
    }
}

#[tokio::test]
async fn a_bucket_that_is_opened_again_and_again_is_closed_each_time_and_pages() {
    let world = World::new().await;
    let lambda = deploy(&world, "s3-public-access").await;
    let bucket = open_bucket(&world, "phi", None).await;
    for time in 1..=5 {
        let run = run(&lambda, "s3-bucket-public", &bucket).await;
        assert_eq!(run["outcome"], "repaired", "{time}: {run:#}");
        assert_eq!(block_of(&world, &bucket).await, CLOSED);
        world.s3().delete_public_access_block().bucket(&bucket).send().await.expect("it is opened");
    }
    let pages = told(&world).iter().filter(|told| told.contains("Remedy page:")).count();
    assert_eq!(pages, 2, "the fourth and the fifth time: {:?}", told(&world));
}

#[tokio::test]
async fn who_lets_a_log_service_in_takes_no_bucket_out_of_scope() {
    let world = World::new().await;
    let lambda = deploy(&world, "s3-encryption").await;
    let dummy = r#"{"Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::BUCKET/never/*","Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"}}}"#;
    let bucket = open_bucket(&world, "phi-logs", Some(dummy)).await;
    let uploads = run(&lambda, "s3-bucket-unencrypted-put", &bucket).await;
    assert_eq!(uploads["outcome"], "awaiting-approval", "{uploads:#}");
    assert!(uploads["reason"].as_str().is_some_and(|reason| reason.contains("deliver logs")), "{uploads:#}");
    let key = run(&lambda, "s3-bucket-default-key", &bucket).await;
    assert_eq!(key["outcome"], "needs-human", "the settings name no key: {key:#}");
}
