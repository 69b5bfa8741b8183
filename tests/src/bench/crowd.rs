//! Sweeps over many resources: what one takes, and how that grows.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use remedy_testkit::{
    lambda::{Lambda, Spec},
    world::{World, done},
};
use serde_json::{Value, json};

use super::{
    measure::release,
    sample::rounded,
    subject::{Case, Subject},
};

/// The number of resources, by default.
const SIZES: [usize; 2] = [1_000, 10_000];
/// No sweep of more looks at each resource itself: it would take longer than a function may run, and is not what a deployed one does.
const MOST_INLINE: usize = 10_000;
/// One in so many has drifted.
const DRIFTED: usize = 100;
/// Calls at once while resources are made.
const MAKERS: usize = 8;
/// No sweep may take longer: on AWS, no function may run for more than a quarter of an hour.
const PATIENCE: Duration = Duration::from_mins(15);

/// The kinds of resources.
const CROWDS: [Subject; 3] = [
    Subject { function: "s3-public-access", control: "s3-bucket-public" },
    Subject { function: "kms-keys", control: "kms-key-unrotated" },
    Subject { function: "iam-mfa", control: "iam-user-without-mfa" },
];

/// One invocation.
struct Taken {
    seconds: f64,
    calls: usize,
    peak_rss_mib: f64,
}

/// A sweep over so many resources, with and without a queue.
struct Sweep {
    control: &'static str,
    resources: usize,
    outcomes: BTreeMap<String, usize>,
    /// It looks at everything itself, where there are few enough.
    inline: Option<Taken>,
    /// It sends a message for each.
    queued: Taken,
}

/// Sweeps crowds of these sizes, prints what they took and gives it for the JSON.
pub async fn sweep(sizes: &[usize]) -> Value {
    let sizes = if sizes.is_empty() { &SIZES[..] } else { sizes };
    println!("\nOne sweep by a release binary, one resource in {DRIFTED} drifted, through the recording proxy");
    println!("{}", line(&HEAD.map(str::to_owned)));
    let mut sweeps = Vec::new();
    for subject in &CROWDS {
        for &size in sizes {
            let sweep = one(subject, size).await;
            println!("{}", line(&sweep.row()));
            sweeps.push(sweep);
        }
    }
    println!(
        "\nInline, a sweep looks at each resource itself. Queued, it sends one message for each: the rest is done by"
    );
    println!("as many workers as the event source mapping lets run at once.");
    json!({"drifted": 1.0 / DRIFTED as f64, "sweeps": sweeps.iter().map(Sweep::to_json).collect::<Vec<_>>()})
}

async fn one(subject: &Subject, size: usize) -> Sweep {
    let world = World::new().await;
    // Remedy's own two buckets are among them.
    make(subject, &world, size - if subject.function.starts_with("s3") { 2 } else { 0 }).await;
    world.swept_before(subject.control).await;
    let settings = world.settings_file(&json!({"protected": {"break_glass": [world.break_glass()]}}));
    let mut env = world.environment("enforce");
    env.insert("REMEDY_SETTINGS".to_owned(), settings);
    let (mut inline, mut outcomes) = (None, BTreeMap::new());
    if size <= MOST_INLINE {
        let (taken, answer) = invoke(subject, &world, &env, &first(subject)).await;
        outcomes = said(&answer);
        assert_eq!(outcomes.values().sum::<usize>(), size, "every resource is answered for: {outcomes:?}");
        inline = Some(taken);
    }
    let sqs = aws_sdk_sqs::Client::new(&world.proxied_config());
    let queue = sqs.create_queue().queue_name("targets").send().await.expect("the emulator makes a queue").queue_url;
    env.insert("REMEDY_QUEUE_URL".to_owned(), queue.expect("a queue has a URL"));
    let queued = queued(subject, &world, &env, size).await;
    Sweep { control: subject.control, resources: size, outcomes, inline, queued }
}

