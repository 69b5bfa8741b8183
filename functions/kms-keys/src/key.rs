//! Finding keys: what both controls of this function share.

use aws_sdk_kms::types::KeyMetadata;
use remedy_aws::{absent, fault};
use remedy_domain::{Call, Fault, Region, Target};
use remedy_engine::{Page, Place};

use crate::clients::Keys;

pub(crate) const TYPE: &str = "AWS::KMS::Key";
pub(crate) const DESCRIBE: Call = Call::same("kms:DescribeKey");
pub(crate) const LIST: Call = Call::same("kms:ListKeys");

pub(crate) async fn discover(client: &Keys, place: &Place, from: Option<String>) -> Result<Page, Fault> {
    let answer = client.0.list_keys().limit(1000).set_marker(from).send().await;
    let page = answer.map_err(|error| fault(LIST.operation, &error))?;
    let target = |key: &aws_sdk_kms::types::KeyListEntry| Some(target(place, key.key_id()?, key.key_arn()));
    let targets = page.keys().iter().filter_map(target).collect();
    Ok(Page { targets, next: page.next_marker().map(str::to_owned) })
}

/// A key by its id or its ARN. KMS would take an alias too, but an alias can be pointed elsewhere at any time.
pub(crate) async fn find(client: &Keys, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
    if is_elsewhere(place, id) {
        return Ok(vec![]);
    }
    let Some(key) = describe(client, id).await? else { return Ok(vec![]) };
    let is_named = key.key_id() == id || key.arn() == Some(id);
    Ok(if is_named { vec![target(place, key.key_id(), key.arn())] } else { vec![] })
}

/// What KMS says of the key; none, where there is no such key.
pub(crate) async fn describe(client: &Keys, id: &str) -> Result<Option<KeyMetadata>, Fault> {
    match client.0.describe_key().key_id(id).send().await {
        Ok(answer) => Ok(answer.key_metadata),
        Err(error) if absent(&error, &["NotFoundException", "InvalidArnException"]) => Ok(None),
        Err(error) => Err(fault(DESCRIBE.operation, &error)),
    }
}

/// Whether an ARN names another account or Region than the one that is looked at.
fn is_elsewhere(place: &Place, id: &str) -> bool {
    let mut parts = id.split(':').skip(3);
    let (region, account) = (parts.next(), parts.next());
    id.starts_with("arn:") && (region != Some(place.region.as_str()) || account != Some(place.account.as_str()))
}

fn target(place: &Place, id: &str, arn: Option<&str>) -> Target {
    Target {
        account: place.account.clone(),
        region: Region::clone(&place.region),
        resource_type: TYPE.to_owned(),
        id: id.to_owned(),
        unique_id: None,
        arn: arn.map(str::to_owned),
    }
}
