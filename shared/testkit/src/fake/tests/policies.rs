//! Managed policies and their versions.

use aws_sdk_iam::types::PolicyScopeType;

use super::*;

#[tokio::test]
async fn a_policy_has_versions_whose_ids_are_never_used_again() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    let arn = make_policy(&client, "nurses", &allow("*")).await;
    assert_eq!(arn, format!("arn:aws:iam::{ACCOUNT}:policy/ops/nurses"));
    let add = |action: &str| client.create_policy_version().policy_arn(&arn).policy_document(allow(action));
    fake.time().advance(Duration::from_secs(60));
    let second = add("s3:*").set_as_default(true).send().await.unwrap().policy_version.unwrap();
    assert_eq!((second.version_id(), second.is_default_version(), second.document()), (Some("v2"), true, None));
    for _ in 3..=5 {
        add("kms:Decrypt").send().await.unwrap();
    }
    assert_eq!(refused(add("kms:*").send().await), (409, "LimitExceeded".to_owned()));
    let delete = |id: &str| client.delete_policy_version().policy_arn(&arn).version_id(id).send();
    assert_eq!(refused(delete("v2").await), (409, "DeleteConflict".to_owned()));
    delete("v5").await.unwrap();
    assert_eq!(refused(delete("v5").await), (404, "NoSuchEntity".to_owned()));
    assert_eq!(add("kms:*").send().await.unwrap().policy_version.unwrap().version_id(), Some("v6"));
    client.set_default_policy_version().policy_arn(&arn).version_id("v1").send().await.unwrap();
    let got = client.get_policy_version().policy_arn(&arn).version_id("v1").send().await.unwrap();
    let got = got.policy_version.unwrap();
    assert!(got.is_default_version() && got.document().is_some_and(|document| !document.contains('{')));
    assert_eq!(decoded(got.document().unwrap()), allow("*"));
    let policy = client.get_policy().policy_arn(&arn).send().await.unwrap().policy.unwrap();
    assert_eq!((policy.default_version_id(), policy.attachment_count()), (Some("v1"), Some(0)));
    assert!(policy.policy_id().is_some_and(|id| id.starts_with("ANPA")) && policy.update_date() > policy.create_date());
}

#[tokio::test]
async fn versions_come_in_pages_the_newest_first() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    let arn = make_policy(&client, "nurses", &allow("*")).await;
    for _ in 0..2 {
        client.create_policy_version().policy_arn(&arn).policy_document(allow("s3:*")).send().await.unwrap();
    }
    let first = client.list_policy_versions().policy_arn(&arn).max_items(2).send().await.unwrap();
    let ids = |versions: &[aws_sdk_iam::types::PolicyVersion]| -> Vec<String> {
        versions.iter().filter_map(|version| version.version_id.clone()).collect()
    };
    assert_eq!((ids(first.versions()), first.is_truncated()), (vec!["v3".to_owned(), "v2".to_owned()], true));
    let rest = client.list_policy_versions().policy_arn(&arn).set_marker(first.marker).send().await.unwrap();
    assert_eq!((ids(rest.versions()), rest.is_truncated()), (vec!["v1".to_owned()], false));
    assert!(rest.versions()[0].is_default_version() && rest.versions()[0].create_date().is_some());
}

#[tokio::test]
async fn a_policy_in_use_or_with_versions_stays() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    let arn = make_policy(&client, "nurses", &allow("*")).await;
    let again = client.create_policy().policy_name("nurses").policy_document(allow("*")).send().await;
    assert_eq!(refused(again), (409, "EntityAlreadyExists".to_owned()));
    client.create_group().group_name("night").send().await.unwrap();
    client.attach_group_policy().group_name("night").policy_arn(&arn).send().await.unwrap();
    let delete = || client.delete_policy().policy_arn(&arn).send();
    assert_eq!(refused(delete().await), (409, "DeleteConflict".to_owned()));
    client.detach_group_policy().group_name("night").policy_arn(&arn).send().await.unwrap();
    client.create_policy_version().policy_arn(&arn).policy_document(allow("s3:*")).send().await.unwrap();
    assert_eq!(refused(delete().await), (409, "DeleteConflict".to_owned()));
    client.delete_policy_version().policy_arn(&arn).version_id("v2").send().await.unwrap();
    delete().await.unwrap();
    assert_eq!(refused(client.get_policy().policy_arn(&arn).send().await), (404, "NoSuchEntity".to_owned()));
}

#[tokio::test]
async fn documents_and_arns_are_read() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    let statement = |said: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{said}]}}"#);
    let allows = |said: &str| statement(&format!(r#"{{"Effect":"Allow",{said}}}"#));
    for bad in [
        "no JSON".to_owned(),
        statement(""),
        allow("*").replace("2012", "2008"),
        allow("everything"),
        allows(r#""Action":"*""#),
        allows(r#""Resource":"*""#),
        allows(r#""Action":"*","Resource":"bucket""#),
        allows(r#""Action":"*","Resource":"*","Principal":"*""#),
        allows(r#""Action":"*","NotAction":"iam:*","Resource":"*""#),
        statement(&[r#"{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"}"#; 2].join(",")),
    ] {
        let answer = client.create_policy().policy_name("bad").policy_document(&bad).send().await;
        assert_eq!(refused(answer), (400, "MalformedPolicyDocument".to_owned()), "{bad}");
    }
    let long = allow(&format!("s3:{}", "x".repeat(6_144)));
    let answer = client.create_policy().policy_name("long").policy_document(long).send().await;
    assert_eq!(refused(answer), (409, "LimitExceeded".to_owned()));
    let answer = client.get_policy().policy_arn("arn:aws:iam::aws:role/x").send().await;
    assert_eq!(refused(answer), (400, "InvalidInput".to_owned()));
}

#[tokio::test]
async fn policies_of_aws_are_there_but_not_changed() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    let arn = make_policy(&client, "nurses", &allow("*")).await;
    let list = |scope: PolicyScopeType| client.list_policies().scope(scope);
    let arns = |answer: aws_sdk_iam::operation::list_policies::ListPoliciesOutput| -> Vec<String> {
        answer.policies().iter().filter_map(|policy| policy.arn.clone()).collect()
    };
    assert_eq!(arns(list(PolicyScopeType::Local).send().await.unwrap()), [arn.as_str()]);
    assert_eq!(arns(list(PolicyScopeType::Aws).send().await.unwrap()).len(), 3);
    let first = list(PolicyScopeType::All).max_items(3).send().await.unwrap();
    assert!(first.is_truncated() && first.policies().len() == 3);
    assert!(arns(list(PolicyScopeType::All).only_attached(true).send().await.unwrap()).is_empty());
    client.create_user().user_name("bob").send().await.unwrap();
    client.attach_user_policy().user_name("bob").policy_arn(ADMIN).send().await.unwrap();
    assert_eq!(arns(list(PolicyScopeType::All).only_attached(true).send().await.unwrap()), [ADMIN]);
    assert_eq!(arns(client.list_policies().path_prefix("/ops/").send().await.unwrap()), [arn]);
    let got = client.get_policy_version().policy_arn(ADMIN).version_id("v1").send().await.unwrap();
    assert_eq!(decoded(got.policy_version.unwrap().document().unwrap()), allow("*"));
    let answer = client.create_policy_version().policy_arn(ADMIN).policy_document(allow("s3:*")).send().await;
    assert_eq!(refused(answer), (403, "AccessDenied".to_owned()));
}
