//! Finding keys: what the controls of this function share.

use aws_sdk_kms::types::KeyMetadata;
use remedy_aws::{absent, fault, found};
use remedy_domain::{Call, Fault, Region, Target};
use remedy_engine::{Page, Place, Tags};

use crate::clients::Keys;

pub(crate) const TYPE: &str = "AWS::KMS::Key";
pub(crate) const DESCRIBE: Call = Call::same("kms:DescribeKey");
pub(crate) const LIST: Call = Call::same("kms:ListKeys");
pub(crate) const TAGS: Call = Call::same("kms:ListResourceTags");
pub(crate) const GONE: [&str; 2] = ["NotFoundException", "InvalidArnException"];

pub(crate) async fn discover(client: &Keys, place: &Place, from: Option<String>) -> Result<Page, Fault> {
    let answer = client.0.list_keys().limit(1000).set_marker(from).send().await;
    let page = answer.map_err(|error| fault(LIST.operation, &error))?;
    let target = |key: &aws_sdk_kms::types::KeyListEntry| Some(target(place, key.key_id()?, key.key_arn()));
    let targets = page.keys().iter().filter_map(target).collect();
    Ok(Page { targets, next: page.next_marker().map(str::to_owned) })
}

/// A key by its id or its ARN. Observing shows whether it exists under that very name: an alias is not a name of a key,
/// because it can be pointed elsewhere at any time.
pub(crate) fn find(place: &Place, id: &str) -> Vec<Target> {
    let Some(rest) = id.strip_prefix("arn:") else { return vec![target(place, id, None)] };
    let here = format!(":kms:{}:{}:key/", place.region, place.account);
    match rest.split_once(&here) {
        Some((_, key)) => vec![target(place, key, Some(id))],
        None => vec![],
    }
}

/// What KMS says of the key; none, where there is no key of this id.
pub(crate) async fn describe(client: &Keys, id: &str) -> Result<Option<KeyMetadata>, Fault> {
    match client.0.describe_key().key_id(id).send().await {
        Ok(answer) => Ok(answer.key_metadata.filter(|key| key.key_id() == id)),
        Err(error) if absent(&error, &GONE) => Ok(None),
        Err(error) => Err(fault(DESCRIBE.operation, &error)),
    }
}

/// The tags of the key, page by page; none where it is gone.
pub(crate) async fn tags(client: &Keys, id: &str) -> Result<Tags, Fault> {
    let (mut tags, mut from) = (Tags::new(), None);
    loop {
        let sent = client.0.list_resource_tags().key_id(id).set_marker(from).send().await;
        let Some(page) = found(TAGS.operation, &GONE, sent)? else { return Ok(tags) };
        tags.extend(page.tags.into_iter().flatten().map(|tag| (tag.tag_key, tag.tag_value)));
        from = page.next_marker;
        if from.is_none() {
            return Ok(tags);
        }
    }
}

fn target(place: &Place, id: &str, arn: Option<&str>) -> Target {
    Target {
        account: place.account.clone(),
        region: Region::clone(&place.region),
        resource_type: TYPE.to_owned(),
        id: id.to_owned(),
        unique_id: None,
        arn: arn.map_or_else(
            || Some(format!("arn:{}:kms:{}:{}:key/{id}", place.region.partition(), place.region, place.account)),
            |arn| Some(arn.to_owned()),
        ),
    }
}
