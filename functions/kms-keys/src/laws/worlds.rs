//! Keys of every kind, made by genuine calls.

use aws_sdk_kms::{
    Client,
    types::{KeySpec, KeyUsageType, OriginType, Tag},
};
use remedy_domain::Region;
use remedy_engine::Tags;
use remedy_testkit::laws::{
    TestAccount,
    proptest::{
        bool::weighted,
        prelude::{Just, Strategy},
        prop_oneof,
    },
};

use remedy_kms::Keys;

/// A key and, where KMS can rotate it, the days after which it does.
pub(super) struct World {
    pub(super) kind: Kind,
    pub(super) rotation: Option<i32>,
}

/// What kind of key it is, or what has become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Symmetric, enabled, with material of KMS.
    Plain,
    /// The same, of several Regions.
    Primary,
    /// A copy of a key of another Region.
    Replica,
    /// RSA.
    Asymmetric,
    /// For message authentication codes.
    Hmac,
    /// Without material as yet.
    External,
    /// Plain, but disabled.
    Disabled,
    /// Plain, but to be deleted after so many days.
    Dying(i32),
    /// A primary to be deleted once its replicas are.
    WaitingForReplicas,
    /// In a custom key store.
    CustomStore,
    /// AWS's own.
    OfAws,
}

/// Every kind.
pub(super) fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Plain),
        Just(Kind::Primary),
        Just(Kind::Replica),
        Just(Kind::Asymmetric),
        Just(Kind::Hmac),
        Just(Kind::External),
        Just(Kind::Disabled),
        (7_i32..=30).prop_map(Kind::Dying),
        Just(Kind::WaitingForReplicas),
        Just(Kind::CustomStore),
        Just(Kind::OfAws),
    ]
}

/// Makes a key, rotates it where that is possible, and lets become of it what is to become.
pub(super) async fn make(world: &World, stage: &TestAccount) -> Option<String> {
    let client = stage.client::<Keys>().0;
    let id = match world.kind {
        Kind::OfAws => return remedy_kms_testing::key_of_aws(stage),
        Kind::CustomStore => return remedy_kms_testing::key_in_custom_store(stage),
        Kind::Replica => return Some(replica(stage).await),
        kind => create(&client, kind).await,
    };
    let can_rotate = !matches!(world.kind, Kind::Asymmetric | Kind::Hmac | Kind::External);
    if let Some(days) = world.rotation.filter(|_| can_rotate) {
        client.enable_key_rotation().key_id(&id).rotation_period_in_days(days).send().await.unwrap();
    }
    end(&client, world.kind, &id).await;
    Some(id)
}

async fn create(client: &Client, kind: Kind) -> String {
    let request = client.create_key();
    let request = match kind {
        Kind::Primary | Kind::WaitingForReplicas => request.multi_region(true),
        Kind::Asymmetric => request.key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::SignVerify),
        Kind::Hmac => request.key_spec(KeySpec::Hmac256).key_usage(KeyUsageType::GenerateVerifyMac),
        Kind::External => request.origin(OriginType::External),
        _ => request,
    };
    request.send().await.unwrap().key_metadata.unwrap().key_id
}

async fn replica(stage: &TestAccount) -> String {
    let elsewhere = stage.session.in_region(&Region::parse("us-west-2").unwrap());
    let client = <Keys as remedy_aws::Connect>::connect(&elsewhere).0;
    let id = create(&client, Kind::Primary).await;
    client.replicate_key().key_id(&id).replica_region(stage.region.as_str()).send().await.unwrap();
    id
}

async fn end(client: &Client, kind: Kind, id: &str) {
    match kind {
        Kind::Disabled => drop(client.disable_key().key_id(id).send().await.unwrap()),
        Kind::Dying(days) => {
            client.schedule_key_deletion().key_id(id).pending_window_in_days(days).send().await.unwrap();
        }
        Kind::WaitingForReplicas => {
            client.replicate_key().key_id(id).replica_region("us-west-2").send().await.unwrap();
            client.schedule_key_deletion().key_id(id).send().await.unwrap();
        }
        _ => {}
    }
}

/// Statements of key policies. The account of a world is not known before it is made.
const STATEMENTS: [(&str, &str); 7] = [
    ("Root", r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::ACCOUNT:root"},"Action":"kms:*","Resource":"*""#),
    ("Open", r#""Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*""#),
    (
        "Mixed",
        r#""Effect":"Allow","Principal":{"AWS":["arn:aws:iam::ACCOUNT:root","*"]},"Action":"kms:Decrypt","Resource":"*""#,
    ),
    (
        "Trusted",
        r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::777788889999:root"},"Action":"kms:Decrypt","Resource":"*""#,
    ),
    (
        "Caller",
        r#""Effect":"Allow","Principal":"*","Action":"kms:Encrypt","Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"ACCOUNT"}}"#,
    ),
    (
        "Stranger",
        r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:Decrypt","Resource":"*""#,
    ),
    (
        "Deputy",
        r#""Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*""#,
    ),
];

/// Key policies as somebody may have put them: mostly open, mostly manageable, seldom doubtful.
pub(super) fn key_policies() -> impl Strategy<Value = String> {
    let has = (weighted(0.9), weighted(0.5), weighted(0.4), weighted(0.4), weighted(0.4), weighted(0.1), weighted(0.1));
    has.prop_map(|(root, open, mixed, trusted, caller, stranger, deputy)| {
        // Without root, the open statement is the only way in.
        let has = [root, open || !root, mixed, trusted, caller, stranger, deputy];
        let statements = STATEMENTS.iter().zip(has).filter(|(_, has)| *has);
        let texts = statements.map(|((sid, text), _)| format!(r#"{{"Sid":"{sid}",{text}}}"#));
        document(&texts.collect::<Vec<_>>())
    })
}

/// The document of these statements.
pub(super) fn document(statements: &[String]) -> String {
    format!(r#"{{ "Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

/// Tags a key. Returns whether it could: keys of AWS and keys pending deletion take no tags.
pub(super) async fn tag(client: &Client, id: &str, tags: &Tags) -> bool {
    let tag = |(key, value): (&String, &String)| Tag::builder().tag_key(key).tag_value(value).build().unwrap();
    let tags = tags.iter().map(tag).collect();
    client.tag_resource().key_id(id).set_tags(Some(tags)).send().await.is_ok()
}
