//! The encryption of buckets, as real processes on the emulator: what waits for a person, what is done once somebody agreed,
//! and what is left alone.

use aws_sdk_s3::{
    Client,
    types::{
        BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
        ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    },
};
use remedy_aws::{Connect, Session};
use remedy_testkit::{
    lambda::Lambda,
    world::{TIMEOUT, World, only_run},
};
use serde_json::{Value, json};

use crate::drift::{self, policy_of};

/// The function, in mode `enforce`, under these parameters.
async fn deploy(world: &World, parameters: Value) -> Lambda {
    let settings = world.settings_with(&json!({"parameters": parameters, "modes": {"default": "enforce"}}));
    world.agree_to_settings(&settings).await;
    let text = settings.to_string().into_bytes();
    let put = world.s3().put_object().bucket(world.state_bucket()).key("settings.json").body(text.into());
    put.send().await.expect("the settings are kept");
    let mut env = world.environment("enforce");
    env.insert("REMEDY_SETTINGS".to_owned(), format!("s3://{}/settings.json", world.state_bucket()));
    world.deploy_with("s3-encryption", env, TIMEOUT)
}

async fn run(lambda: &Lambda, control: &str, bucket: &str) -> Value {
    only_run(lambda.invoke(json!({"control": control, "resource": bucket}).to_string().as_bytes()).await)
}

async fn put_policy(world: &World, bucket: &str, statement: &str) {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    world.s3().put_bucket_policy().bucket(bucket).policy(text).send().await.expect("a policy is put");
}

const PUT: &str = "s3-bucket-unencrypted-put";

#[tokio::test]
async fn what_would_refuse_uploads_waits_and_is_recorded_once() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    put_policy(&world, &bucket, &drift::partner(&bucket)).await;
    let before = policy_of(&world, &bucket).await;
    let lambda = deploy(&world, json!({"put_encryption": "strict"})).await;
    let [first, second] = [run(&lambda, PUT, &bucket).await, run(&lambda, PUT, &bucket).await];
    assert_eq!(first["outcome"], "awaiting-approval", "{first:#}");
    assert_eq!(first["violations"].as_array().map(Vec::len), Some(2), "strict: those that name none, too");
    assert_eq!((&first["plan"], &first["evidence"]), (&second["plan"], &second["evidence"]), "one plan, one record");
    assert!(!first.to_string().contains("444455556666"), "no text of a policy is told");
    assert!(world.repairs().is_empty());
    assert_eq!(policy_of(&world, &bucket).await, before);
}

#[tokio::test]
async fn once_somebody_agreed_the_bucket_refuses_and_an_undo_leaves_no_policy_behind() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let lambda = deploy(&world, json!({"put_encryption": "strict"})).await;
    let held = run(&lambda, PUT, &bucket).await;
    let repaired = world.approve(&lambda, &held).await;
    assert_eq!(repaired["outcome"], "repaired", "{repaired:#}");
    let policy = policy_of(&world, &bucket).await.expect("a policy");
    assert!(policy.contains("s3:x-amz-server-side-encryption"), "{policy}");
    assert_eq!(world.undo(&lambda, &repaired).await["outcome"], "reverted");
    assert_eq!(policy_of(&world, &bucket).await, None);
}

