//! Buckets of every kind, and how they come about.

use aws_sdk_s3::{
    Client,
    types::{
        BucketLocationConstraint, CreateBucketConfiguration, IndexDocument, ObjectOwnership,
        PublicAccessBlockConfiguration, Tag, Tagging, WebsiteConfiguration,
    },
};
use remedy_engine::Tags;
use remedy_s3::Website;
use remedy_testkit::laws::{
    TestAccount,
    proptest::{
        option,
        prelude::{Just, Strategy, prop_oneof},
        sample::subsequence,
    },
};

use super::Bucket;
use remedy_s3::Buckets;

use crate::PublicAccessBlock;

const OPEN: &str =
    r#"{"Sid":"Open","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::*"}"#;
/// It has the name of one of Remedy's own.
const POSING: &str =
    r#"{"Sid":"RemedyOpen","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::*"}"#;
const WRITE: &str =
    r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["s3:PutObject"],"Resource":"arn:aws:s3:::*"}"#;
const MIXED: &str = r#"{"Sid":"Mixed","Effect":"Allow","Principal":{"AWS":["*","arn:aws:iam::777788889999:root"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::*"}"#;
const PARTNER: &str = r#"{"Sid": "Partner","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:\u0047etObject","Resource":"arn:aws:s3:::*"}"#;
const TLS: &str = r#"{"Sid":"RemedyDenyPlaintext","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;
/// External callers are denied, but S3 ignores denies.
const ONLY_US: &str = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}"#;
const UNKNOWN: &str = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::*","Condition":{"StringEquals":{"aws:NoSuchKey":"x"}}}"#;

/// A document as the laws predict it: a list of statements without spaces between them.
pub(super) fn document(statements: &[impl AsRef<str>]) -> Option<String> {
    let list: Vec<_> = statements.iter().map(AsRef::as_ref).collect();
    (!list.is_empty()).then(|| format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, list.join(",")))
}

/// Policies of which some statements are public, and others are not.
pub(super) fn policies() -> impl Strategy<Value = Option<String>> {
    let some = subsequence(vec![OPEN, POSING, TLS, WRITE, PARTNER, MIXED], 0..=4).prop_map(|some| document(&some));
    prop_oneof![4 => some, 1 => Just(document(&[OPEN, ONLY_US])), 1 => Just(document(&[PARTNER, UNKNOWN]))]
}

/// The same, and some that are spelt in other ways or cannot be read.
pub(super) fn strange_policies() -> impl Strategy<Value = Option<String>> {
    let single = |statement: &str| format!(r#"{{ "Statement": {statement}, "Version": "2012-10-17" }}"#);
    let strange = prop_oneof![
        Just(single(OPEN)),
        Just(single(MIXED)),
        Just(single(PARTNER)),
        Just(r#"{"Statement":[{"Effect":"Permit"}]}"#.to_owned()),
    ];
    prop_oneof![5 => policies(), 1 => option::of(strange)]
}

pub(super) async fn arranged(world: &Bucket, stage: &TestAccount) -> String {
    let (client, name) = (stage.client::<Buckets>().0, stage.name("phi"));
    create(&client, &name, stage.region.as_str()).await;
    client.delete_public_access_block().bucket(&name).send().await.unwrap();
    if world.website == Website::Hosted {
        let index = IndexDocument::builder().suffix("index.html").build().unwrap();
        let website = WebsiteConfiguration::builder().index_document(index).build();
        client.put_bucket_website().bucket(&name).website_configuration(website).send().await.unwrap();
    }
    if let Some(text) = &world.access.policy {
        client.put_bucket_policy().bucket(&name).policy(text).send().await.unwrap();
    }
    let list = world.access.acl.request().unwrap();
    client.put_bucket_acl().bucket(&name).access_control_policy(list).send().await.unwrap();
    if let Some(block) = world.access.block {
        let request = client.put_public_access_block().bucket(&name);
        request.public_access_block_configuration(bucket_flags(block)).send().await.unwrap();
    }
    name
}

/// A bucket that has ACLs.
async fn create(client: &Client, name: &str, region: &str) {
    let place = BucketLocationConstraint::from(region);
    let place = CreateBucketConfiguration::builder().location_constraint(place).build();
    let request = client.create_bucket().bucket(name).object_ownership(ObjectOwnership::ObjectWriter);
    request.set_create_bucket_configuration((region != "us-east-1").then_some(place)).send().await.unwrap();
}

/// Flags that are off are left out, but for one: AWS reads that as off, and requires at least one.
fn bucket_flags(block: PublicAccessBlock) -> PublicAccessBlockConfiguration {
    let said = |on: bool| on.then_some(true);
    PublicAccessBlockConfiguration::builder()
        .block_public_acls(block.block_public_acls)
        .set_ignore_public_acls(said(block.ignore_public_acls))
        .set_block_public_policy(said(block.block_public_policy))
        .set_restrict_public_buckets(said(block.restrict_public_buckets))
        .build()
}

pub(super) fn account_flags(block: PublicAccessBlock) -> aws_sdk_s3control::types::PublicAccessBlockConfiguration {
    aws_sdk_s3control::types::PublicAccessBlockConfiguration::builder()
        .block_public_acls(block.block_public_acls)
        .ignore_public_acls(block.ignore_public_acls)
        .block_public_policy(block.block_public_policy)
        .restrict_public_buckets(block.restrict_public_buckets)
        .build()
}

/// Tags a bucket. Returns whether it could.
pub(super) async fn tag(client: &Client, name: &str, tags: &Tags) -> bool {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build().unwrap();
    let tagging = Tagging::builder().set_tag_set(Some(tags.iter().map(tag).collect())).build().unwrap();
    client.put_bucket_tagging().bucket(name).tagging(tagging).send().await.is_ok()
}
