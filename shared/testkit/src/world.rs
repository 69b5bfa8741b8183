//! One account with everything a function needs: two buckets, a way in for tests, and real processes.

mod conservation;
mod people;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::{
    rt::sleep::{SharedAsyncSleep, TokioSleep},
    time::{SharedTimeSource, SystemTimeSource},
};
use aws_types::{SdkConfig, region::Region};
use remedy_aws::Session;
use remedy_domain::fence;
use remedy_engine::LedgerBucket;
use serde_json::Value;

use crate::{
    emulator::{Account, Emulator},
    forms::Form,
    lambda::{Answer, Lambda, Spec, binary},
    proxy::Proxy,
};

/// The name of the write role in every world.
pub const WRITE_ROLE: &str = "remedy-write";
/// How long a function may run, where a test says nothing else.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// One account in the emulator, behind a proxy of its own.
pub struct World {
    /// The emulator.
    pub emulator: Arc<Emulator>,
    /// The proxy that functions talk to. Tests talk to the emulator itself, so that only the functions' calls are recorded.
    pub proxy: Proxy,
    /// The account.
    pub account: Account,
}

impl World {
    /// A fresh account with an evidence and a state bucket, and the MFA-deny policy that the template makes.
    pub async fn new() -> Self {
        let account = Emulator::shared().await.account().await;
        Self::of(account).await
    }

    /// The account of this id, for events that name one. Only one test can have it.
    pub async fn in_account(id: &str) -> Self {
        let account = Emulator::shared().await.assume(id).await;
        Self::of(account).await
    }

    async fn of(account: Account) -> Self {
        let emulator = Emulator::shared().await;
        let proxy = Proxy::start(emulator.endpoint());
        proxy.register(&account);
        let world = Self { emulator, proxy, account };
        for bucket in [world.evidence_bucket(), world.state_bucket()] {
            world.s3().create_bucket().bucket(bucket).send().await.expect("a fresh account takes a bucket");
        }
        world.make_deny_policy(Session::over(world.config()).stack()).await;
        world
    }

    /// Makes the MFA-deny policy as the template of a stack does.
    pub async fn make_deny_policy(&self, stack: &str) {
        let request = aws_sdk_iam::Client::new(&self.config()).create_policy();
        let request = request.policy_name(fence::managed_name(stack));
        let made = request.policy_document(fence::managed_document("aws", &self.account.id)).send().await;
        made.expect("an account takes a policy");
    }

    /// The ARN of the MFA-deny policy, where no stack is named.
    #[must_use]
    pub fn deny_policy(&self) -> String {
        let name = fence::managed_name(Session::over(self.config()).stack());
        format!("arn:aws:iam::{}:policy/{name}", self.account.id)
    }

    /// The evidence bucket.
    pub fn evidence_bucket(&self) -> String {
        format!("remedy-evidence-{}", self.account.id)
    }

    /// The state bucket.
    pub fn state_bucket(&self) -> String {
        format!("remedy-state-{}", self.account.id)
    }

    /// The test's own way into the account, past the proxy.
    pub fn config(&self) -> SdkConfig {
        self.config_at(self.emulator.endpoint())
    }

    /// A way into the account through the proxy, where the emulator's gaps are filled.
    pub fn proxied_config(&self) -> SdkConfig {
        self.config_at(&self.proxy.endpoint())
    }

    fn config_at(&self, endpoint: &str) -> SdkConfig {
        let account = &self.account;
        let token = Some(account.session_token.clone());
        let credentials = Credentials::new(&account.access_key, &account.secret_key, token, None, "test");
        Session::over(
            SdkConfig::builder()
                .behavior_version(aws_smithy_runtime_api::client::behavior_version::BehaviorVersion::latest())
                .region(Region::new(account.region.clone()))
                .credentials_provider(SharedCredentialsProvider::new(credentials))
                .http_client(remedy_aws::http_client_for(Some(endpoint)))
                .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
                .time_source(SharedTimeSource::new(SystemTimeSource::new()))
                .endpoint_url(endpoint)
                .build(),
        )
        .config()
        .clone()
    }

