//! `remedy scan` of a large account: an AWS in memory answers it over HTTP, as fast as it asks or after `LATENCY_MS`.

mod account;
mod run;

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use remedy_testkit::fake::{Asked, FakeAws, Front};
use serde_json::{Value, json};

use self::{
    account::{Planted, Size},
    run::Taken,
};
use super::{aims::Aim, sample::rounded};

/// The account.
const ALL: Size = Size { buckets: 10_000, roles: 5_000, keys: 2_000 };
/// What a scan of it may take.
const SECONDS: f64 = 180.0;
const MEGABYTES: f64 = 200.0;
/// How many calls may be under way at once, and of AWS IAM.
const AT_ONCE: usize = 8;
const OF_IAM: usize = 4;
/// Where an answer is there at once, calls hardly overlap: how many may is seen in slower answers.
const SLOW: Duration = Duration::from_millis(5);
/// Files of a result.
const FILES: [&str; 4] = ["scan.json", "index.html", "scan.csv", "journal.jsonl"];

/// Scans an account of a share of the size. Gives the JSON, and whether every aim is met.
pub(crate) async fn scan(share: f64) -> (Value, bool) {
    let part = |all: usize| ((all as f64 * share) as usize).max(1);
    let size = Size { buckets: part(ALL.buckets), roles: part(ALL.roles), keys: part(ALL.keys).max(2) };
    let (binary, latency) = (run::binary(), latency());
    let Size { buckets, roles, keys } = size;
    println!(
        "`remedy scan` of {buckets} buckets, {roles} roles and {keys} keys, one in a hundred drifted. A server on this"
    );
    println!("machine answers each call after {} ms; it takes a part of the processors.", latency.as_millis());
    let (aws, since) = (FakeAws::of(&[&remedy_kms_testing::KMS]), Instant::now());
    let planted = account::make(&aws, size).await;
    println!("The account was made in {:.0} s.\n", since.elapsed().as_secs_f64());
    let front = Front::of(&aws, latency);
    let folders = Folders::new();
    let whole = run::whole(&front, &binary, ["--out", &folders.whole()]).await;
    let bytes = FILES.map(|file| fs::metadata(folders.0.join("whole").join(file)).map_or(0, |meta| meta.len()));
    print(&whole, bytes);
    let result = read(&folders.0.join("whole/scan.json"));
    let mut aims = vec![in_time(&whole), in_memory(&whole), found(&result, &planted), seen(&result, size)];
    let slow = Front::of(&aws, latency.max(SLOW));
    let cut = run::killed(&slow, &binary, ["--out", &folders.cut()], whole.asked.total() / 2).await;
    let resumed = run::whole(&slow, &binary, ["--resume", &folders.cut()]).await;
    let calls = [cut.total(), resumed.asked.total()];
    aims.push(gentle([&whole.asked, &cut, &resumed.asked]));
    let same = timeless(read(&folders.0.join("cut/scan.json"))) == timeless(result);
    aims.push(union(same, calls, &whole));
    println!("\naims");
    for Aim { aim, measured, met } in &aims {
        println!("  {:<10} {aim}: {measured}", if *met { "met" } else { "NOT MET" });
    }
    let is_met = aims.iter().all(|aim| aim.met);
    let value = json!({
        "buckets": buckets, "roles": roles, "keys": keys, "latency_ms": latency.as_millis(), "drift": planted.len(),
        "whole": whole.to_json(), "resumed": resumed.to_json(), "calls_before_the_kill": calls[0],
        "bytes": FILES.into_iter().zip(bytes).collect::<std::collections::BTreeMap<_, _>>(),
        "aims": aims.iter().map(Aim::to_json).collect::<Vec<_>>(),
    });
    (value, is_met)
}

fn latency() -> Duration {
    let said = env::var("LATENCY_MS").ok().filter(|said| !said.is_empty());
    said.map_or(Duration::ZERO, |said| Duration::from_millis(said.parse().expect("LATENCY_MS is a number")))
}

/// Where results go, until the end.
struct Folders(PathBuf);

impl Folders {
    fn new() -> Self {
        Self(env::temp_dir().join(format!("remedy-bench-scan-{}", std::process::id())))
    }

    fn whole(&self) -> String {
        self.0.join("whole").to_string_lossy().into_owned()
    }

