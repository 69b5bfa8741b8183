//! Every form of repair and of undo on real processes, ready to run: the subjects of tests of crashes, hangs and
//! refusals.

mod identities;
mod plain;

use std::time::Duration;

use remedy_testkit::{
    lambda::Lambda,
    world::{TIMEOUT, World, done, only_run},
};
use serde_json::{Value, json};

use crate::drift::Drift;

/// One thing that a function does to one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A repair without asking.
    Drift(Drift),
    /// A bucket refuses uploads without encryption, once somebody agreed.
    EncryptedPuts,
    /// A bucket gets the key of the settings, once somebody agreed.
    DefaultKey,
    /// A bucket no longer takes uploads under keys of the client's own.
    CustomerKeys,
    /// A statement is removed from a policy by a new version.
    Narrowed,
    /// The same, of a policy whose five versions must make room first.
    MadeRoom,
    /// A policy with nothing else is detached from the user who has it.
    Taken,
    /// A user and a role are bounded.
    Bounded,
    /// `AdministratorAccess` is detached from a role.
    Detached,
    /// An inline policy becomes a managed one.
    Converted,
    /// A policy that a group gives is detached from its member.
    Direct,
}

/// Every form of repair.
pub const ALL: [Form; 16] = [
    Form::Drift(Drift::Bucket),
    Form::Drift(Drift::Plaintext),
    Form::Drift(Drift::Rotation),
    Form::Drift(Drift::Dying),
    Form::Drift(Drift::User),
    Form::Drift(Drift::Password),
    Form::EncryptedPuts,
    Form::DefaultKey,
    Form::CustomerKeys,
    Form::Narrowed,
    Form::MadeRoom,
    Form::Taken,
    Form::Bounded,
    Form::Detached,
    Form::Converted,
    Form::Direct,
];

