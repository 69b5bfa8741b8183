//! Users of IAM: finding them, and what IAM says of one.

use aws_sdk_iam::{Client, types::StatusType};
use futures_util::future::{join, join3, join4};
use remedy_aws::{
    fault, found,
    iam::{Asked, asked},
};
use remedy_domain::{Call, Fault, Observed, Target, Timestamp};
use remedy_engine::{Page, Place, Tags};

use crate::{
    clients::Iam,
    fence::{self, Fence},
    policy,
    user_without_mfa::Facts,
};

pub(crate) const TYPE: &str = "AWS::IAM::User";
pub(crate) const NO_SUCH: [&str; 2] = ["NoSuchEntity", "NoSuchEntityException"];

const LIST: Call = Call::same("iam:ListUsers");
const USER: Call = Call::same("iam:GetUser");
const DEVICES: Call = Call::same("iam:ListMFADevices");
const FENCE: Call = Call::same("iam:GetUserPolicy");
const ATTACHED: Call = Call::same("iam:ListAttachedUserPolicies");
pub(crate) const SUMMARY: Call = Call::same("iam:GetAccountSummary");
const PROFILE: Call = Call::same("iam:GetLoginProfile");
const ACCESS_KEYS: Call = Call::same("iam:ListAccessKeys");
const SSH_KEYS: Call = Call::same("iam:ListSSHPublicKeys");
const SERVICE: Call = Call::same("iam:ListServiceSpecificCredentials");
const TAGS: Call = Call::same("iam:ListUserTags");

/// Every call about a user and its MFA-deny policy.
pub(crate) const READS: [Call; 13] = [
    LIST,
    USER,
    DEVICES,
    FENCE,
    ATTACHED,
    PROFILE,
    ACCESS_KEYS,
    SSH_KEYS,
    SERVICE,
    TAGS,
    SUMMARY,
    policy::POLICY,
    policy::VERSION,
];

/// One page of all users.
pub(crate) async fn discover(client: &Iam, place: &Place, from: Option<String>) -> Result<Page, Fault> {
    let answer = client.patient.get().list_users().max_items(1000).set_marker(from).send().await;
    let page = answer.map_err(|error| fault(LIST.operation, &error))?;
    let targets = page.users().iter().map(|user| target(place, user)).collect();
    let next = if page.is_truncated() { page.marker().map(str::to_owned) } else { None };
    Ok(Page { targets, next })
}

