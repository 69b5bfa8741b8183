//! `make bench`: cold start, memory, size and API calls of the release binaries, side by side with boto3.

mod aims;
mod crowd;
mod large;
mod measure;
mod repair;
mod report;
mod sample;
mod scale;
mod subject;

use std::process::ExitCode;

use serde_json::json;

use crate::workspace;
use measure::Measured;
use subject::{Case, SUBJECTS};

/// Fresh processes for each function, case and contender.
const ROUNDS: usize = 10;

/// Sweeps many resources and stores what that took. Without sizes: a thousand, and ten thousand.
pub async fn crowds(sizes: &[usize]) {
    let path = workspace::root().join("target/bench-sweep.json");
    workspace::write_json(&path, &json!({"format": 1, "sweep": crowd::sweep(sizes).await}));
    println!("\nThe numbers: target/bench-sweep.json");
}

/// Sweeps a large account of IAM, or a share of it, and stores what that took.
pub async fn large(share: f64) {
    let path = workspace::root().join("target/bench-iam.json");
    workspace::write_json(&path, &json!({"format": 1, "iam": large::sweep(share).await}));
    println!("\nThe numbers: target/bench-iam.json");
}

/// Scans a large account, or a share of it, and stores what that took. It fails if an aim is not met.
pub async fn scan(share: f64) -> ExitCode {
    let path = workspace::root().join("target/bench-scan.json");
    let (scan, is_met) = scale::scan(share).await;
    workspace::write_json(&path, &json!({"format": 1, "scan": scan}));
    println!("\nThe numbers: target/bench-scan.json");
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures everything, prints it and stores it. It fails if an aim is not met.
pub async fn run() -> ExitCode {
    report::introduce();
    let mut measured: Vec<Measured> = Vec::new();
    for subject in &SUBJECTS {
        for case in [Case::Compliant, Case::Drifted] {
            println!("measuring {} on a {} resource …", subject.function, case.word());
            measured.push(measure::both(subject, case).await);
        }
    }
    let (emulator, zips, megabyte) = (measure::emulator().await, report::zip_sizes(), measure::megabyte().await);
    let aims = aims::judge(&measured, &zips);
    report::print(&measured, &emulator, &zips, &aims);
    println!("\na valid event of a megabyte costs {:.1} ms of a processor", megabyte.median());
    let repairs = repair::repairs().await;
    let path = workspace::root().join("target/bench.json");
    let functions = report::to_json(&measured, &zips);
    let is_met = aims.iter().all(|aim| aim.met);
    let aims: Vec<_> = aims.iter().map(aims::Aim::to_json).collect();
    let all = json!({
        "format": 1,
        "rounds": ROUNDS,
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "python": report::versions(),
        "emulator_ms_per_call": emulator.to_json(),
        "megabyte_cpu_ms": megabyte.to_json(),
        "functions": functions,
        "repair": repairs,
        "aims": aims,
    });
    workspace::write_json(&path, &all);
    println!("\nThe numbers: target/bench.json");
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
