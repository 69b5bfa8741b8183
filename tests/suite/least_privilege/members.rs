//! The roles of a member account: they open to one role of the hub that brings the external id, and are enough to repair.

use aws_sdk_sts::error::ProvideErrorMetadata as _;
use remedy_aws::{Session, environment::Credentials};
use serde_json::{Value, json};

use super::{Stack, as_far_as_told, only_run};
use crate::{ministack::ACCOUNT, template::resolved};

const MEMBER: &str = "444455556666";
const ORGANIZATION: &str = "OrganizationId=o-exampleorg1";
const EXTERNAL_ID: &str = "7f3a9c-4d21-8e5b";
const ROLES: [&str; 2] = ["KmsKeysReadRole", "KmsKeysWriteRole"];

/// Whoever has this for a key is the root user of an account.
fn root(account: &str) -> Credentials {
    Credentials { access_key_id: account.to_owned(), secret_access_key: "test".to_owned(), session_token: None }
}

/// The emulator calls a session of a role by another name than AWS does where a policy asks who calls.
fn by_session(trust: &Value) -> Value {
    let mut trust = as_far_as_told(trust);
    for statement in trust["Statement"].as_array_mut().expect("a list") {
        let equal = statement["Condition"].as_object_mut().and_then(|condition| condition.remove("ArnEquals"));
        let role = equal.as_ref().and_then(|equal| equal["aws:PrincipalArn"].as_str()).expect("one role is let in");
        let session = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/*";
        statement["Condition"]["ArnLike"] = json!({"aws:PrincipalArn": session});
    }
    trust
}

async fn make_roles(member: &Session) {
    let parameters = [
        format!("HubAccount={ACCOUNT}"),
        format!("AWS::AccountId={MEMBER}"),
        format!("ExternalId={EXTERNAL_ID}"),
        ORGANIZATION.to_owned(),
        "Writes=permitted".to_owned(),
    ];
    let resources = resolved("member-roles.yaml", &parameters.each_ref().map(String::as_str));
    let iam = aws_sdk_iam::Client::new(member.config());
    for role in ROLES {
        let properties = &resources[role]["Properties"];
        let (name, trust) = (&properties["RoleName"], by_session(&properties["AssumeRolePolicyDocument"]));
        let name = name.as_str().expect("a name");
        let create = iam.create_role().role_name(name).assume_role_policy_document(trust.to_string());
        create.send().await.expect("a role is created");
        let policy = role.strip_suffix("Role").expect("a role");
        let document = as_far_as_told(&resources[policy]["Properties"]["PolicyDocument"]).to_string();
        let made = iam.create_policy().policy_name(policy).policy_document(document).send().await;
        let arn = made.expect("a policy is created").policy.and_then(|policy| policy.arn).expect("it has an ARN");
        iam.attach_role_policy().role_name(name).policy_arn(arn).send().await.expect("it is attached");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_members_role_opens_to_one_role_that_brings_the_external_id_and_is_enough_to_repair() {
    let external_id = format!("ExternalId={EXTERNAL_ID}");
    let stack = Stack::deploy(&[&super::PERMITTED[..], &[ORGANIZATION, &external_id]].concat()).await;
    let member = stack.emulator.session_of(root(MEMBER));
    make_roles(&member).await;
    let assume = async |who: Credentials, role: &str, external_id: Option<&str>| {
        let sts = aws_sdk_sts::Client::new(stack.emulator.session_of(who).config());
        let role = format!("arn:aws:iam::{MEMBER}:role/{role}");
        let request = sts.assume_role().role_arn(role).role_session_name("tests");
        request
            .set_external_id(external_id.map(str::to_owned))
            .send()
            .await
            .map_err(|error| error.code().map(str::to_owned))
    };
    let denied = Some(Some("AccessDenied".to_owned()));
    for role in ["remedy-kms-keys-read", "remedy-kms-keys-write"] {
        let own = async || stack.credentials("remedy-kms-keys-read").await;
        assert_eq!(assume(own().await, role, Some(EXTERNAL_ID)).await.err(), None, "{role}");
        assert_eq!(assume(own().await, role, None).await.err(), denied, "{role}: without the external id");
        assert_eq!(assume(own().await, role, Some("another")).await.err(), denied, "{role}: with another");
        let other = stack.credentials("remedy-s3-public-access-read").await;
        assert_eq!(assume(other, role, Some(EXTERNAL_ID)).await.err(), denied, "{role}: another function's role");
        assert_eq!(assume(root(ACCOUNT), role, Some(EXTERNAL_ID)).await.err(), denied, "{role}: the hub's root user");
    }

    let kms = aws_sdk_kms::Client::new(member.config());
    let key = kms.create_key().send().await.expect("a key is created").key_metadata.expect("it is described").key_id;
    let lambda = stack.function("kms-keys", "KmsKeys").await;
    let event = json!({"control": "kms-key-unrotated", "resource": key, "account": MEMBER}).to_string();
    let run = only_run(lambda.invoke(event.as_bytes()).await);
    assert_eq!((&run["outcome"], &run["account"]), (&json!("repaired"), &json!(MEMBER)), "{run:#}");
    let status = kms.get_key_rotation_status().key_id(&key).send().await.expect("a key tells");
    assert!(status.key_rotation_enabled);
}
