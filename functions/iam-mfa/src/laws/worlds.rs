//! Users of every kind, made by genuine calls.

use aws_sdk_iam::{
    Client,
    types::{StatusType, Tag},
};
use remedy_domain::fence::document;
use remedy_engine::Tags;
use remedy_testkit::laws::{
    TestAccount,
    proptest::{
        option,
        prelude::{Just, Strategy},
        prop_oneof,
    },
};
use serde_json::Value;

use super::policies::{self, Deployed};
use remedy_iam::Iam;

use crate::{
    IamAndDeny,
    fence::{self, Fence},
};

/// A user, and how long users are new.
#[derive(Debug, Clone)]
pub struct User {
    path: &'static str,
    devices: u8,
    console: Option<Password>,
    access_key: Option<Status>,
    ssh_key: Option<Status>,
    service: Option<Status>,
    fence: ApprovalStatus,
    deployed: Deployed,
    others: Others,
    pub(super) age_hours: u32,
    pub(super) notice_days: u32,
}

/// Whether a console password must be changed at the next sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Password {
    Settled,
    MustChange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Active,
    Inactive,
}

/// What stands of the MFA-deny policy, and under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ApprovalStatus {
    Nothing,
    /// The managed policy.
    Attached,
    /// The inline policy of earlier versions.
    Inline,
    /// The same, written differently.
    Reworded,
    /// The managed and the inline policy.
    Both,
    /// An inline policy of that name that says something else.
    Foreign,
}

/// Other managed policies attached to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    None,
    /// As many as there is room for.
    Full,
}

fn status() -> impl Strategy<Value = Option<Status>> {
    prop_oneof![6 => Just(None), 1 => Just(Some(Status::Active)), 1 => Just(Some(Status::Inactive))]
}

/// What somebody may bring about.
pub(super) fn fences() -> impl Strategy<Value = Fence> {
    prop_oneof![Just(Fence::DOWN), Just(Fence::ATTACHED)]
}

fn standing() -> impl Strategy<Value = ApprovalStatus> {
    prop_oneof![
        4 => Just(ApprovalStatus::Nothing),
        2 => Just(ApprovalStatus::Attached),
        1 => Just(ApprovalStatus::Inline),
        1 => Just(ApprovalStatus::Reworded),
        1 => Just(ApprovalStatus::Both),
        1 => Just(ApprovalStatus::Foreign),
    ]
}

/// Every kind.
pub(super) fn users() -> impl Strategy<Value = User> {
    let path = prop_oneof![Just("/"), Just("/ops/night/")];
    let devices = prop_oneof![3 => Just(0_u8), 1 => 1_u8..=2];
    let password = prop_oneof![3 => Just(Password::Settled), 1 => Just(Password::MustChange)];
    let console = option::weighted(0.8, password);
    let credentials = (status(), status(), status());
    let others = prop_oneof![9 => Just(Others::None), 1 => Just(Others::Full)];
    let fence = (standing(), policies::deployed(), others);
    let days = (0_u32..=240, prop_oneof![Just(7_u32), 0_u32..=30]);
    (path, devices, console, credentials, fence, days).prop_map(
        |(path, devices, console, credentials, (fence, deployed, others), days)| {
            let (access_key, ssh_key, service) = credentials;
            let (age_hours, notice_days) = days;
            // Once an inline fence is gone, or any fence of an enrolled user, the way back is to attach the policy. Where it
            // cannot be attached there is none: tests/suite/fences.rs.
            let comes_back = [ApprovalStatus::Inline, ApprovalStatus::Reworded, ApprovalStatus::Both].contains(&fence);
            let (deployed, others) =
                if devices > 0 || comes_back { (Deployed::AsTheTemplate, Others::None) } else { (deployed, others) };
            User {
                path,
                devices,
                console,
                access_key,
                ssh_key,
                service,
                fence,
                deployed,
                others,
                age_hours,
                notice_days,
            }
        },
    )
}