    /// A client for S3, past the proxy.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        remedy_aws::Connect::connect(&Session::over(self.config()))
    }

    /// The environment of a function in `mode`.
    pub fn environment(&self, mode: &str) -> BTreeMap<String, String> {
        let account = &self.account;
        [
            ("AWS_ENDPOINT_URL", self.proxy.endpoint()),
            ("AWS_ACCESS_KEY_ID", account.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", account.secret_key.clone()),
            ("AWS_SESSION_TOKEN", account.session_token.clone()),
            ("REMEDY_EVIDENCE_BUCKET", self.evidence_bucket()),
            ("REMEDY_STATE_BUCKET", self.state_bucket()),
            ("REMEDY_WRITE_ROLE", WRITE_ROLE.to_owned()),
            ("REMEDY_MODE", mode.to_owned()),
            ("REMEDY_STACK_ID", format!("arn:aws:cloudformation:us-east-1:{}:stack/remedy/5a7f", account.id)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// Deploys a function in `mode`, under settings that name a break-glass principal, and Bob as the approver.
    pub fn deploy(&self, function: &str, mode: &str) -> Lambda {
        let mut env = self.environment(mode);
        env.insert("REMEDY_SETTINGS".to_owned(), self.settings_file(&self.settings()));
        self.deploy_with(function, env, TIMEOUT)
    }

    /// The ARN of the break-glass user, in settings that name one.
    #[must_use]
    pub fn break_glass(&self) -> String {
        format!("arn:aws:iam::{}:user/break-glass-1", self.account.id)
    }

    /// A file with these settings, deployed with functions. It is the same for the same account and settings.
    pub fn settings_file(&self, settings: &Value) -> String {
        let text = settings.to_string();
        let name = remedy_domain::canonical::sha256_hex(text.as_bytes());
        let path = std::env::temp_dir().join(format!("remedy-settings-{}-{name}.json", self.account.id));
        std::fs::write(&path, text).expect("a temporary directory takes a file");
        path.to_string_lossy().into_owned()
    }

    /// Deploys a function with an environment and a time limit of its own.
    pub fn deploy_with(&self, function: &str, env: BTreeMap<String, String>, timeout: Duration) -> Lambda {
        let binary: PathBuf = binary(function);
        let (account, region) = (self.account.id.clone(), self.account.region.clone());
        Lambda::deploy(Spec { name: function.to_owned(), binary, env, account, region, timeout })
    }

    /// All records of the evidence bucket, by key: their keys begin with a year.
    pub async fn evidence(&self) -> BTreeMap<String, Value> {
        self.objects(&self.evidence_bucket(), "2").await
    }

    /// The objects of the state bucket under a prefix, by key.
    pub async fn state(&self, prefix: &str) -> BTreeMap<String, Value> {
        self.objects(&self.state_bucket(), prefix).await
    }

    async fn objects(&self, bucket: &str, prefix: &str) -> BTreeMap<String, Value> {
        let mut objects = BTreeMap::new();
        for key in self.keys(bucket, prefix).await {
            let object = self.object(bucket, &key).await;
            objects.insert(key, object);
        }
        objects
    }

    async fn keys(&self, bucket: &str, prefix: &str) -> BTreeSet<String> {
        let s3 = self.s3();
        let mut pages = s3.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
        let mut keys = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = page.expect("the bucket lists");
            keys.extend(page.contents().iter().filter_map(|object| object.key()).map(str::to_owned));
        }
        keys
    }

    async fn object(&self, bucket: &str, key: &str) -> Value {
        let body = self.s3().get_object().bucket(bucket).key(key).send().await.expect("a listed object is there").body;
        let bytes = body.collect().await.expect("an object reads").into_bytes();
        serde_json::from_slice(&bytes).expect("every object is JSON")
    }

    /// Makes every lock of a crashed worker look expired, as if its lease had passed.
    pub async fn age_locks(&self) {
        let (s3, bucket) = (self.s3(), self.state_bucket());
        let keys = self.keys(&bucket, "lock/").await;
        for key in keys.iter().filter(|key| !key.ends_with(".done") && !keys.contains(&format!("{key}.done"))) {
            let mut lock = self.object(&bucket, key).await;
            lock["until"] = Value::from("2020-01-01T00:00:00Z");
            let body = serde_json::to_vec(&lock).expect("a lock is JSON");
            let put = s3.put_object().bucket(&bucket).key(key).body(body.into());
            put.send().await.expect("the state bucket takes a lock");
        }
    }

    /// Makes every finished attempt look two hours old: a plan that AWS refused then is tried again.
    pub async fn age_attempts(&self) {
        let (s3, bucket) = (self.s3(), self.state_bucket());
        for key in self.keys(&bucket, "lock/").await.iter().filter(|key| key.ends_with(".done")) {
            let mut ended = self.object(&bucket, key).await;
            let at: remedy_domain::Timestamp = serde_json::from_value(ended["at"].clone()).expect("a time");
            ended["at"] = Value::from((at - Duration::from_hours(2)).to_string());
            let body = serde_json::to_vec(&ended).expect("the end of an attempt is JSON");
            let put = s3.put_object().bucket(&bucket).key(key).body(body.into());
            put.send().await.expect("the state bucket takes it");
        }
    }

    /// Every object that functions stored is of a form that is listed, and so has fixtures.
    pub(crate) fn assert_listed(&self) {
        for call in self.proxy.effects().into_iter().filter(|call| call.operation == "PutObject") {
            let place = call.resource.as_deref().unwrap_or_default().split_once('/');
            let Some((bucket, key)) = place else { continue };
            let shelf = match bucket {
                bucket if bucket == self.state_bucket() => LedgerBucket::State,
                bucket if bucket == self.evidence_bucket() => LedgerBucket::Evidence,
                _ => continue,
            };
            assert!(Form::of(shelf, key).is_some(), "`{key}` is of no form in shared/testkit/src/forms.rs");
        }
    }

    /// The writes that took effect outside Remedy's own buckets. A report to a rule, a function, a queue or a topic is
    /// none, nor is a signature.
    pub fn repairs(&self) -> Vec<crate::proxy::Call> {
        self.attempts().into_iter().filter(crate::proxy::Call::took_effect).collect()
    }

    /// The same, and the failed ones.
    pub fn attempts(&self) -> Vec<crate::proxy::Call> {
        let own = [self.evidence_bucket(), self.state_bucket()];
        let is_own = |resource: &Option<String>| {
            resource
                .as_deref()
                .is_some_and(|name| own.iter().any(|bucket| name == bucket || name.starts_with(&format!("{bucket}/"))))
        };
        let is_told = |call: &crate::proxy::Call| ["config", "lambda", "sqs", "sns"].contains(&call.service.as_str());
        let is_signed = |call: &crate::proxy::Call| call.name() == "kms:Sign";
        let is_repair =
            |call: &crate::proxy::Call| call.write && !is_own(&call.resource) && !is_told(call) && !is_signed(call);
        self.proxy.calls_where(is_repair)
    }
}

/// The answer of a successful invocation.
pub fn done(answer: Answer) -> Value {
    match answer {
        Answer::Done(value) => value,
        other => panic!("the invocation did not succeed: {other:?}"),
    }
}

/// The one run of a successful invocation.
pub fn only_run(answer: Answer) -> Value {
    let value = done(answer);
    let runs = value["runs"].as_array().expect("an answer has runs");
    assert_eq!(runs.len(), 1, "one run was expected: {value:#}");
    runs[0].clone()
}
