//! A large account behind an AWS IAM as slow as the real one: every control of IAM comes to the end of its first sweep, by as
//! many invocations as that takes. Then some of the messages that the sweep sent.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use aws_sdk_iam::Client;
use futures_util::{StreamExt as _, future::join_all, stream};
use remedy_testkit::{
    lambda::{Answer, Lambda, Spec},
    proxy::{Call, Fault},
    world::World,
};
use serde_json::{Value, json};

use super::{
    measure::release,
    sample::rounded,
    subject::{Case, Subject},
};
use crate::drift;

/// The account: users, roles, policies of its own.
const PEOPLE: [usize; 3] = [5_000, 2_000, 1_500];
/// One user in so many signs in with a password alone.
const DRIFTED: usize = 100;
/// How long AWS IAM takes for an answer, and for everybody's permissions.
const ANSWER: Duration = Duration::from_millis(200);
const EVERYBODY: Duration = Duration::from_secs(10);
/// Calls at once while the account is made.
const MAKERS: usize = 8;
/// So many messages for targets are tried, of all that a sweep sends.
const SAMPLE: usize = 40;
/// After so many tries, a message is in the dead-letter queue.
const TRIES: usize = 5;

const USER: Subject = Subject { function: "iam-mfa", control: "iam-user-without-mfa" };
/// Each control with its function, and what that may take.
const CONTROLS: [(&str, &str, Duration); 10] = [
    ("iam-mfa", "iam-user-without-mfa", Duration::from_mins(1)),
    ("iam-mfa", "iam-root-without-mfa", Duration::from_mins(1)),
    ("iam-password-policy", "iam-password-policy-weak", Duration::from_mins(1)),
    ("iam-policies", "iam-admin-attached", Duration::from_mins(5)),
    ("iam-policies", "iam-inline-kms", Duration::from_mins(5)),
    ("iam-policies", "iam-inline-policy", Duration::from_mins(5)),
    ("iam-policies", "iam-policy-admin", Duration::from_mins(5)),
    ("iam-policies", "iam-policy-full-service", Duration::from_mins(5)),
    ("iam-policies", "iam-policy-unapproved", Duration::from_mins(5)),
    ("iam-policies", "iam-user-direct-policy", Duration::from_mins(5)),
];

/// What a control took.
struct Taken {
    control: &'static str,
    invocations: usize,
    seconds: f64,
    calls: usize,
    /// Messages for targets that the sweep sent.
    targets: usize,
    /// Tries that failed, and were made again.
    failed: usize,
    /// Whether the sweep came to its end.
    is_done: bool,
    /// Seconds and calls of one message for a target.
    each: [f64; 2],
    peak_rss_mib: f64,
}

/// Sweeps an account of a share of the size, prints what it took and gives it for the JSON.
pub async fn sweep(share: f64) -> Value {
    let [users, roles, policies] = PEOPLE.map(|all| ((all as f64 * share) as usize).max(1));
    println!(
        "\nAn account of {users} users, {roles} roles and {policies} policies; AWS IAM answers after 200 ms, and after"
    );
    println!("10 s where it is asked for everybody's permissions. All controls at once, each by one worker:");
    let world = World::new().await;
    make(&world, [users, roles, policies]).await;
    world.proxy.on_call(|call: &Call| {
        let everybody = call.operation == "GetAccountAuthorizationDetails";
        (call.service == "iam").then_some(Fault::Late(if everybody { EVERYBODY } else { ANSWER }))
    });
    world.proxy.clear();
    let taken = join_all(CONTROLS.iter().map(|control| first(&world, *control))).await;
    println!(
        "  {:<26}{:>12}{:>10}{:>10}{:>12}{:>10}{:>10}{:>14}{:>12}{:>10}",
        "control",
        "invocations",
        "failed",
        "seconds",
        "IAM calls",
        "a minute",
        "messages",
        "s a message",
        "calls each",
        "peak MiB"
    );
    for row in &taken {
        println!("{}", row.line());
    }
    let unfinished: Vec<_> = taken.iter().filter(|row| !row.is_done).map(|row| row.control).collect();
    assert!(unfinished.is_empty(), "these sweeps ended as dead letters: {unfinished:?}");
    json!({
        "users": users, "roles": roles, "policies": policies, "answer_ms": ANSWER.as_millis(),
        "everybody_ms": EVERYBODY.as_millis(), "sweeps": taken.iter().map(Taken::to_json).collect::<Vec<_>>(),
    })
}

