//! The MFA-deny policy at users: it is attached only if it says what it must, and the form of earlier versions goes.

use std::time::Duration;

use aws_sdk_iam::Client;
use remedy_domain::{evidence::StoredPlan, fence};
use remedy_testkit::{
    lambda::Lambda,
    world::{World, only_run},
};
use serde_json::{Value, json};

use crate::drift::{self, Drift, attached_to, iam};

const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
/// A plan that an earlier version carried out, and its user.
const OLD_PLAN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/formats/0.1.0/state/plan/13e995759db731644ec5010403362ef4886cf5ff8b0ac8d6864d92ba8a1f0ec9"
);
const OLD_USER: [&str; 3] = ["413617872399", "nurse-first-iam-user-without-mfa", "qksqjidnimw4afxi387u"];

async fn run(lambda: &Lambda, user: &str) -> Value {
    only_run(lambda.invoke(&Drift::User.event(user)).await)
}

async fn change_policy(world: &World, document: &str) {
    let request = iam(world).create_policy_version().policy_arn(world.deny_policy()).set_as_default(true);
    request.policy_document(document).send().await.expect("a version is made");
}

async fn has_inline(iam: &Client, user: &str) -> bool {
    iam.get_user_policy().user_name(user).policy_name(fence::NAME).send().await.is_ok()
}

async fn put_inline(world: &World, user: &str) {
    let iam = iam(world);
    let arn = iam.get_user().user_name(user).send().await.expect("a user").user.expect("it is told").arn;
    let put = iam.put_user_policy().user_name(user).policy_name(fence::NAME);
    put.policy_document(fence::document(&arn, user)).send().await.expect("an inline policy");
}

async fn enrol(iam: &Client, user: &str) {
    let device = iam.create_virtual_mfa_device().virtual_mfa_device_name(user).send().await.expect("a device");
    let serial = device.virtual_mfa_device.expect("a device has a serial number").serial_number;
    let enable = iam.enable_mfa_device().user_name(user).serial_number(serial);
    enable.authentication_code1("123456").authentication_code2("654321").send().await.expect("it is enabled");
}

#[tokio::test]
async fn a_changed_deny_policy_is_not_attached_and_a_person_looks() {
    let world = World::new().await;
    let (user, fenced) = (drift::user(&world, "new").await, drift::user(&world, "fenced").await);
    let lambda = world.deploy("iam-mfa", "enforce");
    assert_eq!(run(&lambda, &fenced).await["outcome"], "contained");
    enrol(&iam(&world), &fenced).await;
    let freed = run(&lambda, &fenced).await;
    assert_eq!(freed["outcome"], "repaired", "{freed:#}");

    change_policy(&world, EVERYTHING).await;
    let changed = run(&lambda, &user).await;
    assert_eq!(changed["outcome"], "needs-human", "{changed:#}");
    assert!(changed["reason"].to_string().contains("does not say what the template says"), "{changed:#}");
    let undo = world.undo(&lambda, &freed).await;
    assert_eq!(undo["outcome"], "blocked", "an undo attaches nothing else either: {undo:#}");
    assert!(undo["reason"].to_string().contains("does not say what the template says"), "{undo:#}");
    for user in [&user, &fenced] {
        assert_eq!(attached_to(&world, user).await, [""; 0]);
    }

    change_policy(&world, &fence::managed_document("aws", &world.account.id)).await;
    assert_eq!(run(&lambda, &user).await["outcome"], "contained", "it is believed again by what it says");
    change_policy(&world, EVERYTHING).await;
    let undermined = run(&lambda, &user).await;
    assert_eq!(undermined["outcome"], "needs-human", "what is attached contains nobody: {undermined:#}");
    world.assert_conserved().await;
}

#[tokio::test]
async fn without_the_deny_policy_a_person_deploys_the_template() {
    let world = World::new().await;
    let user = drift::user(&world, "a").await;
    iam(&world).delete_policy().policy_arn(world.deny_policy()).send().await.expect("it is deleted");
    let missing = run(&world.deploy("iam-mfa", "enforce"), &user).await;
    assert_eq!(missing["outcome"], "needs-human", "{missing:#}");
    assert!(missing["reason"].to_string().contains("deploy the template"), "{missing:#}");
    assert!(world.attempts().is_empty(), "nothing is attached");
}

