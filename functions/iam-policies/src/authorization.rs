//! Reading the account: one call returns everybody's permissions, a few more who can sign in.

use std::collections::BTreeSet;

use aws_sdk_iam::{
    Client,
    operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput,
    primitives::DateTime,
    types::{
        AttachedPermissionsBoundary, AttachedPolicy, EntityType, GroupDetail, ManagedPolicyDetail, PolicyDetail,
        RoleDetail, StatusType, UserDetail,
    },
};
use futures_util::future::{join, try_join_all};
use remedy_aws::Reading as _;
use remedy_domain::{Fault, Target, Timestamp};
use remedy_iam::{Iam, NO_SUCH, PrincipalKind};

use crate::{
    account::{Access, Account, Held, Principal},
    calls::{AUTHORIZATIONS, KEYS, PROFILE},
    policy,
};

/// Policies that AWS manages are many: the few that matter are read by themselves.
const READ: [EntityType; 4] = [EntityType::User, EntityType::Group, EntityType::Role, EntityType::LocalManagedPolicy];
/// How many users are asked about side by side.
const AT_ONCE: usize = 4;
/// How many administrators must stay.
const ENOUGH: usize = 2;

/// Reads the account that a target is in. `affected` names those who would lose something: the others are read more
/// closely.
pub(crate) async fn account(
    iam: &Iam,
    target: &Target,
    affected: impl Fn(&Account) -> Vec<String>,
) -> Result<Account, Fault> {
    let mut account = Account { id: target.account.to_string(), ..Account::default() };
    let client = &iam.client;
    let first = page(iam.patient.get(), &READ, None).await?;
    if first.is_truncated {
        // AWS needs seconds for each page, and a page begins where the one before ends: the kinds are read side by side.
        for page in try_join_all(READ.iter().map(|kind| pages(iam.patient.get(), kind))).await?.iter().flatten() {
            take(&mut account, page);
        }
    } else {
        take(&mut account, &first);
    }
    let unread = account.unread();
    let documents = try_join_all(unread.iter().map(|arn| policy::default_document(client, arn))).await?;
    account.policies.extend(unread.into_iter().zip(documents).filter_map(|(arn, text)| Some((arn, text?))));
    let affected = affected(&account);
    sign_ins(client, &mut account, &affected).await?;
    Ok(account)
}

/// All pages of one kind.
async fn pages(client: &Client, of: &EntityType) -> Result<Vec<GetAccountAuthorizationDetailsOutput>, Fault> {
    let (mut pages, mut from) = (Vec::new(), None);
    loop {
        let page = page(client, std::slice::from_ref(of), from).await?;
        from = page.marker.clone().filter(|_| page.is_truncated);
        pages.push(page);
        if from.is_none() {
            return Ok(pages);
        }
    }
}

async fn page(
    client: &Client,
    of: &[EntityType],
    from: Option<String>,
) -> Result<GetAccountAuthorizationDetailsOutput, Fault> {
    let request = client.get_account_authorization_details().set_filter(Some(of.to_vec())).max_items(1000);
    let answer = request.set_marker(from).send().await;
    answer.map_err(|error| AUTHORIZATIONS.fault(&error))
}

fn take(account: &mut Account, page: &GetAccountAuthorizationDetailsOutput) {
    for user in page.user_detail_list() {
        account.principals.extend(user.arn().map(|arn| (arn.to_owned(), of_user(user))));
    }
    for role in page.role_detail_list() {
        account.principals.extend(role.arn().map(|arn| (arn.to_owned(), of_role(role))));
    }
    for group in page.group_detail_list() {
        account.groups.extend(group.group_name().map(|name| (name.to_owned(), of_group(group))));
    }
    let documents = page.policies().iter().filter_map(|policy| Some((policy.arn()?.to_owned(), default_of(policy)?)));
    account.policies.extend(documents);
}

fn of_user(user: &UserDetail) -> Principal {
    Principal {
        kind: PrincipalKind::User,
        name: user.user_name().unwrap_or_default().to_owned(),
        held: held(user.user_policy_list(), user.attached_managed_policies()),
        groups: user.group_list().iter().cloned().collect(),
        boundary: user.permissions_boundary().and_then(boundary),
        trust: None,
        access: Access::Unknown,
        since: since(user.create_date()),
    }
}

fn of_role(role: &RoleDetail) -> Principal {
    Principal {
        kind: PrincipalKind::Role,
        name: role.role_name().unwrap_or_default().to_owned(),
        held: held(role.role_policy_list(), role.attached_managed_policies()),
        groups: BTreeSet::new(),
        boundary: role.permissions_boundary().and_then(boundary),
        trust: Some(role.assume_role_policy_document().map(policy::decoded).unwrap_or_default()),
        access: Access::None,
        since: since(role.create_date()),
    }
}

fn of_group(group: &GroupDetail) -> Held {
    held(group.group_policy_list(), group.attached_managed_policies())
}

fn held(inline: &[PolicyDetail], attached: &[AttachedPolicy]) -> Held {
    Held {
        inline: inline.iter().filter_map(|policy| policy.policy_document().map(policy::decoded)).collect(),
        attached: attached.iter().filter_map(|policy| policy.policy_arn().map(str::to_owned)).collect(),
    }
}

fn since(date: Option<&DateTime>) -> Option<Timestamp> {
    date.and_then(|date| Timestamp::from_second(date.secs()).ok())
}

fn boundary(boundary: &AttachedPermissionsBoundary) -> Option<String> {
    boundary.permissions_boundary_arn().map(str::to_owned)
}

fn default_of(policy: &ManagedPolicyDetail) -> Option<String> {
    let default = policy.policy_version_list().iter().find(|version| version.is_default_version())?;
    default.document().map(policy::decoded)
}

/// Checks who can sign in, a few at a time and the oldest first, until two administrators are known that lose nothing
/// and are at least as old as all others that remain: of the newer ones, none counts more.
async fn sign_ins(client: &Client, account: &mut Account, affected: &[String]) -> Result<(), Fault> {
    let undecided = account.undecided(affected);
    for some in undecided.chunks(AT_ONCE) {
        let next = some.first().map_or(Timestamp::MAX, |arn| account.age_of(arn));
        let administrators = account.administrators();
        let counts = |arn: &&String| !affected.contains(arn) && account.age_of(arn) <= next;
        if administrators.iter().filter(counts).count() >= ENOUGH {
            break;
        }
        let names = some.iter().filter_map(|arn| account.principals.get(arn)).map(|user| user.name.as_str());
        let access = try_join_all(names.map(|name| sign_in(client, name))).await?;
        for (arn, access) in some.iter().zip(access) {
            if let Some(user) = account.principals.get_mut(arn) {
                user.access = access;
            }
        }
    }
    Ok(())
}

/// Whether a user has a password or an active access key.
async fn sign_in(client: &Client, name: &str) -> Result<Access, Fault> {
    let (profile, keys) =
        join(client.get_login_profile().user_name(name).send(), client.list_access_keys().user_name(name).send()).await;
    let profile = PROFILE.found(&NO_SUCH, profile)?;
    let keys = KEYS.found(&NO_SUCH, keys)?;
    let keys = keys.map(|answer| answer.access_key_metadata).unwrap_or_default();
    let is_active = keys.iter().any(|key| key.status() == Some(&StatusType::Active));
    Ok(if profile.is_some() || is_active { Access::Possible } else { Access::None })
}
