//! A clinic with people: Ann may ask, Bob and Carol may decide too, Mallory may nothing.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    time::Duration,
};

use aws_credential_types::Credentials;
use remedy_testkit::{
    lambda::{Answer, Lambda, binary},
    world::{TIMEOUT, World, done, only_run},
};
use serde_json::{Value, json};

use crate::drift::Drift;

/// The stack that the functions belong to.
pub const STACK: &str = "remedy-test";

/// An account with people, whose STS checks signatures.
pub struct Clinic {
    /// The account.
    pub world: World,
    /// The operator function.
    pub operator: Lambda,
    settings: String,
    variable: Option<Variable>,
}

/// A repair that waits for a person.
pub struct Waiting {
    /// The bucket.
    pub bucket: String,
    /// Its function.
    pub lambda: Lambda,
    /// The run that drafted the plan.
    pub run: Value,
    /// The id of the plan.
    pub plan: String,
}

/// Name and value.
type Variable = (&'static str, String);

impl Clinic {
    /// A clinic in this mode.
    pub async fn open(mode: &str) -> Self {
        Self::of(World::new().await, mode, None).await
    }

    /// The same, all of whose functions have one more variable, such as that of a topic.
    pub async fn with(mode: &str, variable: impl AsyncFnOnce(&World) -> Variable) -> Self {
        let world = World::new().await;
        let variable = variable(&world).await;
        Self::of(world, mode, Some(variable)).await
    }

    async fn of(world: World, mode: &str, variable: Option<Variable>) -> Self {
        world.make_deny_policy(STACK).await;
        world.proxy.shims().signatures.enforce();
        let settings = world.settings_file(&settings(&world, mode));
        let operator = deploy(&world, "operator", &settings, variable.as_ref());
        let clinic = Self { world, operator, settings, variable };
        clinic.install("operator", &clinic.operator);
        clinic
    }

    /// Makes a function one of the stack, so that a terminal can invoke it.
    pub fn install(&self, function: &str, lambda: &Lambda) {
        self.world.proxy.shims().functions.register(&format!("{STACK}-{function}"), lambda);
    }

    /// The audience of requests to the clinic's operator.
    pub fn audience(&self) -> String {
        format!("{}/{}/{STACK}", self.world.account.id, self.world.account.region)
    }

    /// Lets the clinic's STS check signatures of a person from elsewhere.
    pub fn knows(&self, person: &Person<'_>) {
        let (key, secret) = (person.credentials.access_key_id(), person.credentials.secret_access_key());
        self.world.proxy.shims().signatures.register(key, secret, None);
    }

    /// A function of the clinic.
    pub fn deploy(&self, function: &str) -> Lambda {
        deploy(&self.world, function, &self.settings, self.variable.as_ref())
    }

    /// The same with other settings deployed.
    pub fn deploy_with(&self, function: &str, settings: &Value) -> Lambda {
        deploy(&self.world, function, &self.world.settings_file(settings), self.variable.as_ref())
    }

    /// The same with a time limit for the function.
    pub fn deploy_for(&self, function: &str, limit: Duration) -> Lambda {
        let env = environment(&self.world, &self.settings, self.variable.as_ref());
        self.world.deploy_with(function, env, limit)
    }

    /// A public bucket whose repair waits for a person.
    pub async fn waiting(&self) -> Waiting {
        let bucket = Drift::Bucket.make(&self.world, "a").await;
        let lambda = self.deploy(Drift::Bucket.function());
        let run = only_run(lambda.invoke(&Drift::Bucket.event(&bucket)).await);
        assert_eq!(run["outcome"], "awaiting-approval", "{run:#}");
        let plan = run["plan"].as_str().expect("a plan").to_owned();
        Waiting { bucket, lambda, run, plan }
    }

    /// The settings of the clinic in this mode.
    pub fn settings(&self, mode: &str) -> Value {
        settings(&self.world, mode)
    }

    /// A person with an access key, which the proxy must be given: it was made past the proxy.
    pub async fn person(&self, name: &str) -> Person<'_> {
        let iam = aws_sdk_iam::Client::new(&self.world.config());
        iam.create_user().user_name(name).path("/ops/").send().await.expect("a user is created");
        let key = iam.create_access_key().user_name(name).send().await.expect("a user gets a key").access_key;
        let key = key.expect("it is told");
        self.world.proxy.shims().signatures.register(key.access_key_id(), key.secret_access_key(), None);
        self.world.proxy.belongs(key.access_key_id(), &self.world.account.id);
        let credentials = Credentials::new(key.access_key_id, key.secret_access_key, None, None, "test");
        Person { clinic: self, credentials }
    }
}

