//! One account of the demo, with its functions.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use remedy_testkit::{
    lambda::{Answer, Lambda},
    queue::Queue,
    world::{TIMEOUT, World},
};
use serde_json::{Value, json};
use tokio::process::Command;

use super::{events, manifest::Manifest, manifest::Place};
use crate::workspace;

/// The functions, in the order of the table.
pub(crate) const FUNCTIONS: [&str; 4] = ["s3-public-access", "kms-keys", "iam-mfa", "iam-password-policy"];

/// Their controls.
pub(crate) const CONTROLS: [&str; 8] = [
    "s3-bucket-public",
    "s3-account-public",
    "kms-key-unrotated",
    "kms-key-pending-deletion",
    "kms-key-open-policy",
    "iam-user-without-mfa",
    "iam-root-without-mfa",
    "iam-password-policy-weak",
];

/// One account, what is wrong in it, and the functions that look after it.
pub(crate) struct Site {
    /// `clinic` or `research`.
    pub(crate) name: &'static str,
    /// The account.
    pub(crate) world: World,
    /// What was broken.
    pub(crate) manifest: Manifest,
    /// What was broken, as the breaking script put it.
    pub(crate) raw: Value,
    functions: BTreeMap<&'static str, Lambda>,
}

impl Site {
    /// A fresh account, broken since the first sweep, which found it compliant: its baseline is stored.
    pub(crate) async fn broken(name: &'static str, settings: &Path) -> Self {
        let world = World::new().await;
        let functions = deploy(&world, settings);
        for control in CONTROLS {
            world.swept_before(control).await;
        }
        let output = script(&world, &["tools/demo_break.py", name]).stderr(Stdio::inherit()).output().await;
        let output = output.expect("Python starts");
        assert!(output.status.success(), "the account `{name}` could not be broken, see above");
        let raw: Value = serde_json::from_slice(&output.stdout).expect("the manifest is JSON");
        let manifest = serde_json::from_value(raw.clone()).expect("the manifest has the agreed form");
        world.proxy.clear();
        Self { name, world, manifest, raw, functions }
    }

    /// Invokes a function and gives its answer.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Value {
        match self.functions[function].invoke(event.to_string().as_bytes()).await {
            Answer::Done(answer) => answer,
            other => panic!("{function} in {} did not answer {event}: {other:?}", self.name),
        }
    }

    /// Takes a repair back, once two people agreed.
    pub(crate) async fn undo(&self, function: &str, run: &Value) -> Value {
        self.world.undo(&self.functions[function], run).await
    }

    /// The runs that an event leads to.
    pub(crate) async fn runs(&self, function: &str, event: &Value) -> Vec<Value> {
        let answer = self.invoke(function, event).await;
        answer["runs"].as_array().cloned().unwrap_or_else(|| panic!("{function} answered without runs: {answer}"))
    }

    /// The places that an event names, with their events.
    pub(crate) fn events(&self) -> Vec<(&Place, Value)> {
        let places = self.manifest.places.iter().enumerate();
        places.filter_map(|(at, place)| Some((place, events::compliance_change(self, place, at)?))).collect()
    }

    /// Delivers every event again, out of order, through a queue. Gives how many were delivered.
    pub(crate) async fn deliver_again(&self) -> usize {
        let mut delivered = 0;
        for (name, function) in &self.functions {
            let mut queue = Queue::new(3).shuffled(7);
            let events = self.events().into_iter().filter(|(place, _)| place.function() == *name);
            let pushed = events.map(|(_, event)| queue.push(event.to_string())).count();
            let drained = queue.drain(std::slice::from_ref(function), 10, async |_| {}).await;
            assert_eq!(drained.acknowledged.len(), pushed, "{name} did not acknowledge every message");
            delivered += drained.delivered;
        }
        delivered
    }

    /// Runs the independent check: whether all of it held, and what it printed.
    pub(crate) async fn check(&self, manifest: &Path, summary: &Path) -> (bool, String) {
        let mut check = script(&self.world, &["tools/demo_check.py", self.name]);
        let output = check.args([manifest, summary]).stderr(Stdio::inherit()).output().await.expect("Python starts");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Keeps what the functions logged.
    pub(crate) fn keep_logs(&self, folder: &Path) {
        for (name, function) in &self.functions {
            let path = folder.join(format!("{}-{name}.log", self.name));
            fs::write(path, function.logs()).expect("target can be written");
        }
    }

    /// The account's facts for the summary.
    pub(crate) fn to_json(&self) -> Value {
        let Manifest { unsupported, notes, .. } = &self.manifest;
        let unsupported: Vec<_> = unsupported.iter().map(|one| json!({"place": one.place, "why": one.why})).collect();
        json!({
            "account": self.world.account.id,
            "evidence_bucket": self.world.evidence_bucket(),
            "unsupported": unsupported,
            "notes": notes,
        })
    }
}

/// Deploys the functions, with these settings.
fn deploy(world: &World, settings: &Path) -> BTreeMap<&'static str, Lambda> {
    let mut env = world.environment("enforce");
    env.insert("REMEDY_SETTINGS".to_owned(), settings.display().to_string());
    FUNCTIONS.into_iter().map(|name| (name, world.deploy_with(name, env.clone(), TIMEOUT))).collect()
}

/// A script that acts in an account: through the proxy, or at the emulator itself.
pub(crate) fn script(world: &World, arguments: &[&str]) -> Command {
    let account = &world.account;
    let mut command = Command::new(workspace::python());
    command.current_dir(workspace::root()).args(arguments).env_remove("AWS_PROFILE");
    command
        .env("DEMO_ACCOUNT", &account.id)
        .env("DEMO_EMULATOR", world.emulator.endpoint())
        .env("DEMO_PROXY", world.proxy.endpoint())
        .env("AWS_ACCESS_KEY_ID", &account.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &account.secret_key)
        .env("AWS_SESSION_TOKEN", &account.session_token)
        .env("AWS_DEFAULT_REGION", &account.region)
        .env("AWS_REGION", &account.region);
    command
}
