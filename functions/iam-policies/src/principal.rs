//! The policies that are attached to users, groups and roles, or written into them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::{Client, types::AttachedPolicy};
use futures_util::future::try_join_all;
use remedy_aws::Reading as _;
use remedy_domain::{Fault, Target, fence};
use remedy_iam::{NO_SUCH, PrincipalKind};

use crate::{calls, policy};

/// The ARNs of the managed policies attached to a principal; none where there is no such principal. A principal has ten,
/// and twenty by a raised quota: the first page holds them all.
pub(crate) async fn attached(
    client: &Client,
    kind: PrincipalKind,
    name: &str,
) -> Result<Option<BTreeSet<String>>, Fault> {
    let call = kind.pick(&calls::LIST_ATTACHED);
    let policies = match kind {
        PrincipalKind::User => {
            let answer = client.list_attached_user_policies().user_name(name).send().await;
            call.found(&NO_SUCH, answer)?.map(|answer| answer.attached_policies)
        }
        PrincipalKind::Group => {
            let answer = client.list_attached_group_policies().group_name(name).send().await;
            call.found(&NO_SUCH, answer)?.map(|answer| answer.attached_policies)
        }
        PrincipalKind::Role => {
            let answer = client.list_attached_role_policies().role_name(name).send().await;
            call.found(&NO_SUCH, answer)?.map(|answer| answer.attached_policies)
        }
    };
    let arns =
        |policies: Option<Vec<AttachedPolicy>>| policies.into_iter().flatten().filter_map(|policy| policy.policy_arn);
    Ok(policies.map(|policies| arns(policies).collect()))
}

/// The names of a principal's inline policies; none where there is no such principal.
async fn inline_names(client: &Client, kind: PrincipalKind, name: &str) -> Result<Option<Vec<String>>, Fault> {
    let call = kind.pick(&calls::LIST_INLINE);
    Ok(match kind {
        PrincipalKind::User => {
            let answer = client.list_user_policies().user_name(name).max_items(1000).send().await;
            call.found(&NO_SUCH, answer)?.map(|answer| answer.policy_names)
        }
        PrincipalKind::Group => {
            let answer = client.list_group_policies().group_name(name).max_items(1000).send().await;
            call.found(&NO_SUCH, answer)?.map(|answer| answer.policy_names)
        }
        PrincipalKind::Role => {
            let answer = client.list_role_policies().role_name(name).max_items(1000).send().await;
            call.found(&NO_SUCH, answer)?.map(|answer| answer.policy_names)
        }
    })
}

/// One inline policy's document; none where it went since it was listed.
async fn document(
    client: &Client,
    kind: PrincipalKind,
    name: &str,
    inline: &str,
) -> Result<Option<(String, String)>, Fault> {
    let call = kind.pick(&calls::GET_INLINE);
    let text = match kind {
        PrincipalKind::User => {
            let answer = client.get_user_policy().user_name(name).policy_name(inline).send().await;
            call.found(&NO_SUCH, answer)?.map(|answer| answer.policy_document)
        }
        PrincipalKind::Group => {
            let answer = client.get_group_policy().group_name(name).policy_name(inline).send().await;
            call.found(&NO_SUCH, answer)?.map(|answer| answer.policy_document)
        }
        PrincipalKind::Role => {
            let answer = client.get_role_policy().role_name(name).policy_name(inline).send().await;
            call.found(&NO_SUCH, answer)?.map(|answer| answer.policy_document)
        }
    };
    Ok(text.map(|text| (inline.to_owned(), policy::decoded(&text))))
}

/// A principal's inline policies by name, without the MFA-deny policy of a user who has no MFA device; none if there is
/// no such principal. That policy is identified by its content: any other under its name is like all others.
pub(crate) async fn inline(client: &Client, target: &Target) -> Result<Option<BTreeMap<String, String>>, Fault> {
    let (kind, name) = (PrincipalKind::of(target), target.id.as_str());
    let Some(names) = inline_names(client, kind, name).await? else { return Ok(None) };
    let documents = try_join_all(names.iter().map(|inline| document(client, kind, name, inline))).await?;
    let theirs = documents.into_iter().flatten().filter(|(inline, text)| !is_fence(target, inline, text));
    Ok(Some(theirs.collect()))
}

/// The number of a principal's inline policies besides its MFA-deny policy; none if there is no such principal. Only
/// the policy under that name is read.
pub(crate) async fn count_inline(client: &Client, target: &Target) -> Result<Option<usize>, Fault> {
    let (kind, name) = (PrincipalKind::of(target), target.id.as_str());
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
