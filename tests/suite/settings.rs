//! Modes, settings and what is protected, on real processes.

use remedy_testkit::{
    lambda::Answer,
    proxy::Fault,
    world::{TIMEOUT, World, only_run},
};
use serde_json::{Value, json};

use crate::drift::{self, ALL, Drift};

#[tokio::test]
async fn to_observe_is_to_write_nothing_outside_the_ledger() {
    for drift in ALL {
        let world = World::new().await;
        let resource = drift.make(&world, "a").await;
        let run = only_run(world.deploy(drift.function(), "observe").invoke(&drift.event(&resource)).await);
        assert_eq!(run["outcome"], "planned", "{run:#}");
        assert!(run["plan"].as_str().is_some_and(|plan| plan.len() == 64));
        assert!(world.repairs().is_empty());
        assert!(!world.proxy.calls().iter().any(|call| call.operation == "AssumeRole"));
    }
}

#[tokio::test]
async fn to_approve_is_to_wait_every_time() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let run = only_run(world.deploy("s3-public-access", "approve").invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "awaiting-approval");
    assert!(world.repairs().is_empty());
}

#[tokio::test]
async fn without_a_write_role_the_way_is_blocked() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let mut env = world.environment("enforce");
    env.remove("REMEDY_WRITE_ROLE");
    let run = only_run(world.deploy_with("s3-public-access", env, TIMEOUT).invoke(&Drift::Bucket.event(&bucket)).await);
    assert_eq!(run["outcome"], "blocked");
    assert!(world.repairs().is_empty());
}

#[tokio::test]
async fn a_direct_payload_may_lower_the_mode_and_never_raise_it() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let event = |mode: &str| json!({"control": "s3-bucket-public", "resource": bucket, "mode": mode}).to_string();
    let observing = world.deploy("s3-public-access", "observe");
    assert_eq!(only_run(observing.invoke(event("enforce").as_bytes()).await)["outcome"], "planned");
    let enforcing = world.deploy("s3-public-access", "enforce");
    assert_eq!(only_run(enforcing.invoke(event("observe").as_bytes()).await)["outcome"], "planned");
    assert!(world.repairs().is_empty());
}

/// One run with these settings, kept as an object in the state bucket.
async fn run_with(world: &World, settings: &[u8], drift: Drift, resource: &str) -> Answer {
    let put = world.s3().put_object().bucket(world.state_bucket()).key("settings.json").body(settings.to_vec().into());
    put.send().await.expect("the settings are kept");
    let mut env = world.environment("observe");
    env.insert("REMEDY_SETTINGS".into(), format!("s3://{}/settings.json", world.state_bucket()));
    world.deploy_with(drift.function(), env, TIMEOUT).invoke(&drift.event(resource)).await
}

#[tokio::test]
async fn settings_override_the_environment_for_each_control_and_account() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let account = world.account.id.as_str();
    let lowered = json!({"modes": {"controls": {"s3-bucket-public": "enforce"}, "accounts": {account: "observe"}}});
    let run = only_run(run_with(&world, lowered.to_string().as_bytes(), Drift::Bucket, &bucket).await);
    assert_eq!(run["outcome"], "planned", "the lower of the two");
    let raised = json!({"modes": {"controls": {"s3-bucket-public": "enforce"}}});
    let run = only_run(run_with(&world, raised.to_string().as_bytes(), Drift::Bucket, &bucket).await);
    assert_eq!(run["outcome"], "repaired");
    let evidence = world.evidence().await;
    let digest =
        |kind: &str| evidence.values().find(|record| record["kind"] == kind).map(|record| record["settings"].clone());
    assert_ne!(digest("held"), digest("outcome"), "every record carries the digest of the settings in force");
}

