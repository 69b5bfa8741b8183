//! Policies attached to principals, bounding them, and in them.

use aws_sdk_iam::types::{EntityType, PolicyUsageType};

use super::*;

/// A user, a group and a role of the same name.
async fn three(client: &aws_sdk_iam::Client) {
    client.create_user().user_name("x").send().await.unwrap();
    client.create_group().group_name("x").send().await.unwrap();
    client.create_role().role_name("x").assume_role_policy_document(TRUST).send().await.unwrap();
}

#[tokio::test]
async fn policies_are_attached_to_each_kind_once() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    three(&client).await;
    let arn = make_policy(&client, "nurses", &allow("*")).await;
    for arn in [ADMIN, &arn, &arn] {
        client.attach_user_policy().user_name("x").policy_arn(arn).send().await.unwrap();
        client.attach_group_policy().group_name("x").policy_arn(arn).send().await.unwrap();
        client.attach_role_policy().role_name("x").policy_arn(arn).send().await.unwrap();
    }
    let of_user = client.list_attached_user_policies().user_name("x").max_items(1).send().await.unwrap();
    assert!(of_user.is_truncated() && of_user.attached_policies().len() == 1);
    let of_group = client.list_attached_group_policies().group_name("x").path_prefix("/ops/").send().await.unwrap();
    assert_eq!(of_group.attached_policies()[0].policy_name(), Some("nurses"));
    let of_role = client.list_attached_role_policies().role_name("x").send().await.unwrap();
    assert_eq!(of_role.attached_policies().len(), 2);
    let policy = client.get_policy().policy_arn(&arn).send().await.unwrap().policy.unwrap();
    assert_eq!(policy.attachment_count(), Some(3));
    for kind in ["users", "groups", "roles"] {
        assert!(fake.dump().contains_key(&format!("iam/{ACCOUNT}/{kind}/x/attached/{arn}")));
    }
    client.detach_user_policy().user_name("x").policy_arn(&arn).send().await.unwrap();
    client.detach_role_policy().role_name("x").policy_arn(&arn).send().await.unwrap();
    let again = client.detach_user_policy().user_name("x").policy_arn(&arn).send().await;
    assert_eq!(refused(again), (404, "NoSuchEntity".to_owned()));
    let unknown = client.attach_user_policy().user_name("x").policy_arn("arn:aws:iam::aws:policy/Nothing").send().await;
    assert_eq!(refused(unknown), (404, "NoSuchEntity".to_owned()));
}

#[tokio::test]
async fn a_principal_has_ten_policies_at_most() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    three(&client).await;
    for number in 0..10 {
        let arn = make_policy(&client, &format!("p{number}"), &allow("*")).await;
        client.attach_user_policy().user_name("x").policy_arn(arn).send().await.unwrap();
    }
    let one_more = client.attach_user_policy().user_name("x").policy_arn(ADMIN).send().await;
    assert_eq!(refused(one_more), (409, "LimitExceeded".to_owned()));
}

#[tokio::test]
async fn boundaries_come_and_go() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    three(&client).await;
    let arn = make_policy(&client, "bound", &allow("*")).await;
    client.put_user_permissions_boundary().user_name("x").permissions_boundary(&arn).send().await.unwrap();
    client.put_role_permissions_boundary().role_name("x").permissions_boundary(&arn).send().await.unwrap();
    let user = client.get_user().user_name("x").send().await.unwrap().user.unwrap();
    assert_eq!(user.permissions_boundary().unwrap().permissions_boundary_arn(), Some(arn.as_str()));
    let path = format!("iam/{ACCOUNT}/users/x/boundary");
    assert_eq!(fake.dump()[&path], format!("Some({arn:?})"));
    assert_eq!(refused(client.delete_policy().policy_arn(&arn).send().await), (409, "DeleteConflict".to_owned()));
    let entities = client.list_entities_for_policy().policy_arn(&arn);
    let bounded = entities.policy_usage_filter(PolicyUsageType::PermissionsBoundary).send().await.unwrap();
    assert_eq!((bounded.policy_users().len(), bounded.policy_roles().len()), (1, 1));
    client.delete_role_permissions_boundary().role_name("x").send().await.unwrap();
    let remove = || client.delete_user_permissions_boundary().user_name("x").send();
    remove().await.unwrap();
    assert_eq!((fake.dump()[&path].as_str(), refused(remove().await)), ("None", (404, "NoSuchEntity".to_owned())));
}

#[tokio::test]
async fn entities_of_a_policy_are_listed_by_kind_and_in_pages() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    three(&client).await;
    client.attach_user_policy().user_name("x").policy_arn(ADMIN).send().await.unwrap();
    client.attach_group_policy().group_name("x").policy_arn(ADMIN).send().await.unwrap();
    client.attach_role_policy().role_name("x").policy_arn(ADMIN).send().await.unwrap();
    let list = || client.list_entities_for_policy().policy_arn(ADMIN);
    let roles = list().entity_filter(EntityType::Role).send().await.unwrap();
    assert_eq!((roles.policy_roles()[0].role_name(), roles.policy_users().len()), (Some("x"), 0));
    assert!(roles.policy_roles()[0].role_id().is_some_and(|id| id.starts_with("AROA")));
    fake.page_size(1);
    let (mut pages, mut seen) = (list().into_paginator().send(), 0);
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert_eq!(page.policy_users().len() + page.policy_groups().len() + page.policy_roles().len(), 1);
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[tokio::test]
async fn inline_policies_are_kept_as_they_are() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    three(&client).await;
    let spaced = allow("s3:*").replace(':', " : ").replace("s3 : *", "s3:*");
    client.put_user_policy().user_name("x").policy_name("p").policy_document(&spaced).send().await.unwrap();
    client.put_group_policy().group_name("x").policy_name("p").policy_document(&spaced).send().await.unwrap();
    client.put_role_policy().role_name("x").policy_name("p").policy_document(&spaced).send().await.unwrap();
    let got = client.get_role_policy().role_name("x").policy_name("p").send().await.unwrap();
    assert_eq!((got.role_name(), decoded(got.policy_document())), ("x", spaced.clone()));
    assert!(got.policy_document().contains("%20"), "{}", got.policy_document());
    let got = client.get_group_policy().group_name("x").policy_name("p").send().await.unwrap();
    assert_eq!(decoded(got.policy_document()), spaced);
    assert_eq!(client.list_user_policies().user_name("x").send().await.unwrap().policy_names(), ["p"]);
    assert_eq!(client.list_group_policies().group_name("x").send().await.unwrap().policy_names(), ["p"]);
    let path = format!("iam/{ACCOUNT}/roles/x/policies/p");
    assert_eq!(fake.dump()[&path], format!("{spaced:?}"));
    client.delete_role_policy().role_name("x").policy_name("p").send().await.unwrap();
    client.delete_group_policy().group_name("x").policy_name("p").send().await.unwrap();
    assert!(client.list_role_policies().role_name("x").send().await.unwrap().policy_names().is_empty());
    let again = client.delete_role_policy().role_name("x").policy_name("p").send().await;
    assert_eq!(refused(again), (404, "NoSuchEntity".to_owned()));
    let bad = client.put_user_policy().user_name("x").policy_name("q").policy_document("{}").send().await;
    assert_eq!(refused(bad), (400, "MalformedPolicyDocument".to_owned()));
    let long = allow(&format!("s3:{}", "x".repeat(2_000)));
    let full = client.put_user_policy().user_name("x").policy_name("q").policy_document(long).send().await;
    assert_eq!(refused(full), (409, "LimitExceeded".to_owned()));
}
