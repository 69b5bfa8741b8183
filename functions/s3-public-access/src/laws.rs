//! The laws in all worlds of this function's controls.

mod merging;
mod worlds;

use remedy_domain::Target;
use remedy_engine::Tags;
use remedy_s3::Website;
use remedy_testkit::laws::{
    Law, Lawful, TestAccount, Touch,
    proptest::prelude::{BoxedStrategy, Strategy, any},
};
use serde_json::Value;

use self::worlds::{account_flags, arranged, policies, strange_policies};
use remedy_s3::Buckets;

use crate::{
    Access, AccountPublic, Accounts, BucketPublic, PublicAccessBlock,
    acl::tests::acls,
    block::{Flags, tests::setting},
};

remedy_testkit::laws!(bucket_public: BucketPublic);
remedy_testkit::laws!(account_public: AccountPublic);

/// A bucket: what opens or closes it, and whether it hosts a website.
#[derive(Debug, Clone)]
pub struct Bucket {
    access: Access,
    website: Website,
}

impl Lawful for BucketPublic {
    type World = Bucket;
    const TOUCHES: &'static [Touch] = &[
        Touch::of("block-public-acls", &["block"], &["/public-access-block"]),
        Touch::of("ignore-public-acls", &["block"], &["/public-access-block"]),
        Touch::of("block-public-policy", &["block"], &["/public-access-block"]),
        Touch::of("restrict-public-buckets", &["block"], &["/public-access-block"]),
        Touch::of("public-statement", &["policy"], &["/policy"]),
        Touch::of("public-grant", &["acl"], &["/acl"]),
    ];

    fn worlds() -> BoxedStrategy<Bucket> {
        let website = any::<bool>().prop_map(|hosted| if hosted { Website::Hosted } else { Website::None });
        let access =
            (setting(), strange_policies(), acls()).prop_map(|(block, policy, acl)| Access { block, policy, acl });
        (access, website).prop_map(|(access, website)| Bucket { access, website }).boxed()
    }

    fn settings() -> BoxedStrategy<Access> {
        (setting(), policies(), acls()).prop_map(|(block, policy, acl)| Access { block, policy, acl }).boxed()
    }

    async fn arrange(world: &Bucket, stage: &TestAccount) -> Option<String> {
        Some(arranged(world, stage).await)
    }

    fn blank() -> Option<Access> {
        Some(Access::default())
    }

    fn merged(element: &str, ours_wanted_now: [&Value; 3]) -> Option<Value> {
        match element {
            "block" => merging::flags(ours_wanted_now),
            "policy" => merging::statements(ours_wanted_now),
            _ => Some(merging::grants(ours_wanted_now)),
        }
    }

    fn cut_short(ours: &Access, wanted: &Access, now: &Access) -> bool {
        merging::half_way([ours, wanted, now])
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Buckets>().0, &target.id, tags).await
    }
}

impl Lawful for AccountPublic {
    type World = Flags;
    const MOOT: &'static [Law] = &[Law::TellsTags];
    const TOUCHES: &'static [Touch] = &[
        Touch::of("block-public-acls", &["block_public_acls"], &["/public-access-block"]),
        Touch::of("ignore-public-acls", &["ignore_public_acls"], &["/public-access-block"]),
        Touch::of("block-public-policy", &["block_public_policy"], &["/public-access-block"]),
        Touch::of("restrict-public-buckets", &["restrict_public_buckets"], &["/public-access-block"]),
    ];

    fn worlds() -> BoxedStrategy<Flags> {
        setting().boxed()
    }

    fn settings() -> BoxedStrategy<Flags> {
        setting().boxed()
    }

    async fn arrange(world: &Flags, stage: &TestAccount) -> Option<String> {
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

    fn blank() -> Option<Flags> {
        Some(Some(PublicAccessBlock::default()))
    }
}
