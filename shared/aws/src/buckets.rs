//! What controls of S3 buckets have in common: finding them, and what they ask about them.

use aws_sdk_s3::Client;
use remedy_domain::{Call, Fault, Region, Target};
use remedy_engine::{Page, Place, Tags};

use crate::{absent, fault, found};

/// The resource type of a bucket.
pub const TYPE: &str = "AWS::S3::Bucket";
/// The call that lists them.
pub const LIST: Call = Call::new("s3:ListBuckets", "s3:ListAllMyBuckets");
/// The call that reads the website configuration.
pub const WEBSITE: Call = Call::same("s3:GetBucketWebsite");
/// The call that reads the tags.
pub const TAGS: Call = Call::same("s3:GetBucketTagging");

/// One page of the buckets of a place.
pub async fn discover(client: &Client, place: &Place, from: Option<String>) -> Result<Page, Fault> {
    let request = client.list_buckets().bucket_region(place.region.as_str()).max_buckets(10_000);
    let answer = request.set_continuation_token(from).send().await;
    let page = answer.map_err(|error| fault(LIST.operation, &error))?;
    let target = |bucket: &aws_sdk_s3::types::Bucket| {
        let region = bucket.bucket_region().and_then(|region| Region::parse(region).ok());
        let place = Place { region: region.unwrap_or_else(|| place.region.clone()), ..place.clone() };
        bucket.name().map(|name| target(&place, name))
    };
    let targets = page.buckets().iter().filter_map(target).collect();
    Ok(Page { targets, next: page.continuation_token().map(str::to_owned) })
}

/// A bucket's name is its id, and its ARN holds nothing else but the partition. Observing shows whether it exists.
#[must_use]
pub fn find(place: &Place, id: &str) -> Vec<Target> {
    vec![target(place, id.strip_prefix(&arn(&place.region, "")).unwrap_or(id))]
}

/// The ARN of a bucket in a Region.
#[must_use]
pub fn arn(region: &Region, name: &str) -> String {
    format!("arn:{}:s3:::{name}", region.partition())
}

fn target(place: &Place, name: &str) -> Target {
    Target {
        account: place.account.clone(),
        region: place.region.clone(),
        resource_type: TYPE.to_owned(),
        id: name.to_owned(),
        unique_id: None,
        arn: Some(arn(&place.region, name)),
    }
}

/// Reads the tags of a bucket; none where it has none, or is gone.
pub async fn tags(client: &Client, target: &Target) -> Result<Tags, Fault> {
    let request = client.get_bucket_tagging().bucket(&target.id).expected_bucket_owner(target.account.as_str());
    let answer = found(TAGS.operation, &["NoSuchTagSet", "NoSuchBucket"], request.send().await)?;
    let tags = answer.into_iter().flat_map(|answer| answer.tag_set);
    Ok(tags.map(|tag| (tag.key, tag.value)).collect())
}

/// Whether a bucket hosts a website. Website endpoints know no TLS and no signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Website {
    /// It does.
    Hosted,
    /// It does not, or it did not matter.
    None,
}

/// Reads whether a bucket hosts a website.
pub async fn website(client: &Client, target: &Target) -> Result<Website, Fault> {
    let request = client.get_bucket_website().bucket(&target.id).expected_bucket_owner(target.account.as_str());
    match request.send().await {
        Ok(_) => Ok(Website::Hosted),
        Err(error) if absent(&error, &["NoSuchWebsiteConfiguration", "NoSuchBucket"]) => Ok(Website::None),
        Err(error) => Err(fault(WEBSITE.operation, &error)),
    }
}