#[tokio::test]
async fn what_the_settings_protect_is_never_touched() {
    let world = World::new().await;
    let (user, bucket) = (drift::user(&world, "break-glass").await, drift::bucket(&world, "vendor").await);
    let settings = json!({
        "modes": {"default": "enforce"},
        "protected": {"principals": [format!("arn:aws:iam::{}:user/{user}", world.account.id)], "resources": ["arn:aws:s3:::phi-*-vendor"]},
    });
    for (drift, resource) in [(Drift::User, &user), (Drift::Bucket, &bucket)] {
        let run = only_run(run_with(&world, settings.to_string().as_bytes(), drift, resource).await);
        assert_eq!(run["outcome"], "blocked", "{run:#}");
    }
    assert!(world.repairs().is_empty());
}

#[tokio::test]
async fn unreadable_settings_stop_everything_with_a_clear_error() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let broken: [&[u8]; 6] = [
        b"{",
        br#"{"modes":{"default":"enforced"}}"#,
        br#"{"modes":{"default":"enforce"},"extra":1}"#,
        br#"{"modes":{"controls":{"s3-bucket-public":"observe","s3-bucket-public":"enforce"}}}"#,
        br#"{"modes":{"default":"enforce"},"parameters":{"password_minimum_length":6}}"#,
        br#"{"modes":{"default":"enforce"},"protected":{"break_glass":["break-glass-*"]}}"#,
    ];
    for settings in broken {
        let Answer::Failed { error_type, message, .. } = run_with(&world, settings, Drift::Bucket, &bucket).await
        else {
            panic!("invalid settings were taken: {}", String::from_utf8_lossy(settings));
        };
        assert_eq!(error_type, "rejected");
        assert!(message.contains("settings"), "{message}");
    }
    let mut env = world.environment("enforce");
    env.insert("REMEDY_SETTINGS".into(), "/no/such/file.json".into());
    let answer = world.deploy_with("s3-public-access", env, TIMEOUT).invoke(&Drift::Bucket.event(&bucket)).await;
    assert!(matches!(answer, Answer::Failed { .. }), "{answer:?}");
    assert!(world.repairs().is_empty());
}

