//! The laws of this function's controls, in all their worlds.

mod worlds;

use remedy_domain::{Parameters, PutEncryption, Target};
use remedy_engine::Tags;
use remedy_s3::Website;
use remedy_testkit::fake::Service;
use remedy_testkit::laws::{
    Lawful, TestAccount, Touch,
    proptest::{
        bool::weighted,
        prelude::{BoxedStrategy, Just, Strategy, any},
        prop_oneof,
    },
};

use self::worlds::{
    Present, Wanted, deliver, denials, encrypt, encryptions, host, listed, logs, make, policies, present,
    upload_policies, wanted,
};
use remedy_s3::Buckets;

use crate::{
    BucketDefaultKey, BucketPolicy, BucketSsecAllowed, BucketUnencryptedPut, BucketWithoutTls, DefaultEncryption,
    UploadPolicy, logs::Logs,
};

remedy_testkit::laws!(bucket_without_tls: BucketWithoutTls);
remedy_testkit::laws!(bucket_unencrypted_put: BucketUnencryptedPut);
remedy_testkit::laws!(bucket_default_key: BucketDefaultKey);
remedy_testkit::laws!(bucket_ssec_allowed: BucketSsecAllowed);

/// A bucket: its policy, and whether it hosts a website.
#[derive(Debug, Clone)]
pub struct Bucket {
    policy: BucketPolicy,
    website: Website,
}

impl Lawful for BucketWithoutTls {
    type World = Bucket;
    const FAKES: &'static [&'static Service] = &[&remedy_kms_testing::KMS];
    const TOUCHES: &'static [Touch] = &[Touch::of("tls", &["own"], &["/policy"])];

    fn worlds() -> BoxedStrategy<Bucket> {
        let website = any::<bool>().prop_map(|hosted| if hosted { Website::Hosted } else { Website::None });
        (policies(), website).prop_map(|(policy, website)| Bucket { policy, website }).boxed()
    }

    fn settings() -> BoxedStrategy<BucketPolicy> {
        policies().boxed()
    }

    async fn arrange(world: &Bucket, stage: &TestAccount) -> Option<String> {
        let (client, name) = make(stage, world.policy.joined()).await;
        if world.website == Website::Hosted {
            host(&client, &name).await;
        }
        Some(name)
    }

    fn blank() -> Option<BucketPolicy> {
        Some(BucketPolicy::default())
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Buckets>().0, &target.id, tags).await
    }
}

/// A bucket that takes uploads: its policy, who delivers logs, and what the settings say.
#[derive(Debug, Clone)]
pub struct Taking {
    policy: UploadPolicy,
    logs: Logs,
    put_encryption: PutEncryption,
    phi_free: bool,
}

impl Lawful for BucketUnencryptedPut {
    type World = Taking;
    const FAKES: &'static [&'static Service] = &[&remedy_kms_testing::KMS];
    const TOUCHES: &'static [Touch] = &[
        Touch::of("another-encryption", &["unencrypted"], &["/policy"]),
        Touch::of("no-encryption", &["headerless"], &["/policy"]),
    ];

    fn worlds() -> BoxedStrategy<Taking> {
        let modes = prop_oneof![Just(PutEncryption::Compatible), Just(PutEncryption::Strict)];
        (upload_policies(), logs(), modes, weighted(0.1))
            .prop_map(|(policy, logs, put_encryption, phi_free)| Taking { policy, logs, put_encryption, phi_free })
            .boxed()
    }

    fn settings() -> BoxedStrategy<UploadPolicy> {
        upload_policies().boxed()
    }

    fn parameters(world: &Taking) -> Parameters {
        let phi_free_buckets = if world.phi_free { vec!["phi-*".to_owned()] } else { vec![] };
        Parameters { put_encryption: world.put_encryption, phi_free_buckets, ..Parameters::default() }
    }

    async fn arrange(world: &Taking, stage: &TestAccount) -> Option<String> {
        let (client, name) = make(stage, world.policy.joined()).await;
        if world.logs == Logs::Delivered {
            deliver(&client, &name).await;
        }
        Some(name)
    }

    fn blank() -> Option<UploadPolicy> {
        Some(UploadPolicy::default())
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Buckets>().0, &target.id, tags).await
    }
}

