//! Every control as a real process on the emulator: repair, rest, undo, stay undone; and what each must not touch.

use aws_sdk_s3::types::{IndexDocument, PublicAccessBlockConfiguration, WebsiteConfiguration};
use remedy_testkit::{
    proxy::Call,
    world::{World, done, only_run},
};
use serde_json::json;

use crate::drift::{self, ALL, Drift, block_of, iam, policy_of};

#[tokio::test]
async fn a_repair_is_verified_evidenced_and_not_repeated() {
    for drift in ALL {
        let world = World::new().await;
        let (repaired, rested) = drift.outcomes();
        let resource = drift.make(&world, "a").await;
        let lambda = world.deploy(drift.function(), "enforce");
        let run = only_run(lambda.invoke(&drift.event(&resource)).await);
        assert_eq!(run["outcome"], repaired, "{run:#}");
        assert_eq!(run["account"], world.account.id.as_str());
        assert_eq!(run["evidence"].as_array().map(Vec::len), Some(2), "an intent and its outcome");
        let names: Vec<_> = world.repairs().iter().map(|call| call.name()).collect();
        assert_eq!(names, [drift.repair()]);
        world.assert_conserved().await;

        let recorded = world.evidence().await;
        world.proxy.clear();
        let run = only_run(lambda.invoke(&drift.event(&resource)).await);
        assert_eq!(run["outcome"], rested);
        assert!(world.proxy.effects().is_empty(), "a second run writes nothing anywhere");
        let settings = format!("{}/settings/", world.state_bucket());
        let of_settings = |call: &Call| call.resource.as_deref().is_some_and(|key| key.starts_with(&settings));
        let beyond = |call: &Call| call.service == "sts" || call.operation == "GetObject" && !of_settings(call);
        assert!(!world.proxy.calls().iter().any(beyond));
        assert_eq!(world.evidence().await, recorded);
    }
}

#[tokio::test]
async fn the_write_is_made_by_the_write_role_in_a_session_named_after_the_plan() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let run = only_run(world.deploy("s3-public-access", "enforce").invoke(&Drift::Bucket.event(&bucket)).await);
    let calls = world.proxy.calls();
    let assumed = calls.iter().find(|call| call.operation == "AssumeRole").expect("a role was assumed");
    let role = format!("arn:aws:iam::{}:role/remedy-write", world.account.id);
    assert_eq!(assumed.parameter("RoleArn"), Some(role));
    assert_eq!(assumed.parameter("RoleSessionName").as_deref(), run["plan"].as_str());
    for call in calls.iter().filter(|call| call.operation == "PutPublicAccessBlock") {
        assert_ne!(call.access_key, world.account.access_key, "the function's own role never writes");
    }
}

#[tokio::test]
async fn an_undone_repair_is_as_before_and_stays_undone() {
    for drift in [Drift::Bucket, Drift::Plaintext, Drift::Rotation, Drift::User, Drift::Password] {
        let world = World::new().await;
        let resource = drift.make(&world, "a").await;
        let lambda = world.deploy(drift.function(), "enforce");
        let run = only_run(lambda.invoke(&drift.event(&resource)).await);
        let undo = json!({"revert": {"plan": run["plan"]}}).to_string();
        let unasked = only_run(lambda.invoke(undo.as_bytes()).await);
        assert_eq!(unasked["outcome"], "awaiting-approval", "an event alone takes nothing back: {unasked:#}");
        let undone = world.undo(&lambda, &run).await;
        assert_eq!(undone["outcome"], "reverted", "{undone:#}");
        assert_eq!(undone["after"], run["before"], "{drift:?}");
        let again = only_run(lambda.invoke(&drift.event(&resource)).await);
        assert_eq!(again["outcome"], "exempt", "the undo put an exemption on file");
        assert_eq!(again["before"], run["before"], "what is there is what was there");
        assert_eq!(
            only_run(lambda.invoke(undo.as_bytes()).await)["outcome"],
            "reverted",
            "a second undo finds it done"
        );
        assert_eq!(world.repairs().len(), 2, "one repair, one undo");
        world.assert_conserved().await;
    }
}

#[tokio::test]
async fn a_saved_key_is_not_sent_back_to_die() {
    let world = World::new().await;
    let key = Drift::Dying.make(&world, "a").await;
    let lambda = world.deploy("kms-keys", "enforce");
    let run = only_run(lambda.invoke(&Drift::Dying.event(&key)).await);
    assert!(run["reason"].as_str().is_some_and(|reason| reason.contains("stays disabled")), "a person is told");
    let undo = json!({"revert": {"plan": run["plan"]}}).to_string();
    let refused = only_run(lambda.invoke(undo.as_bytes()).await);
    assert_eq!(refused["outcome"], "blocked");
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.contains("destroy data")), "{refused:#}");
    assert_eq!(world.repairs().len(), 1);
}

