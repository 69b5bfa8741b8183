//! `remedy scan`: what drifts in an account, and what Remedy would do about it.
//!
//! It runs the functions' own controls with ports that cannot write. What could not be read is never called compliant.

mod access;
mod cells;
mod permissions;
mod print;
mod results;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Args, ValueEnum};
use remedy_aws::{Roster, onlooker::Onlooker};
use remedy_domain::{Control, Settings};

use self::{access::NoAccess, print::Detail, results::Scan};

/// Nothing drifted, and all was looked at.
const IN_ORDER: u8 = 0;
const DRIFTED: u8 = 1;
const NOT_RUN: u8 = 2;
/// No drift was seen, but something was not looked at.
const INCOMPLETE: u8 = 3;

/// What is asked for.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Look in this Region; may be repeated. Without it, in that of the environment. What belongs to no Region is looked at once
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<String>,
    /// Only this control; may be repeated
    #[arg(long = "control", value_name = "ID")]
    controls: Vec<String>,
    /// The settings under which Remedy would run. Without it, the defaults
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Take the credentials of a profile of the AWS CLI. Without it, those of the environment
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Show for each drift what is wrong, the setting before and after, the calls, and who would be asked
    #[arg(long)]
    plan: bool,
    /// How to print the result on standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// When to end with 1. What was not looked at ends with 3 in any case
    #[arg(long, value_enum, default_value_t = FailOn::Drift)]
    fail_on: FailOn,
    /// How many resources are looked at side by side; of IAM at most four
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=32))]
    concurrency: u8,
    /// How long a control may take in one Region, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// List the controls, and look at nothing
    #[arg(long, conflicts_with = "print_policy")]
    list: bool,
    /// Print the IAM policy that the chosen controls need, and look at nothing
    #[arg(long)]
    print_policy: bool,
}

/// How the result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: a line a control.
    Table,
    /// One document: `docs/schema/scan.schema.json`.
    Json,
    /// A document a line: the scan, then each control and Region, then each resource.
    Jsonl,
    /// A line a resource and control.
    Csv,
}

/// What lets a scan end with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Any drift.
    Drift,
    /// Nothing.
    Never,
}

/// Why nothing was looked at.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("no control is called `{id}`; `remedy scan --list` has all of them")]
    Unknown { id: String },
    #[error("{} cannot be read: {source}; name a file with settings as docs/schema/settings.schema.json has them", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} has no settings: {problem}; see docs/schema/settings.schema.json", file.display())]
    NotSettings { file: PathBuf, problem: String },
    #[error(transparent)]
    NoAccess(#[from] NoAccess),
    #[error("this machine lets nothing wait for an answer ({})", .0.kind())]
    Machine(#[source] io::Error),
    #[error("the result cannot be written ({}); see that standard output takes it", .0.kind())]
    Unwritten(#[source] io::Error),
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match scanned(arguments) {
        Ok(status) => ExitCode::from(status),
        Err(failed) => {
            // Where even that cannot be written, the status says it.
            let _unsaid = writeln!(io::stderr(), "remedy: {failed}");
            ExitCode::from(NOT_RUN)
        }
    }
}

fn scanned(arguments: &Arguments) -> Result<u8, Failed> {
    let roster = chosen(&arguments.controls)?;
    let mut out = io::stdout().lock();
    let described: Vec<_> = roster.iter().map(|control| control.control()).collect();
    if arguments.list {
        return print::list(&mut out, &described).map(|()| IN_ORDER).map_err(Failed::Unwritten);
    }
    if arguments.print_policy {
        return permissions::print(&mut out, &described).map(|()| IN_ORDER).map_err(Failed::Unwritten);
    }
    let settings = settings(arguments.settings.as_ref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failed::Machine)?;
    let scan = runtime.block_on(async {
        let way = access::open(arguments.profile.as_deref(), &arguments.regions).await?;
        let limits =
            cells::Limits { at_once: usize::from(arguments.concurrency), time: Duration::from_secs(arguments.timeout) };
        Ok::<Scan, Failed>(cells::look(&roster, &way, &settings, &limits).await)
    })?;
    match arguments.format {
        Format::Table => print::table(&mut out, &scan, if arguments.plan { Detail::Plans } else { Detail::Counts }),
        Format::Json => print::json(&mut out, &scan),
        Format::Jsonl => print::jsonl(&mut out, &scan),
        Format::Csv => print::csv(&mut out, &scan),
    }
    .map_err(Failed::Unwritten)?;
    Ok(status(&scan, arguments.fail_on))
}

/// Drift weighs more than what was not looked at; that is never hidden behind order.
fn status(scan: &Scan, fail_on: FailOn) -> u8 {
    match (scan.drifted() > 0, scan.is_complete()) {
        (true, _) if fail_on == FailOn::Drift => DRIFTED,
        (_, false) => INCOMPLETE,
        _ => IN_ORDER,
    }
}

/// Every control of the functions, in their order.
fn every() -> Roster<Onlooker> {
    let mut all = s3_public_access::controls();
    all.extend(s3_encryption::controls());
    all.extend(kms_keys::controls());
    all.extend(iam_mfa::controls());
    all.extend(iam_policies::controls());
    all.extend(iam_password_policy::controls());
    all
}

fn chosen(wanted: &[String]) -> Result<Roster<Onlooker>, Failed> {
    let all = every();
    let is_called = |id: &str, control: &Control| control.id.0 == id;
    if let Some(id) = wanted.iter().find(|id| !all.iter().any(|known| is_called(id, known.control()))) {
        return Err(Failed::Unknown { id: remedy_domain::redact::text(id) });
    }
    let is_wanted = |control: &Control| wanted.is_empty() || wanted.iter().any(|id| is_called(id, control));
    Ok(all.into_iter().filter(|known| is_wanted(known.control())).collect())
}

fn settings(file: Option<&PathBuf>) -> Result<Settings, Failed> {
    let Some(file) = file else { return Ok(Settings::default()) };
    let text = std::fs::read(file).map_err(|source| Failed::Unreadable { file: file.clone(), source })?;
    Settings::parse(&text).map_err(|error| Failed::NotSettings { file: file.clone(), problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_is_there_once_and_unknown_ones_are_told() {
        let ids: std::collections::BTreeSet<_> = every().iter().map(|control| control.control().id.0).collect();
        assert_eq!(ids.len(), every().len());
        assert!(ids.contains("s3-bucket-public") && ids.contains("iam-password-policy-weak"));
        assert_eq!(chosen(&["kms-key-dying".to_owned()]).unwrap().len(), 1);
        let told = chosen(&["no-such".to_owned()]).err().unwrap().to_string();
        assert!(told.contains("`no-such`") && told.contains("--list"), "{told}");
    }
}
