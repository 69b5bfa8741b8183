//! Users, groups and roles, and who is in which group.

use super::*;

#[tokio::test]
async fn every_principal_has_id_path_and_arn() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    let user = client.create_user().user_name("bob").path("/staff/").send().await.unwrap().user.unwrap();
    assert_eq!(user.arn(), format!("arn:aws:iam::{ACCOUNT}:user/staff/bob"));
    let group = client.create_group().group_name("night").send().await.unwrap().group.unwrap();
    assert_eq!(group.arn(), format!("arn:aws:iam::{ACCOUNT}:group/night"));
    let request = client.create_role().role_name("ward").path("/staff/").assume_role_policy_document(TRUST);
    let role = request.permissions_boundary(ADMIN).send().await.unwrap().role.unwrap();
    assert_eq!(decoded(role.assume_role_policy_document().unwrap()), TRUST);
    let ids = [user.user_id(), group.group_id(), role.role_id()].map(|id| id[..4].to_owned());
    assert_eq!(ids, ["AIDA", "AGPA", "AROA"]);
    let got = client.get_role().role_name("ward").send().await.unwrap().role.unwrap();
    assert_eq!(got.permissions_boundary().unwrap().permissions_boundary_arn(), Some(ADMIN));
    let listed = client.list_roles().path_prefix("/staff/").send().await.unwrap();
    assert!(listed.roles()[0].permissions_boundary().is_none(), "lists leave it out");
    assert!(client.list_roles().path_prefix("/other/").send().await.unwrap().roles().is_empty());
    assert_eq!(client.list_groups().send().await.unwrap().groups().len(), 1);
    let again = client.create_role().role_name("ward").assume_role_policy_document(TRUST).send().await;
    assert_eq!(refused(again), (409, "EntityAlreadyExists".to_owned()));
    let bad = client.create_role().role_name("x").assume_role_policy_document(allow("s3:*")).send().await;
    assert_eq!(refused(bad), (400, "MalformedPolicyDocument".to_owned()));
    assert_eq!(refused(client.get_role().role_name("x").send().await), (404, "NoSuchEntity".to_owned()));
}

#[tokio::test]
async fn trust_is_changed_except_in_roles_of_services() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    client.create_role().role_name("ward").assume_role_policy_document(TRUST).send().await.unwrap();
    let other = TRUST.replace("ec2", "lambda");
    client.update_assume_role_policy().role_name("ward").policy_document(&other).send().await.unwrap();
    let role = client.get_role().role_name("ward").send().await.unwrap().role.unwrap();
    assert_eq!(decoded(role.assume_role_policy_document().unwrap()), other);
    let request = client.create_service_linked_role().aws_service_name("rds.amazonaws.com");
    let role = request.send().await.unwrap().role.unwrap();
    assert_eq!((role.role_name(), role.path()), ("AWSServiceRoleForrds", "/aws-service-role/rds.amazonaws.com/"));
    let again = client.create_service_linked_role().aws_service_name("rds.amazonaws.com").send().await;
    assert_eq!(refused(again), (400, "InvalidInput".to_owned()));
    let refusals = [
        refused(client.update_assume_role_policy().role_name(role.role_name()).policy_document(TRUST).send().await),
        refused(client.attach_role_policy().role_name(role.role_name()).policy_arn(ADMIN).send().await),
        refused(client.detach_role_policy().role_name(role.role_name()).policy_arn(ADMIN).send().await),
        refused(client.delete_role_policy().role_name(role.role_name()).policy_name("x").send().await),
        refused(
            client.put_role_permissions_boundary().role_name(role.role_name()).permissions_boundary(ADMIN).send().await,
        ),
    ];
    assert!(refusals.iter().all(|refusal| *refusal == (400, "UnmodifiableEntity".to_owned())), "{refusals:?}");
}

#[tokio::test]
async fn users_come_to_groups_and_leave() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    for name in ["ann", "bob"] {
        client.create_user().user_name(name).send().await.unwrap();
    }
    for number in 0..11 {
        client.create_group().group_name(format!("g{number:02}")).send().await.unwrap();
    }
    let add = |user: &str, group: String| client.add_user_to_group().user_name(user).group_name(group).send();
    add("ann", "g00".to_owned()).await.unwrap();
    for number in [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9] {
        add("bob", format!("g{number:02}")).await.unwrap();
    }
    assert_eq!(refused(add("bob", "g10".to_owned()).await), (409, "LimitExceeded".to_owned()));
    assert_eq!(refused(add("bob", "none".to_owned()).await), (404, "NoSuchEntity".to_owned()));
    let group = client.get_group().group_name("g00").max_items(1).send().await.unwrap();
    assert_eq!((group.group().unwrap().group_name(), group.users()[0].user_name()), ("g00", "ann"));
    let rest = client.get_group().group_name("g00").set_marker(group.marker).send().await.unwrap();
    assert_eq!((rest.users()[0].user_name(), rest.is_truncated()), ("bob", false));
    let remove = || client.remove_user_from_group().user_name("bob").group_name("g00").send();
    assert!(fake.dump().contains_key(&format!("iam/{ACCOUNT}/users/bob/groups/g00")));
    remove().await.unwrap();
    assert!(!fake.dump().contains_key(&format!("iam/{ACCOUNT}/users/bob/groups/g00")));
    assert_eq!(refused(remove().await), (404, "NoSuchEntity".to_owned()));
    let groups = client.list_groups_for_user().user_name("bob").send().await.unwrap();
    assert_eq!((groups.groups().len(), groups.groups()[0].group_name()), (9, "g01"));
}

#[tokio::test]
async fn users_have_a_password_and_two_access_keys() {
    let fake = FakeAws::default();
    let client = iam(&fake);
    client.create_user().user_name("bob").send().await.unwrap();
    assert_eq!(refused(client.get_login_profile().user_name("bob").send().await), (404, "NoSuchEntity".to_owned()));
    let give = || client.create_login_profile().user_name("bob").password("correct-Horse-7-battery").send();
    give().await.unwrap();
    assert_eq!(refused(give().await), (409, "EntityAlreadyExists".to_owned()));
    let profile = client.get_login_profile().user_name("bob").send().await.unwrap().login_profile.unwrap();
    assert_eq!(profile.user_name(), "bob");
    let add = || client.create_access_key().user_name("bob").send();
    let key = add().await.unwrap().access_key.unwrap();
    add().await.unwrap();
    assert_eq!(refused(add().await), (409, "LimitExceeded".to_owned()));
    let keys = client.list_access_keys().user_name("bob").send().await.unwrap().access_key_metadata;
    assert!(keys.len() == 2 && keys[0].access_key_id() == Some(key.access_key_id()));
}
