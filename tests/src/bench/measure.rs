//! Measuring one function and its equivalent in Python, each in fresh processes.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::{Duration, Instant},
};

use remedy_testkit::{
    lambda::{Lambda, Spec},
    proxy::Call,
    world::{TIMEOUT, World, done},
};
use serde_json::{Value, json};

use super::{
    ROUNDS,
    sample::Samples,
    subject::{Case, SUBJECTS, Subject},
};
use crate::workspace;

/// The contender that is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The release binary.
    Remedy,
    /// The same with boto3, without plan, lock and evidence.
    Boto3,
    /// The same with a lock, an intent, a second look, a look at what came of it and an outcome.
    Careful,
}

/// The measured values of one contender.
#[derive(Default)]
pub(crate) struct Figures {
    /// From the start of the process to its first answer, in milliseconds.
    pub(crate) cold_start: Samples,
    /// From the start of the process to its first question for an event, in milliseconds.
    pub(crate) init: Samples,
    /// The most memory it held, in MiB.
    pub(crate) peak_rss: Samples,
    /// The AWS calls of one run, by name.
    pub(crate) calls: BTreeMap<String, usize>,
    /// How many of them changed something, or went to the ledger or for another role.
    pub(crate) beyond_own_setting: usize,
}

/// Both contenders on one case.
pub(crate) struct Measured {
    /// The function.
    pub(crate) subject: &'static Subject,
    /// The case.
    pub(crate) case: Case,
    /// The release binary.
    pub(crate) remedy: Figures,
    /// Its equivalent.
    pub(crate) boto3: Figures,
}

impl Measured {
    /// How many times faster the release binary is.
    pub(crate) fn ratio(&self) -> f64 {
        self.boto3.cold_start.median() / self.remedy.cold_start.median()
    }

    /// The same for the best round of each: what a busy machine spoils least.
    pub(crate) fn best_ratio(&self) -> f64 {
        self.boto3.cold_start.min() / self.remedy.cold_start.min()
    }
}

/// Measures both, turn by turn, so that a busy machine is busy for both. The first round counts the calls and warms the
/// file cache; its time does not count.
pub(crate) async fn both(subject: &'static Subject, case: Case) -> Measured {
    let mut measured = Measured { subject, case, remedy: Figures::default(), boto3: Figures::default() };
    for round in 0..=ROUNDS {
        for who in [Contender::Remedy, Contender::Boto3] {
            let figures = if who == Contender::Remedy { &mut measured.remedy } else { &mut measured.boto3 };
            if round == 0 {
                count(subject, case, who, figures).await;
            } else {
                time(subject, case, who, figures).await;
            }
        }
    }
    measured
}

/// One run through the proxy, to see its calls.
async fn count(subject: &Subject, case: Case, who: Contender, figures: &mut Figures) {
    let (world, event) = stage(subject, case).await;
    let lambda = deploy(&world, subject, case, who, world.proxy.endpoint());
    world.proxy.clear();
    invoke(&lambda, &event, case).await;
    for call in world.proxy.calls() {
        figures.beyond_own_setting += usize::from(is_beyond(&world, &call));
        *figures.calls.entry(call.name()).or_default() += 1;
    }
}

/// One run straight at the emulator, to see its time.
async fn time(subject: &Subject, case: Case, who: Contender, figures: &mut Figures) {
    let (world, event) = stage(subject, case).await;
    let lambda = deploy(&world, subject, case, who, world.emulator.endpoint().to_owned());
    invoke(&lambda, &event, case).await;
    let milliseconds = |time: Option<Duration>| time.expect("the function answered").as_secs_f64() * 1e3;
    figures.cold_start.push(milliseconds(lambda.cold_start()));
    figures.init.push(milliseconds(lambda.init_time()));
    let kib = lambda.peak_rss_kib().expect("the function lives");
    figures.peak_rss.push(f64::from(u32::try_from(kib).expect("memory fits")) / 1024.0);
    lambda.kill().await;
}

