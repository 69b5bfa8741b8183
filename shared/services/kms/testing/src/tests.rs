//! The genuine SDK reads the table.

use aws_sdk_kms::{
    Client,
    error::ProvideErrorMetadata as _,
    types::{KeySpec, KeyState, KeyUsageType, Tag},
};
use remedy_testkit::fake::{Caller, FakeAws};

use super::*;

const ACCOUNT: &str = "111122223333";

fn kms(fake: &FakeAws, region: &str) -> Client {
    Client::new(&fake.config(ACCOUNT, region, Caller::Test))
}

async fn create(client: &Client) -> String {
    client.create_key().send().await.unwrap().key_metadata.unwrap().key_id
}

async fn state(client: &Client, id: &str) -> (Option<KeyState>, bool) {
    let key = client.describe_key().key_id(id).send().await.unwrap().key_metadata.unwrap();
    (key.key_state, key.enabled)
}

#[tokio::test]
async fn keys_come_in_pages_and_are_of_one_region() {
    let fake = FakeAws::of(&[&KMS]);
    let (here, elsewhere) = (kms(&fake, "us-east-1"), kms(&fake, "eu-west-1"));
    let ids = [create(&here).await, create(&here).await];
    create(&elsewhere).await;
    let first = here.list_keys().limit(1).send().await.unwrap();
    let second = here.list_keys().limit(1).set_marker(first.next_marker.clone()).send().await.unwrap();
    let seen = [first, second].map(|page| page.keys()[0].key_id().unwrap().to_owned());
    assert_eq!(seen, ids);
    let missing = elsewhere.describe_key().key_id(&ids[0]).send().await.unwrap_err();
    assert_eq!(missing.code(), Some("NotFoundException"));
    let foreign = here.describe_key().key_id("arn:aws:s3:::phi").send().await.unwrap_err();
    assert_eq!(foreign.code(), Some("InvalidArnException"));
}

#[tokio::test]
async fn a_key_is_found_by_its_alias() {
    let fake = FakeAws::of(&[&KMS]);
    let client = kms(&fake, "us-east-1");
    let id = create(&client).await;
    let name = |name: &str| client.create_alias().alias_name(name).target_key_id(&id).send();
    name("alias/phi").await.unwrap();
    assert_eq!(name("alias/phi").await.unwrap_err().code(), Some("AlreadyExistsException"));
    assert_eq!(name("alias/aws/phi").await.unwrap_err().code(), Some("InvalidAliasNameException"));
    for name in ["alias/phi", "arn:aws:kms:us-east-1:111122223333:alias/phi"] {
        let key = client.describe_key().key_id(name).send().await.unwrap().key_metadata.unwrap();
        assert_eq!(key.key_id, id, "{name}");
    }
    assert!(client.describe_key().key_id("alias/other").send().await.is_err());
}

#[tokio::test]
async fn only_fit_keys_rotate() {
    let fake = FakeAws::of(&[&KMS]);
    let client = kms(&fake, "us-east-1");
    let id = create(&client).await;
    let enable = |id: &str, days| client.enable_key_rotation().key_id(id).rotation_period_in_days(days).send();
    enable(&id, 90).await.unwrap();
    let status = client.get_key_rotation_status().key_id(&id).send().await.unwrap();
    assert_eq!((status.key_rotation_enabled, status.rotation_period_in_days), (true, Some(90)));
    assert_eq!(enable(&id, 89).await.unwrap_err().code(), Some("ValidationException"));
    client.disable_key().key_id(&id).send().await.unwrap();
    assert_eq!(enable(&id, 90).await.unwrap_err().code(), Some("DisabledException"));
    let rsa = client.create_key().key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::SignVerify).send().await.unwrap();
    let rsa = rsa.key_metadata.unwrap().key_id;
    assert_eq!(enable(&rsa, 90).await.unwrap_err().code(), Some("UnsupportedOperationException"));
}

#[tokio::test]
async fn a_key_that_is_to_be_deleted_waits_for_its_replicas() {
    let fake = FakeAws::of(&[&KMS]);
    let client = kms(&fake, "us-east-1");
    let id = client.create_key().multi_region(true).send().await.unwrap().key_metadata.unwrap().key_id;
    let end = || client.schedule_key_deletion().key_id(&id).pending_window_in_days(7).send();
    end().await.unwrap();
    assert_eq!(state(&client, &id).await, (Some(KeyState::PendingDeletion), false));
    assert_eq!(end().await.unwrap_err().code(), Some("KMSInvalidStateException"));
    client.cancel_key_deletion().key_id(&id).send().await.unwrap();
    assert_eq!(state(&client, &id).await, (Some(KeyState::Disabled), false));
    client.replicate_key().key_id(&id).replica_region("eu-west-1").send().await.unwrap();
    let replica = kms(&fake, "eu-west-1").enable_key_rotation().key_id(&id).send().await.unwrap_err();
    assert_eq!(replica.code(), Some("DisabledException"), "it was copied while it was disabled");
    end().await.unwrap();
    assert_eq!(state(&client, &id).await, (Some(KeyState::PendingReplicaDeletion), false));
}

#[tokio::test]
async fn a_policy_that_locks_everybody_out_is_refused() {
    let fake = FakeAws::of(&[&KMS]);
    let client = kms(&fake, "us-east-1");
    let id = create(&client).await;
    let put = |text: &str| client.put_key_policy().key_id(&id).policy(text).send();
    let deny =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}}"#;
    assert_eq!(put(deny).await.unwrap_err().code(), Some("MalformedPolicyDocumentException"));
    assert_eq!(put("{").await.unwrap_err().code(), Some("MalformedPolicyDocumentException"));
    let open = deny.replace("Deny", "Allow");
    put(&open).await.unwrap();
    let got = client.get_key_policy().key_id(&id).send().await.unwrap();
    assert_eq!(got.policy, Some(open));
}

#[tokio::test]
async fn tags_are_kept_and_keys_of_aws_are_left_alone() {
    let fake = FakeAws::of(&[&KMS]);
    let client = kms(&fake, "us-east-1");
    let id = create(&client).await;
    let tag = |id: &str| {
        let tag = Tag::builder().tag_key("team").tag_value("oncology").build().unwrap();
        client.tag_resource().key_id(id).tags(tag).send()
    };
    tag(&id).await.unwrap();
    let tags = client.list_resource_tags().key_id(&id).send().await.unwrap();
    assert_eq!(tags.tags()[0].tag_value(), "oncology");
    fake.plant(&KEY, (ACCOUNT, "us-east-1"), &id, json!({"KeyManager": "AWS"}));
    assert_eq!(tag(&id).await.unwrap_err().code(), Some("AccessDeniedException"));
    let paths: Vec<_> = fake.dump().into_keys().collect();
    assert!(paths.contains(&format!("kms/111122223333/us-east-1/key/{id}/rotation")), "{paths:?}");
}
