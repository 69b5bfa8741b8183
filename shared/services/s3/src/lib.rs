//! Buckets of Amazon S3: how they are found, and what several functions ask about them.

mod acl;
pub mod policy;

use std::{marker::PhantomData, ops::Deref};

pub use acl::{ACL, acl};
use aws_sdk_s3::Client;
use remedy_aws::{Connect, Reading as _, Session, bucket_arn};
use remedy_domain::{Call, Fault, Identities, Region, ResourceKind, Scope, Service, Target};
use remedy_engine::{Page, Place, Resource, Tags};

/// The resource type of a bucket.
pub const TYPE: &str = "AWS::S3::Bucket";
const SERVICE: Service = Service {
    name: "s3",
    cents_a_million_calls: 40,
    resources: &[("", "s3:::*")],
    of_the_account: &["s3:PutAccountPublicAccessBlock"],
};
/// The call that lists them.
pub const LIST: Call = Call::new("s3:ListBuckets", "s3:ListAllMyBuckets");
/// The call that reads the website configuration.
pub const WEBSITE: Call = Call::same("s3:GetBucketWebsite");
const TAGS: Call = Call::same("s3:GetBucketTagging");
/// The code for a bucket that is not there.
pub const GONE: &str = "NoSuchBucket";

/// A client for buckets.
#[derive(Debug, Clone)]
pub struct Buckets(pub Client);

impl Connect for Buckets {
    fn connect(session: &Session) -> Self {
        Self(Connect::connect(session))
    }
}

impl Deref for Buckets {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

impl AsRef<Client> for Buckets {
    fn as_ref(&self) -> &Client {
        &self.0
    }
}

/// A bucket, by a client that can speak to S3, whatever else it can.
#[derive(Debug)]
pub struct Bucket<C = Buckets>(PhantomData<C>);

impl<C: AsRef<Client> + 'static> Resource for Bucket<C> {
    const KIND: ResourceKind = ResourceKind {
        types: &[TYPE],
        scope: Scope::Regional,
        service: SERVICE,
        source: "s3.amazonaws.com",
        reads: &[LIST],
        tags: &[TAGS],
        identities: Identities::Untouched,
    };
    type Client = C;

    async fn list(client: &C, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        list(client.as_ref(), place, from).await
    }

    async fn find(_: &C, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(vec![named(place, id)])
    }

    /// None where it has none, or is gone.
    async fn tags(client: &C, target: &Target) -> Result<Tags, Fault> {
        let request = client.as_ref().get_bucket_tagging().bucket(&target.id);
        let sent = request.expected_bucket_owner(target.account.as_str()).send().await;
        let answer = TAGS.found(&["NoSuchTagSet", GONE], sent)?;
        let tags = answer.into_iter().flat_map(|answer| answer.tag_set);
        Ok(tags.map(|tag| (tag.key, tag.value)).collect())
    }
}

/// One page of the buckets of a place.
pub async fn list(client: &Client, place: &Place, from: Option<String>) -> Result<Page, Fault> {
    let request = client.list_buckets().bucket_region(place.region.as_str()).max_buckets(1_000);
    let page = LIST.answer(request.set_continuation_token(from).send().await)?;
    let target = |bucket: &aws_sdk_s3::types::Bucket| {
        let region = bucket.bucket_region().and_then(|region| Region::parse(region).ok());
        let place = Place { region: region.unwrap_or_else(|| place.region.clone()), ..place.clone() };
        bucket.name().map(|name| target(&place, name))
    };
    let targets = page.buckets().iter().filter_map(target).collect();
    Ok(Page { targets, next: page.continuation_token().map(str::to_owned) })
}

/// The bucket that `id` names. Its name is its id, and its ARN holds nothing else but the partition. Observing shows whether
/// it exists.
#[must_use]
pub fn named(place: &Place, id: &str) -> Target {
    target(place, id.strip_prefix(&bucket_arn(&place.region, "")).unwrap_or(id))
}

fn target(place: &Place, name: &str) -> Target {
    Target {
        account: place.account.clone(),
        region: place.region.clone(),
        resource_type: TYPE.to_owned(),
        id: name.to_owned(),
        unique_id: None,
        arn: Some(bucket_arn(&place.region, name)),
    }
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
    let answer = WEBSITE.found(&["NoSuchWebsiteConfiguration", GONE], request.send().await)?;
    Ok(if answer.is_some() { Website::Hosted } else { Website::None })
}
