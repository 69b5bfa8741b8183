//! An account, its people, and the binaries of one release that work in it: the ground on which two releases meet.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use aws_credential_types::Credentials;
use remedy_domain::{canonical, renamed};
use remedy_evidence::Hour;
use remedy_testkit::{
    lambda::{Answer, Lambda, Spec, binary},
    world::{TIMEOUT, World, done, only_run},
};
use serde_json::{Value, json};

use crate::drift::{Drift, iam};

/// The stack that the functions belong to.
const STACK: &str = "remedy-test";

/// The binaries of a release.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its name here.
    pub name: &'static str,
    folder: PathBuf,
}

impl Release {
    /// That of these sources.
    #[must_use]
    pub fn new() -> Self {
        let remedy = binary("remedy");
        Self { name: "new", folder: remedy.parent().expect("a binary lies in a folder").to_owned() }
    }

    /// An earlier one, whose binaries are in `folder`.
    ///
    /// # Panics
    ///
    /// If they are not there.
    #[must_use]
    pub fn old(folder: &Path) -> Self {
        let old = Self { name: "old", folder: folder.canonicalize().expect("a folder of binaries") };
        assert!(old.binary("remedy").is_file(), "no binaries in {}", folder.display());
        old
    }

    /// A binary of it.
    #[must_use]
    pub fn binary(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Default for Release {
    fn default() -> Self {
        Self::new()
    }
}

/// A broken resource, and its repair.
#[derive(Debug, Clone)]
pub struct Case {
    /// The function that does it.
    pub function: &'static str,
    /// Its control, by its first id: releases before and after a renaming know it.
    pub control: &'static str,
    /// The one write of the repair.
    pub write: &'static str,
    /// The resource.
    pub resource: String,
}

impl Case {
    /// The event that names it.
    #[must_use]
    pub fn event(&self) -> Vec<u8> {
        json!({"control": self.control, "resource": self.resource}).to_string().into_bytes()
    }
}

/// An account with people, a sealing key and one drift of every function.
pub struct Ground {
    /// The account.
    pub world: World,
    settings: String,
    seal_key: String,
    people: BTreeMap<&'static str, Credentials>,
}

/// A policy that people approved.
pub const APPROVED: &str = r#"{"Statement":{"Action":"s3:GetObject","Effect":"Allow","Resource":"arn:aws:s3:::brochures/*"},"Version":"2012-10-17"}"#;

/// The settings of the ground: everything is enforced, but password policies wait for a person; the backlog goes in waves.
#[must_use]
pub fn settings(world: &World) -> Value {
    let person = |name: &str| format!("arn:aws:iam::{}:user/ops/{name}", world.account.id);
    json!({
        "modes": {"default": "enforce", "controls": {"iam-password-policy-weak": "approve"}},
        "parameters": {
            "identity_repairs": "auto",
            "backlog": "waves",
            "approved_policies": [canonical::sha256_hex(APPROVED.as_bytes())],
        },
        "people": {"operators": [person("ann")], "approvers": [person("bob"), person("carol")]},
        "protected": {"break_glass": [world.break_glass()]},
    })
}

impl Ground {
    /// A fresh account.
    pub async fn prepare() -> Self {
        let world = World::new().await;
        world.proxy.shims().signatures.enforce();
        let kms = aws_sdk_kms::Client::new(&world.config());
        let spec = aws_sdk_kms::types::KeySpec::EccNistP256;
        let made = kms.create_key().key_spec(spec).key_usage(aws_sdk_kms::types::KeyUsageType::SignVerify).send().await;
        let seal_key = made.expect("a key is created").key_metadata.expect("a new key is described").key_id;
        world.make_deny_policy(STACK).await;
        let settings = world.settings_file(&settings(&world));
        let mut ground = Self { world, settings, seal_key, people: BTreeMap::new() };
        for name in ["ann", "bob"] {
            let person = ground.person(name).await;
            ground.people.insert(name, person);
        }
        ground
    }

    async fn person(&self, name: &str) -> Credentials {
        let iam = iam(&self.world);
        iam.create_user().user_name(name).path("/ops/").send().await.expect("a user is created");
        let key = iam.create_access_key().user_name(name).send().await.expect("a user gets a key").access_key;
        let key = key.expect("it is told");
        self.world.proxy.shims().signatures.register(key.access_key_id(), key.secret_access_key(), None);
        Credentials::new(key.access_key_id, key.secret_access_key, None, None, "test")
    }

    /// A function of a release.
    #[must_use]
    pub fn deploy(&self, release: &Release, function: &str) -> Lambda {
        let mut env = self.world.environment("observe");
        for (name, value) in [
            ("REMEDY_SETTINGS", &self.settings),
            ("REMEDY_AUDIENCE", &self.audience()),
            ("REMEDY_STACK", &STACK.to_owned()),
            ("REMEDY_SEAL_KEY", &self.seal_key),
        ] {
            env.insert(name.to_owned(), value.clone());
        }
        let (account, region) = (self.world.account.id.clone(), self.world.account.region.clone());
        let binary = release.binary(function);
        Lambda::deploy(Spec { name: function.to_owned(), binary, env, account, region, timeout: TIMEOUT })
    }

    fn audience(&self) -> String {
        format!("{}/{}/{STACK}", self.world.account.id, self.world.account.region)
    }

    /// The answer of a release's operator to a person, who signs with that release's `remedy`.
    pub async fn says(&self, release: &Release, person: &str, command: &[&str]) -> Answer {
        let credentials = &self.people[person];
        let mut remedy = Command::new(release.binary("remedy"));
        remedy.env_clear().env("AWS_REGION", &self.world.account.region).env("REMEDY_AUDIENCE", self.audience());
        remedy.env("AWS_ACCESS_KEY_ID", credentials.access_key_id());
        remedy.env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
        let output = remedy.args(command).stdin(Stdio::null()).output().expect("remedy starts");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        self.deploy(release, "operator").invoke(&output.stdout).await
    }

    /// The same, if it is done.
    pub async fn does(&self, release: &Release, person: &str, command: &[&str]) -> Value {
        done(self.says(release, person, command).await)
    }

    /// One run of a release.
    pub async fn run(&self, release: &Release, case: &Case) -> Value {
        only_run(self.deploy(release, case.function).invoke(&case.event()).await)
    }

    /// Sends what an approval left to be sent.
    pub async fn carry_out(&self, release: &Release, function: &str, approved: &Value) -> Value {
        let event = approved["next"]["with"].to_string();
        only_run(self.deploy(release, function).invoke(event.as_bytes()).await)
    }

    /// A sweep of a control.
    pub async fn sweep(&self, release: &Release, function: &str, control: &str) -> Vec<Value> {
        let event = json!({"sweep": {"control": control}}).to_string();
        let answer = done(self.deploy(release, function).invoke(event.as_bytes()).await);
        answer["runs"].as_array().cloned().unwrap_or_default()
    }

    /// A drift of its own for every function, but the one of the account.
    pub async fn cases(&self, tag: &str) -> Vec<Case> {
        let mut cases = vec![self.policy(tag).await];
        for drift in [Drift::Bucket, Drift::Plaintext, Drift::Rotation, Drift::Dying, Drift::User] {
            cases.push(self.case(drift, &format!("{tag}-{}", drift.control())).await);
        }
        cases
    }

    /// One drift.
    pub async fn case(&self, drift: Drift, tag: &str) -> Case {
        let resource = drift.make(&self.world, tag).await;
        Case { function: drift.function(), control: renamed::filed(drift.control()), write: drift.repair(), resource }
    }

    /// A policy that allows everything beside something else.
    async fn policy(&self, tag: &str) -> Case {
        let text = r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"Temporary","Effect":"Allow","Action":"*","Resource":"*"},
            {"Sid":"Reading","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::phi/*"}]}"#;
        let resource = format!("clinic-{tag}");
        let made = iam(&self.world).create_policy().policy_name(&resource).policy_document(text).send().await;
        made.expect("a policy is created");
        Case { function: "iam-policies", control: "iam-policy-admin", write: "iam:CreatePolicyVersion", resource }
    }

    /// Everything in a bucket, by key.
    pub async fn objects(&self, bucket: &str) -> BTreeMap<String, Vec<u8>> {
        let s3 = self.world.s3();
        let (mut all, mut pages) = (BTreeMap::new(), s3.list_objects_v2().bucket(bucket).into_paginator().send());
        while let Some(page) = pages.next().await {
            for object in page.expect("a bucket lists").contents() {
                let key = object.key().expect("an object has a key").to_owned();
                let got = s3.get_object().bucket(bucket).key(&key).send().await.expect("a listed object is there");
                all.insert(key, got.body.collect().await.expect("an object reads").to_vec());
            }
        }
        all
    }

    /// Puts an object.
    pub async fn put(&self, bucket: &str, key: &str, bytes: Vec<u8>) {
        let put = self.world.s3().put_object().bucket(bucket).key(key).body(bytes.into());
        put.send().await.expect("the bucket takes an object");
    }

    /// The fresh records, as if they had been written so many hours ago: their keys have the hour. Open ones stay.
    pub async fn age(&self, hours: i64) {
        let bucket = self.world.evidence_bucket();
        let fresh = Hour::of(remedy_aws::clock::now()).plus(-1);
        let records = self.objects(&bucket).await;
        let closed =
            |key: &str| !key.contains("-intent-") || records.contains_key(&key.replace("-intent-", "-outcome-"));
        for (key, bytes) in &records {
            let Some(hour) = Hour::of_key(key).filter(|hour| *hour >= fresh && closed(key)) else { continue };
            self.put(&bucket, &key.replace(&hour.folder(), &hour.plus(-hours).folder()), bytes.clone()).await;
            let delete = self.world.s3().delete_object().bucket(&bucket).key(key);
            delete.send().await.expect("an object is deleted");
        }
    }

    /// Downloads a bucket into a folder, as `aws s3 sync` does.
    pub async fn download(&self, bucket: &str, folder: &Path) {
        for (key, bytes) in self.objects(bucket).await {
            let path = folder.join(key);
            std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder is made");
            std::fs::write(path, bytes).expect("a file is written");
        }
    }
}
