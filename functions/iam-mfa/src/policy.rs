//! The managed policy that denies everything without MFA: whether it can be attached to a user.

use aws_sdk_iam::Client;
use remedy_aws::{Reading as _, absent, fault};
use remedy_domain::{Call, Fault, Reason};
use remedy_iam::{GET_POLICY as POLICY, NO_SUCH};

use crate::{clients::IamAndDeny, fence, user::SUMMARY};

pub(crate) const VERSION: Call = Call::same("iam:GetPolicyVersion");
const MAKE: &str = "iam:CreatePolicy";
/// The managed policies that IAM attaches to a user in every account; more where AWS raised the quota.
const ALWAYS: usize = 10;
const FULL: &str =
    "as many managed policies are attached to the user as IAM permits: detach one, then the MFA-deny policy has room";

/// Why the managed policy does not protect a user, in words for a person; none if it does, or would once attached.
/// `others` is the number of other managed policies attached to the user, if ours is not.
pub(crate) async fn hindrance(
    iam: &IamAndDeny,
    user_arn: &str,
    others: Option<usize>,
) -> Result<Option<Reason>, Fault> {
    let wrong = wrong(iam, user_arn).await?;
    if wrong.is_some() {
        return Ok(wrong);
    }
    let is_full = match others {
        Some(others) if others >= ALWAYS => is_full(&iam.client, others).await?,
        _ => false,
    };
    Ok(is_full.then(|| Reason::new("no-room", FULL)))
}

/// What is wrong with the policy of the user's account.
async fn wrong(iam: &IamAndDeny, user_arn: &str) -> Result<Option<Reason>, Fault> {
    let name = &iam.policy;
    let arn = fence::arn_beside(user_arn, name).ok_or_else(|| Fault::defect(POLICY.operation, "arn-of-no-user"))?;
    let missing = format!("the policy {name} is not in this account: deploy the template, which makes it");
    let missing = Reason::new("deny-policy-missing", missing);
    let Some(text) = document(&iam.client, &arn).await? else { return Ok(iam.is_deployed.then_some(missing)) };
    let changed = format!(
        "the policy {name} does not say what the template says: find out who changed it, and make the template's version \
         its default again"
    );
    Ok((!fence::is_managed(&arn, &text)).then(|| Reason::new("deny-policy-changed", changed)))
}

/// Makes the policy as the template does, where no template was deployed: on an emulator alone. On AWS the write role may not.
pub(crate) async fn make(iam: &IamAndDeny, user_arn: &str) -> Result<(), Fault> {
    let mut parts = user_arn.split(':').skip(1);
    let (Some(partition), Some(account)) = (parts.next(), parts.nth(2)) else {
        return Err(Fault::defect(MAKE, "arn-of-no-user"));
    };
    let request = iam.client.create_policy().policy_name(&iam.policy);
    match request.policy_document(fence::managed_document(partition, account)).send().await {
        Err(error) if !absent(&error, &["EntityAlreadyExists"]) => Err(fault(MAKE, &error)),
        _ => Ok(()),
    }
}

/// The default version of a policy; none where there is no such policy.
async fn document(client: &Client, arn: &str) -> Result<Option<String>, Fault> {
    let policy = POLICY.found(&NO_SUCH, client.get_policy().policy_arn(arn).send().await)?;
    let default = policy.and_then(|answer| answer.policy).and_then(|policy| policy.default_version_id);
    let Some(default) = default else { return Ok(None) };
    let sent = client.get_policy_version().policy_arn(arn).version_id(default).send().await;
    let version = VERSION.found(&NO_SUCH, sent)?.and_then(|answer| answer.policy_version);
    Ok(version.and_then(|version| version.document).map(|text| fence::decoded(&text)))
}

/// Whether so many managed policies are the most that IAM attaches to a user of the account.
async fn is_full(client: &Client, attached: usize) -> Result<bool, Fault> {
    let answer = SUMMARY.answer(client.get_account_summary().send().await)?;
    let quota = answer.summary_map().and_then(|map| map.get(&"AttachedPoliciesPerUserQuota".into())).copied();
    Ok(attached >= quota.and_then(|quota| usize::try_from(quota).ok()).unwrap_or(ALWAYS))
}