#[tokio::test]
async fn a_document_that_cannot_be_read_leaves_the_last_good_one_in_force_and_tells_once() {
    for people in [json!({}), json!({"approvers": ["arn:aws:iam::111122223333:user/bob"]})] {
        let world = World::new().await;
        let good = json!({"modes": {"default": "enforce"}, "people": people}).to_string();
        let (denied, tag) = (format!("{}/settings.json", world.state_bucket()), std::cell::Cell::new(0));
        let repaired = async |document: &[u8], what: &str| {
            tag.set(tag.get() + 1);
            let bucket = drift::bucket(&world, &tag.get().to_string()).await;
            let run = only_run(run_with(&world, document, Drift::Bucket, &bucket).await);
            assert_eq!(run["outcome"], "repaired", "{what}: {run:#}");
        };
        repaired(good.as_bytes(), "the first").await;
        let long = format!("{good}{}", " ".repeat(300_000));
        for broken in
            ["{", "", r#"{"modes":{"default":"observe"},"later":1}"#, r#"{"parameters":{"flap_limit":99}}"#, &long]
        {
            repaired(broken.as_bytes(), broken.get(..60).unwrap_or(broken)).await;
        }
        world.proxy.on_call(move |call| {
            (call.operation == "GetObject" && call.resource.as_deref() == Some(&denied)).then_some(Fault::Denied)
        });
        repaired(good.as_bytes(), "encrypted with a key that may not be used").await;
        repaired(good.as_bytes(), "the same again").await;
        let told = world.state("notice/settings-unreadable-").await;
        let told: Vec<_> = told.keys().filter(|key| !key.ends_with(".sent")).collect();
        assert_eq!(told.len(), 6, "once an hour for each way it fails: {told:#?}");
    }
}

#[tokio::test]
async fn documents_take_effect_as_deployed_until_one_names_who_decides_and_functions_alone_remember() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let people = json!({"approvers": ["arn:aws:iam::111122223333:user/bob"]});
    let outcome = async |document: Value| {
        only_run(run_with(&world, document.to_string().as_bytes(), Drift::Bucket, &bucket).await)["outcome"].clone()
    };
    assert_eq!(outcome(json!({})).await, "planned");
    assert_eq!(outcome(json!({"modes": {"default": "approve"}, "people": people})).await, "awaiting-approval");
    for tighter in [json!({"people": people}), json!({"modes": {"default": "approve"}}), json!({})] {
        assert_eq!(outcome(tighter).await, "awaiting-approval", "one person changes nothing");
    }
    let forged = json!({"format": 2, "text": r#"{"modes":{"default":"enforce"}}"#, "at": "2026-01-01T00:00:00Z"});
    let put = world.s3().put_object().bucket(world.state_bucket()).key("settings/opening/first/0002");
    put.body(forged.to_string().into_bytes().into()).send().await.expect("a function's role was taken over");
    assert_eq!(outcome(json!({"modes": {"default": "enforce"}})).await, "awaiting-approval");
    let records = world.evidence().await;
    assert_eq!(records.values().filter(|record| record["kind"] == "settings").count(), 2, "one for each change");
    let gone = world.s3().delete_object().bucket(world.state_bucket()).key("settings/opening/first/0000");
    gone.send().await.expect("what was in force is gone");
    let answer = run_with(&world, b"{}", Drift::Bucket, &bucket).await;
    let Answer::Failed { message, .. } = answer else { panic!("the next document counted as the first") };
    assert!(message.contains("settings-in-force-lost"), "{message}");
    let told = world.state("notice/settings-in-force-lost").await;
    assert!(told.values().any(|letter| letter["notice"]["alarm"] == "page"), "{told:#?}");
}

#[tokio::test]
async fn the_parameters_reach_the_controls() {
    let world = World::new().await;
    let settings = json!({"modes": {"default": "enforce"}, "parameters": {"password_first_expiry": "ask"}});
    Drift::Password.make(&world, "").await;
    let run = only_run(run_with(&world, settings.to_string().as_bytes(), Drift::Password, &world.account.id).await);
    assert_eq!(run["outcome"], "awaiting-approval");
    let settings = json!({"modes": {"default": "enforce"}, "parameters": {"password_minimum_length": 16}});
    let run = only_run(run_with(&world, settings.to_string().as_bytes(), Drift::Password, &world.account.id).await);
    assert_eq!(run["after"]["minimum_length"], Value::from(16));
}

#[tokio::test]
async fn a_wrong_environment_is_a_clear_error() {
    let world = World::new().await;
    for (variable, value) in [("REMEDY_STATE_BUCKET", ""), ("REMEDY_MODE", "Enforce"), ("REMEDY_SETTINGS", "s3://x")] {
        let mut env = world.environment("enforce");
        env.insert(variable.into(), value.into());
        let answer = world.deploy_with("kms-keys", env, TIMEOUT).invoke(br#"{"sweep":{}}"#).await;
        let Answer::Failed { error_type, message, .. } = answer else { panic!("{variable}: {answer:?}") };
        assert_eq!(error_type, "rejected");
        assert!(message.contains(variable), "{message}");
    }
}

#[tokio::test]
async fn people_are_told_once() {
    let world = World::new().await;
    let (bucket, topic) = (drift::bucket(&world, "a").await, drift::topic(&world, "notices").await);
    let mut env = world.environment("approve");
    env.insert("REMEDY_TOPIC_ARN".into(), topic);
    let lambda = world.deploy_with("s3-public-access", env, TIMEOUT);
    for _ in 0..2 {
        assert_eq!(only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await)["outcome"], "awaiting-approval");
    }
    let told = world.proxy.calls_where(|call| call.operation == "Publish");
    assert_eq!(told.len(), 1, "once for each plan");
    assert!(told[0].parameter("Message").is_some_and(|text| text.contains(&bucket) && text.contains("plan ")));
}