#[tokio::test]
async fn a_policy_that_refuses_in_its_own_words_rests() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let header = "s3:x-amz-server-side-encryption";
    let deny = |condition: &str| {
        format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"s3:Put*","Resource":"arn:aws:s3:::{bucket}/*","Condition":{condition}}}"#
        )
    };
    let classic = deny(&format!(r#"{{"StringNotEquals":{{"{header}":"aws:kms"}}}}"#));
    put_policy(&world, &bucket, &format!("{classic},{}", deny(&format!(r#"{{"Null":{{"{header}":"true"}}}}"#)))).await;
    let lambda = deploy(&world, json!({"put_encryption": "strict"})).await;
    // The first run of an instance also looks for settings that only functions recorded, beside those in force.
    assert_eq!(run(&lambda, PUT, &bucket).await["outcome"], "already-compliant");
    world.proxy.clear();
    assert_eq!(run(&lambda, PUT, &bucket).await["outcome"], "already-compliant");
    assert!(world.repairs().is_empty());
    let mut reads: Vec<_> = world.proxy.calls().iter().map(|call| call.name()).collect();
    reads.sort_unstable();
    let expected = ["s3:GetBucketPolicy", "s3:GetObject", "s3:GetObject"];
    assert_eq!(reads, expected, "one look, beside the settings: the document and those in force");
}

#[tokio::test]
async fn of_log_targets_a_person_is_told_and_buckets_without_phi_are_left_alone() {
    let world = World::new().await;
    let (logs, web) = (drift::bucket(&world, "logs").await, drift::bucket(&world, "web").await);
    let delivery = format!(
        r#"{{"Effect":"Allow","Principal":{{"Service":"logging.s3.amazonaws.com"}},"Action":"s3:PutObject","Resource":"arn:aws:s3:::{logs}/*"}}"#
    );
    put_policy(&world, &logs, &delivery).await;
    let lambda = deploy(&world, json!({"phi_free_buckets": ["phi-*-web"]})).await;
    for (bucket, outcome) in [(&logs, "awaiting-approval"), (&web, "out-of-scope")] {
        assert_eq!(run(&lambda, PUT, bucket).await["outcome"], outcome, "{bucket}");
    }
    assert!(world.repairs().is_empty());
}

const KEY: &str = "s3-bucket-default-key";

/// A customer's key, and the parameters that name it by a template.
pub(crate) async fn key(world: &World) -> (String, Value) {
    let kms = aws_sdk_kms::Client::new(&world.config());
    let made = kms.create_key().key_usage(aws_sdk_kms::types::KeyUsageType::EncryptDecrypt).send().await;
    let id = made.expect("a key is created").key_metadata.expect("a new key is described").key_id;
    kms.create_alias().alias_name("alias/phi").target_key_id(&id).send().await.expect("the key is named");
    (id, json!({"default_key": "arn:aws:kms:{region}:{account}:alias/phi"}))
}

async fn encrypt(world: &World, bucket: &str, key: &str) {
    let default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms);
    let default = default.kms_master_key_id(key).build().expect("a default");
    let rule =
        ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default).bucket_key_enabled(true);
    put_encryption(world, bucket, rule.build()).await;
}

/// SSE-S3, with these encryption types blocked.
pub(crate) async fn block(world: &World, bucket: &str, kinds: &[&str]) {
    let default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256);
    let kinds = kinds.iter().map(|kind| EncryptionType::from(*kind)).collect();
    let blocked = BlockedEncryptionTypes::builder().set_encryption_type(Some(kinds)).build();
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default.build().expect("a default"))
        .blocked_encryption_types(blocked);
    put_encryption(world, bucket, rule.build()).await;
}

/// Through the proxy, which keeps what the emulator drops.
async fn put_encryption(world: &World, bucket: &str, rule: ServerSideEncryptionRule) {
    let told = ServerSideEncryptionConfiguration::builder().rules(rule).build().expect("a configuration");
    let client: Client = Connect::connect(&Session::over(world.proxied_config()));
    let put = client.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(told);
    put.send().await.expect("it is set");
    // It was nobody's repair.
    world.proxy.clear();
}

#[tokio::test]
async fn the_key_of_the_settings_waits_for_a_person() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let unsaid = run(&deploy(&world, json!({})).await, KEY, &bucket).await;
    assert_eq!(unsaid["outcome"], "needs-human", "{unsaid:#}");
    assert!(unsaid["reason"].as_str().is_some_and(|reason| reason.contains("name a key")));
    let (id, parameters) = key(&world).await;
    let lambda = deploy(&world, parameters).await;
    let held = run(&lambda, KEY, &bucket).await;
    assert_eq!(held["outcome"], "awaiting-approval", "{held:#}");
    assert_eq!((&held["after"]["algorithm"], &held["after"]["key"]), (&json!("aws:kms"), &json!(id)));
    assert!(world.repairs().is_empty());
    encrypt(&world, &bucket, &id).await;
    world.proxy.clear();
    assert_eq!(run(&lambda, KEY, &bucket).await["outcome"], "already-compliant");
    assert!(world.proxy.effects().is_empty());
}

#[tokio::test]
async fn once_somebody_agreed_the_key_is_set_and_an_undo_sets_what_was_there() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let (id, parameters) = key(&world).await;
    let lambda = deploy(&world, parameters).await;
    let held = run(&lambda, KEY, &bucket).await;
    let repaired = world.approve(&lambda, &held).await;
    assert_eq!((&repaired["outcome"], &repaired["after"]["key"]), (&json!("repaired"), &json!(id)), "{repaired:#}");
    assert_eq!(run(&lambda, KEY, &bucket).await["outcome"], "already-compliant");
    let undone = world.undo(&lambda, &repaired).await;
    assert_eq!((&undone["outcome"], &undone["after"]), (&json!("reverted"), &repaired["before"]), "{undone:#}");
}

#[tokio::test]
async fn a_key_that_is_switched_off_needs_a_person() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let (id, parameters) = key(&world).await;
    let kms = aws_sdk_kms::Client::new(&world.config());
    kms.disable_key().key_id(&id).send().await.expect("the key is disabled");
    let run = run(&deploy(&world, parameters).await, KEY, &bucket).await;
    assert_eq!(run["outcome"], "needs-human", "{run:#}");
    assert!(run["reason"].as_str().is_some_and(|reason| reason.contains("not enabled")));
}