/// The first sweep of a control, and some of the messages that it sends.
async fn first(world: &World, (function, control, timeout): (&str, &'static str, Duration)) -> Taken {
    let settings = json!({"protected": {"break_glass": [world.break_glass()]}});
    let mut env = world.environment("observe");
    env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&settings));
    env.insert("REMEDY_QUEUE_URL".to_owned(), drift::queue(world, control).await);
    // Under the name of its control, so that its calls are counted by themselves.
    let lambda = Lambda::deploy(Spec {
        name: control.to_owned(),
        binary: release(function),
        env,
        account: world.account.id.clone(),
        region: world.account.region.clone(),
        timeout,
    });
    let (mut invocations, mut failed, mut targets) = (0, 0, Vec::new());
    let mut sweeps = VecDeque::from([(json!({"sweep": {"control": control}}).to_string(), 1)]);
    let mut is_done = true;
    let since = Instant::now();
    while let Some((sweep, tries)) = sweeps.pop_front() {
        invocations += 1;
        let before = sent(world, control).len();
        if !matches!(lambda.invoke(sweep.as_bytes()).await, Answer::Done(_)) {
            failed += 1;
            if tries < TRIES {
                sweeps.push_front((sweep, tries + 1));
            } else {
                is_done = false;
            }
        }
        for message in sent(world, control).split_off(before) {
            if message.contains("\"sweep\"") { sweeps.push_back((message, 1)) } else { targets.push(message) }
        }
    }
    let (seconds, calls) = (since.elapsed().as_secs_f64(), of_iam(world, control));
    let sample: Vec<_> = targets.iter().step_by((targets.len() / SAMPLE).max(1)).take(SAMPLE).collect();
    let since = Instant::now();
    for message in &sample {
        let answer = lambda.invoke(message.as_bytes()).await;
        assert!(matches!(answer, Answer::Done(_)), "{message}: {answer:?}");
    }
    let of = sample.len().max(1) as f64;
    let each = [since.elapsed().as_secs_f64() / of, (of_iam(world, control) - calls) as f64 / of];
    let kib = lambda.peak_rss_kib().expect("the function lives");
    lambda.kill().await;
    let peak_rss_mib = kib as f64 / 1024.0;
    Taken { control, invocations, seconds, calls, targets: targets.len(), failed, is_done, each, peak_rss_mib }
}

/// The messages that a control has sent. One by which its sweep goes on is delayed, so they are read where they were sent:
/// the pauses are not waited for.
fn sent(world: &World, control: &str) -> Vec<String> {
    let is_ours = |call: &Call| call.operation == "SendMessageBatch" && call.function.as_deref() == Some(control);
    let bodies = |call: &Call| {
        let entries = call.json()["Entries"].as_array().cloned().unwrap_or_default();
        entries.into_iter().filter_map(|entry| entry["MessageBody"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    world.proxy.calls_where(is_ours).iter().flat_map(bodies).collect()
}

fn of_iam(world: &World, control: &str) -> usize {
    world.proxy.calls_where(|call| call.service == "iam" && call.function.as_deref() == Some(control)).len()
}

async fn make(world: &World, [users, roles, policies]: [usize; 3]) {
    let iam = Client::new(&world.config());
    stream::iter(0..users)
        .for_each_concurrent(MAKERS, async |number| {
            let case = if number.is_multiple_of(DRIFTED) { Case::Drifted } else { Case::Compliant };
            USER.make(world, case, &number.to_string()).await;
        })
        .await;
    stream::iter(0..policies)
        .for_each_concurrent(MAKERS, async |number| {
            let action = if number.is_multiple_of(DRIFTED) { "logs:*" } else { "logs:GetLogEvents" };
            let text = json!({
                "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}],
            });
            let made = iam.create_policy().policy_name(format!("bench.{number}")).policy_document(text.to_string());
            made.send().await.expect("the emulator makes a policy");
        })
        .await;
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    });
    stream::iter(0..roles)
        .for_each_concurrent(MAKERS, async |number| {
            let made = iam.create_role().role_name(format!("bench.{number}"));
            made.assume_role_policy_document(trust.to_string()).send().await.expect("the emulator makes a role");
        })
        .await;
    // As many administrators as a hospital has, at least.
    for number in 0..3 {
        let attach = iam.attach_role_policy().role_name(format!("bench.{number}"));
        let attach = attach.policy_arn("arn:aws:iam::aws:policy/AdministratorAccess");
        attach.send().await.expect("the emulator attaches a policy");
    }
}

impl Taken {
    fn a_minute(&self) -> f64 {
        self.calls as f64 / (self.seconds / 60.0)
    }

    fn line(&self) -> String {
        let [seconds, calls] = self.each;
        format!(
            "  {:<26}{:>12}{:>10}{:>10.0}{:>12}{:>10.0}{:>10}{:>14.2}{:>12.1}{:>10.1}",
            self.control,
            self.invocations,
            self.failed,
            self.seconds,
            self.calls,
            self.a_minute(),
            self.targets,
            seconds,
            calls,
            self.peak_rss_mib
        )
    }

    fn to_json(&self) -> Value {
        json!({
            "control": self.control, "invocations": self.invocations, "failed": self.failed, "finished": self.is_done,
            "seconds": rounded(self.seconds), "iam_calls": self.calls, "iam_calls_a_minute": rounded(self.a_minute()),
            "messages": self.targets, "seconds_a_message": rounded(self.each[0]),
            "iam_calls_a_message": rounded(self.each[1]), "peak_rss_mib": rounded(self.peak_rss_mib),
        })
    }
}
