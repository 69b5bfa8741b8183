//! Users, groups and roles: finding them, and the policies that are attached to them or written into them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::{Client, types::AttachedPolicy};
use futures_util::future::try_join_all;
use remedy_aws::{
    fault, found,
    iam::{Asked, asked},
};
use remedy_domain::{Fault, Target, fence};
use remedy_engine::{Page, Place};
use serde::{Deserialize, Serialize};

use crate::{calls, clients::Iam, policy};

/// The kind of a principal that holds policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A user.
    User,
    /// A group of users.
    Group,
    /// A role.
    Role,
}

pub(crate) const TYPES: &[&str] = &["AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role"];
pub(crate) const NO_SUCH: [&str; 2] = ["NoSuchEntity", "NoSuchEntityException"];

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::User, Self::Group, Self::Role];

    pub(crate) const fn resource_type(self) -> &'static str {
        match self {
            Self::User => "AWS::IAM::User",
            Self::Group => "AWS::IAM::Group",
            Self::Role => "AWS::IAM::Role",
        }
    }

    /// As ARNs have it.
    const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    /// Of a target; a control that has other targets asks for none.
    pub(crate) fn of(target: &Target) -> Self {
        let known = Self::ALL.into_iter().find(|kind| kind.resource_type() == target.resource_type);
        known.unwrap_or(Self::User)
    }

    /// The one of three calls that is about this kind.
    pub(crate) const fn pick<T: Copy>(self, of_each: &[T; 3]) -> T {
        let [user, group, role] = of_each;
        match self {
            Self::User => *user,
            Self::Group => *group,
            Self::Role => *role,
        }
    }
}

fn target(place: &Place, kind: Kind, id: &str, unique: &str, arn: &str) -> Target {
    Target {
        account: place.account.clone(),
        region: place.region.clone(),
        resource_type: kind.resource_type().to_owned(),
        id: id.to_owned(),
        unique_id: Some(unique.to_owned()),
        arn: Some(arn.to_owned()),
    }
}

/// One page of the principals of one kind.
async fn page(client: &Client, place: &Place, kind: Kind, marker: Option<String>) -> Result<Page, Fault> {
    let doing = kind.pick(&calls::LIST).operation;
    let target = |id: &str, unique: &str, arn: &str| target(place, kind, id, unique, arn);
    let (targets, next) = match kind {
        Kind::User => {
            let answer = client.list_users().max_items(1000).set_marker(marker).send().await;
            let answer = answer.map_err(|error| fault(doing, &error))?;
            let targets = answer.users().iter().map(|user| target(user.user_name(), user.user_id(), user.arn()));
            (targets.collect(), answer.marker)
        }
        Kind::Group => {
            let answer = client.list_groups().max_items(1000).set_marker(marker).send().await;
            let answer = answer.map_err(|error| fault(doing, &error))?;
            let targets = answer.groups().iter().map(|group| target(group.group_name(), group.group_id(), group.arn()));
            (targets.collect(), answer.marker)
        }
        Kind::Role => {
            let answer = client.list_roles().max_items(1000).set_marker(marker).send().await;
            let answer = answer.map_err(|error| fault(doing, &error))?;
            let targets = answer.roles().iter().map(|role| target(role.role_name(), role.role_id(), role.arn()));
            (targets.collect(), answer.marker)
        }
    };
    Ok(Page { targets, next })
}

/// One page of these kinds of principals, one kind after the other. Where a page begins is a kind and IAM's own marker.
pub(crate) async fn discover(client: &Iam, place: &Place, kinds: &[Kind], from: Option<String>) -> Result<Page, Fault> {
    let from = from.unwrap_or_default();
    let (place_in_list, marker) = from.split_once('|').unwrap_or(("0", ""));
    let at: usize = place_in_list.parse().unwrap_or_default();
    let Some(kind) = kinds.get(at) else { return Ok(Page::default()) };
    let marker = (!marker.is_empty()).then(|| marker.to_owned());
    let page = page(client.patient.get(), place, *kind, marker).await?;
    let next = match page.next {
        Some(marker) => Some(format!("{at}|{marker}")),
        None if at + 1 < kinds.len() => Some(format!("{}|", at + 1)),
        None => None,
    };
    Ok(Page { targets: page.targets, next })
}

