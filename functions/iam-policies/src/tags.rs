//! The tags of users, roles and customer-managed policies. Groups have none.

use aws_sdk_iam::{Client, types::Tag};
use remedy_aws::found;
use remedy_domain::{Fault, Target};
use remedy_engine::Tags;

use crate::{
    calls::{POLICY_TAGS, TAGS},
    clients::Iam,
    policy,
    principal::{Kind, NO_SUCH},
};

/// Some tags, and where the next begin.
type Page = (Vec<Tag>, Option<String>);

/// The tags of a target, page by page; none where it is gone.
pub(crate) async fn of(client: &Iam, target: &Target) -> Result<Tags, Fault> {
    let (mut tags, mut from) = (Tags::new(), None);
    loop {
        let Some((some, next)) = page(&client.client, target, from).await? else { return Ok(tags) };
        tags.extend(some.into_iter().map(|tag| (tag.key, tag.value)));
        from = next;
        if from.is_none() {
            return Ok(tags);
        }
    }
}

async fn page(client: &Client, target: &Target, from: Option<String>) -> Result<Option<Page>, Fault> {
    let [of_user, of_role] = TAGS.map(|call| call.operation);
    if target.resource_type == policy::TYPE {
        let request = client.list_policy_tags().policy_arn(target.arn.as_deref().unwrap_or_default());
        let answer = found(POLICY_TAGS.operation, &NO_SUCH, request.set_marker(from).send().await)?;
        return Ok(answer.map(|answer| (answer.tags, answer.marker)));
    }
    Ok(match Kind::of(target) {
        Kind::User => {
            let sent = client.list_user_tags().user_name(&target.id).set_marker(from).send().await;
            found(of_user, &NO_SUCH, sent)?.map(|answer| (answer.tags, answer.marker))
        }
        Kind::Role => {
            let sent = client.list_role_tags().role_name(&target.id).set_marker(from).send().await;
            found(of_role, &NO_SUCH, sent)?.map(|answer| (answer.tags, answer.marker))
        }
        Kind::Group => None,
    })
}