fn settings(world: &World, mode: &str) -> Value {
    let person = |name: &str| format!("arn:aws:iam::{}:user/ops/{name}", world.account.id);
    json!({
        "modes": {"default": mode},
        "people": {"operators": [person("ann")], "approvers": [person("bob"), person("carol")]},
        "protected": {"break_glass": [world.break_glass()]},
    })
}

fn deploy(world: &World, function: &str, settings: &str, variable: Option<&Variable>) -> Lambda {
    world.deploy_with(function, environment(world, settings, variable), TIMEOUT)
}

fn environment(world: &World, settings: &str, variable: Option<&Variable>) -> BTreeMap<String, String> {
    let mut env = world.environment("observe");
    env.insert("REMEDY_SETTINGS".to_owned(), settings.to_owned());
    env.insert("REMEDY_STACK".to_owned(), STACK.to_owned());
    env.extend(variable.map(|(name, value)| ((*name).to_owned(), value.clone())));
    env
}

/// Somebody at a terminal.
pub struct Person<'a> {
    clinic: &'a Clinic,
    credentials: Credentials,
}

impl Person<'_> {
    /// The output of the terminal for a command: the signed payload.
    pub fn signs(&self, command: &[&str]) -> Vec<u8> {
        let mut remedy = self.terminal();
        remedy.env("REMEDY_AUDIENCE", self.clinic.audience());
        let output = remedy.args(command).stdin(Stdio::null()).output().expect("remedy starts");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A command of a terminal that knows the stack, and can reach it.
    pub async fn sends(&self, command: &[&str]) -> Told {
        let mut remedy = self.terminal();
        remedy.env("REMEDY_STACK", STACK).env("AWS_ENDPOINT_URL", self.clinic.world.proxy.endpoint()).args(command);
        // The proxy runs on this thread: it must not wait for the process.
        let output = tokio::process::Command::from(remedy).stdin(Stdio::null()).output().await.expect("remedy starts");
        let documents = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
        Told {
            status: output.status.code(),
            documents: documents.map(|document| document.expect("only JSON is printed")).collect(),
            aloud: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn terminal(&self) -> Command {
        let mut remedy = Command::new(binary("remedy"));
        remedy.env_clear().env("AWS_REGION", &self.clinic.world.account.region);
        remedy.env("AWS_ACCESS_KEY_ID", self.credentials.access_key_id());
        remedy.env("AWS_SECRET_ACCESS_KEY", self.credentials.secret_access_key());
        remedy
    }

    /// A command, and the operator's answer.
    pub async fn says(&self, command: &[&str]) -> Answer {
        self.clinic.operator.invoke(&self.signs(command)).await
    }

    /// A command that is done.
    pub async fn does(&self, command: &[&str]) -> Value {
        done(self.says(command).await)
    }

    /// A command that is refused, and in what words.
    pub async fn is_refused(&self, command: &[&str]) -> String {
        refused(self.says(command).await)
    }
}

/// The output of a terminal.
#[derive(Debug)]
pub struct Told {
    /// The exit status.
    pub status: Option<i32>,
    /// Its printed documents.
    pub documents: Vec<Value>,
    /// Its standard error.
    pub aloud: String,
}

/// Type and message of a refusal.
pub fn refused(answer: Answer) -> String {
    match answer {
        Answer::Failed { error_type, message, .. } => format!("{error_type}: {message}"),
        other => panic!("it was not refused: {other:?}"),
    }
}

/// Sends the event that an approval left to be sent.
pub async fn carry_out(lambda: &Lambda, approved: &Value) -> Value {
    remedy_testkit::world::only_run(lambda.invoke(approved["next"]["with"].to_string().as_bytes()).await)
}