/// By name, unique id or ARN. A principal may be named like another's id: what may be one is looked for among all.
pub(crate) async fn find(client: &Iam, place: &Place, kinds: &[Kind], id: &str) -> Result<Vec<Target>, Fault> {
    let called = |target: &Target| {
        [Some(target.id.as_str()), target.unique_id.as_deref(), target.arn.as_deref()].contains(&Some(id))
    };
    let mut found = Vec::new();
    for kind in kinds {
        match asked(kind.word(), id) {
            Asked::Never => {}
            Asked::ByName(name) => found.extend(named(&client.client, place, *kind, name).await?),
            Asked::ByListing => found.extend(all(client, place, *kind).await?),
        }
    }
    found.retain(called);
    Ok(found)
}

async fn all(client: &Iam, place: &Place, kind: Kind) -> Result<Vec<Target>, Fault> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let page = page(client.patient.get(), place, kind, from).await?;
        all.extend(page.targets);
        from = page.next;
        if from.is_none() {
            return Ok(all);
        }
    }
}

/// The principal of a name; none where there is none.
async fn named(client: &Client, place: &Place, kind: Kind, name: &str) -> Result<Option<Target>, Fault> {
    let doing = kind.pick(&calls::GET).operation;
    Ok(match kind {
        Kind::User => {
            let answer = client.get_user().user_name(name).send().await;
            let user = found(doing, &NO_SUCH, answer)?.and_then(|answer| answer.user);
            user.map(|user| target(place, kind, user.user_name(), user.user_id(), user.arn()))
        }
        Kind::Group => {
            // It answers with the group's members, too: one is the least that can be asked for.
            let answer = client.get_group().group_name(name).max_items(1).send().await;
            let group = found(doing, &NO_SUCH, answer)?.and_then(|answer| answer.group);
            group.map(|group| target(place, kind, group.group_name(), group.group_id(), group.arn()))
        }
        Kind::Role => {
            let answer = client.get_role().role_name(name).send().await;
            let role = found(doing, &NO_SUCH, answer)?.and_then(|answer| answer.role);
            role.map(|role| target(place, kind, role.role_name(), role.role_id(), role.arn()))
        }
    })
}

/// The ARNs of the managed policies attached to a principal; none where there is no such principal. A principal has ten,
/// and twenty by a raised quota: the first page holds them all.
pub(crate) async fn attached(client: &Client, kind: Kind, name: &str) -> Result<Option<BTreeSet<String>>, Fault> {
    let doing = kind.pick(&calls::LIST_ATTACHED).operation;
    let policies = match kind {
        Kind::User => {
            let answer = client.list_attached_user_policies().user_name(name).send().await;
            found(doing, &NO_SUCH, answer)?.map(|answer| answer.attached_policies)
        }
        Kind::Group => {
            let answer = client.list_attached_group_policies().group_name(name).send().await;
            found(doing, &NO_SUCH, answer)?.map(|answer| answer.attached_policies)
        }
        Kind::Role => {
            let answer = client.list_attached_role_policies().role_name(name).send().await;
            found(doing, &NO_SUCH, answer)?.map(|answer| answer.attached_policies)
        }
    };
    let arns =
        |policies: Option<Vec<AttachedPolicy>>| policies.into_iter().flatten().filter_map(|policy| policy.policy_arn);
    Ok(policies.map(|policies| arns(policies).collect()))
}