/// A sweep by messages goes on by messages of its own, a portion at a time, until every resource has one.
async fn queued(subject: &Subject, world: &World, env: &BTreeMap<String, String>, size: usize) -> Taken {
    let (mut sum, mut messages) = (Taken { seconds: 0.0, calls: 0, peak_rss_mib: 0.0 }, 0);
    let mut next = Some(first(subject));
    while let Some(event) = next.take() {
        let (taken, _) = invoke(subject, world, env, &event).await;
        sum.seconds += taken.seconds;
        sum.calls += taken.calls;
        sum.peak_rss_mib = sum.peak_rss_mib.max(taken.peak_rss_mib);
        // One that goes on is delayed: it is read where it was sent.
        for call in world.proxy.calls_where(|call| call.operation == "SendMessageBatch") {
            for entry in call.json()["Entries"].as_array().into_iter().flatten() {
                let body = entry["MessageBody"].as_str().unwrap_or_default();
                if body.contains("\"sweep\"") { next = Some(body.to_owned()) } else { messages += 1 }
            }
        }
    }
    assert_eq!(messages, size, "every resource gets a message");
    sum
}

fn first(subject: &Subject) -> String {
    json!({"sweep": {"control": subject.control}}).to_string()
}

async fn make(subject: &Subject, world: &World, size: usize) {
    let make = |number: usize| async move {
        let case = if number.is_multiple_of(DRIFTED) { Case::Drifted } else { Case::Compliant };
        subject.make(world, case, &number.to_string()).await;
    };
    stream::iter(0..size).map(make).buffer_unordered(MAKERS).collect::<Vec<()>>().await;
}

async fn invoke(subject: &Subject, world: &World, env: &BTreeMap<String, String>, event: &str) -> (Taken, Value) {
    let lambda = Lambda::deploy(Spec {
        name: subject.function.to_owned(),
        binary: release(subject.function),
        env: env.clone(),
        account: world.account.id.clone(),
        region: world.account.region.clone(),
        timeout: PATIENCE,
    });
    world.proxy.clear();
    let since = Instant::now();
    let answer = done(lambda.invoke(event.as_bytes()).await);
    let seconds = since.elapsed().as_secs_f64();
    let kib = lambda.peak_rss_kib().expect("the function lives");
    let calls = world.proxy.calls().len();
    lambda.kill().await;
    (Taken { seconds, calls, peak_rss_mib: kib as f64 / 1024.0 }, answer)
}

fn said(answer: &Value) -> BTreeMap<String, usize> {
    let runs = answer["runs"].as_array().expect("an answer has runs").iter();
    runs.fold(BTreeMap::new(), |mut outcomes, run| {
        *outcomes.entry(run["outcome"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        outcomes
    })
}

impl Taken {
    fn to_json(&self, resources: usize) -> Value {
        json!({
            "seconds": rounded(self.seconds), "calls": self.calls, "peak_rss_mib": rounded(self.peak_rss_mib),
            "calls_per_resource": rounded(self.calls as f64 / resources as f64),
        })
    }

    fn cells(&self, resources: usize) -> [String; 3] {
        let calls = self.calls as f64 / resources as f64;
        [format!("{:.1}", self.seconds), format!("{calls:.2}"), format!("{:.1}", self.peak_rss_mib)]
    }
}

impl Sweep {
    fn row(&self) -> [String; 8] {
        let none = || ["-"; 3].map(str::to_owned);
        let [seconds, calls, memory] = self.inline.as_ref().map_or_else(none, |taken| taken.cells(self.resources));
        let [queued_seconds, queued_calls, queued_memory] = self.queued.cells(self.resources);
        let resources = self.resources.to_string();
        [self.control.to_owned(), resources, seconds, calls, memory, queued_seconds, queued_calls, queued_memory]
    }

    fn to_json(&self) -> Value {
        let inline = self.inline.as_ref().map(|taken| taken.to_json(self.resources));
        let queued = self.queued.to_json(self.resources);
        json!({
            "control": self.control, "resources": self.resources, "outcomes": self.outcomes,
            "inline": inline, "queued": queued,
        })
    }
}

const HEAD: [&str; 8] =
    ["control", "resources", "inline s", "calls each", "peak MiB", "queued s", "calls each", "peak MiB"];

fn line(cells: &[String; 8]) -> String {
    let [control, rest @ ..] = cells;
    let rest: String = rest.iter().map(|cell| format!("{cell:>12}")).collect();
    format!("  {control:<22}{rest}")
}