/// The time that the emulator itself takes for one read, in milliseconds.
pub(crate) async fn emulator() -> Samples {
    let (world, mut samples) = (World::new().await, Samples::default());
    let (s3, bucket) = (world.s3(), world.state_bucket());
    for _ in 0..=2 * ROUNDS {
        let since = Instant::now();
        s3.head_bucket().bucket(&bucket).send().await.expect("the emulator has the bucket");
        samples.push(since.elapsed().as_secs_f64() * 1e3);
    }
    samples
}

/// The processor time that a valid event of a megabyte costs a function, in milliseconds: the difference to a small
/// one.
pub(crate) async fn megabyte() -> Samples {
    let (world, mut samples) = (World::new().await, Samples::default());
    let lambda = deploy(&world, &SUBJECTS[0], Case::Compliant, Contender::Remedy, world.emulator.endpoint().to_owned());
    let (large, small) =
        (crate::megabyte(&world.account.id), br#"{"control":"s3-bucket-public","resource":"phi-not-there"}"#);
    done(lambda.invoke(small).await);
    for _ in 0..ROUNDS {
        let mut spent = [0.0; 2];
        for (event, spent) in [&large[..], small].into_iter().zip(&mut spent) {
            let before = lambda.processor_time().expect("the function lives");
            done(lambda.invoke(event).await);
            let after = lambda.processor_time().expect("the function lives");
            *spent = (after - before).as_secs_f64() * 1e3;
        }
        samples.push(spent[0] - spent[1]);
    }
    samples
}

/// A fresh account with one resource, and the event that names it.
async fn stage(subject: &Subject, case: Case) -> (World, Value) {
    let world = World::new().await;
    let resource = subject.make(&world, case, "one").await;
    (world, json!({"control": subject.control, "resource": resource}))
}

pub(crate) fn deploy(world: &World, subject: &Subject, case: Case, who: Contender, endpoint: String) -> Lambda {
    let mut env = world.environment("enforce");
    env.insert("AWS_ENDPOINT_URL".to_owned(), endpoint);
    if case == Case::Drifted {
        // Controls that touch identities repair nothing while nobody is named who could open the door again.
        let settings = world.settings_file(&json!({"protected": {"break_glass": [world.break_glass()]}}));
        env.insert("REMEDY_SETTINGS".to_owned(), settings);
    }
    let (account, region) = (world.account.id.clone(), world.account.region.clone());
    let binary = match who {
        Contender::Remedy => release(subject.function),
        Contender::Boto3 | Contender::Careful => python_bootstrap(),
    };
    if who == Contender::Careful {
        env.insert("BENCH_CAREFUL".to_owned(), "yes".to_owned());
    }
    Lambda::deploy(Spec { name: subject.function.to_owned(), binary, env, account, region, timeout: TIMEOUT })
}

pub(crate) async fn invoke(lambda: &Lambda, event: &Value, case: Case) {
    let answer = done(lambda.invoke(event.to_string().as_bytes()).await);
    let outcome = answer["runs"][0]["outcome"].as_str().unwrap_or_default();
    assert!(Subject::is_answer(case, outcome), "a {} resource was answered with {answer:#}", case.word());
}

/// Whether a call is more than a read of what the control looks at.
fn is_beyond(world: &World, call: &Call) -> bool {
    let own = [world.evidence_bucket(), world.state_bucket()];
    let in_ledger = call.resource.as_deref().is_some_and(|name| own.iter().any(|bucket| name.starts_with(bucket)));
    call.write || in_ledger || call.service == "sts"
}

/// The release binary of a function.
pub(crate) fn release(function: &str) -> PathBuf {
    let path = workspace::root().join("target/lambda").join(function).join("bootstrap");
    assert!(path.is_file(), "no {}: run `make release`", path.display());
    path
}

/// An executable that starts the Python handler, as a `bootstrap` would.
fn python_bootstrap() -> PathBuf {
    let folder = workspace::root().join("target/bench");
    let path = folder.join("bootstrap");
    let (python, handler) = (workspace::python(), workspace::root().join("tools/bench_handler.py"));
    let script = format!("#!/bin/sh\nexec '{}' '{}'\n", python.display(), handler.display());
    if fs::read_to_string(&path).is_ok_and(|known| known == script) {
        return path;
    }
    fs::create_dir_all(&folder).expect("target can be written");
    fs::write(&path, script).expect("target can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a new file can be made executable");
    path
}
