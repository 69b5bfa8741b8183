//! The worlds of this function's controls, and the laws in all of them.

use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, IndexDocument, PublicAccessBlockConfiguration,
    WebsiteConfiguration,
};
use remedy_aws::buckets::Website;
use remedy_testkit::laws::{
    Lawful, Stage,
    proptest::prelude::{BoxedStrategy, Strategy, any},
};

use crate::{
    AccountPublic, Accounts, BucketPublic, Buckets, PublicAccessBlock,
    block::{Setting, tests::setting},
};

remedy_testkit::laws!(bucket_public: BucketPublic);
remedy_testkit::laws!(account_public: AccountPublic);

/// A bucket: its flags, and whether it hosts a website.
#[derive(Debug, Clone)]
pub struct Bucket {
    block: Setting,
    website: Website,
}

impl Lawful for BucketPublic {
    type World = Bucket;
    const TOUCHES: &'static [&'static str] = &["/public-access-block"];

    fn worlds() -> BoxedStrategy<Bucket> {
        let website = any::<bool>().prop_map(|hosted| if hosted { Website::Hosted } else { Website::None });
        (setting(), website).prop_map(|(block, website)| Bucket { block, website }).boxed()
    }

    fn settings() -> BoxedStrategy<Setting> {
        setting().boxed()
    }

    async fn arrange(world: &Bucket, stage: &Stage) -> Option<String> {
        let (client, name) = (stage.client::<Buckets>().0, stage.name("phi"));
        create(&client, &name, stage.region.as_str()).await;
        if world.website == Website::Hosted {
            let index = IndexDocument::builder().suffix("index.html").build().unwrap();
            let website = WebsiteConfiguration::builder().index_document(index).build();
            client.put_bucket_website().bucket(&name).website_configuration(website).send().await.unwrap();
        }
        match world.block {
            Some(block) => {
                let request = client.put_public_access_block().bucket(&name);
                request.public_access_block_configuration(bucket_flags(block)).send().await.unwrap();
            }
            None => drop(client.delete_public_access_block().bucket(&name).send().await.unwrap()),
        }
        Some(name)
    }

    fn blank() -> Option<Setting> {
        Some(Some(PublicAccessBlock::default()))
    }

    fn grounds(element: &str) -> &'static [&'static str] {
        flag(element)
    }
}

impl Lawful for AccountPublic {
    type World = Setting;
    const TOUCHES: &'static [&'static str] = &["/public-access-block"];

    fn worlds() -> BoxedStrategy<Setting> {
        setting().boxed()
    }

    fn settings() -> BoxedStrategy<Setting> {
        setting().boxed()
    }

    async fn arrange(world: &Setting, stage: &Stage) -> Option<String> {
        let (client, account) = (stage.client::<Accounts>().0, stage.account.as_str());
        match world {
            Some(block) => {
                let request = client.put_public_access_block().account_id(account);
                request.public_access_block_configuration(account_flags(*block)).send().await.unwrap();
            }
            None => drop(client.delete_public_access_block().account_id(account).send().await.unwrap()),
        }
        Some(account.to_owned())
    }

    fn blank() -> Option<Setting> {
        Some(Some(PublicAccessBlock::default()))
    }

    fn grounds(element: &str) -> &'static [&'static str] {
        flag(element)
    }
}

async fn create(client: &aws_sdk_s3::Client, name: &str, region: &str) {
    let place = BucketLocationConstraint::from(region);
    let place = CreateBucketConfiguration::builder().location_constraint(place).build();
    let request = client.create_bucket().bucket(name);
    request.set_create_bucket_configuration((region != "us-east-1").then_some(place)).send().await.unwrap();
}

/// The violation that lets a flag be changed.
fn flag(element: &str) -> &'static [&'static str] {
    match element {
        "block_public_acls" => &["BlockPublicAcls is off"],
        "ignore_public_acls" => &["IgnorePublicAcls is off"],
        "block_public_policy" => &["BlockPublicPolicy is off"],
        "restrict_public_buckets" => &["RestrictPublicBuckets is off"],
        _ => &[],
    }
}

/// Flags that are off are left out, but for one: AWS takes that for off, and wants to be told of one at least.
fn bucket_flags(block: PublicAccessBlock) -> PublicAccessBlockConfiguration {
    let said = |on: bool| on.then_some(true);
    PublicAccessBlockConfiguration::builder()
        .block_public_acls(block.block_public_acls)
        .set_ignore_public_acls(said(block.ignore_public_acls))
        .set_block_public_policy(said(block.block_public_policy))
        .set_restrict_public_buckets(said(block.restrict_public_buckets))
        .build()
}

fn account_flags(block: PublicAccessBlock) -> aws_sdk_s3control::types::PublicAccessBlockConfiguration {
    aws_sdk_s3control::types::PublicAccessBlockConfiguration::builder()
        .block_public_acls(block.block_public_acls)
        .ignore_public_acls(block.ignore_public_acls)
        .block_public_policy(block.block_public_policy)
        .restrict_public_buckets(block.restrict_public_buckets)
        .build()
}