#[tokio::test]
async fn without_a_deployed_template_the_deny_policy_is_made_on_an_emulator() {
    let world = World::new().await;
    let users = [drift::user(&world, "a").await, drift::user(&world, "b").await];
    iam(&world).delete_policy().policy_arn(world.deny_policy()).send().await.expect("it is deleted");
    let by_hand = |mode| {
        let mut env = world.environment(mode);
        env.remove("REMEDY_STACK_ID").expect("a deployed function has a stack");
        env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&world.settings()));
        world.deploy_with("iam-mfa", env, Duration::from_secs(60))
    };
    let planned = run(&by_hand("observe"), &users[0]).await;
    assert_eq!(planned["outcome"], "planned", "{planned:#}");
    assert!(iam(&world).get_policy().policy_arn(world.deny_policy()).send().await.is_err(), "looking makes nothing");
    let lambda = by_hand("enforce");
    for user in &users {
        assert_eq!(run(&lambda, user).await["outcome"], "contained");
        assert_eq!(attached_to(&world, user).await, [world.deny_policy()]);
    }
}

#[tokio::test]
async fn a_user_with_as_many_policies_as_iam_attaches_needs_a_person() {
    let world = World::new().await;
    let (iam, user) = (iam(&world), drift::user(&world, "a").await);
    for number in 0..10 {
        let made = iam.create_policy().policy_name(format!("ward-{number}")).policy_document(EVERYTHING).send().await;
        let arn = made.expect("a policy").policy.and_then(|policy| policy.arn).expect("it has an ARN");
        iam.attach_user_policy().user_name(&user).policy_arn(arn).send().await.expect("it is attached");
    }
    let lambda = world.deploy("iam-mfa", "enforce");
    for _ in 0..2 {
        let full = run(&lambda, &user).await;
        assert_eq!(full["outcome"], "needs-human", "{full:#}");
        assert!(full["reason"].to_string().contains("detach one"), "{full:#}");
    }
    assert!(world.attempts().is_empty(), "nothing is tried");
    world.proxy.set_account_summary(&world.account.id, "AttachedPoliciesPerUserQuota", 20);
    assert_ne!(run(&lambda, &user).await["outcome"], "needs-human", "AWS raised the quota");
}

#[tokio::test]
async fn an_inline_deny_policy_of_an_earlier_version_is_undone_and_removed() {
    let world = World::new().await;
    let (iam, lambda) = (iam(&world), world.deploy("iam-mfa", "enforce"));
    let [account, name, id] = OLD_USER;
    let user = drift::user(&world, name.strip_prefix("nurse-").expect("a nurse")).await;
    let its = iam.get_user().user_name(&user).send().await.expect("a user").user.expect("it is told");
    put_inline(&world, &user).await;
    assert_eq!(run(&lambda, &user).await["outcome"], "contained", "as before");
    assert!(world.attempts().is_empty() && attached_to(&world, &user).await.is_empty());

    let text = std::fs::read_to_string(OLD_PLAN).expect("the plan is on file");
    let text = text.replace(account, &world.account.id).replace(id, its.user_id());
    let plan: StoredPlan = serde_json::from_str(&text).expect("an old plan loads");
    let plan = plan.plan.id().expect("a plan has an id");
    let put = world.s3().put_object().bucket(world.state_bucket()).key(format!("plan/{plan}"));
    put.body(text.into_bytes().into()).send().await.expect("the state bucket takes an entry");
    let undo = world.undo(&lambda, &json!({"plan": plan})).await;
    assert_eq!(undo["outcome"], "reverted", "{undo:#}");
    assert!(!has_inline(&iam, &user).await && attached_to(&world, &user).await.is_empty());

    let enrolled = drift::user(&world, "enrolled").await;
    assert_eq!(run(&lambda, &enrolled).await["outcome"], "contained");
    put_inline(&world, &enrolled).await;
    enrol(&iam, &enrolled).await;
    let removed = run(&lambda, &enrolled).await;
    assert_eq!(removed["outcome"], "repaired", "{removed:#}");
    assert!(!has_inline(&iam, &enrolled).await && attached_to(&world, &enrolled).await.is_empty(), "both are gone");
    let undo = world.undo(&lambda, &removed).await;
    assert_eq!(undo["outcome"], "reverted", "{undo:#}");
    assert_eq!(attached_to(&world, &enrolled).await, [world.deny_policy()], "the managed one stands for both");
    assert!(!has_inline(&iam, &enrolled).await);
    world.assert_conserved().await;
}

#[tokio::test]
async fn an_inline_policy_of_the_name_that_says_something_else_is_left_alone() {
    let world = World::new().await;
    let (iam, user) = (iam(&world), drift::user(&world, "a").await);
    let put = iam.put_user_policy().user_name(&user).policy_name(fence::NAME).policy_document(EVERYTHING);
    put.send().await.expect("an inline policy");
    let lambda = world.deploy("iam-mfa", "enforce");
    assert_eq!(run(&lambda, &user).await["outcome"], "contained", "by the managed policy");
    enrol(&iam, &user).await;
    assert_eq!(run(&lambda, &user).await["outcome"], "repaired");
    assert!(has_inline(&iam, &user).await && attached_to(&world, &user).await.is_empty());
    assert_eq!(run(&lambda, &user).await["outcome"], "already-compliant");
}
