//! The fake answers the genuine SDK.

mod attachments;
mod details;
mod policies;
mod principals;
mod tables;

use super::*;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

const ACCOUNT: &str = "111122223333";

fn s3(fake: &FakeAws, account: &str, caller: Caller) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::new(&fake.config(account, "us-east-1", caller))
}

fn iam(fake: &FakeAws) -> aws_sdk_iam::Client {
    aws_sdk_iam::Client::new(&fake.config(ACCOUNT, "us-east-1", Caller::Test))
}

/// A document that allows an action.
fn allow(action: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#)
}

/// A trust policy for a service.
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// The code of a refusal, and its status.
fn refused<T: std::fmt::Debug, E>(
    answer: Result<T, aws_smithy_runtime_api::client::result::SdkError<E, HttpResponse>>,
) -> (u16, String)
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let error = answer.expect_err("it is refused");
    let status = error.raw_response().expect("an answer").status().as_u16();
    (status, error.code().expect("a code").to_owned())
}

/// The text that IAM encoded.
fn decoded(document: &str) -> String {
    percent_encoding::percent_decode_str(document).decode_utf8().expect("UTF-8").into_owned()
}

async fn make_policy(client: &aws_sdk_iam::Client, name: &str, document: &str) -> String {
    let request = client.create_policy().policy_name(name).path("/ops/").policy_document(document);
    request.send().await.unwrap().policy.unwrap().arn.unwrap()
}

#[tokio::test]
async fn omitted_flags_are_false_and_a_new_bucket_is_blocked() {
    let fake = FakeAws::default();
    let client = s3(&fake, ACCOUNT, Caller::Test);
    client.create_bucket().bucket("phi").send().await.unwrap();
    let get = || async { client.get_public_access_block().bucket("phi").send().await };
    let block = get().await.unwrap().public_access_block_configuration.unwrap();
    assert_eq!(block.restrict_public_buckets(), Some(true));
    let one = PublicAccessBlockConfiguration::builder().block_public_acls(true).build();
    client.put_public_access_block().bucket("phi").public_access_block_configuration(one).send().await.unwrap();
    let block = get().await.unwrap().public_access_block_configuration.unwrap();
    assert_eq!((block.block_public_acls(), block.block_public_policy()), (Some(true), Some(false)));
    client.delete_public_access_block().bucket("phi").send().await.unwrap();
    assert_eq!(get().await.unwrap_err().code(), Some("NoSuchPublicAccessBlockConfiguration"));
}

const OPEN: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}"#;

#[tokio::test]
async fn a_blocked_bucket_takes_no_public_policy() {
    let fake = FakeAws::default();
    let client = s3(&fake, ACCOUNT, Caller::Test);
    client.create_bucket().bucket("phi").send().await.unwrap();
    let put = || client.put_bucket_policy().bucket("phi").policy(OPEN).send();
    assert_eq!(put().await.unwrap_err().code(), Some("AccessDenied"), "a new bucket is blocked");
    let partner = OPEN.replace(r#""*","Action""#, r#"{"AWS":"444455556666"},"Action""#);
    client.put_bucket_policy().bucket("phi").policy(partner).send().await.unwrap();
    client.delete_public_access_block().bucket("phi").send().await.unwrap();
    put().await.unwrap();
    fake.cloud().account(ACCOUNT).block = Some([false, false, true, false]);
    assert_eq!(put().await.unwrap_err().code(), Some("AccessDenied"), "the account's flags hold too");
}

#[tokio::test]
async fn acls_are_off_unless_asked_for_and_blocked_like_policies() {
    use aws_sdk_s3::types::{AccessControlPolicy, Grant, Grantee, ObjectOwnership, Permission, Type};
    let fake = FakeAws::default();
    let client = s3(&fake, ACCOUNT, Caller::Test);
    client.create_bucket().bucket("off").send().await.unwrap();
    client.create_bucket().bucket("on").object_ownership(ObjectOwnership::ObjectWriter).send().await.unwrap();
    let given = client.get_bucket_acl().bucket("off").send().await.unwrap();
    assert_eq!(given.grants().len(), 1, "the owner's");
    let everyone = Grantee::builder().r#type(Type::Group).uri("http://acs.amazonaws.com/groups/global/AllUsers");
    let open = Grant::builder().grantee(everyone.build().unwrap()).permission(Permission::Read).build();
    let list = AccessControlPolicy::builder().set_owner(given.owner.clone()).grants(open.clone()).build();
    let put = |name| client.put_bucket_acl().bucket(name).access_control_policy(list.clone()).send();
    assert_eq!(put("off").await.unwrap_err().code(), Some("AccessControlListNotSupported"));
    assert_eq!(put("on").await.unwrap_err().code(), Some("AccessDenied"));
    client.delete_public_access_block().bucket("on").send().await.unwrap();
    put("on").await.unwrap();
    assert_eq!(client.get_bucket_acl().bucket("on").send().await.unwrap().grants(), [open]);
    let nobodys = AccessControlPolicy::builder().build();
    let error = client.put_bucket_acl().bucket("on").access_control_policy(nobodys).send().await.unwrap_err();
    assert_eq!(error.code(), Some("MalformedACLError"));
}

#[tokio::test]
async fn a_bucket_belongs_to_one_account() {
    let fake = FakeAws::default();
    s3(&fake, ACCOUNT, Caller::Test).create_bucket().bucket("phi").send().await.unwrap();
    let other = s3(&fake, "444455556666", Caller::Test);
    let error = other.get_public_access_block().bucket("phi").send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDenied"));
    let mistaken = s3(&fake, ACCOUNT, Caller::Test).get_public_access_block().bucket("phi");
    let error = mistaken.expected_bucket_owner("444455556666").send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDenied"));
    assert!(other.create_bucket().bucket("phi").send().await.is_err());
}

#[tokio::test]
async fn buckets_come_in_pages_and_by_region() {
    let fake = FakeAws::default();
    let client = s3(&fake, ACCOUNT, Caller::Test);
    for name in ["a", "b", "c"] {
        client.create_bucket().bucket(format!("phi-{name}")).send().await.unwrap();
    }
    fake.page_size(1);
    let mut pages = client.list_buckets().bucket_region("us-east-1").into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        names.extend(page.unwrap().buckets().iter().filter_map(|bucket| bucket.name().map(str::to_owned)));
    }
    assert_eq!(names, ["phi-a", "phi-b", "phi-c"]);
    let elsewhere = client.list_buckets().bucket_region("eu-west-1").send().await.unwrap();
    assert!(elsewhere.buckets().is_empty());
}

