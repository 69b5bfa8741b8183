//! The managed policies of a world.

use aws_sdk_iam::Client;
use remedy_domain::fence;
use remedy_testkit::laws::{
    TestAccount,
    proptest::{
        prelude::{Just, Strategy},
        prop_oneof,
    },
};

const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}"#;

/// The MFA-deny policy of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deployed {
    /// As the template has it.
    AsTheTemplate,
    /// It is not there.
    Missing,
    /// Somebody made another version its default.
    Changed,
}

/// Mostly it is as it should be.
pub(super) fn deployed() -> impl Strategy<Value = Deployed> {
    prop_oneof![8 => Just(Deployed::AsTheTemplate), 1 => Just(Deployed::Missing), 1 => Just(Deployed::Changed)]
}

/// Brings the policy of this ARN about; nothing where it cannot be, for it is still attached.
pub(super) async fn deploy(client: &Client, arn: &str, wanted: Deployed) -> Option<()> {
    let (partition, account) = (arn.split(':').nth(1)?, arn.split(':').nth(4)?);
    let text = match wanted {
        Deployed::Missing => {
            let gone = client.delete_policy().policy_arn(arn).send().await;
            return gone.is_ok().then_some(());
        }
        Deployed::AsTheTemplate => fence::managed_document(partition, account),
        Deployed::Changed => NOTHING.to_owned(),
    };
    let Ok(standing) = client.get_policy().policy_arn(arn).send().await else {
        let name = arn.rsplit('/').next()?;
        client.create_policy().policy_name(name).policy_document(text).send().await.unwrap();
        return Some(());
    };
    let default = standing.policy?.default_version_id?;
    let version = client.get_policy_version().policy_arn(arn).version_id(&default).send().await.unwrap();
    if !fence::same(&crate::fence::decoded(version.policy_version?.document()?), &text) {
        let request = client.create_policy_version().policy_arn(arn).policy_document(text);
        request.set_as_default(true).send().await.unwrap();
        client.delete_policy_version().policy_arn(arn).version_id(default).send().await.unwrap();
    }
    Some(())
}

/// Attaches so many policies that nobody else has.
pub(super) async fn attach_others(client: &Client, stage: &TestAccount, user: &str, count: usize) {
    for _ in 0..count {
        let request = client.create_policy().policy_name(stage.name("other")).policy_document(NOTHING);
        let made = request.send().await.unwrap().policy.unwrap();
        client.attach_user_policy().user_name(user).policy_arn(made.arn().unwrap()).send().await.unwrap();
    }
}