impl Form {
    /// The function that does it.
    pub fn function(self) -> &'static str {
        match self {
            Self::Drift(drift) => drift.function(),
            Self::EncryptedPuts | Self::DefaultKey | Self::CustomerKeys => "s3-encryption",
            _ => "iam-policies",
        }
    }

    /// The control that sees it.
    pub fn control(self) -> &'static str {
        match self {
            Self::Drift(drift) => drift.control(),
            Self::EncryptedPuts => "s3-bucket-unencrypted-put",
            Self::DefaultKey => "s3-bucket-default-key",
            Self::CustomerKeys => "s3-bucket-ssec-allowed",
            Self::Narrowed | Self::MadeRoom | Self::Taken | Self::Bounded => "iam-policy-admin",
            Self::Detached => "iam-admin-attached",
            Self::Converted => "iam-inline-policy",
            Self::Direct => "iam-user-direct-policy",
        }
    }

    /// How a repair ends, and how a run after it.
    pub fn outcomes(self) -> (&'static str, &'static str) {
        match self {
            Self::Drift(drift) => drift.outcomes(),
            Self::Bounded => ("contained", "contained"),
            Self::Taken => ("contained", "dormant"),
            _ => ("repaired", "already-compliant"),
        }
    }

    /// The writes of the repair.
    pub fn writes(self) -> &'static [&'static str] {
        match self {
            Self::Drift(Drift::Bucket) => &["s3:PutPublicAccessBlock"],
            Self::Drift(Drift::Plaintext) | Self::EncryptedPuts => &["s3:PutBucketPolicy"],
            Self::Drift(Drift::Rotation) => &["kms:EnableKeyRotation"],
            Self::Drift(Drift::Dying) => &["kms:CancelKeyDeletion"],
            Self::Drift(Drift::User) => &["iam:AttachUserPolicy"],
            Self::Drift(Drift::Password) => &["iam:UpdateAccountPasswordPolicy"],
            Self::DefaultKey | Self::CustomerKeys => &["s3:PutBucketEncryption"],
            Self::Narrowed => &["iam:CreatePolicyVersion"],
            Self::MadeRoom => &["iam:DeletePolicyVersion", "iam:CreatePolicyVersion"],
            Self::Taken => &["iam:DetachUserPolicy"],
            Self::Bounded => &["iam:PutUserPermissionsBoundary", "iam:PutRolePermissionsBoundary"],
            Self::Detached => &["iam:DetachRolePolicy"],
            Self::Converted => &["iam:CreatePolicy", "iam:AttachUserPolicy", "iam:DeleteUserPolicy"],
            Self::Direct => &["iam:DetachUserPolicy"],
        }
    }

    /// Whether it can be undone: a saved key is not scheduled for deletion again.
    pub fn can_be_undone(self) -> bool {
        self != Self::Drift(Drift::Dying)
    }

    /// A world in which it is due, and a function that may do it.
    pub async fn open(self) -> Scene {
        self.open_for(TIMEOUT).await
    }

    /// The same, with a time limit for the function.
    pub async fn open_for(self, limit: Duration) -> Scene {
        let world = World::new().await;
        let resource = self.make(&world).await;
        let lambda = self.deploy(&world, ("enforce", limit)).await;
        let event = self.event(&resource);
        let mut scene = Scene { world, lambda, event, resource, form: self, done: self.outcomes(), undone: None };
        scene.ask_again().await;
        scene
    }

    /// A world in which it was done and somebody agreed to revert it; the event does so.
    pub async fn open_undo(self) -> Scene {
        let mut scene = self.open().await;
        let run = only_run(scene.lambda.invoke(&scene.event).await);
        assert_eq!(run["outcome"], self.outcomes().0, "{self:?}: {run:#}");
        scene.world.agree_to_undo(run["plan"].as_str().expect("a repair has a plan")).await;
        scene.event = json!({"revert": {"plan": run["plan"]}}).to_string().into_bytes();
        scene.done = ("reverted", "reverted");
        scene.undone = Some(run["before"].clone());
        scene
    }

    /// The manual event for a resource.
    pub fn event(self, resource: &str) -> Vec<u8> {
        json!({"control": self.control(), "resource": resource}).to_string().into_bytes()
    }

    /// Creates the drift, and returns the id that a person would type for the resource.
    pub async fn make(self, world: &World) -> String {
        match self {
            Self::Drift(drift) => drift.make(world, "a").await,
            Self::EncryptedPuts | Self::DefaultKey | Self::CustomerKeys => plain::bucket(world, self).await,
            _ => identities::make(world, self).await,
        }
    }

    /// The function that does it, in a mode and with a time limit.
    pub async fn deploy(self, world: &World, (mode, limit): (&str, Duration)) -> Lambda {
        let parameters = match self {
            Self::EncryptedPuts => json!({"put_encryption": "strict"}),
            Self::DefaultKey => json!({"default_key": "arn:aws:kms:{region}:{account}:alias/phi"}),
            Self::Bounded => identities::bounding(world),
            _ => json!({"identity_repairs": "auto"}),
        };
        let settings = world.settings_with(&json!({"modes": {"default": mode}, "parameters": parameters}));
        let mut env = world.environment("observe");
        env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&settings));
        world.deploy_with(self.function(), env, limit)
    }
}

/// A repair or undo that is about to run.
pub struct Scene {
    /// The world.
    pub world: World,
    /// The function.
    pub lambda: Lambda,
    /// The event that runs it, as often as it is sent.
    pub event: Vec<u8>,
    /// The resource.
    pub resource: String,
    /// Its form.
    pub form: Form,
    /// How it ends, and how a run after it.
    pub done: (&'static str, &'static str),
    /// The setting before the repair that is to be undone.
    undone: Option<Value>,
}

impl Scene {
    /// Asks for an approval if the form needs one and it is still due: one is good for one attempt.
    pub async fn ask_again(&mut self) {
        if !matches!(self.form, Form::EncryptedPuts | Form::DefaultKey | Form::CustomerKeys) {
            return;
        }
        self.event = self.form.event(&self.resource);
        let held = only_run(self.lambda.invoke(&self.event).await);
        if held["outcome"] == "awaiting-approval" {
            let plan = held["plan"].as_str().expect("what waits has a plan");
            self.world.agree_to(plan).await;
            self.event = json!({"approved": {"plan": plan}}).to_string().into_bytes();
        }
    }