/// Makes a user. Returns its name.
pub(super) async fn make(user: &User, stage: &TestAccount) -> Option<String> {
    let (client, name) = (stage.client::<Iam>().client, stage.name("bob"));
    let made = client.create_user().user_name(&name).path(user.path).send().await.unwrap().user.unwrap();
    if let Some(password) = user.console {
        let request = client.create_login_profile().user_name(&name).password("correct-Horse-7-battery");
        request.password_reset_required(password == Password::MustChange).send().await.unwrap();
    }
    for device in 0..user.devices {
        let serial = stage.name(&format!("GAHT{device}"));
        let request = client.enable_mfa_device().user_name(&name).serial_number(serial);
        request.authentication_code1("123456").authentication_code2("654321").send().await.unwrap();
    }
    give(&client, &name, user).await?;
    put_up(&client, stage, made.arn(), user).await?;
    Some(name)
}

/// Deploys the managed policy and puts up what stands of the fence; nothing where the stage cannot show it.
async fn put_up(client: &Client, stage: &TestAccount, arn: &str, user: &User) -> Option<()> {
    let name = arn.rsplit('/').next()?;
    let ours = fence::arn_beside(arn, &stage.client::<IamAndDeny>().policy)?;
    policies::deploy(client, &ours, Deployed::AsTheTemplate).await?;
    let is_attached = [ApprovalStatus::Attached, ApprovalStatus::Both].contains(&user.fence);
    if is_attached {
        client.attach_user_policy().user_name(name).policy_arn(&ours).send().await.unwrap();
    }
    policies::deploy(client, &ours, user.deployed).await?;
    if user.others == Others::Full {
        policies::attach_others(client, stage, name, 10 - usize::from(is_attached)).await;
    }
    let document = match &user.fence {
        ApprovalStatus::Nothing | ApprovalStatus::Attached => return Some(()),
        ApprovalStatus::Inline | ApprovalStatus::Both => document(arn, name),
        ApprovalStatus::Reworded => reworded(&document(arn, name)),
        ApprovalStatus::Foreign => FOREIGN.to_owned(),
    };
    let request = client.put_user_policy().user_name(name).policy_name(fence::NAME);
    request.policy_document(document).send().await.unwrap();
    Some(())
}

/// The same document with other spaces.
fn reworded(document: &str) -> String {
    let document: Value = serde_json::from_str(document).unwrap();
    serde_json::to_string_pretty(&document).unwrap()
}

/// Gives the user credentials for programs; nothing where the stage has none of a kind.
async fn give(client: &Client, name: &str, user: &User) -> Option<()> {
    if let Some(status) = user.access_key {
        let made = client.create_access_key().user_name(name).send().await.unwrap().access_key.unwrap();
        let request = client.update_access_key().user_name(name).access_key_id(made.access_key_id());
        request.status(status.into()).send().await.unwrap();
    }
    if let Some(status) = user.ssh_key {
        let request = client.upload_ssh_public_key().user_name(name).ssh_public_key_body(SSH);
        let made = request.send().await.unwrap().ssh_public_key.unwrap();
        let request = client.update_ssh_public_key().user_name(name).ssh_public_key_id(made.ssh_public_key_id());
        request.status(status.into()).send().await.unwrap();
    }
    if let Some(status) = user.service {
        let request = client.create_service_specific_credential().user_name(name);
        let made = request.service_name("codecommit.amazonaws.com").send().await.ok()?;
        let id = made.service_specific_credential.unwrap().service_specific_credential_id;
        let request = client.update_service_specific_credential().user_name(name).service_specific_credential_id(id);
        request.status(status.into()).send().await.unwrap();
    }
    Some(())
}

impl From<Status> for StatusType {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Inactive => Self::Inactive,
        }
    }
}

/// It denies, and not what the fence does.
const FOREIGN: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}]}"#;

/// A public key, whose private one is not kept.
const SSH: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7 nobody";

/// Tags a user. Returns whether it could.
pub(super) async fn tag(client: &Client, name: &str, tags: &Tags) -> bool {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build().unwrap();
    client.tag_user().user_name(name).set_tags(Some(tags.iter().map(tag).collect())).send().await.is_ok()
}
