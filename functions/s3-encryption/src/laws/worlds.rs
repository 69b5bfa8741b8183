//! Buckets and their policies, made by genuine calls.

use aws_sdk_s3::{
    Client,
    types::{
        AccessControlPolicy, BucketLocationConstraint, CreateBucketConfiguration, Grant, Grantee, IndexDocument,
        ObjectOwnership, Permission, Type, WebsiteConfiguration,
    },
};
use remedy_testkit::laws::{
    Stage,
    proptest::{
        option,
        prelude::{Just, Strategy, prop_oneof},
    },
};

use crate::{BucketPolicy, Buckets, UploadPolicy, bucket_plaintext, logs::Logs, upload_policy};
use remedy_policy::Upload;

pub(super) const ANY: &str = "arn:aws:s3:::*";

fn partner(account: u8) -> String {
    format!(
        r#"{{"Sid":"Partner","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::4444555566{account:02}:root"}},"Action":"s3:GetObject","Resource":"{ANY}"}}"#
    )
}

fn document(statement: &str) -> String {
    format!(r#"{{ "Version": "2012-10-17", "Statement": [{statement}] }}"#)
}

/// Somebody else's statements, some of which say in words of their own what ours would.
fn rest(theirs: &str) -> impl Strategy<Value = Option<String>> + use<> {
    let everyone = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::*"}"#;
    let some = prop_oneof![
        5 => (0..100_u8).prop_map(|account| document(&partner(account))),
        1 => Just(document(everyone)),
        1 => Just(document(&format!("{},{theirs}", partner(7)))),
        1 => Just(document("").replace("[]", &partner(8))),
    ];
    option::weighted(0.8, some)
}

/// What stands under our Sid: nothing, our statement for some bucket, or a weaker one.
fn own(statement: String, weaker: String) -> impl Strategy<Value = Option<String>> {
    prop_oneof![3 => Just(None), 1 => Just(Some(statement)), 1 => Just(Some(weaker))]
}

/// Policies, as far as requests without TLS go.
pub(super) fn policies() -> impl Strategy<Value = BucketPolicy> {
    let (sid, ours) = (bucket_plaintext::SID, bucket_plaintext::statement(ANY));
    let theirs = ours.replace(sid, "Tls").replace("s3:*", "*");
    let own = own(ours.clone(), ours.replace("s3:*", "s3:GetObject"));
    (own, rest(&theirs)).prop_map(move |(own, rest)| {
        let joined = BucketPolicy { own, rest }.joined(sid);
        joined.map_or_else(BucketPolicy::default, |text| BucketPolicy::parted(sid, text))
    })
}

/// Policies, as far as the encryption of uploads goes.
pub(super) fn upload_policies() -> impl Strategy<Value = UploadPolicy> {
    let ours = |upload| upload_policy::statement(upload, ANY);
    let own = |upload| own(ours(upload), ours(upload).replace("arn:aws:s3:::*/*", "arn:aws:s3:::*/phi/*"));
    let theirs = ours(Upload::NamingAnother).replace(upload_policy::UNENCRYPTED, "Encrypted");
    let parts = (own(Upload::NamingAnother), own(Upload::NamingNone), rest(&theirs));
    parts.prop_map(|(unencrypted, headerless, rest)| {
        let joined = UploadPolicy { unencrypted, headerless, rest }.joined();
        joined.map_or_else(UploadPolicy::default, UploadPolicy::parted)
    })
}

/// Whether logs are delivered to a bucket; mostly not.
pub(super) fn logs() -> impl Strategy<Value = Logs> {
    prop_oneof![6 => Just(Logs::None), 1 => Just(Logs::Delivered)]
}

/// Makes a bucket with a policy. A new bucket would take no public one.
pub(super) async fn make(stage: &Stage, policy: Option<String>) -> (Client, String) {
    let (client, name) = (stage.client::<Buckets>().0, stage.name("phi"));
    let region = stage.region.as_str();
    let place =
        CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build();
    let request = client.create_bucket().bucket(&name).object_ownership(ObjectOwnership::ObjectWriter);
    request.set_create_bucket_configuration((region != "us-east-1").then_some(place)).send().await.unwrap();
    client.delete_public_access_block().bucket(&name).send().await.unwrap();
    if let Some(text) = policy {
        client.put_bucket_policy().bucket(&name).policy(text).send().await.unwrap();
    }
    (client, name)
}

/// Lets a bucket host a website.
pub(super) async fn host(client: &Client, name: &str) {
    let index = IndexDocument::builder().suffix("index.html").build().unwrap();
    let website = WebsiteConfiguration::builder().index_document(index).build();
    client.put_bucket_website().bucket(name).website_configuration(website).send().await.unwrap();
}

/// Lets S3 deliver access logs to a bucket, by its ACL.
pub(super) async fn deliver(client: &Client, name: &str) {
    let owner = client.get_bucket_acl().bucket(name).send().await.unwrap().owner;
    let group = Grantee::builder().r#type(Type::Group).uri("http://acs.amazonaws.com/groups/s3/LogDelivery");
    let grant = Grant::builder().grantee(group.build().unwrap()).permission(Permission::Write).build();
    let list = AccessControlPolicy::builder().set_owner(owner).grants(grant).build();
    client.put_bucket_acl().bucket(name).access_control_policy(list).send().await.unwrap();
}
