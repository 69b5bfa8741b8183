//! What IAM says of one user.

use aws_sdk_iam::{Client, types::StatusType};
use futures_util::future::{join, join3};
use remedy_aws::Reading as _;
use remedy_domain::{Call, Fault, Observed, Reason, Target, Timestamp};
use remedy_iam::{GET_POLICY, GET_USER, NO_SUCH};

use crate::{
    clients::IamAndDeny,
    fence::{self, Fence},
    policy,
};

const DEVICES: Call = Call::same("iam:ListMFADevices");
const INLINE: Call = Call::same("iam:ListUserPolicies");
const FENCE: Call = Call::same("iam:GetUserPolicy");
const ATTACHED: Call = Call::same("iam:ListAttachedUserPolicies");
pub(crate) const SUMMARY: Call = Call::same("iam:GetAccountSummary");
const PROFILE: Call = Call::same("iam:GetLoginProfile");
const ACCESS_KEYS: Call = Call::same("iam:ListAccessKeys");
const SSH_KEYS: Call = Call::same("iam:ListSSHPublicKeys");
const SERVICE: Call = Call::same("iam:ListServiceSpecificCredentials");

/// Every call about a user and its MFA-deny policy.
pub(crate) const READS: [Call; 11] =
    [DEVICES, INLINE, FENCE, ATTACHED, PROFILE, ACCESS_KEYS, SSH_KEYS, SERVICE, SUMMARY, GET_POLICY, policy::VERSION];

/// Facts that affect the MFA-deny policy of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Facts {
    /// An MFA device is active. Nothing else matters.
    WithMfa,
    /// The user has no console password. Nothing else matters.
    WithoutConsole,
    /// The user signs in with a password alone.
    PasswordAlone {
        /// Since when it has the password.
        since: Timestamp,
        /// The things, besides the person, that the MFA-deny policy would stop.
        stops: Vec<&'static str>,
        /// Why the managed MFA-deny policy does not protect the user, or could not be attached.
        hindrance: Option<Reason>,
    },
}

/// The user's MFA-deny policy, and facts that affect it. A user with a device and without that policy is compliant, whoever
/// bears the name now: nothing else is asked.
pub(crate) async fn observe(iam: &IamAndDeny, target: &Target) -> Result<Observed<Facts, Fence>, Fault> {
    let (client, arn) = (&iam.client, target.arn.as_deref().unwrap_or_default());
    // Side by side: each answer takes as long as a round trip.
    let (inline, attached, enrolled) = join3(
        Box::pin(inline(client, &target.id)),
        Box::pin(attached(client, &target.id)),
        Box::pin(has_device(client, &target.id)),
    )
    .await;
    let (Some(inline), Some(attached), Some(enrolled)) = (inline?, attached?, enrolled?) else {
        return Ok(Observed::Absent);
    };
    let ours = fence::arn_beside(arn, &iam.policy);
    let setting = Fence {
        inline: inline.filter(|text| fence::is_fence(arn, fence::NAME, text)),
        attached: attached.iter().any(|arn| Some(arn) == ours.as_ref()),
    };
    if enrolled && !setting.is_up() {
        return Ok(Observed::Present { facts: Facts::WithMfa, setting });
    }
    let others = (!setting.attached).then_some(attached.len());
    let facts =
        async { if enrolled { Ok(Facts::WithMfa) } else { Box::pin(facts(iam, &target.id, arn, others)).await } };
    let (same, facts) = join(is_same(client, target), facts).await;
    if !same? {
        return Ok(Observed::Absent);
    }
    Ok(Observed::Present { facts: facts?, setting })
}

/// Whether the user is the one that the target means, and not another of the same name.
async fn is_same(client: &Client, target: &Target) -> Result<bool, Fault> {
    let sent = client.get_user().user_name(&target.id).send().await;
    let user = GET_USER.found(&NO_SUCH, sent)?.and_then(|answer| answer.user);
    Ok(user.is_some_and(|user| target.unique_id.as_deref().is_none_or(|id| id == user.user_id())))
}

