//! One process of `remedy scan`: its time, its memory, and what it asked.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use remedy_testkit::fake::{Asked, Front};
use serde_json::{Value, json};

use super::{
    super::sample::rounded,
    account::{ID, REGION},
};
use crate::workspace;

/// How often a process is looked at. What it takes in its last moment is not seen.
const LOOK: Duration = Duration::from_millis(5);
/// A tick of the kernel's clock of processes.
const TICK: f64 = 0.01;

/// What a process took.
pub(super) struct Taken {
    pub(super) seconds: f64,
    /// Processor time, in seconds.
    pub(super) cpu: f64,
    pub(super) peak_rss_mib: f64,
    pub(super) asked: Asked,
}

/// The release binary, or another one to compare it with.
pub(super) fn binary() -> PathBuf {
    if let Some(other) = env::var_os("REMEDY_BINARY").filter(|other| !other.is_empty()) {
        return other.into();
    }
    let path = workspace::root().join("target/release/remedy");
    assert!(path.is_file(), "no {}: run `cargo build --release -p remedy`", path.display());
    path
}

fn start(front: &Front, binary: &Path, into: [&str; 2]) -> Child {
    let mut command = Command::new(binary);
    command.arg("scan").args(into).args(["--fail-on", "never", "--progress", "never", "--timeout", "1h"]);
    command.args(["json", "html", "csv"].iter().flat_map(|format| ["--format", format]));
    command.env_clear().env("AWS_REGION", REGION).env("AWS_ENDPOINT_URL", front.endpoint());
    // The fake takes the account from the access key, and lets this one read.
    command.env("AWS_ACCESS_KEY_ID", format!("AKIA{ID}READ")).env("AWS_SECRET_ACCESS_KEY", "secret");
    command.stdout(Stdio::null()).spawn().expect("the scan starts")
}

/// A scan, from its beginning or resumed, to its end.
pub(super) async fn whole(front: &Front, binary: &Path, into: [&str; 2]) -> Taken {
    front.forget();
    let since = Instant::now();
    let mut child = start(front, binary, into);
    let (mut cpu, mut kib) = (0.0, 0);
    let status = loop {
        if let Some(status) = ended(&mut child) {
            break status;
        }
        (cpu, kib) = (processor_time(child.id()).unwrap_or(cpu), peak_rss(child.id()).unwrap_or(kib));
        tokio::time::sleep(LOOK).await;
    };
    let seconds = since.elapsed().as_secs_f64();
    assert!(status.success(), "the scan ended with {status}");
    Taken { seconds, cpu, peak_rss_mib: kib as f64 / 1024.0, asked: front.asked() }
}

/// A scan that is killed once it has asked so much. Gives what it asked.
pub(super) async fn killed(front: &Front, binary: &Path, into: [&str; 2], after: usize) -> Asked {
    front.forget();
    let mut child = start(front, binary, into);
    while front.asked().total() < after {
        assert!(ended(&mut child).is_none(), "the scan ended before it was killed");
        tokio::time::sleep(LOOK).await;
    }
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    front.asked()
}

fn ended(child: &mut Child) -> Option<ExitStatus> {
    child.try_wait().expect("the child is ours")
}

fn peak_rss(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// In user mode and in the kernel, of all its threads.
fn processor_time(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Some(ticks.sum::<Result<f64, _>>().ok()? * TICK)
}

impl Taken {
    pub(super) fn calls_a_second(&self) -> f64 {
        self.asked.total() as f64 / self.seconds
    }

    /// Calls by service.
    pub(super) fn of_services(&self) -> BTreeMap<&str, usize> {
        let mut sums = BTreeMap::new();
        for (operation, calls) in &self.asked.calls {
            *sums.entry(operation.split(':').next().unwrap_or_default()).or_default() += calls;
        }
        sums
    }

    pub(super) fn to_json(&self) -> Value {
        let Asked { calls, most, most_of_iam, .. } = &self.asked;
        json!({
            "seconds": rounded(self.seconds), "cpu_seconds": rounded(self.cpu),
            "peak_rss_mib": rounded(self.peak_rss_mib), "calls": self.asked.total(),
            "calls_a_second": rounded(self.calls_a_second()), "calls_by_name": calls, "most_at_once": most,
            "most_of_iam_at_once": most_of_iam,
        })
    }
}
