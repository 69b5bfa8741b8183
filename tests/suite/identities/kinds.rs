//! Repairs of users, groups and roles.

use aws_sdk_iam::Client;
use remedy_testkit::world::World;
use serde_json::json;

use super::{
    ADMINISTRATOR_ACCESS, EVERYTHING, READING, administrator, attached, default_document, deploy, document, policy, run,
};
use crate::drift::iam;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// A kind of principal that can have policies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    User,
    Group,
    Role,
}

const KINDS: [(Kind, &str); 3] = [(Kind::User, "dora"), (Kind::Group, "ward"), (Kind::Role, "scanner")];

impl Kind {
    pub(crate) async fn make(self, iam: &Client, name: &str) {
        match self {
            Self::User => drop(iam.create_user().user_name(name).send().await.expect("a user")),
            Self::Group => drop(iam.create_group().group_name(name).send().await.expect("a group")),
            Self::Role => {
                let create = iam.create_role().role_name(name).assume_role_policy_document(TRUST);
                create.send().await.expect("a role");
            }
        }
    }

    pub(crate) async fn attach(self, iam: &Client, name: &str, arn: &str) {
        match self {
            Self::User => {
                drop(iam.attach_user_policy().user_name(name).policy_arn(arn).send().await.expect("attached"))
            }
            Self::Group => {
                iam.attach_group_policy().group_name(name).policy_arn(arn).send().await.expect("attached");
            }
            Self::Role => {
                drop(iam.attach_role_policy().role_name(name).policy_arn(arn).send().await.expect("attached"))
            }
        }
    }

    async fn attached(self, iam: &Client, name: &str) -> Vec<String> {
        let attached = match self {
            Self::User => return attached(iam, name).await,
            Self::Group => iam.list_attached_group_policies().group_name(name).send().await.unwrap().attached_policies,
            Self::Role => iam.list_attached_role_policies().role_name(name).send().await.unwrap().attached_policies,
        };
        attached.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn).collect()
    }

    pub(crate) async fn write_into(self, iam: &Client, name: &str, policy: &str, text: &str) {
        match self {
            Self::User => {
                let put = iam.put_user_policy().user_name(name).policy_name(policy).policy_document(text);
                put.send().await.expect("an inline policy");
            }
            Self::Group => {
                let put = iam.put_group_policy().group_name(name).policy_name(policy).policy_document(text);
                put.send().await.expect("an inline policy");
            }
            Self::Role => {
                let put = iam.put_role_policy().role_name(name).policy_name(policy).policy_document(text);
                put.send().await.expect("an inline policy");
            }
        }
    }

    /// The text of an inline policy, if there is one of this name.
    async fn written(self, iam: &Client, name: &str, policy: &str) -> Option<String> {
        let text = match self {
            Self::User => iam.get_user_policy().user_name(name).policy_name(policy).send().await.ok()?.policy_document,
            Self::Group => {
                iam.get_group_policy().group_name(name).policy_name(policy).send().await.ok()?.policy_document
            }
            Self::Role => iam.get_role_policy().role_name(name).policy_name(policy).send().await.ok()?.policy_document,
        };
        Some(percent_encoding::percent_decode_str(&text).decode_utf8().unwrap().into_owned())
    }

    /// The ARN of the permissions boundary; groups have none.
    async fn bounds(self, world: &World, name: &str) -> Option<String> {
        match self {
            Self::User => world.proxy.shims().user_boundaries.of(&world.account.id, name),
            Self::Group => None,
            Self::Role => {
                let role = iam(world).get_role().role_name(name).send().await.unwrap().role?;
                role.permissions_boundary?.permissions_boundary_arn
            }
        }
    }
}

/// A user and a role with a too permissive policy, and a policy to bound them. Returns the latter's ARN, and the two.
pub(crate) async fn bound(world: &World) -> (String, [(Kind, &'static str); 2]) {
    let iam = iam(world);
    let arn = policy(&iam, "clinic", &document(&[EVERYTHING, READING])).await;
    let bounds = policy(&iam, "StaffBounds", &document(&[READING])).await;
    let bounded = [(Kind::User, "dora"), (Kind::Role, "scanner")];
    for (kind, name) in bounded {
        kind.make(&iam, name).await;
        kind.attach(&iam, name, &arn).await;
    }
    (bounds, bounded)
}

#[tokio::test]
async fn users_and_roles_are_bounded_where_the_settings_say_so() {
    let world = World::new().await;
    let iam = iam(&world);
    for name in ["ann", "bob"] {
        administrator(&iam, name).await;
    }
    let (bounds, bounded) = bound(&world).await;
    let parameters = json!({
        "identity_repairs": "auto",
        "admin_policy_repair": "boundary",
        "permissions_boundary": "arn:aws:iam::{account}:policy/StaffBounds",
    });
    let lambda = deploy(&world, parameters).await;
    let contained = run(&lambda, "iam-policy-admin", "clinic").await;
    assert_eq!(contained["outcome"], "contained", "{contained:#}");
    for (kind, name) in bounded {
        assert_eq!(kind.bounds(&world, name).await.as_ref(), Some(&bounds), "{kind:?}");
    }
    assert_eq!(world.undo(&lambda, &contained).await["outcome"], "reverted");
    for (kind, name) in bounded {
        assert_eq!(kind.bounds(&world, name).await, None, "{kind:?}");
    }
}

#[tokio::test]
async fn administrator_access_is_taken_off_and_an_undo_puts_it_back() {
    let world = World::new().await;
    let iam = iam(&world);
    for name in ["ann", "bob"] {
        administrator(&iam, name).await;
    }
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    for (kind, name) in KINDS {
        kind.make(&iam, name).await;
        kind.attach(&iam, name, ADMINISTRATOR_ACCESS).await;
        let repaired = run(&lambda, "iam-admin-attached", name).await;
        assert_eq!(repaired["outcome"], "repaired", "{kind:?}: {repaired:#}");
        assert_eq!(kind.attached(&iam, name).await, [""; 0], "{kind:?}");
        assert_eq!(world.undo(&lambda, &repaired).await["outcome"], "reverted", "{kind:?}");
        assert_eq!(kind.attached(&iam, name).await, [ADMINISTRATOR_ACCESS], "{kind:?}");
    }
    world.assert_conserved().await;
}

#[tokio::test]
async fn an_inline_policy_becomes_a_managed_one_and_back() {
    let world = World::new().await;
    let (iam, text) = (iam(&world), document(&[READING]));
    let lambda = deploy(&world, json!({"identity_repairs": "auto"})).await;
    for (kind, name) in KINDS {
        kind.make(&iam, name).await;
        kind.write_into(&iam, name, "night-shift", &text).await;
        let repaired = run(&lambda, "iam-inline-policy", name).await;
        assert_eq!(repaired["outcome"], "repaired", "{kind:?}: {repaired:#}");
        assert_eq!(kind.written(&iam, name, "night-shift").await, None, "{kind:?}");
        let [managed] = kind.attached(&iam, name).await.try_into().expect("one policy");
        assert!(managed.contains(":policy/RemedyInline-night-shift-"), "{managed}");
        assert_eq!(default_document(&iam, &managed).await, text);
        assert_eq!(world.undo(&lambda, &repaired).await["outcome"], "reverted", "{kind:?}");
        assert_eq!(kind.attached(&iam, name).await, [""; 0], "{kind:?}");
        assert!(iam.get_policy().policy_arn(&managed).send().await.is_err(), "ours is gone");
        assert_eq!(kind.written(&iam, name, "night-shift").await.as_ref(), Some(&text), "{kind:?}");
    }
    world.assert_conserved().await;
}