const SSE_C: &str = "s3-bucket-ssec-allowed";

/// What the default encryption of a bucket blocks, as the function told it.
fn number_blocked(run: &Value, when: &str) -> Value {
    run[when]["blocked"].clone()
}

#[tokio::test]
async fn keys_of_clients_are_blocked_once_somebody_agreed_and_the_former_list_comes_back() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    block(&world, &bucket, &["NONE", "SSE-X"]).await;
    let lambda = deploy(&world, json!({})).await;
    let held = run(&lambda, SSE_C, &bucket).await;
    assert_eq!(held["outcome"], "awaiting-approval", "{held:#}");
    let repaired = world.approve(&lambda, &held).await;
    assert_eq!(repaired["outcome"], "repaired", "{repaired:#}");
    assert_eq!(run(&lambda, SSE_C, &bucket).await["outcome"], "already-compliant");
    let put = world.proxy.calls_where(|call| call.operation == "PutBucketEncryption" && call.function.is_some());
    let body = String::from_utf8_lossy(&put.last().expect("it was put").body).into_owned();
    assert!(body.contains("SSE-X") && body.contains("SSE-C") && !body.contains("NONE"), "{body}");
    let undone = world.undo(&lambda, &repaired).await;
    assert_eq!((&undone["outcome"], number_blocked(&undone, "after")), (&json!("reverted"), json!(2)), "{undone:#}");
}

#[tokio::test]
async fn where_there_was_no_list_there_is_no_way_back_and_it_is_said() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let lambda = deploy(&world, json!({})).await;
    let held = run(&lambda, SSE_C, &bucket).await;
    assert_eq!(held["before"]["blocked"], Value::Null, "{held:#}");
    let repaired = world.approve(&lambda, &held).await;
    assert_eq!(
        (&repaired["outcome"], number_blocked(&repaired, "after")),
        (&json!("repaired"), json!(1)),
        "{repaired:#}"
    );
    let undone = world.undo(&lambda, &repaired).await;
    assert_eq!(undone["outcome"], "blocked", "{undone:#}");
    assert!(undone["reason"].as_str().is_some_and(|reason| reason.contains("own default")), "{undone:#}");
}

#[tokio::test]
async fn the_key_and_what_is_blocked_are_set_by_turns_and_neither_takes_the_other_back() {
    let world = World::new().await;
    let bucket = drift::bucket(&world, "a").await;
    let (id, parameters) = key(&world).await;
    let lambda = deploy(&world, parameters).await;
    let [keyed, blocked] = [run(&lambda, KEY, &bucket).await, run(&lambda, SSE_C, &bucket).await];
    let first = world.approve(&lambda, &keyed).await;
    assert_eq!(first["outcome"], "repaired", "{first:#}");
    // What was agreed to is the difference, and that stands on whatever else was set since.
    let second = world.approve(&lambda, &blocked).await;
    assert_eq!(second["outcome"], "repaired", "{second:#}");
    assert_eq!((&second["after"]["key"], number_blocked(&second, "after")), (&json!(id), json!(1)), "{second:#}");
    for control in [KEY, SSE_C] {
        assert_eq!(run(&lambda, control, &bucket).await["outcome"], "already-compliant", "{control}");
    }
    let undone = world.undo(&lambda, &first).await;
    assert_eq!((&undone["outcome"], number_blocked(&undone, "after")), (&json!("reverted"), json!(1)), "{undone:#}");
}

#[tokio::test]
async fn a_policy_that_denies_keys_of_clients_is_enough_and_phi_spares_no_bucket() {
    let world = World::new().await;
    let [denying, other] = [drift::bucket(&world, "deny").await, drift::bucket(&world, "web").await];
    let deny = format!(
        r#"{{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::{denying}/*","Condition":{{"Null":{{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}}}}}}"#
    );
    put_policy(&world, &denying, &deny).await;
    let lambda = deploy(&world, json!({"phi_free_buckets": ["phi-*"]})).await;
    assert_eq!(run(&lambda, SSE_C, &denying).await["outcome"], "already-compliant");
    assert_eq!(run(&lambda, SSE_C, &other).await["outcome"], "awaiting-approval", "ransomware does not ask");
    block(&world, &other, &["SSE-C"]).await;
    world.proxy.clear();
    assert_eq!(run(&lambda, SSE_C, &other).await["outcome"], "already-compliant");
    let looks = world.proxy.calls_where(|call| call.service == "s3" && call.operation != "GetObject");
    assert_eq!(looks.iter().map(|call| call.operation.as_str()).collect::<Vec<_>>(), ["GetBucketEncryption"]);
}
