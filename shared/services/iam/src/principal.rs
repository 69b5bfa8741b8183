//! Users, groups and roles.

use std::marker::PhantomData;

use aws_sdk_iam::{Client, types::Tag};
use remedy_aws::Reading as _;
use remedy_domain::{Call, Fault, Identities, ResourceKind, Scope, Target};
use remedy_engine::{Page, Place, Resource, Tags};

use crate::{
    GET_USER, Iam, NO_SUCH, PrincipalKind, SERVICE, SOURCE,
    asked::{Asked, asked},
};

const LIST: [Call; 3] = [Call::same("iam:ListUsers"), Call::same("iam:ListGroups"), Call::same("iam:ListRoles")];
const GET: [Call; 3] = [GET_USER, Call::same("iam:GetGroup"), Call::same("iam:GetRole")];
/// Groups have no tags.
const TAGS: [Call; 2] = [Call::same("iam:ListUserTags"), Call::same("iam:ListRoleTags")];

/// A user, by a client that can speak to IAM, whatever else it can.
#[derive(Debug)]
pub struct User<C = Iam>(PhantomData<C>);

/// A user, a group or a role.
#[derive(Debug)]
pub struct Principal;

impl<C: AsRef<Iam> + 'static> Resource for User<C> {
    const KIND: ResourceKind = ResourceKind {
        types: &["AWS::IAM::User"],
        scope: Scope::Global,
        service: SERVICE,
        source: SOURCE,
        reads: &[LIST[0], GET[0]],
        tags: &[TAGS[0]],
        identities: Identities::Touched,
    };
    type Client = C;

    async fn list(client: &C, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        list(client.as_ref(), place, &[PrincipalKind::User], from).await
    }

    async fn find(client: &C, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        find(client.as_ref(), place, &[PrincipalKind::User], id).await
    }

    async fn tags(client: &C, target: &Target) -> Result<Tags, Fault> {
        tags(&client.as_ref().client, target).await
    }
}

impl Resource for Principal {
    const KIND: ResourceKind = ResourceKind {
        types: &["AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role"],
        scope: Scope::Global,
        service: SERVICE,
        source: SOURCE,
        reads: &[LIST[0], LIST[1], LIST[2], GET[0], GET[1], GET[2]],
        tags: &TAGS,
        identities: Identities::Touched,
    };
    type Client = Iam;

    async fn list(iam: &Iam, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        list(iam, place, &PrincipalKind::ALL, from).await
    }

    async fn find(iam: &Iam, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        find(iam, place, &PrincipalKind::ALL, id).await
    }

    async fn tags(iam: &Iam, target: &Target) -> Result<Tags, Fault> {
        tags(&iam.client, target).await
    }
}

fn target(place: &Place, kind: PrincipalKind, id: &str, unique: &str, arn: &str) -> Target {
    Target {
        account: place.account.clone(),
        region: place.region.clone(),
        resource_type: kind.resource_type().to_owned(),
        id: id.to_owned(),
        unique_id: Some(unique.to_owned()),
        arn: Some(arn.to_owned()),
    }
}

/// One page of these kinds of principals, one kind after the other. Where a page begins is a kind and IAM's own marker.
async fn list(iam: &Iam, place: &Place, kinds: &[PrincipalKind], from: Option<String>) -> Result<Page, Fault> {
    let from = from.unwrap_or_default();
    let (place_in_list, marker) = from.split_once('|').unwrap_or(("0", ""));
    let at: usize = place_in_list.parse().unwrap_or_default();
    let Some(kind) = kinds.get(at) else { return Ok(Page::default()) };
    let marker = (!marker.is_empty()).then(|| marker.to_owned());
    let page = page(iam.patient.get(), place, *kind, marker).await?;
    let next = match page.next {
        Some(marker) => Some(format!("{at}|{marker}")),
        None if at + 1 < kinds.len() => Some(format!("{}|", at + 1)),
        None => None,
    };
    Ok(Page { targets: page.targets, next })
}