    fn cut(&self) -> String {
        self.0.join("cut").to_string_lossy().into_owned()
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(file: &Path) -> Value {
    let text = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_slice(&text).expect("a result is JSON")
}

/// A result without its times.
fn timeless(mut result: Value) -> Value {
    let members = result.as_object_mut().expect("a result is an object");
    members.remove("begun");
    members.remove("ended");
    result
}

fn print(taken: &Taken, bytes: [u64; 4]) {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    println!("  wall clock              {:>9.1} s", taken.seconds);
    println!("  processor time          {:>9.1} s", taken.cpu);
    println!("  memory at its peak      {:>9.1} MiB", taken.peak_rss_mib);
    println!("  calls a second          {:>9.0}", taken.calls_a_second());
    println!("  calls                   {:>9}", taken.asked.total());
    for (service, calls) in taken.of_services() {
        println!("    {service:<21} {calls:>9}");
    }
    for (file, bytes) in FILES.into_iter().zip(bytes) {
        println!("  {file:<23} {:>9.1} MB", megabytes(bytes));
    }
}

fn in_time(taken: &Taken) -> Aim {
    Aim {
        aim: "a scan takes less than three minutes",
        measured: format!("{} s", rounded(taken.seconds)),
        met: taken.seconds < SECONDS,
    }
}

fn in_memory(taken: &Taken) -> Aim {
    let megabytes = taken.peak_rss_mib * 1.048_576;
    Aim {
        aim: "a scan takes less than 200 MB of memory",
        measured: format!("{} MB", rounded(megabytes)),
        met: megabytes < MEGABYTES,
    }
}

fn gentle(asked: [&Asked; 3]) -> Aim {
    let most = asked.iter().map(|asked| asked.most).max().unwrap_or_default();
    let of_iam = asked.iter().map(|asked| asked.most_of_iam).max().unwrap_or_default();
    Aim {
        aim: "at most 8 calls are under way at once, and 4 of AWS IAM",
        measured: format!("{most}, and {of_iam}, where an answer takes at least {} ms", SLOW.as_millis()),
        met: most <= AT_ONCE && of_iam <= OF_IAM,
    }
}

/// What drifts, by control and resource, is what was planted.
fn found(result: &Value, planted: &Planted) -> Aim {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let findings = result["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let drift =
        findings.iter().filter(|finding| matches!(finding["outcome"].as_str(), Some("drifted" | "needs-human")));
    let drift: BTreeSet<_> = drift.map(|finding| (text(finding, "control"), text(finding, "id"))).collect();
    let (missed, beyond) = (planted.difference(&drift).count(), drift.difference(planted).count());
    for (control, id) in planted.symmetric_difference(&drift).take(10) {
        println!("  found and planted differ: {control} {id}");
    }
    Aim {
        aim: "what drifts is what was planted, by control and resource",
        measured: format!("{} planted, {missed} missed, {beyond} beyond", planted.len()),
        met: missed == 0 && beyond == 0,
    }
}

/// Nothing is left unread, and every resource was looked at by each control of its service.
fn seen(result: &Value, size: Size) -> Aim {
    let part = |name: &str| result[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let unread =
        ["cells", "findings"].iter().flat_map(|name| part(name)).filter(|one| !one["unread"].is_null()).count();
    let all = |cell: &Value| match cell["control"].as_str().unwrap_or_default() {
        control if control.starts_with("s3-bucket-") => size.buckets,
        control if control.starts_with("kms-") => size.keys,
        "iam-admin-attached" | "iam-inline-policy" | "iam-inline-kms" => size.roles,
        _ => 0,
    };
    let short =
        part("cells").iter().filter(|cell| cell["looked"].as_u64().unwrap_or_default() < all(cell) as u64).count();
    Aim {
        aim: "every resource is looked at by each of its controls, and nothing is unread",
        measured: format!("{} results, {unread} unread, {short} controls saw too few", part("findings").len()),
        met: unread == 0 && short == 0,
    }
}

/// A scan that was killed half way and resumed says the same as one that was not, and asks little twice.
fn union(same: bool, [before, after]: [usize; 2], whole: &Taken) -> Aim {
    let again = (before + after).saturating_sub(whole.asked.total());
    let is = if same { "the same" } else { "NOT the same" };
    Aim {
        aim: "killed half way and resumed, a scan says the same",
        measured: format!("{is}; {before} calls, then {after}, of which {again} were asked a second time"),
        met: same,
    }
}
