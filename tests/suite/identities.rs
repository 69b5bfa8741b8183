//! The function `iam-policies` as a real process: what it narrows, detaches, converts and reports, and what it leaves alone.

use aws_sdk_iam::{Client, types::PolicyVersion};
use remedy_testkit::{
    lambda::Lambda,
    world::{TIMEOUT, World, done, only_run},
};
use serde_json::{Value, json};

use crate::drift::iam;

pub(crate) mod kinds;
mod poison;

pub(crate) const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
pub(crate) const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
pub(crate) const READING: &str =
    r#"{"Sid":"Reading","Effect":"Allow","Action":"s3:\u0047et*","Resource":"arn:aws:s3:::phi/*"}"#;
pub(crate) const EVERYTHING: &str = r#"{"Sid":"Temporary","Effect":"Allow","Action":"*","Resource":"*"}"#;

pub(crate) fn document(statements: &[&str]) -> String {
    format!(r#"{{ "Version": "2012-10-17", "Statement": [ {} ] }}"#, statements.join(", "))
}

/// The function, with these parameters.
async fn deploy(world: &World, parameters: Value) -> Lambda {
    let settings = world.settings_with(&json!({"modes": {"default": "enforce"}, "parameters": parameters}));
    world.agree_to_settings(&settings).await;
    let put = world.s3().put_object().bucket(world.state_bucket()).key("settings.json");
    put.body(settings.to_string().into_bytes().into()).send().await.expect("the settings are kept");
    let mut env = world.environment("observe");
    env.insert("REMEDY_SETTINGS".into(), format!("s3://{}/settings.json", world.state_bucket()));
    world.deploy_with("iam-policies", env, TIMEOUT)
}

async fn run(lambda: &Lambda, control: &str, resource: &str) -> Value {
    only_run(lambda.invoke(json!({"control": control, "resource": resource}).to_string().as_bytes()).await)
}

/// A user with `AdministratorAccess` and an access key.
pub(crate) async fn administrator(iam: &Client, name: &str) {
    iam.create_user().user_name(name).send().await.expect("a user");
    iam.attach_user_policy().user_name(name).policy_arn(ADMINISTRATOR_ACCESS).send().await.expect("it is attached");
    iam.create_access_key().user_name(name).send().await.expect("an access key");
}

pub(crate) async fn policy(iam: &Client, name: &str, text: &str) -> String {
    let made = iam.create_policy().policy_name(name).policy_document(text).send().await.expect("a policy");
    made.policy.expect("it is told").arn.expect("it has an ARN")
}

async fn versions(iam: &Client, arn: &str) -> Vec<PolicyVersion> {
    iam.list_policy_versions().policy_arn(arn).send().await.expect("the versions").versions.unwrap_or_default()
}

/// The document that counts.
async fn default_document(iam: &Client, arn: &str) -> String {
    let versions = versions(iam, arn).await;
    let default = versions.iter().find(|version| version.is_default_version()).and_then(PolicyVersion::version_id);
    let request = iam.get_policy_version().policy_arn(arn).version_id(default.expect("one counts"));
    let text = request.send().await.expect("a version").policy_version.unwrap().document.unwrap();
    percent_encoding::percent_decode_str(&text).decode_utf8().unwrap().into_owned()
}

async fn attached(iam: &Client, user: &str) -> Vec<String> {
    let answer = iam.list_attached_user_policies().user_name(user).send().await.expect("what is attached");
    answer.attached_policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn).collect()
}

#[tokio::test]
async fn the_grant_goes_the_other_statement_stays_byte_for_byte_and_the_old_version_is_the_way_back() {
    let world = World::new().await;
    let iam = iam(&world);
    let text = document(&[EVERYTHING, READING]);
    let arn = policy(&iam, "clinic", &text).await;
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    let repaired = run(&lambda, "iam-policy-admin", "clinic").await;
    assert_eq!(repaired["outcome"], "repaired", "{repaired:#}");
    assert_eq!(default_document(&iam, &arn).await, document(&[READING]), "not a byte of the rest changed");
    assert_eq!(versions(&iam, &arn).await.len(), 2, "the old version is kept");
    world.assert_conserved().await;

    world.proxy.clear();
    assert_eq!(run(&lambda, "iam-policy-admin", &arn).await["outcome"], "already-compliant");
    assert!(world.proxy.effects().is_empty());
    let undone = world.undo(&lambda, &repaired).await;
    assert_eq!(undone["outcome"], "reverted", "{undone:#}");
    assert_eq!(default_document(&iam, &arn).await, text);
    assert_eq!(versions(&iam, &arn).await.len(), 1, "our version is gone");
}