#[tokio::test]
async fn undo_takes_back_only_its_own_difference() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let partly = PublicAccessBlockConfiguration::builder().block_public_acls(true).ignore_public_acls(true).build();
    put_block(&world, &bucket, partly).await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    let theirs = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    put_block(&world, &bucket, theirs).await;
    let undone = world.undo(&lambda, &run).await;
    assert_eq!(undone["outcome"], "reverted");
    assert_eq!(
        block_of(&world, &bucket).await,
        Some([true, false, false, false]),
        "their flag stays off, ours go back"
    );
}

#[tokio::test]
async fn a_statement_is_put_beside_others_and_taken_out_again() {
    let world = World::new().await;
    let bucket = Drift::Plaintext.make(&world, "a").await;
    let before = policy_of(&world, &bucket).await.expect("a policy");
    let lambda = world.deploy("s3-encryption", "enforce");
    let run = only_run(lambda.invoke(&Drift::Plaintext.event(&bucket)).await);
    let repaired = policy_of(&world, &bucket).await.expect("a policy");
    let start = before.strip_suffix("]}").expect("a list of statements");
    assert!(repaired.starts_with(start) && repaired.contains("RemedyDenyPlaintext"), "{repaired}");
    let undone = world.undo(&lambda, &run).await;
    assert_eq!(undone["outcome"], "reverted");
    assert_eq!(policy_of(&world, &bucket).await, Some(before), "byte for byte");
}

async fn put_block(world: &World, bucket: &str, block: PublicAccessBlockConfiguration) {
    let put = world.s3().put_public_access_block().bucket(bucket).public_access_block_configuration(block);
    put.send().await.expect("the block is set");
}

#[tokio::test]
async fn what_would_harm_waits_for_a_person_and_is_recorded_once() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "web").await;
    let index = IndexDocument::builder().suffix("index.html").build().expect("an index document");
    let website = WebsiteConfiguration::builder().index_document(index).build();
    world.s3().put_bucket_website().bucket(&bucket).website_configuration(website).send().await.expect("a website");
    let lambda = world.deploy("s3-public-access", "enforce");
    let first = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    let second = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!((&first["outcome"], &second["outcome"]), (&json!("awaiting-approval"), &json!("awaiting-approval")));
    assert_eq!(first["evidence"], second["evidence"], "one record");
    let account = json!({"control": "s3-account-public", "resource": world.account.id}).to_string();
    assert_eq!(only_run(lambda.invoke(account.as_bytes()).await)["outcome"], "awaiting-approval");
    assert!(world.repairs().is_empty());
    assert_eq!(block_of(&world, &bucket).await, None);
}

#[tokio::test]
async fn users_whose_programs_would_stop_wait_for_a_person() {
    let world = World::new().await;
    let (keys, git, spare) =
        (drift::user(&world, "keys").await, drift::user(&world, "git").await, drift::user(&world, "spare").await);
    iam(&world).create_access_key().user_name(&keys).send().await.expect("an access key");
    world.proxy.set_service_specific_credentials(&world.account.id, &git, "Active");
    world.proxy.set_service_specific_credentials(&world.account.id, &spare, "Inactive");
    let lambda = world.deploy("iam-mfa", "enforce");
    for (user, outcome) in [(&keys, "awaiting-approval"), (&git, "awaiting-approval"), (&spare, "contained")] {
        let run = only_run(lambda.invoke(&Drift::User.event(user)).await);
        assert_eq!(run["outcome"], outcome, "{run:#}");
    }
}

