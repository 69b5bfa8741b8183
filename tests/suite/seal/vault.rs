//! An account whose evidence is sealed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use remedy_testkit::{
    lambda::Lambda,
    world::{TIMEOUT, World, only_run},
};

use crate::drift::Drift;

/// A world with a sealing key, and a folder for what is downloaded.
pub(crate) struct Vault {
    pub(crate) world: World,
    pub(crate) key: String,
    folder: PathBuf,
}

impl Drop for Vault {
    fn drop(&mut self) {
        let _gone_anyway = std::fs::remove_dir_all(&self.folder);
    }
}

impl Vault {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        world.remember_settings().await;
        let key = signing_key(&aws_sdk_kms::Client::new(&world.config())).await;
        let folder = std::env::temp_dir().join(format!("remedy-evidence-{}", world.account.id));
        std::fs::create_dir_all(&folder).unwrap();
        Self { world, key, folder }
    }

    /// One with an anchor, and a repair whose hour is to be sealed.
    pub(crate) async fn due() -> Self {
        let vault = Self::new().await;
        vault.make_anchor().await;
        vault.repair("a").await;
        vault.age(2).await;
        vault
    }

    /// A bucket is repaired: an intent and an outcome.
    pub(crate) async fn repair(&self, tag: &str) {
        let bucket = Drift::Bucket.make(&self.world, tag).await;
        let run =
            only_run(self.world.deploy("s3-public-access", "enforce").invoke(&Drift::Bucket.event(&bucket)).await);
        assert_eq!(run["outcome"], "repaired");
    }

    pub(crate) fn sealer(&self) -> Lambda {
        self.sealer_for(TIMEOUT)
    }

    /// A sealer with a time limit.
    pub(crate) fn sealer_for(&self, limit: Duration) -> Lambda {
        let mut environment = self.world.environment("observe");
        environment.insert("REMEDY_SEAL_KEY".to_owned(), self.key.clone());
        environment.insert("REMEDY_ANCHOR_BUCKET".to_owned(), self.anchor());
        self.world.deploy_with("sealer", environment, limit)
    }

    pub(crate) fn anchor(&self) -> String {
        format!("remedy-anchor-{}", self.world.account.id)
    }

    pub(crate) async fn make_anchor(&self) {
        self.world.s3().create_bucket().bucket(self.anchor()).send().await.expect("a bucket is created");
    }

    /// All present records, as if they had been written so many hours ago: their keys have the hour.
    pub(crate) async fn age(&self, hours: i64) {
        let fresh = remedy_evidence::Hour::of(remedy_aws::clock::now()).plus(-1);
        for (key, bytes) in self.bytes(&self.world.evidence_bucket()).await {
            let Some(hour) = remedy_evidence::Hour::of_key(&key).filter(|hour| *hour >= fresh) else { continue };
            let older = key.replace(&hour.folder(), &hour.plus(-hours).folder());
            self.put(&older, &bytes).await;
            self.delete(&key).await;
        }
    }

    pub(crate) async fn put(&self, key: &str, bytes: &[u8]) {
        let put = self.world.s3().put_object().bucket(self.world.evidence_bucket()).key(key);
        put.body(bytes.to_vec().into()).send().await.expect("an object is put");
    }

    /// Puts objects that are no records.
    pub(crate) async fn put_many(&self, keys: Vec<String>) {
        let put = |key: String| async move { self.put(&key, b"x").await };
        stream::iter(keys).map(put).buffer_unordered(16).collect::<Vec<()>>().await;
    }

    /// A file of this test's own.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    pub(crate) async fn delete(&self, key: &str) {
        let delete = self.world.s3().delete_object().bucket(self.world.evidence_bucket()).key(key);
        delete.send().await.expect("an object is deleted");
    }

    pub(crate) async fn bytes(&self, bucket: &str) -> BTreeMap<String, Vec<u8>> {
        bytes(&self.world.s3(), bucket).await
    }

    pub(crate) async fn keys(&self) -> BTreeSet<String> {
        self.bytes(&self.world.evidence_bucket()).await.into_keys().collect()
    }

    pub(crate) async fn public_key(&self) -> String {
        let path = self.folder.join("public.pem");
        let archived = self.bytes(&self.world.evidence_bucket()).await;
        let pem = archived.iter().find(|(key, _)| key.starts_with("seal/keys/")).expect("the key is archived").1;
        std::fs::write(&path, pem).unwrap();
        path.display().to_string()
    }

    /// The public key from KMS, whatever is archived.
    pub(crate) async fn key_file(&self) -> String {
        let kms = aws_sdk_kms::Client::new(&self.world.config());
        let told = kms.get_public_key().key_id(&self.key).send().await.expect("KMS tells the key");
        let key = remedy_evidence::PublicKey::from_der(told.public_key.unwrap().as_ref()).unwrap();
        self.file("key.pem", key.pem().as_bytes())
    }

    /// Downloads a bucket into a folder, as `aws s3 sync` does.
    pub(crate) async fn download(&self, bucket: &str, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        let _new = std::fs::remove_dir_all(&folder);
        for (key, bytes) in self.bytes(bucket).await {
            let path = folder.join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        folder
    }
}

/// A key that signs.
pub(crate) async fn signing_key(kms: &aws_sdk_kms::Client) -> String {
    let spec = aws_sdk_kms::types::KeySpec::EccNistP256;
    let made = kms.create_key().key_spec(spec).key_usage(aws_sdk_kms::types::KeyUsageType::SignVerify).send().await;
    made.expect("a key is created").key_metadata.expect("a new key is described").key_id
}

/// Everything in a bucket, by key.
pub(crate) async fn bytes(s3: &aws_sdk_s3::Client, bucket: &str) -> BTreeMap<String, Vec<u8>> {
    let (mut all, mut pages) = (BTreeMap::new(), s3.list_objects_v2().bucket(bucket).into_paginator().send());
    while let Some(page) = pages.next().await {
        for object in page.expect("a bucket lists").contents() {
            let key = object.key().unwrap().to_owned();
            let got = s3.get_object().bucket(bucket).key(&key).send().await.expect("a listed object is there");
            all.insert(key, got.body.collect().await.unwrap().to_vec());
        }
    }
    all
}