#[tokio::test]
async fn a_policy_that_lay_unattached_is_looked_at_when_it_is_attached() {
    let world = World::new().await;
    let iam = iam(&world);
    let arn = policy(&iam, "clinic", &document(&[EVERYTHING, READING])).await;
    iam.create_user().user_name("cleo").send().await.expect("a user");
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    for (call, parameter, name) in [
        ("AttachUserPolicy", "userName", "cleo"),
        ("AttachRolePolicy", "roleName", "r"),
        ("AttachGroupPolicy", "groupName", "g"),
    ] {
        let (account, region) = (&world.account.id, &world.account.region);
        let event = json!({
            "version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.iam",
            "account": account, "time": "2026-06-01T00:00:00Z", "region": region, "resources": [],
            "detail": {
                "eventVersion": "1.10", "eventSource": "iam.amazonaws.com", "eventName": call, "awsRegion": region,
                "recipientAccountId": account, "userIdentity": {"type": "IAMUser", "accountId": account, "userName": "ann"},
                "requestParameters": {parameter: name, "policyArn": arn},
            },
        });
        let answer = done(lambda.invoke(event.to_string().as_bytes()).await);
        let runs = answer["runs"].as_array().expect("runs");
        let run = runs.iter().find(|run| run["control"] == "iam-policy-admin").unwrap_or_else(|| panic!("{answer:#}"));
        let expected = if call == "AttachUserPolicy" { "repaired" } else { "already-compliant" };
        assert_eq!((&run["resource"], &run["outcome"]), (&json!("clinic"), &json!(expected)), "{call}: {run:#}");
    }
    assert_eq!(default_document(&iam, &arn).await, document(&[READING]));
}

#[tokio::test]
async fn an_undo_leaves_a_statement_that_somebody_added_since() {
    let world = World::new().await;
    let iam = iam(&world);
    let arn = policy(&iam, "clinic", &document(&[EVERYTHING, READING])).await;
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    let repaired = run(&lambda, "iam-policy-admin", "clinic").await;
    let theirs = r#"{"Sid":"Theirs","Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}"#;
    let request = iam.create_policy_version().policy_arn(&arn).policy_document(document(&[READING, theirs]));
    request.set_as_default(true).send().await.expect("their version");
    assert_eq!(world.undo(&lambda, &repaired).await["outcome"], "reverted");
    let text = default_document(&iam, &arn).await;
    assert!([EVERYTHING, READING, theirs].iter().all(|statement| text.contains(statement)), "{text}");
}