    /// A sweep of the control.
    pub fn sweep(&self) -> Vec<u8> {
        json!({"sweep": {"control": self.form.control()}}).to_string().into_bytes()
    }

    /// The message comes again, as after a crashed worker; then a sweep. Everything is done, once, and closed.
    pub async fn recover(&self, what: &str) {
        let run = only_run(self.lambda.invoke(&self.event).await);
        assert!(run["outcome"] == self.done.0 || run["outcome"] == self.done.1, "{what}: {run:#}");
        done(self.lambda.invoke(&self.sweep()).await);
        self.assert_done(what).await;
    }

    /// It is done: another run finds nothing to do, nothing was done twice, and everything is accounted for.
    pub async fn assert_done(&self, what: &str) {
        let before = self.world.repairs().len();
        let run = only_run(self.lambda.invoke(&self.event).await);
        assert_eq!(run["outcome"], self.done.1, "{what}: {run:#}");
        assert_eq!(self.world.repairs().len(), before, "{what}: a run that has nothing to do writes nothing");
        match &self.undone {
            Some(before) => self.assert_undone(before, what).await,
            None => self.assert_once(what),
        }
        self.world.assert_conserved().await;
        no_open_lock(&self.world, what).await;
    }

    /// The former setting is back, and stays.
    async fn assert_undone(&self, before: &Value, what: &str) {
        let run = only_run(self.lambda.invoke(&self.form.event(&self.resource)).await);
        assert_eq!((&run["outcome"], &run["before"]), (&json!("exempt"), before), "{what}: {run:#}");
    }

    /// Each write of the repair took effect once. A write without effect may be repeated by a worker that takes over.
    fn assert_once(&self, what: &str) {
        let made: Vec<String> = self.world.repairs().iter().map(|call| call.name()).collect();
        let most = if self.form.writes().len() == 1 { 1 } else { 2 };
        for write in self.form.writes() {
            let times = made.iter().filter(|name| name == write).count();
            assert!((1..=most).contains(&times), "{what}: {write} took effect {times} times: {made:?}");
        }
    }
}

/// No lock is open in a world.
pub async fn no_open_lock(world: &World, what: &str) {
    let locks = world.state("lock/").await;
    let open = locks.keys().filter(|key| !key.ends_with(".done") && !locks.contains_key(&format!("{key}.done")));
    assert_eq!(open.count(), 0, "{what}: a lock was left open");
}

/// A test for each form of repair, named after it.
#[macro_export]
macro_rules! for_each_form {
    () => {
        $crate::for_each_form! {
            a_bucket: $crate::scenes::Form::Drift($crate::drift::Drift::Bucket),
            a_bucket_policy: $crate::scenes::Form::Drift($crate::drift::Drift::Plaintext),
            a_rotation: $crate::scenes::Form::Drift($crate::drift::Drift::Rotation),
            a_rescue_of_a_key: $crate::scenes::Form::Drift($crate::drift::Drift::Dying),
            a_fence: $crate::scenes::Form::Drift($crate::drift::Drift::User),
            a_password_policy: $crate::scenes::Form::Drift($crate::drift::Drift::Password),
            encrypted_uploads: $crate::scenes::Form::EncryptedPuts,
            a_default_key: $crate::scenes::Form::DefaultKey,
            blocked_customer_keys: $crate::scenes::Form::CustomerKeys,
            a_narrowed_policy: $crate::scenes::Form::Narrowed,
            a_version_that_made_room: $crate::scenes::Form::MadeRoom,
            a_policy_that_was_taken: $crate::scenes::Form::Taken,
            two_bounds: $crate::scenes::Form::Bounded,
            a_detached_policy: $crate::scenes::Form::Detached,
            a_converted_policy: $crate::scenes::Form::Converted,
            a_direct_policy: $crate::scenes::Form::Direct,
        }
    };
    ($($name:ident: $form:expr,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                play($form).await;
            }
        )*

        #[test]
        fn no_form_is_left_out() {
            let played = [$($form),*];
            let missing: Vec<_> = $crate::scenes::ALL.iter().filter(|form| !played.contains(form)).collect();
            assert!(missing.is_empty(), "{missing:?}");
        }
    };
}
