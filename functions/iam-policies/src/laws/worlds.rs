//! The contents of an account, made by genuine calls.

use aws_sdk_iam::{Client, error::SdkError, types::Tag};
use remedy_domain::{Target, fence};
use remedy_engine::Tags;
use remedy_testkit::laws::{
    TestAccount,
    proptest::prelude::{Just, Strategy, prop_oneof},
};

use remedy_iam::{Iam, PrincipalKind};

use crate::account::ADMINISTRATOR;

pub(super) const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
pub(super) const MANAGED: [&str; 2] =
    ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/PowerUserAccess"];
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

pub(super) fn kinds() -> impl Strategy<Value = PrincipalKind> {
    prop_oneof![Just(PrincipalKind::User), Just(PrincipalKind::Group), Just(PrincipalKind::Role)]
}

pub(super) fn document(statements: &[&str]) -> String {
    format!(r#"{{ "Version": "2012-10-17", "Statement": [{}] }}"#, statements.join(", "))
}

pub(super) const EVERYTHING: &str = r#"{"Sid":"Everything","Effect":"Allow","Action":"*","Resource":"*"}"#;
pub(super) const READING: &str = r#"{"Sid":"Reading","Effect":"Allow","Action":"s3:\u0047et*","Resource":"*"}"#;

/// Documents without an administrator in them.
pub(super) fn harmless() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(document(&[READING])),
        Just(document(&[r#"{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}"#, READING])),
        Just(document(&[r#"{"Effect":"Deny","Action":"kms:*","Resource":"*"}"#])),
    ]
}

/// Documents that make administrators.
pub(super) fn administrators() -> impl Strategy<Value = String> {
    let listed = r#"{"Effect":"Allow","Action":["s3:GetObject","*"],"Resource":"*"}"#;
    let conditional =
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}"#;
    let all_but = r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#;
    let the_rest = r#"{"Effect":"Allow","Action":"iam:*","Resource":"*"}"#;
    prop_oneof![
        3 => Just(document(&[EVERYTHING, READING])),
        1 => Just(document(&[listed])),
        1 => Just(document(&[conditional, READING])),
        1 => Just(document(&[EVERYTHING])),
        1 => Just(document(&[all_but, the_rest])),
    ]
}

/// Two administrators whom nothing touches, so that others may go: there are two in an account.
pub(super) async fn keepers(stage: &TestAccount) {
    let client = stage.client::<Iam>().client;
    for name in ["keeper-1", "keeper-2"] {
        match client.create_user().user_name(name).send().await {
            Err(SdkError::ServiceError(error)) if error.err().is_entity_already_exists_exception() => continue,
            made => drop(made.unwrap()),
        }
        client.attach_user_policy().user_name(name).policy_arn(ADMINISTRATOR_ACCESS).send().await.unwrap();
        client.create_access_key().user_name(name).send().await.unwrap();
    }
}

/// The MFA-deny policy of a user who has no MFA device: the inline one of earlier versions, and the managed one.
pub(super) async fn put_fence(client: &Client, stage: &TestAccount, name: &str) {
    let arn = format!("arn:aws:iam::{}:user/ward/{name}", stage.account);
    put_inline(client, PrincipalKind::User, name, fence::NAME, &fence::document(&arn, name)).await;
    let policy = fence::managed_name(stage.session.stack());
    let request = client.create_policy().policy_name(&policy);
    match request.policy_document(fence::managed_document("aws", stage.account.as_str())).send().await {
        Err(SdkError::ServiceError(error)) if error.err().is_entity_already_exists_exception() => {}
        made => drop(made.unwrap()),
    }
    attach(client, PrincipalKind::User, name, &fence::arn_beside(&arn, &policy).unwrap()).await;
}

/// A user, group or role. Returns its name.
pub(super) async fn principal(client: &Client, stage: &TestAccount, kind: PrincipalKind) -> String {
    let name = stage.name("clinic");
    match kind {
        PrincipalKind::User => drop(client.create_user().user_name(&name).path("/ward/").send().await.unwrap()),
        PrincipalKind::Group => drop(client.create_group().group_name(&name).send().await.unwrap()),
        PrincipalKind::Role => {
            let request = client.create_role().role_name(&name).assume_role_policy_document(TRUST);
            request.send().await.unwrap();
        }
    }
    name
}

pub(super) async fn attach(client: &Client, kind: PrincipalKind, name: &str, arn: &str) {
    match kind {
        PrincipalKind::User => drop(client.attach_user_policy().user_name(name).policy_arn(arn).send().await.unwrap()),
        PrincipalKind::Group => {
            drop(client.attach_group_policy().group_name(name).policy_arn(arn).send().await.unwrap());
        }
        PrincipalKind::Role => drop(client.attach_role_policy().role_name(name).policy_arn(arn).send().await.unwrap()),
    }
}

pub(super) async fn put_inline(client: &Client, kind: PrincipalKind, name: &str, inline: &str, text: &str) {
    match kind {
        PrincipalKind::User => {
            let request = client.put_user_policy().user_name(name).policy_name(inline);
            request.policy_document(text).send().await.unwrap();
        }
        PrincipalKind::Group => {
            let request = client.put_group_policy().group_name(name).policy_name(inline);
            request.policy_document(text).send().await.unwrap();
        }
        PrincipalKind::Role => {
            let request = client.put_role_policy().role_name(name).policy_name(inline);
            request.policy_document(text).send().await.unwrap();
        }
    }
}

/// A customer-managed policy, its last version the default. Returns its ARN.
pub(super) async fn policy(client: &Client, name: &str, versions: &[&str]) -> String {
    let [first, more @ ..] = versions else { panic!("a policy has a version") };
    let made = client.create_policy().policy_name(name).policy_document(*first).send().await.unwrap();
    let arn = made.policy.unwrap().arn.unwrap();
    for text in more {
        let request = client.create_policy_version().policy_arn(&arn).policy_document(*text);
        request.set_as_default(true).send().await.unwrap();
    }
    arn
}

/// The policy that bounds people: there is one in an account.
pub(super) async fn bounds(client: &Client) {
    let text = document(&[r#"{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"}"#]);
    match client.create_policy().policy_name("StaffBounds").policy_document(text).send().await {
        Err(SdkError::ServiceError(error)) if error.err().is_entity_already_exists_exception() => {}
        made => drop(made.unwrap()),
    }
}

/// Tags a user, role or policy. Returns whether it could: groups take no tags.
pub(super) async fn tag(client: &Client, target: &Target, tags: &Tags) -> bool {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build().unwrap();
    let tags = Some(tags.iter().map(tag).collect());
    if target.resource_type == "AWS::IAM::Policy" {
        let arn = target.arn.as_deref().unwrap();
        return client.tag_policy().policy_arn(arn).set_tags(tags).send().await.is_ok();
    }
    match PrincipalKind::of(target) {
        PrincipalKind::User => client.tag_user().user_name(&target.id).set_tags(tags).send().await.is_ok(),
        PrincipalKind::Role => client.tag_role().role_name(&target.id).set_tags(tags).send().await.is_ok(),
        PrincipalKind::Group => false,
    }
}

#[test]
fn administrator_access_says_what_we_take_it_to_say() {
    use remedy_policy::{Holder, Identity, Kind as Document, Policy};
    let policy = Policy::parse(Document::Identity, ADMINISTRATOR).unwrap();
    assert!(Identity::of(&Holder::of(&policy)).unwrap().admin);
}