#[tokio::test]
async fn five_versions_make_room_and_what_made_room_comes_back() {
    let world = World::new().await;
    let iam = iam(&world);
    let oldest = document(&[r#"{"Effect":"Allow","Action":"sns:Publish","Resource":"*"}"#]);
    let arn = policy(&iam, "clinic", &oldest).await;
    for _ in 0..4 {
        let request = iam.create_policy_version().policy_arn(&arn).policy_document(document(&[EVERYTHING, READING]));
        request.set_as_default(true).send().await.expect("a version");
    }
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    let repaired = run(&lambda, "iam-policy-admin", "clinic").await;
    assert_eq!(repaired["outcome"], "repaired", "{repaired:#}");
    assert_eq!(world.undo(&lambda, &repaired).await["outcome"], "reverted");
    let mut texts = Vec::new();
    for version in versions(&iam, &arn).await {
        let request = iam.get_policy_version().policy_arn(&arn).version_id(version.version_id().unwrap());
        let text = request.send().await.unwrap().policy_version.unwrap().document.unwrap();
        texts.push(percent_encoding::percent_decode_str(&text).decode_utf8().unwrap().into_owned());
    }
    assert_eq!((texts.len(), texts.iter().filter(|text| **text == oldest).count()), (5, 1), "{texts:?}");
}

#[tokio::test]
async fn by_default_a_person_is_asked_about_identities() {
    let world = World::new().await;
    let iam = iam(&world);
    for name in ["ann", "bob", "cleo"] {
        administrator(&iam, name).await;
    }
    policy(&iam, "clinic", &document(&[EVERYTHING, READING])).await;
    let lambda = deploy(&world, json!({})).await;
    for (control, resource) in [("iam-policy-admin", "clinic"), ("iam-admin-attached", "ann")] {
        let held = run(&lambda, control, resource).await;
        assert_eq!(held["outcome"], "awaiting-approval", "{held:#}");
    }
    assert!(world.repairs().is_empty());
}

#[tokio::test]
async fn the_last_two_administrators_stay() {
    let world = World::new().await;
    let iam = iam(&world);
    for name in ["ann", "bob", "cleo"] {
        administrator(&iam, name).await;
    }
    iam.create_user().user_name("nobody").send().await.expect("a user nobody can be");
    iam.attach_user_policy().user_name("nobody").policy_arn(ADMINISTRATOR_ACCESS).send().await.expect("attached");
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    let first = run(&lambda, "iam-admin-attached", "ann").await;
    assert_eq!(first["outcome"], "repaired", "{first:#}");
    let second = run(&lambda, "iam-admin-attached", "bob").await;
    assert_eq!(second["outcome"], "blocked", "{second:#}");
    assert!(second["reason"].as_str().unwrap().contains("1 effective administrators would be left"), "{second:#}");
    assert_eq!(attached(&iam, "bob").await, [ADMINISTRATOR_ACCESS]);
    assert_eq!(world.undo(&lambda, &first).await["outcome"], "reverted");
    assert_eq!(attached(&iam, "ann").await, [ADMINISTRATOR_ACCESS]);
}

#[tokio::test]
async fn two_repairs_at_once_do_not_take_the_last_two_between_them() {
    let world = World::new().await;
    let iam = iam(&world);
    for name in ["ann", "bob", "cleo"] {
        administrator(&iam, name).await;
    }
    let one = deploy(&world, json!({"identity_repairs": "auto"})).await;
    let other = deploy(&world, json!({"identity_repairs": "auto"})).await;
    let event = |name: &str| json!({"control": "iam-admin-attached", "resource": name}).to_string();
    let (ann, bob) = (event("ann"), event("bob"));
    // One must come again, or finds after waiting that too few would be left.
    let _ = tokio::join!(one.invoke(ann.as_bytes()), other.invoke(bob.as_bytes()));
    let left = [attached(&iam, "ann").await, attached(&iam, "bob").await];
    assert_eq!(left.iter().filter(|policies| !policies.is_empty()).count(), 1, "{left:?}");
    for event in [ann, bob] {
        let run = only_run(one.invoke(event.as_bytes()).await);
        assert!(matches!(run["outcome"].as_str(), Some("already-compliant" | "blocked")), "{run:#}");
    }
}

#[tokio::test]
async fn nothing_is_taken_from_break_glass_nor_by_a_policy_or_group_it_has() {
    let world = World::new().await;
    let iam = iam(&world);
    for name in ["ann", "bob", "cleo", "break-glass-1"] {
        administrator(&iam, name).await;
    }
    let arn = policy(&iam, "clinic", &document(&[EVERYTHING, READING])).await;
    iam.attach_user_policy().user_name("break-glass-1").policy_arn(&arn).send().await.expect("attached");
    iam.create_group().group_name("rescue").send().await.expect("a group");
    iam.attach_group_policy().group_name("rescue").policy_arn(ADMINISTRATOR_ACCESS).send().await.expect("attached");
    iam.add_user_to_group().group_name("rescue").user_name("break-glass-1").send().await.expect("a member");
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    for (control, resource) in
        [("iam-admin-attached", "break-glass-1"), ("iam-admin-attached", "rescue"), ("iam-policy-admin", "clinic")]
    {
        let held = run(&lambda, control, resource).await;
        assert_eq!(held["outcome"], "blocked", "{held:#}");
    }
    assert!(world.repairs().is_empty());
}

#[tokio::test]
async fn nothing_is_taken_from_the_role_that_remedy_runs_as() {
    let world = World::new().await;
    let iam = iam(&world);
    for name in ["ann", "bob"] {
        administrator(&iam, name).await;
    }
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    // The functions of this world run in sessions of this role.
    for (name, outcome) in [("remedy-test", "blocked"), ("remedy-write", "blocked"), ("another", "repaired")] {
        iam.create_role().role_name(name).assume_role_policy_document(trust).send().await.expect("a role");
        let attach = iam.attach_role_policy().role_name(name).policy_arn(ADMINISTRATOR_ACCESS);
        attach.send().await.expect("attached");
        let run = run(&lambda, "iam-admin-attached", name).await;
        assert_eq!(run["outcome"], outcome, "{run:#}");
    }
}

#[tokio::test]
async fn a_policy_of_nothing_else_is_detached_as_the_settings_or_the_policy_want() {
    let world = World::new().await;
    let iam = iam(&world);
    for name in ["ann", "bob"] {
        administrator(&iam, name).await;
    }
    let arn = policy(&iam, "everything", &document(&[EVERYTHING])).await;
    iam.create_user().user_name("dora").send().await.expect("a user");
    iam.attach_user_policy().user_name("dora").policy_arn(&arn).send().await.expect("attached");
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    let detached = run(&lambda, "iam-policy-admin", "everything").await;
    assert_eq!(detached["outcome"], "contained", "it still makes administrators, of nobody: {detached:#}");
    assert_eq!(attached(&iam, "dora").await, [""; 0]);
    let dormant = run(&lambda, "iam-policy-admin", "everything").await;
    assert_eq!(dormant["outcome"], "dormant", "nobody contained it: nobody has it: {dormant:#}");
    assert_eq!(world.undo(&lambda, &detached).await["outcome"], "reverted");
    assert_eq!(attached(&iam, "dora").await, [arn]);
}

#[tokio::test]
async fn what_a_group_gives_is_taken_off_the_user() {
    let world = World::new().await;
    let iam = iam(&world);
    iam.create_user().user_name("dora").send().await.expect("a user");
    iam.create_group().group_name("ward").send().await.expect("a group");
    iam.add_user_to_group().group_name("ward").user_name("dora").send().await.expect("a member");
    iam.attach_user_policy().user_name("dora").policy_arn(READ_ONLY).send().await.expect("attached");
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    assert_eq!(run(&lambda, "iam-user-direct-policy", "dora").await["outcome"], "needs-human", "no group gives it");
    iam.attach_group_policy().group_name("ward").policy_arn(READ_ONLY).send().await.expect("attached");
    let repaired = run(&lambda, "iam-user-direct-policy", "dora").await;
    assert_eq!(repaired["outcome"], "repaired", "{repaired:#}");
    assert_eq!(attached(&iam, "dora").await, [""; 0]);
    assert_eq!(run(&lambda, "iam-user-direct-policy", "dora").await["outcome"], "already-compliant");
}

#[tokio::test]
async fn what_only_a_person_can_narrow_is_reported_once() {
    let world = World::new().await;
    let iam = iam(&world);
    let text = document(&[r#"{"Effect":"Allow","Action":["s3:*","kms:Decrypt"],"Resource":"*"}"#]);
    policy(&iam, "storage", &text).await;
    iam.create_user().user_name("dora").send().await.expect("a user");
    let put = iam.put_user_policy().user_name("dora").policy_name("night").policy_document(&text);
    put.send().await.expect("an inline policy");
    let lambda = deploy(&world, json!({})).await;
    for (control, resource, violation) in [
        ("iam-policy-full-service", "storage", "every action is permitted of 1 services: s3"),
        ("iam-inline-kms", "dora", "inline policies permit decryption with every key: 1"),
        ("iam-policy-unapproved", "storage", "has no approval on file"),
    ] {
        let told = run(&lambda, control, resource).await;
        assert_eq!(told["outcome"], "needs-human", "{told:#}");
        assert!(told["violations"][0].as_str().unwrap().contains(violation), "{told:#}");
        let (evidence, again) = (world.evidence().await, run(&lambda, control, resource).await);
        assert_eq!((again["outcome"].as_str(), world.evidence().await), (Some("needs-human"), evidence));
    }
    let reason = run(&lambda, "iam-policy-unapproved", "storage").await["reason"].as_str().unwrap().to_owned();
    let digest = reason.split_whitespace().find(|word| word.len() == 64).expect("the digest is told");
    let approving = deploy(&world, json!({"approved_policies": [digest]})).await;
    assert_eq!(run(&approving, "iam-policy-unapproved", "storage").await["outcome"], "already-compliant");
    assert!(world.repairs().is_empty());
}