/// By name, ARN or unique id.
pub(crate) async fn find(client: &Iam, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
    let called = |target: &Target| {
        [Some(target.id.as_str()), target.unique_id.as_deref(), target.arn.as_deref()].contains(&Some(id))
    };
    let mut found = Vec::new();
    match asked("user", id) {
        Asked::Never => {}
        Asked::ByName(name) => found.extend(named(&client.client, place, name).await?),
        Asked::ByListing => {
            let mut from = None;
            loop {
                let page = discover(client, place, from).await?;
                found.extend(page.targets);
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
    }
    found.retain(called);
    Ok(found)
}

async fn named(client: &Client, place: &Place, name: &str) -> Result<Option<Target>, Fault> {
    let sent = client.get_user().user_name(name).send().await;
    let user = found(USER.operation, &NO_SUCH, sent)?.and_then(|answer| answer.user);
    Ok(user.map(|user| target(place, &user)))
}

/// The user's MFA-deny policy, and facts that affect it.
pub(crate) async fn observe(iam: &Iam, target: &Target) -> Result<Observed<Facts, Fence>, Fault> {
    let client = &iam.client;
    // Side by side: each answer takes as long as a round trip.
    let (user, inline, attached, enrolled) = join4(
        client.get_user().user_name(&target.id).send(),
        Box::pin(inline(client, &target.id)),
        Box::pin(attached(client, &target.id)),
        Box::pin(has_device(client, &target.id)),
    )
    .await;
    let user = found(USER.operation, &NO_SUCH, user)?.and_then(|answer| answer.user);
    let same_user = user.filter(|user| target.unique_id.as_deref().is_none_or(|id| id == user.user_id()));
    let Some(user) = same_user else { return Ok(Observed::Absent) };
    let (ours, attached) = (fence::arn_beside(user.arn(), &iam.policy), attached?);
    let setting = Fence {
        inline: inline?.filter(|text| fence::is_fence(user.arn(), fence::NAME, text)),
        attached: attached.iter().any(|arn| Some(arn) == ours.as_ref()),
    };
    let others = (!setting.attached).then_some(attached.len());
    let facts = if enrolled? { Facts::WithMfa } else { Box::pin(facts(iam, &user, others)).await? };
    Ok(Observed::Present { facts, setting })
}

/// Why the MFA-deny policy cannot be attached to a user to whom it is not.
pub(crate) async fn hindrance(iam: &Iam, target: &Target) -> Result<Option<String>, Fault> {
    let others = attached(&iam.client, &target.id).await?.len();
    policy::hindrance(iam, target.arn.as_deref().unwrap_or_default(), Some(others)).await
}

/// The user's tags, page by page; none where it is gone.
pub(crate) async fn tags(client: &Client, target: &Target) -> Result<Tags, Fault> {
    let (mut tags, mut from) = (Tags::new(), None);
    loop {
        let sent = client.list_user_tags().user_name(&target.id).set_marker(from).send().await;
        let Some(page) = found(TAGS.operation, &NO_SUCH, sent)? else { return Ok(tags) };
        tags.extend(page.tags.into_iter().map(|tag| (tag.key, tag.value)));
        from = page.marker;
        if from.is_none() {
            return Ok(tags);
        }
    }
}

fn target(place: &Place, user: &aws_sdk_iam::types::User) -> Target {
    Target {
        account: place.account.clone(),
        region: place.region.clone(),
        resource_type: TYPE.to_owned(),
        id: user.user_name().to_owned(),
        unique_id: Some(user.user_id().to_owned()),
        arn: Some(user.arn().to_owned()),
    }
}

/// The inline policy under the name of the MFA-deny policy, whatever it says.
async fn inline(client: &Client, name: &str) -> Result<Option<String>, Fault> {
    let sent = client.get_user_policy().user_name(name).policy_name(fence::NAME).send().await;
    let answer = found(FENCE.operation, &NO_SUCH, sent)?;
    Ok(answer.map(|answer| fence::decoded(answer.policy_document())))
}

/// The ARNs of the managed policies attached to a user. It has twenty at most: the first page holds them all.
async fn attached(client: &Client, name: &str) -> Result<Vec<String>, Fault> {
    let sent = client.list_attached_user_policies().user_name(name).send().await;
    let answer = found(ATTACHED.operation, &NO_SUCH, sent)?;
    let policies = answer.and_then(|answer| answer.attached_policies).unwrap_or_default();
    Ok(policies.into_iter().filter_map(|policy| policy.policy_arn).collect())
}

async fn has_device(client: &Client, name: &str) -> Result<bool, Fault> {
    let devices = client.list_mfa_devices().user_name(name).send().await;
    devices.map(|answer| !answer.mfa_devices().is_empty()).map_err(|error| fault(DEVICES.operation, &error))
}

/// Facts that affect the MFA-deny policy of a user without a device. `others` is the number of managed policies attached
/// to the user, if ours is not one of them.
async fn facts(iam: &Iam, user: &aws_sdk_iam::types::User, others: Option<usize>) -> Result<Facts, Fault> {
    let (client, name) = (&iam.client, user.user_name());
    let sent = client.get_login_profile().user_name(name).send().await;
    let profile = found(PROFILE.operation, &NO_SUCH, sent)?.and_then(|answer| answer.login_profile);
    let Some(profile) = profile else { return Ok(Facts::WithoutConsole) };
    let (stops, hindrance) =
        join(Box::pin(programs(client, name)), Box::pin(policy::hindrance(iam, user.arn(), others))).await;
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
    let keys = keys.map_err(|error| fault(ACCESS_KEYS.operation, &error))?;
    let ssh = ssh.map_err(|error| fault(SSH_KEYS.operation, &error))?;
    let service = service.map_err(|error| fault(SERVICE.operation, &error))?;
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
