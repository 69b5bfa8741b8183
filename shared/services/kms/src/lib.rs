//! Keys of AWS KMS: how they are found, and what KMS says of them.

use std::ops::Deref;

use aws_sdk_kms::types::KeyMetadata;
use remedy_aws::{Connect, Reading as _, Session};
use remedy_domain::{Call, Fault, Identities, Region, ResourceKind, Scope, Service, Target};
use remedy_engine::{Page, Place, Resource, Tags};

const TYPE: &str = "AWS::KMS::Key";
/// The call that describes a key.
pub const DESCRIBE: Call = Call::same("kms:DescribeKey");
const LIST: Call = Call::same("kms:ListKeys");
const TAGS: Call = Call::same("kms:ListResourceTags");
const SERVICE: Service =
    Service { name: "kms", cents_a_million_calls: 300, resources: &[("", "kms:*:{account}:key/*")], ..Service::PLAIN };
/// The codes for a key that is not there.
pub const GONE: [&str; 2] = ["NotFoundException", "InvalidArnException"];

/// A client for keys.
#[derive(Debug, Clone)]
pub struct Keys(pub aws_sdk_kms::Client);

impl Connect for Keys {
    fn connect(session: &Session) -> Self {
        Self(aws_sdk_kms::Client::new(session.config()))
    }
}

impl Deref for Keys {
    type Target = aws_sdk_kms::Client;

    fn deref(&self) -> &aws_sdk_kms::Client {
        &self.0
    }
}

/// A key of KMS.
#[derive(Debug)]
pub struct Key;

impl Resource for Key {
    const KIND: ResourceKind = ResourceKind {
        types: &[TYPE],
        scope: Scope::Regional,
        service: SERVICE,
        source: "kms.amazonaws.com",
        reads: &[DESCRIBE, LIST],
        tags: &[TAGS],
        identities: Identities::Untouched,
    };
    type Client = Keys;

    async fn list(keys: &Keys, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        let page = LIST.answer(keys.list_keys().limit(1000).set_marker(from).send().await)?;
        let target = |key: &aws_sdk_kms::types::KeyListEntry| Some(target(place, key.key_id()?, key.key_arn()));
        let targets = page.keys().iter().filter_map(target).collect();
        Ok(Page { targets, next: page.next_marker().map(str::to_owned) })
    }

    /// A key by its id, its ARN, or an alias. Observing shows whether it exists under that very id. An alias can be pointed
    /// elsewhere at any time, so it is resolved once, here, and everything that follows is about the key.
    async fn find(keys: &Keys, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
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
        let answer = DESCRIBE.found(&GONE, keys.describe_key().key_id(name).send().await)?;
        let metadata = answer.and_then(|answer| answer.key_metadata);
        Ok(metadata.iter().map(|key| target(place, key.key_id(), key.arn())).collect())
    }

    /// Page by page; none where the key is gone.
    async fn tags(keys: &Keys, key: &Target) -> Result<Tags, Fault> {
        let (mut tags, mut from) = (Tags::new(), None);
        loop {
            let sent = keys.list_resource_tags().key_id(&key.id).set_marker(from).send().await;
            let Some(page) = TAGS.found(&GONE, sent)? else { return Ok(tags) };
            tags.extend(page.tags.into_iter().flatten().map(|tag| (tag.tag_key, tag.tag_value)));
            from = page.next_marker;
            if from.is_none() {
                return Ok(tags);
            }
        }
    }
}

/// What KMS says of the key; none, where there is no key of this id.
pub async fn describe(keys: &Keys, id: &str) -> Result<Option<KeyMetadata>, Fault> {
    let answer = DESCRIBE.found(&GONE, keys.describe_key().key_id(id).send().await)?;
    Ok(answer.and_then(|answer| answer.key_metadata).filter(|key| key.key_id() == id))
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