#[tokio::test]
async fn the_fence_comes_down_when_a_device_is_active() {
    let world = World::new().await;
    let (iam, user) = (iam(&world), drift::user(&world, "bob").await);
    let lambda = world.deploy("iam-mfa", "enforce");
    only_run(lambda.invoke(&Drift::User.event(&user)).await);
    assert_eq!(drift::attached_to(&world, &user).await, [world.deny_policy()]);
    let device = iam.create_virtual_mfa_device().virtual_mfa_device_name("bob").send().await.expect("a device");
    let serial = device.virtual_mfa_device.expect("a device has a serial number").serial_number;
    let enable = iam.enable_mfa_device().user_name(&user).serial_number(serial);
    enable.authentication_code1("123456").authentication_code2("654321").send().await.expect("it is enabled");
    let run = only_run(lambda.invoke(&Drift::User.event(&user)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    assert_eq!(drift::attached_to(&world, &user).await, [""; 0]);
    assert_eq!(only_run(lambda.invoke(&Drift::User.event(&user)).await)["outcome"], "already-compliant");
}

#[tokio::test]
async fn a_user_is_known_by_id_name_or_arn_and_two_of_a_name_are_refused() {
    let world = World::new().await;
    let name = drift::user(&world, "amy").await;
    let user = iam(&world).get_user().user_name(&name).send().await.unwrap().user.unwrap();
    let lambda = world.deploy("iam-mfa", "observe");
    for id in [user.user_name(), user.user_id(), user.arn()] {
        let run = only_run(lambda.invoke(&Drift::User.event(id)).await);
        assert_eq!((run["outcome"].as_str(), run["resource"].as_str()), (Some("planned"), Some(name.as_str())));
    }
    iam(&world).create_user().user_name(user.user_id()).send().await.expect("a user named like another's id");
    let answer = lambda.invoke(&Drift::User.event(user.user_id())).await;
    assert!(matches!(answer, remedy_testkit::lambda::Answer::Failed { .. }), "{answer:?}");
}

#[tokio::test]
async fn what_does_not_exist_is_gone() {
    let world = World::new().await;
    for (drift, id) in [
        (Drift::Bucket, "no-such-bucket"),
        (Drift::User, "nobody"),
        (Drift::Rotation, "1234abcd-12ab-34cd-56ef-1234567890ab"),
    ] {
        let run = only_run(world.deploy(drift.function(), "enforce").invoke(&drift.event(id)).await);
        assert_eq!(run["outcome"], "gone", "{run:#}");
    }
}

#[tokio::test]
async fn a_stricter_password_policy_stays_element_by_element() {
    let world = World::new().await;
    let iam = iam(&world);
    let weak = iam.update_account_password_policy().minimum_password_length(20).max_password_age(30).hard_expiry(true);
    weak.allow_users_to_change_password(true).send().await.expect("a policy");
    let run = only_run(
        world.deploy("iam-password-policy", "enforce").invoke(&Drift::Password.event(&world.account.id)).await,
    );
    assert_eq!(run["outcome"], "repaired");
    let policy = iam.get_account_password_policy().send().await.unwrap().password_policy.unwrap();
    assert_eq!(
        (policy.minimum_password_length, policy.max_password_age),
        (Some(20), Some(30)),
        "stricter elements stay"
    );
    assert_eq!((policy.hard_expiry, policy.password_reuse_prevention), (Some(true), Some(24)));
    assert!(policy.require_symbols && policy.require_numbers && policy.require_uppercase_characters);
}

#[tokio::test]
async fn root_without_mfa_needs_a_person_and_with_mfa_nobody() {
    let world = World::new().await;
    let lambda = world.deploy("iam-mfa", "enforce");
    let event = json!({"control": "iam-root-without-mfa", "resource": world.account.id}).to_string();
    assert_eq!(only_run(lambda.invoke(event.as_bytes()).await)["outcome"], "needs-human");
    world.proxy.set_account_summary(&world.account.id, "AccountMFAEnabled", 1);
    assert_eq!(only_run(lambda.invoke(event.as_bytes()).await)["outcome"], "already-compliant");
    assert!(world.repairs().is_empty());
}

#[tokio::test]
async fn keys_that_kms_cannot_rotate_are_out_of_scope() {
    use aws_sdk_kms::types::{KeySpec, KeyUsageType, OriginType};
    let world = World::new().await;
    let kms = aws_sdk_kms::Client::new(&world.config());
    let asymmetric = kms.create_key().key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::SignVerify).send().await;
    let hmac = kms.create_key().key_spec(KeySpec::Hmac256).key_usage(KeyUsageType::GenerateVerifyMac).send().await;
    let imported = kms.create_key().origin(OriginType::External).send().await;
    let disabled = drift::key(&world).await;
    kms.disable_key().key_id(&disabled).send().await.expect("a key is disabled");
    let lambda = world.deploy("kms-keys", "enforce");
    let ids = [asymmetric, hmac, imported].map(|made| made.unwrap().key_metadata.unwrap().key_id);
    for id in ids.iter().chain([&disabled]) {
        assert_eq!(only_run(lambda.invoke(&Drift::Rotation.event(id)).await)["outcome"], "out-of-scope", "{id}");
    }
    let dying = Drift::Dying.make(&world, "x").await;
    assert_eq!(only_run(lambda.invoke(&Drift::Rotation.event(&dying)).await)["outcome"], "out-of-scope");
    assert!(world.repairs().is_empty());
}

#[tokio::test]
async fn a_sweep_finds_what_no_event_named() {
    let world = World::new().await;
    let (a, b) = (drift::bucket(&world, "a").await, drift::bucket(&world, "b").await);
    world.swept_before("s3-bucket-public").await;
    let lambda = world.deploy("s3-public-access", "enforce");
    let answer = done(lambda.invoke(br#"{"sweep":{"control":"s3-bucket-public"}}"#).await);
    let outcome = |name: &str| {
        let runs = answer["runs"].as_array().expect("runs");
        runs.iter().find(|run| run["resource"] == name).map(|run| run["outcome"].clone())
    };
    assert_eq!((outcome(&a), outcome(&b)), (Some(json!("repaired")), Some(json!("repaired"))));
    assert_eq!(outcome(&world.evidence_bucket()), Some(json!("blocked")), "Remedy never changes its own buckets");
    world.assert_conserved().await;
}