#[tokio::test]
async fn a_reader_reads_and_an_assumed_role_writes_under_its_session_name() {
    let fake = FakeAws::default();
    s3(&fake, ACCOUNT, Caller::Test).create_bucket().bucket("phi").send().await.unwrap();
    let reader = s3(&fake, ACCOUNT, Caller::Reader);
    assert!(reader.get_public_access_block().bucket("phi").send().await.is_ok());
    let denied = reader.delete_public_access_block().bucket("phi").send().await.unwrap_err();
    assert_eq!(denied.code(), Some("AccessDenied"));
    let config = fake.config(ACCOUNT, "us-east-1", Caller::Reader);
    let request = aws_sdk_sts::Client::new(&config).assume_role().role_session_name("plan");
    let answer = request.role_arn(format!("arn:aws:iam::{ACCOUNT}:role/w")).send().await.unwrap();
    let given = answer.credentials.unwrap();
    let given = Credentials::new(given.access_key_id, given.secret_access_key, Some(given.session_token), None, "t");
    let config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(given)).build();
    let writer = aws_sdk_s3::Client::new(&config);
    writer.delete_public_access_block().bucket("phi").send().await.unwrap();
    let last = fake.journal().pop().unwrap();
    assert_eq!((last.operation.as_str(), last.session.as_deref()), ("s3:DeletePublicAccessBlock", Some("plan")));
}

#[tokio::test]
async fn a_lost_answer_is_a_carried_out_write() {
    let fake = FakeAws::default();
    let client = s3(&fake, ACCOUNT, Caller::Test);
    client.create_bucket().bucket("phi").send().await.unwrap();
    fake.fate().fail_at(0, Moment::After, Mishap::Dropped);
    assert!(client.delete_public_access_block().bucket("phi").send().await.is_err());
    assert!(fake.dump()["s3/phi/public-access-block"].contains("None"));
    fake.fate().fail_at(0, Moment::Before, Mishap::Throttled);
    let slow = client.head_bucket().bucket("phi").send().await;
    assert!(slow.is_err());
}

#[tokio::test]
async fn a_crash_never_returns() {
    let fake = FakeAws::default();
    let client = s3(&fake, ACCOUNT, Caller::Test);
    fake.fate().fail_at(0, Moment::After, Mishap::Crash);
    let fate = fake.fate();
    let sending = client.create_bucket().bucket("phi").send();
    tokio::select! {
        biased;
        answer = sending => panic!("an answer from the dead: {answer:?}"),
        () = fate.crashed() => {}
    }
    assert!(fake.dump().contains_key("s3/phi/website"));
}