/// Why the MFA-deny policy cannot be attached to a user to whom it is not.
pub(crate) async fn hindrance(iam: &IamAndDeny, target: &Target) -> Result<Option<Reason>, Fault> {
    let others = attached(&iam.client, &target.id).await?.map_or(0, |attached| attached.len());
    policy::hindrance(iam, target.arn.as_deref().unwrap_or_default(), Some(others)).await
}

/// The inline policy under the name of the MFA-deny policy, whatever it says, if there is one; nothing where there is no such
/// user. Most users have no inline policy at all: the list of their names is the cheaper question.
async fn inline(client: &Client, name: &str) -> Result<Option<Option<String>>, Fault> {
    let listed = INLINE.found(&NO_SUCH, client.list_user_policies().user_name(name).max_items(1000).send().await)?;
    let Some(listed) = listed else { return Ok(None) };
    if !listed.policy_names().iter().any(|inline| inline == fence::NAME) {
        return Ok(Some(None));
    }
    let sent = client.get_user_policy().user_name(name).policy_name(fence::NAME).send().await;
    let answer = FENCE.found(&NO_SUCH, sent)?;
    Ok(Some(answer.map(|answer| fence::decoded(answer.policy_document()))))
}

/// The ARNs of the managed policies attached to a user; nothing where there is no such user. It has twenty at most: the first
/// page holds them all.
async fn attached(client: &Client, name: &str) -> Result<Option<Vec<String>>, Fault> {
    let sent = client.list_attached_user_policies().user_name(name).send().await;
    let Some(answer) = ATTACHED.found(&NO_SUCH, sent)? else { return Ok(None) };
    let policies = answer.attached_policies.unwrap_or_default();
    Ok(Some(policies.into_iter().filter_map(|policy| policy.policy_arn).collect()))
}

/// Whether the user has an MFA device; nothing where there is no such user.
async fn has_device(client: &Client, name: &str) -> Result<Option<bool>, Fault> {
    let answer = DEVICES.found(&NO_SUCH, client.list_mfa_devices().user_name(name).send().await)?;
    Ok(answer.map(|answer| !answer.mfa_devices().is_empty()))
}

/// Facts that affect the MFA-deny policy of a user without a device. `others` is the number of managed policies attached
/// to the user, if ours is not one of them.
async fn facts(iam: &IamAndDeny, name: &str, arn: &str, others: Option<usize>) -> Result<Facts, Fault> {
    let client = &iam.client;
    let sent = client.get_login_profile().user_name(name).send().await;
    let profile = PROFILE.found(&NO_SUCH, sent)?.and_then(|answer| answer.login_profile);
    let Some(profile) = profile else { return Ok(Facts::WithoutConsole) };
    let (stops, hindrance) =
        join(Box::pin(programs(client, name)), Box::pin(policy::hindrance(iam, arn, others))).await;
    let (mut stops, hindrance) = (stops?, hindrance?);
    if profile.password_reset_required() {
        stops.push("the password change that is due at the next sign-in");
    }
    let since = Timestamp::from_second(profile.create_date().secs()).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Facts::PasswordAlone { since, stops, hindrance })
}

/// The credentials that programs use. A user has a handful of each: the first page holds them all.
async fn programs(client: &Client, name: &str) -> Result<Vec<&'static str>, Fault> {
    let (keys, ssh, service) = join3(
        client.list_access_keys().user_name(name).send(),
        client.list_ssh_public_keys().user_name(name).send(),
        client.list_service_specific_credentials().user_name(name).send(),
    )
    .await;
    let keys = ACCESS_KEYS.answer(keys)?;
    let ssh = SSH_KEYS.answer(ssh)?;
    let service = SERVICE.answer(service)?;
    let found = [
        (keys.access_key_metadata().iter().any(|key| key.status() == Some(&StatusType::Active)), "active access keys"),
        (ssh.ssh_public_keys().iter().any(|key| key.status() == &StatusType::Active), "SSH keys"),
        (
            service.service_specific_credentials().iter().any(|credential| credential.status() == &StatusType::Active),
            "service-specific credentials",
        ),
    ];
    Ok(found.iter().filter(|(active, _)| *active).map(|(_, what)| *what).collect())
}
