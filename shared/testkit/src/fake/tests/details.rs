//! Everything in one list; and what readers see of it late.

use aws_sdk_iam::types::EntityType;

use super::*;

/// One of everything: the ARN of the policy.
async fn furnish(client: &aws_sdk_iam::Client) -> String {
    let arn = make_policy(client, "nurses", &allow("*")).await;
    client.create_policy_version().policy_arn(&arn).policy_document(allow("s3:*")).send().await.unwrap();
    client.create_user().user_name("bob").permissions_boundary(&arn).send().await.unwrap();
    client.create_group().group_name("night").send().await.unwrap();
    client.create_role().role_name("ward").assume_role_policy_document(TRUST).send().await.unwrap();
    client.add_user_to_group().user_name("bob").group_name("night").send().await.unwrap();
    client.put_user_policy().user_name("bob").policy_name("own").policy_document(allow("s3:*")).send().await.unwrap();
    client.attach_group_policy().group_name("night").policy_arn(ADMIN).send().await.unwrap();
    client.attach_role_policy().role_name("ward").policy_arn(&arn).send().await.unwrap();
    client.put_role_policy().role_name("ward").policy_name("own").policy_document(allow("s3:*")).send().await.unwrap();
    arn
}

#[tokio::test]
async fn details_hold_everything() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    let arn = furnish(&client).await;
    let all = client.get_account_authorization_details().send().await.unwrap();
    let user = &all.user_detail_list()[0];
    assert_eq!((user.user_name(), user.group_list()), (Some("bob"), &["night".to_owned()][..]));
    assert_eq!(user.permissions_boundary().unwrap().permissions_boundary_arn(), Some(arn.as_str()));
    let own = &user.user_policy_list()[0];
    assert_eq!((own.policy_name(), decoded(own.policy_document().unwrap())), (Some("own"), allow("s3:*")));
    let group = &all.group_detail_list()[0];
    assert_eq!(group.attached_managed_policies()[0].policy_name(), Some("AdministratorAccess"));
    let role = &all.role_detail_list()[0];
    assert_eq!(decoded(role.assume_role_policy_document().unwrap()), TRUST);
    assert_eq!(role.attached_managed_policies()[0].policy_arn(), Some(arn.as_str()));
    assert_eq!(role.role_policy_list().len(), 1);
    let policies: Vec<_> = all.policies().iter().map(|policy| policy.arn().unwrap()).collect();
    assert_eq!(policies, [arn.as_str(), ADMIN]);
    let policy = &all.policies()[0];
    assert_eq!((policy.attachment_count(), policy.permissions_boundary_usage_count()), (Some(1), Some(1)));
    assert_eq!((policy.default_version_id(), policy.policy_version_list().len()), (Some("v1"), 2));
    assert_eq!(decoded(policy.policy_version_list()[1].document().unwrap()), allow("*"));
}

#[tokio::test]
async fn details_are_filtered_and_come_in_pages() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    furnish(&client).await;
    let request = client.get_account_authorization_details().filter(EntityType::Role);
    let some = request.filter(EntityType::AwsManagedPolicy).send().await.unwrap();
    assert_eq!((some.user_detail_list().len(), some.role_detail_list().len(), some.policies().len()), (0, 1, 1));
    let first = client.get_account_authorization_details().max_items(2).send().await.unwrap();
    assert_eq!((first.user_detail_list().len(), first.group_detail_list().len(), first.is_truncated()), (1, 1, true));
    let request = client.get_account_authorization_details().set_marker(first.marker);
    let rest = request.send().await.unwrap();
    assert_eq!((rest.user_detail_list().len(), rest.role_detail_list().len(), rest.policies().len()), (0, 1, 2));
    assert!(!rest.is_truncated() && rest.marker().is_none());
}

#[tokio::test]
async fn a_dump_tells_elements_apart() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    let arn = furnish(&client).await;
    let before = fake.dump();
    client.set_default_policy_version().policy_arn(&arn).version_id("v2").send().await.unwrap();
    client.delete_policy_version().policy_arn(&arn).version_id("v1").send().await.unwrap();
    client.delete_user_policy().user_name("bob").policy_name("own").send().await.unwrap();
    client.detach_group_policy().group_name("night").policy_arn(ADMIN).send().await.unwrap();
    let after = fake.dump();
    let changed: Vec<_> = before.iter().filter(|(path, value)| after.get(*path) != Some(value)).collect();
    let changed: Vec<_> = changed.into_iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(
        changed,
        [
            format!("iam/{ACCOUNT}/groups/night/attached/{ADMIN}"),
            format!("iam/{ACCOUNT}/policies/{arn}/default-version"),
            format!("iam/{ACCOUNT}/policies/{arn}/versions/v1"),
            format!("iam/{ACCOUNT}/users/bob/policies/own"),
        ]
    );
}

#[tokio::test]
async fn readers_see_the_past_after_a_write_of_a_session() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    let arn = furnish(&client).await;
    fake.lag(Duration::from_secs(60));
    let config = fake.config(ACCOUNT, "us-east-1", Caller::Reader);
    let request = aws_sdk_sts::Client::new(&config).assume_role().role_session_name("plan");
    let given = request.role_arn(format!("arn:aws:iam::{ACCOUNT}:role/w")).send().await.unwrap().credentials.unwrap();
    let given = Credentials::new(given.access_key_id, given.secret_access_key, Some(given.session_token), None, "t");
    let session = config.to_builder().credentials_provider(SharedCredentialsProvider::new(given)).build();
    let (reader, writer) = (aws_sdk_iam::Client::new(&config), aws_sdk_iam::Client::new(&session));
    let seen = || async {
        let policy = reader.get_policy().policy_arn(&arn).send().await.unwrap().policy.unwrap();
        policy.default_version_id.unwrap()
    };
    writer.set_default_policy_version().policy_arn(&arn).version_id("v2").send().await.unwrap();
    assert_eq!(seen().await, "v1");
    assert_eq!(fake.journal().last().unwrap().resource, arn);
    fake.time().advance(Duration::from_secs(61));
    assert_eq!(seen().await, "v2");
}
