//! Identities with too many permissions.

use remedy_testkit::world::World;
use serde_json::{Value, json};

use super::Form;
use crate::{
    drift::iam,
    identities::{
        ADMINISTRATOR_ACCESS, EVERYTHING, READ_ONLY, READING, administrator, document,
        kinds::{Kind, bound},
        policy,
    },
};

/// Parameters that bound a principal with too many permissions.
pub(super) fn bounding(world: &World) -> Value {
    json!({
        "identity_repairs": "auto",
        "admin_policy_repair": "boundary",
        "permissions_boundary": format!("arn:aws:iam::{}:policy/StaffBounds", world.account.id),
    })
}

/// Creates the drift, and returns the id that a person would type for the resource.
pub(super) async fn make(world: &World, form: Form) -> String {
    let iam = iam(world);
    for name in ["ann", "bob"] {
        administrator(&iam, name).await;
    }
    match form {
        Form::Narrowed => drop(policy(&iam, "clinic", &document(&[EVERYTHING, READING])).await),
        Form::MadeRoom => {
            let oldest = document(&[r#"{"Effect":"Allow","Action":"sns:Publish","Resource":"*"}"#]);
            let arn = policy(&iam, "clinic", &oldest).await;
            for _ in 0..4 {
                let made = iam.create_policy_version().policy_arn(&arn).set_as_default(true);
                made.policy_document(document(&[EVERYTHING, READING])).send().await.expect("a version");
            }
        }
        Form::Taken => {
            let arn = policy(&iam, "clinic", &document(&[EVERYTHING])).await;
            Kind::User.make(&iam, "dora").await;
            Kind::User.attach(&iam, "dora", &arn).await;
        }
        Form::Bounded => drop(bound(world).await),
        Form::Detached => {
            Kind::Role.make(&iam, "scanner").await;
            Kind::Role.attach(&iam, "scanner", ADMINISTRATOR_ACCESS).await;
            return "scanner".to_owned();
        }
        Form::Converted => {
            Kind::User.make(&iam, "dora").await;
            Kind::User.write_into(&iam, "dora", "night-shift", &document(&[READING])).await;
            return "dora".to_owned();
        }
        _ => {
            Kind::User.make(&iam, "dora").await;
            Kind::User.attach(&iam, "dora", READ_ONLY).await;
            iam.create_group().group_name("ward").send().await.expect("a group");
            iam.add_user_to_group().group_name("ward").user_name("dora").send().await.expect("a member");
            iam.attach_group_policy().group_name("ward").policy_arn(READ_ONLY).send().await.expect("attached");
            return "dora".to_owned();
        }
    }
    "clinic".to_owned()
}
