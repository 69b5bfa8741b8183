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

/// A key by its id, its ARN, or an alias. Observing shows whether it exists under that very id. An alias can be pointed
/// elsewhere at any time, so it is resolved once, here, and everything that follows is about the key.
pub(crate) async fn find(client: &Keys, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
    let here = format!(":kms:{}:{}:", place.region, place.account);
    let name = match id.strip_prefix("arn:").map(|rest| rest.split_once(&here)) {
        None => id,
        Some(Some((_, name))) => name,
        Some(None) => return Ok(vec![]),
    };
    if !name.starts_with("alias/") {
        let key = name.strip_prefix("key/").unwrap_or(name);
        return Ok(vec![target(place, key, id.starts_with("arn:").then_some(id))]);
    }
    let answer = match client.0.describe_key().key_id(name).send().await {
        Ok(answer) => answer.key_metadata,
        Err(error) if absent(&error, &GONE) => None,
        Err(error) => return Err(fault(DESCRIBE.operation, &error)),
    };
    Ok(answer.iter().map(|key| target(place, key.key_id(), key.arn())).collect())
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