/// One page of the principals of one kind.
async fn page(client: &Client, place: &Place, kind: PrincipalKind, marker: Option<String>) -> Result<Page, Fault> {
    let call = kind.pick(&LIST);
    let target = |id: &str, unique: &str, arn: &str| target(place, kind, id, unique, arn);
    let (targets, next) = match kind {
        PrincipalKind::User => {
            let answer = call.answer(client.list_users().max_items(1000).set_marker(marker).send().await)?;
            let targets = answer.users().iter().map(|user| target(user.user_name(), user.user_id(), user.arn()));
            (targets.collect(), answer.marker)
        }
        PrincipalKind::Group => {
            let answer = call.answer(client.list_groups().max_items(1000).set_marker(marker).send().await)?;
            let targets = answer.groups().iter().map(|group| target(group.group_name(), group.group_id(), group.arn()));
            (targets.collect(), answer.marker)
        }
        PrincipalKind::Role => {
            let answer = call.answer(client.list_roles().max_items(1000).set_marker(marker).send().await)?;
            let targets = answer.roles().iter().map(|role| target(role.role_name(), role.role_id(), role.arn()));
            (targets.collect(), answer.marker)
        }
    };
    Ok(Page { targets, next })
}

/// By name, unique id or ARN. A principal may be named like another's id: what may be one is looked for among all.
async fn find(iam: &Iam, place: &Place, kinds: &[PrincipalKind], id: &str) -> Result<Vec<Target>, Fault> {
    let called = |target: &Target| {
        [Some(target.id.as_str()), target.unique_id.as_deref(), target.arn.as_deref()].contains(&Some(id))
    };
    let mut found = Vec::new();
    for kind in kinds {
        match asked(kind.word(), id) {
            Asked::Never => {}
            Asked::ByName(name) => found.extend(named(&iam.client, place, *kind, name).await?),
            Asked::ByListing => found.extend(all(iam, place, *kind).await?),
        }
    }
    found.retain(called);
    Ok(found)
}

async fn all(iam: &Iam, place: &Place, kind: PrincipalKind) -> Result<Vec<Target>, Fault> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let page = page(iam.patient.get(), place, kind, from).await?;
        all.extend(page.targets);
        from = page.next;
        if from.is_none() {
            return Ok(all);
        }
    }
}

/// The principal of a name; none where there is none.
async fn named(client: &Client, place: &Place, kind: PrincipalKind, name: &str) -> Result<Option<Target>, Fault> {
    let call = kind.pick(&GET);
    Ok(match kind {
        PrincipalKind::User => {
            let answer = call.found(&NO_SUCH, client.get_user().user_name(name).send().await)?;
            let user = answer.and_then(|answer| answer.user);
            user.map(|user| target(place, kind, user.user_name(), user.user_id(), user.arn()))
        }
        PrincipalKind::Group => {
            // It answers with the group's members, too: one is the least that can be asked for.
            let answer = call.found(&NO_SUCH, client.get_group().group_name(name).max_items(1).send().await)?;
            let group = answer.and_then(|answer| answer.group);
            group.map(|group| target(place, kind, group.group_name(), group.group_id(), group.arn()))
        }
        PrincipalKind::Role => {
            let answer = call.found(&NO_SUCH, client.get_role().role_name(name).send().await)?;
            let role = answer.and_then(|answer| answer.role);
            role.map(|role| target(place, kind, role.role_name(), role.role_id(), role.arn()))
        }
    })
}

/// The tags of a user or role, page by page; none where it is gone, and of groups.
async fn tags(client: &Client, target: &Target) -> Result<Tags, Fault> {
    let (mut tags, mut from) = (Tags::new(), None);
    loop {
        let Some((some, next)) = tags_from(client, target, from).await? else { return Ok(tags) };
        tags.extend(some.into_iter().map(|tag| (tag.key, tag.value)));
        from = next;
        if from.is_none() {
            return Ok(tags);
        }
    }
}

/// Some tags, and where the next begin.
type TagPage = (Vec<Tag>, Option<String>);

async fn tags_from(client: &Client, target: &Target, from: Option<String>) -> Result<Option<TagPage>, Fault> {
    let [of_user, of_role] = TAGS;
    Ok(match PrincipalKind::of(target) {
        PrincipalKind::User => {
            let sent = client.list_user_tags().user_name(&target.id).set_marker(from).send().await;
            of_user.found(&NO_SUCH, sent)?.map(|answer| (answer.tags, answer.marker))
        }
        PrincipalKind::Role => {
            let sent = client.list_role_tags().role_name(&target.id).set_marker(from).send().await;
            of_role.found(&NO_SUCH, sent)?.map(|answer| (answer.tags, answer.marker))
        }
        PrincipalKind::Group => None,
    })
}