/// A bucket and its keys: what its new objects are encrypted with, and what the settings say.
#[derive(Debug, Clone)]
pub struct Keyed {
    encryption: DefaultEncryption,
    present: Present,
    wanted: Wanted,
    serial: u64,
    policy: UploadPolicy,
    logs: Logs,
    phi_free: bool,
}

impl Lawful for BucketDefaultKey {
    type World = Keyed;
    const FAKES: &'static [&'static Service] = &[&remedy_kms_testing::KMS];
    const TOUCHES: &'static [Touch] = &[
        Touch::of("algorithm", &["cipher"], &["/encryption"]),
        Touch::of("key", &["cipher"], &["/encryption"]),
        Touch::of("bucket-key", &["bucket_key"], &["/encryption"]),
    ];

    fn worlds() -> BoxedStrategy<Keyed> {
        let facts = (wanted(), any::<u64>(), upload_policies(), logs(), weighted(0.1));
        (encryptions(), present(), facts)
            .prop_map(|(encryption, present, (wanted, serial, policy, logs, phi_free))| Keyed {
                encryption,
                present,
                wanted,
                serial,
                policy,
                logs,
                phi_free,
            })
            .boxed()
    }

    fn settings() -> BoxedStrategy<DefaultEncryption> {
        encryptions().boxed()
    }

    fn parameters(world: &Keyed) -> Parameters {
        let phi_free_buckets = if world.phi_free { vec!["phi-*".to_owned()] } else { vec![] };
        Parameters { default_key: world.wanted.arn(world.serial), phi_free_buckets, ..Parameters::default() }
    }

    async fn arrange(world: &Keyed, stage: &TestAccount) -> Option<String> {
        let key = world.present.make(stage).await?;
        world.wanted.make(stage, world.serial).await;
        let (client, name) = make(stage, world.policy.joined()).await;
        if world.logs == Logs::Delivered {
            deliver(&client, &name).await;
        }
        let mut encryption = world.encryption.clone();
        if encryption.cipher.algorithm != DefaultEncryption::default().cipher.algorithm && key.is_some() {
            encryption.cipher.key = key;
        }
        encrypt(&client, &name, &encryption).await;
        Some(name)
    }

    fn blank() -> Option<DefaultEncryption> {
        Some(DefaultEncryption::default())
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Buckets>().0, &target.id, tags).await
    }
}

/// A bucket: what its new objects are encrypted with, what it blocks, and whether its policy denies SSE-C.
#[derive(Debug, Clone)]
pub struct Open {
    encryption: DefaultEncryption,
    policy: Option<String>,
}

impl Lawful for BucketSsecAllowed {
    type World = Open;
    const FAKES: &'static [&'static Service] = &[&remedy_kms_testing::KMS];
    const TOUCHES: &'static [Touch] = &[Touch::of("sse-c", &["blocked"], &["/encryption"])];

    // Where there was no list before, an undo is refused, and a person is asked for that reason alone: tests/suite/encryption.rs.
    fn worlds() -> BoxedStrategy<Open> {
        (listed(), denials()).prop_map(|(encryption, policy)| Open { encryption, policy }).boxed()
    }

    fn settings() -> BoxedStrategy<DefaultEncryption> {
        listed().boxed()
    }

    async fn arrange(world: &Open, stage: &TestAccount) -> Option<String> {
        let (client, name) = make(stage, world.policy.clone()).await;
        encrypt(&client, &name, &world.encryption).await;
        Some(name)
    }

    fn blank() -> Option<DefaultEncryption> {
        Some(DefaultEncryption::default())
    }

    async fn tag(stage: &TestAccount, target: &Target, tags: &Tags) -> bool {
        worlds::tag(&stage.client::<Buckets>().0, &target.id, tags).await
    }
}
