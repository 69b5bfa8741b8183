//! Whom keys are shared with, as real processes on the emulator: what waits for a person, what is done once somebody agreed,
//! and what is only reported.

use remedy_testkit::{
    proxy::Fault,
    world::{World, only_run},
};
use serde_json::{Value, json};

use crate::drift::{self, Drift};

async fn shared_key(world: &World, statements: &[&str]) -> String {
    let (kms, key) = (aws_sdk_kms::Client::new(&world.config()), drift::key(world).await);
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    let text = text.replace("OWN", &world.account.id);
    kms.put_key_policy().key_id(&key).policy_name("default").policy(text).send().await.expect("a policy is put");
    key
}

async fn policy(world: &World, key: &str) -> Option<String> {
    let kms = aws_sdk_kms::Client::new(&world.config());
    kms.get_key_policy().key_id(key).policy_name("default").send().await.expect("a key has a policy").policy
}

async fn run(world: &World, key: &str) -> Value {
    let event = json!({"control": "kms-key-open-policy", "resource": key}).to_string();
    only_run(world.deploy("kms-keys", "enforce").invoke(event.as_bytes()).await)
}

const ROOT: &str = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::OWN:root"},"Action":"kms:*","Resource":"*"}"#;
const OPEN: &str = r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*"}"#;

#[tokio::test]
async fn a_key_for_everybody_waits_for_a_person_and_is_recorded_once() {
    let world = World::new().await;
    let key = shared_key(&world, &[ROOT, OPEN]).await;
    let before = policy(&world, &key).await;
    let [first, second] = [run(&world, &key).await, run(&world, &key).await];
    assert_eq!(first["outcome"], "awaiting-approval", "{first:#}");
    assert_eq!((&first["plan"], &first["evidence"]), (&second["plan"], &second["evidence"]), "one plan, one record");
    assert_eq!((&first["before"]["statements"], &first["after"]["statements"]), (&json!(2), &json!(1)));
    assert!(!first.to_string().contains("kms:*"), "no text of a policy is told");
    assert!(world.repairs().is_empty());
    assert_eq!(policy(&world, &key).await, before);
}

#[tokio::test]
async fn an_alias_is_resolved_once_to_the_key_of_that_moment() {
    let world = World::new().await;
    let key = shared_key(&world, &[ROOT, OPEN]).await;
    let kms = aws_sdk_kms::Client::new(&world.config());
    kms.create_alias().alias_name("alias/phi-archive").target_key_id(&key).send().await.expect("the key is named");
    let by_arn = format!("arn:aws:kms:{}:{}:alias/phi-archive", world.account.region, world.account.id);
    for name in ["alias/phi-archive", &by_arn] {
        let told = run(&world, name).await;
        assert_eq!((&told["resource"], &told["outcome"]), (&json!(key), &json!("awaiting-approval")), "{told:#}");
    }
    let gone = world
        .deploy("kms-keys", "enforce")
        .invoke(br#"{"control": "kms-key-open-policy", "resource": "alias/nobody"}"#)
        .await;
    assert_eq!(only_run(gone)["outcome"], "gone");
}

#[tokio::test]
async fn once_somebody_agreed_the_open_statement_goes_and_an_undo_brings_it_back() {
    let world = World::new().await;
    let key = shared_key(&world, &[ROOT, OPEN]).await;
    let before = policy(&world, &key).await;
    let held = run(&world, &key).await;
    let lambda = world.deploy("kms-keys", "enforce");
    let repaired = world.approve(&lambda, &held).await;
    assert_eq!(repaired["outcome"], "repaired", "{repaired:#}");
    let text = policy(&world, &key).await.expect("a key has a policy");
    assert!(text.contains(&format!("{}:root", world.account.id)) && !text.contains(r#""AWS":"*""#), "{text}");
    assert_eq!(world.undo(&lambda, &repaired).await["outcome"], "reverted");
    assert_eq!(policy(&world, &key).await, before);
}

#[tokio::test]
async fn what_only_a_person_can_tell_is_reported() {
    let world = World::new().await;
    let partner = ROOT.replace("OWN", "444455556666").replace("kms:*", "kms:Decrypt");
    for (statements, why) in [(vec![ROOT, OPEN, partner.as_str()], "trusted_accounts"), (vec![OPEN], "nobody")] {
        let run = run(&world, &shared_key(&world, &statements).await).await;
        assert_eq!(run["outcome"], "needs-human", "{run:#}");
        assert!(run["reason"].as_str().is_some_and(|reason| reason.contains(why)), "{run:#}");
    }
    assert!(world.repairs().is_empty());
}

#[tokio::test]
async fn a_new_key_is_compliant_at_the_cost_of_one_look() {
    let world = World::new().await;
    world.agree_to_settings(&world.settings()).await;
    let key = drift::key(&world).await;
    let lambda = world.deploy("kms-keys", "enforce");
    let event = json!({"control": "kms-key-open-policy", "resource": key}).to_string();
    // A new instance first looks for settings that only functions recorded; later runs know that there are others.
    for settings in [&["GetObject", "GetObject", "ListObjectsV2"][..], &["GetObject"]] {
        world.proxy.clear();
        assert_eq!(only_run(lambda.invoke(event.as_bytes()).await)["outcome"], "already-compliant");
        let calls = world.proxy.calls();
        let (ledger, own): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.service == "s3");
        let mut ledger: Vec<_> = ledger.iter().map(|call| call.operation.as_str()).collect();
        ledger.sort_unstable();
        assert_eq!(ledger, settings, "the settings alone are read");
        assert_eq!(own.iter().map(|call| call.name()).collect::<Vec<_>>(), ["kms:GetKeyPolicy"]);
    }
}

#[tokio::test]
async fn a_dying_key_is_saved_even_where_its_tags_may_not_be_read() {
    let world = World::new().await;
    let key = Drift::Dying.make(&world, "a").await;
    world.proxy.on_call(|call| (call.operation == "ListResourceTags").then_some(Fault::Denied));
    let run = only_run(world.deploy("kms-keys", "enforce").invoke(&Drift::Dying.event(&key)).await);
    assert_eq!(run["outcome"], "repaired", "{run:#}");
    assert!(!world.proxy.calls_where(|call| call.operation == "ListResourceTags").is_empty(), "they were asked for");
    let key = Drift::Rotation.make(&world, "b").await;
    let run = only_run(world.deploy("kms-keys", "enforce").invoke(&Drift::Rotation.event(&key)).await);
    assert_eq!(run["outcome"], "blocked", "elsewhere who owns it must be known: {run:#}");
}
