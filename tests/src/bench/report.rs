//! The tables and the JSON of the benchmark.

use std::{collections::BTreeMap, fs, process::Command};

use serde_json::{Value, json};

use super::{
    ROUNDS,
    aims::Aim,
    measure::{Figures, Measured, release},
    sample::{Samples, rounded},
    subject::{Case, SUBJECTS},
};
use crate::workspace;

/// Says what is going to happen.
pub(crate) fn introduce() {
    println!(
        "Remedy's release binaries beside boto3 handlers: same emulator, same events, {ROUNDS} fresh processes each,"
    );
    println!(
        "turn by turn. Times go straight to the emulator over plain HTTP; calls are counted in a run of their own.\n"
    );
}

/// The size of each binary's zip, in bytes.
pub(crate) fn zip_sizes() -> BTreeMap<String, u64> {
    let size = |function: &str| {
        let zip = release(function).parent().expect("a binary lies in a folder").with_extension("zip");
        fs::metadata(zip).expect("a release is zipped: `make release`").len()
    };
    SUBJECTS.iter().map(|subject| (subject.function.to_owned(), size(subject.function))).collect()
}

/// The versions on the other side.
pub(crate) fn versions() -> String {
    let code = "import platform, boto3; print(f'Python {platform.python_version()}, boto3 {boto3.__version__}')";
    let output = python().args(["-c", code]).output().expect("Python starts");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn python() -> Command {
    let mut command = Command::new(workspace::python());
    command.current_dir(workspace::root());
    command
}

/// Prints times, memory, calls and aims.
pub(crate) fn print(measured: &[Measured], emulator: &Samples, zips: &BTreeMap<String, u64>, aims: &[Aim]) {
    println!("\n{}, {ROUNDS} rounds; median (min to max). One call to the emulator, from a warm", versions());
    println!(
        "client, takes {:.1} ms ({:.1} to {:.1}): both pay it.\n",
        emulator.median(),
        emulator.min(),
        emulator.max()
    );
    times(measured);
    calls(measured);
    println!("\nzip, deflated by Zopfli");
    for (function, bytes) in zips {
        println!("  {function:<20} {:.2} MB", megabytes(*bytes));
    }
    println!("\naims");
    for Aim { aim, measured, met } in aims {
        println!("  {:<10} {aim}: {measured}", if *met { "met" } else { "NOT MET" });
    }
}

fn times(measured: &[Measured]) {
    let both = "Remedy / boto3";
    let head = ["function", "resource", "Remedy ms", "boto3 ms", "ratio", "at best", "start ms", "memory MiB", "calls"];
    println!("{:>70}{:>41}", "first answer", both);
    println!("{}", line(&head.map(str::to_owned)));
    for one in measured {
        println!("{}", line(&row(one)));
    }
    println!(
        "\nOn a drifted resource Remedy asks its ledger, locks, assumes the write role, files intent and outcome, looks a"
    );
    println!("second time before it writes and again after. The boto3 handler reads and writes, and leaves no trace.");
}

fn line([function, resource, remedy, boto3, ratio, best, start, memory, calls]: &[String; 9]) -> String {
    format!(
        "{function:<19} {resource:<9} {remedy:>19} {boto3:>19} {ratio:>6} {best:>7} {start:>10} {memory:>11} {calls:>6}"
    )
}

fn row(one: &Measured) -> [String; 9] {
    let Measured { subject, case, remedy, boto3 } = one;
    [
        subject.function.to_owned(),
        case.word().to_owned(),
        span(remedy),
        span(boto3),
        format!("{:.1}x", one.ratio()),
        format!("{:.1}x", one.best_ratio()),
        format!("{:.1} / {:.0}", remedy.init.median(), boto3.init.median()),
        format!("{:.1} / {:.1}", remedy.peak_rss.median(), boto3.peak_rss.median()),
        format!("{} / {}", total(remedy), total(boto3)),
    ]
}

fn span(figures: &Figures) -> String {
    let times = &figures.cold_start;
    format!("{:.1} ({:.0} to {:.0})", times.median(), times.min(), times.max())
}

fn total(figures: &Figures) -> usize {
    figures.calls.values().sum()
}

fn calls(measured: &[Measured]) {
    println!("\nAPI calls of one run");
    for Measured { subject, case, remedy, boto3 } in measured {
        println!("  {} {}", subject.function, case.word());
        println!("    Remedy {}", names(remedy));
        println!("    boto3  {}", names(boto3));
    }
}

fn names(figures: &Figures) -> String {
    let name = |(name, count): (&String, &usize)| if *count > 1 { format!("{name} x{count}") } else { name.clone() };
    figures.calls.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Everything that was measured.
pub(crate) fn to_json(measured: &[Measured], zips: &BTreeMap<String, u64>) -> Value {
    let functions = SUBJECTS.iter().map(|subject| {
        let of = |case: Case| measured.iter().find(|one| one.subject.function == subject.function && one.case == case);
        let side = |case| of(case).map(beside);
        json!({
            "function": subject.function,
            "control": subject.control,
            "zip_bytes": zips.get(subject.function),
            "compliant": side(Case::Compliant),
            "drifted": side(Case::Drifted),
        })
    });
    functions.collect()
}

fn beside(one: &Measured) -> Value {
    json!({"remedy": figures(&one.remedy), "boto3": figures(&one.boto3), "times_faster": rounded(one.ratio()), "times_faster_at_best": rounded(one.best_ratio())})
}

fn figures(figures: &Figures) -> Value {
    json!({
        "cold_start_ms": figures.cold_start.to_json(),
        "init_ms": figures.init.to_json(),
        "peak_rss_mib": figures.peak_rss.to_json(),
        "calls": {"total": total(figures), "by_name": figures.calls},
    })
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes).expect("a zip is small")) / 1e6
}