/// The names of a principal's inline policies; none where there is no such principal.
async fn inline_names(client: &Client, kind: Kind, name: &str) -> Result<Option<Vec<String>>, Fault> {
    let doing = kind.pick(&calls::LIST_INLINE).operation;
    Ok(match kind {
        Kind::User => {
            let answer = client.list_user_policies().user_name(name).max_items(1000).send().await;
            found(doing, &NO_SUCH, answer)?.map(|answer| answer.policy_names)
        }
        Kind::Group => {
            let answer = client.list_group_policies().group_name(name).max_items(1000).send().await;
            found(doing, &NO_SUCH, answer)?.map(|answer| answer.policy_names)
        }
        Kind::Role => {
            let answer = client.list_role_policies().role_name(name).max_items(1000).send().await;
            found(doing, &NO_SUCH, answer)?.map(|answer| answer.policy_names)
        }
    })
}

/// One inline policy's document; none where it went since it was listed.
async fn document(client: &Client, kind: Kind, name: &str, inline: &str) -> Result<Option<(String, String)>, Fault> {
    let doing = kind.pick(&calls::GET_INLINE).operation;
    let text = match kind {
        Kind::User => {
            let answer = client.get_user_policy().user_name(name).policy_name(inline).send().await;
            found(doing, &NO_SUCH, answer)?.map(|answer| answer.policy_document)
        }
        Kind::Group => {
            let answer = client.get_group_policy().group_name(name).policy_name(inline).send().await;
            found(doing, &NO_SUCH, answer)?.map(|answer| answer.policy_document)
        }
        Kind::Role => {
            let answer = client.get_role_policy().role_name(name).policy_name(inline).send().await;
            found(doing, &NO_SUCH, answer)?.map(|answer| answer.policy_document)
        }
    };
    Ok(text.map(|text| (inline.to_owned(), policy::decoded(&text))))
}

/// A principal's inline policies by name, without the MFA-deny policy of a user who has no MFA device; none if there is
/// no such principal. That policy is identified by its content: any other under its name is like all others.
pub(crate) async fn inline(client: &Client, target: &Target) -> Result<Option<BTreeMap<String, String>>, Fault> {
    let (kind, name) = (Kind::of(target), target.id.as_str());
    let Some(names) = inline_names(client, kind, name).await? else { return Ok(None) };
    let documents = try_join_all(names.iter().map(|inline| document(client, kind, name, inline))).await?;
    let theirs = documents.into_iter().flatten().filter(|(inline, text)| !is_fence(target, inline, text));
    Ok(Some(theirs.collect()))
}

/// The number of a principal's inline policies besides its MFA-deny policy; none if there is no such principal. Only
/// the policy under that name is read.
pub(crate) async fn count_inline(client: &Client, target: &Target) -> Result<Option<usize>, Fault> {
    let (kind, name) = (Kind::of(target), target.id.as_str());
    let Some(names) = inline_names(client, kind, name).await? else { return Ok(None) };
    let fence = match names.iter().find(|inline| *inline == fence::NAME) {
        Some(inline) => document(client, kind, name, inline).await?,
        None => None,
    };
    let spared = fence.is_some_and(|(inline, text)| is_fence(target, &inline, &text));
    Ok(Some(names.len() - usize::from(spared)))
}

/// Those of the attached policies that are the MFA-deny policy of their account. Such a policy is identified by its
/// content: only policies under a name that a template gives to it are read.
pub(crate) async fn fences(client: &Client, attached: &BTreeSet<String>) -> Result<BTreeSet<String>, Fault> {
    let mut fences = BTreeSet::new();
    for arn in attached.iter().filter(|arn| fence::may_be_managed(arn)) {
        let text = policy::default_document(client, arn).await?;
        if text.is_some_and(|text| fence::is_managed(arn, &text)) {
            fences.insert(arn.clone());
        }
    }
    Ok(fences)
}

fn is_fence(target: &Target, inline: &str, text: &str) -> bool {
    fence::is_fence(target.arn.as_deref().unwrap_or_default(), inline, text)
}
