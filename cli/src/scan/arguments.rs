//! What is asked for on the command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use remedy_domain::AccountId;

use crate::operator::{Stack, account};

/// What is asked for.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) places: Places,
    #[command(flatten)]
    pub(super) what: What,
    #[command(flatten)]
    pub(super) output: Output,
    #[command(flatten)]
    pub(super) pace: Pace,
    #[command(flatten)]
    pub(super) instead: Instead,
}

/// Where to look, and with which credentials.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where")]
pub(super) struct Places {
    /// Take the credentials of a profile of the AWS CLI. Without it, those of the environment
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Look in this Region; may be repeated. Without it, in that of the environment. What belongs to no Region is looked at once
    #[arg(long = "region", value_name = "REGION")]
    pub(super) regions: Vec<String>,
    /// Look in each Region that the account has enabled. Needs account:ListRegions
    #[arg(long, conflicts_with = "regions")]
    pub(super) all_regions: bool,
    /// Look at this account; may be repeated. Without it, at that of the credentials
    #[arg(long = "account", value_name = "ACCOUNT", value_parser = account)]
    pub(super) accounts: Vec<AccountId>,
    /// Look at every active account of the organization. Needs organizations:ListAccounts
    #[arg(long, conflicts_with = "accounts", requires = "role")]
    pub(super) all_accounts: bool,
    /// The role to assume in other accounts than that of the credentials: its name
    #[arg(long, value_name = "NAME")]
    pub(super) role: Option<String>,
    /// The external id that the role's trust policy asks for
    #[arg(long, value_name = "ID", requires = "role")]
    pub(super) external_id: Option<String>,
}

/// What to look at.
#[derive(Debug, Args)]
#[command(next_help_heading = "What")]
pub(super) struct What {
    /// Only this control; may be repeated
    #[arg(long = "control", value_name = "ID")]
    pub(super) controls: Vec<String>,
    /// Only controls that support this paragraph of 45 CFR, such as 164.312(a)(1); may be repeated
    #[arg(long = "requirement", value_name = "PARAGRAPH")]
    pub(super) requirements: Vec<String>,
    /// Only this resource: its ARN or its id; may be repeated
    #[arg(long = "resource", value_name = "ARN")]
    pub(super) resources: Vec<String>,
    /// Analyse also the policies of all users, groups, roles, buckets and keys: who is an administrator, who can become one, what is open to whom
    #[arg(long)]
    pub(super) policies: bool,
    /// The settings under which Remedy would run. Without it, the defaults
    #[arg(long, value_name = "FILE")]
    pub(super) settings: Option<PathBuf>,
    /// Exemptions, as `remedy exempt apply` takes them
    #[arg(long, value_name = "FILE")]
    pub(super) exemptions: Option<PathBuf>,
    /// Take the exemptions of a deployed stack, from its operator function: the stack's name or ARN. With the credentials of the environment
    #[arg(long, value_name = "STACK", conflicts_with_all = ["exemptions", "profile"])]
    pub(super) stack: Option<Stack>,
    /// Compare with an earlier scan, as `--format json` wrote it: what is new, and what is gone
    #[arg(long, value_name = "FILE")]
    pub(super) since: Option<PathBuf>,
}

/// What is written, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Output {
    /// Show for each drift what is wrong, the setting before and after, the calls, and who would be asked
    #[arg(long)]
    pub(super) plan: bool,
    /// How to write the result; may be repeated with --out. Without it, a table; with --out, json and html beside it
    #[arg(long = "format", value_enum, value_name = "FORMAT")]
    pub(super) formats: Vec<Format>,
    /// Write the result into this folder, and each finding as it is made, so that a scan can be resumed
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Go on with the scan in this folder, where it was stopped or something could not be read
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub(super) resume: Option<PathBuf>,
    /// When to end with 1. What was not looked at never ends with 0
    #[arg(long, value_enum, default_value_t = FailOn::Drift)]
    pub(super) fail_on: FailOn,
    /// How to show progress on standard error
    #[arg(long, value_enum, default_value_t = Shown::Auto)]
    pub(super) progress: Shown,
}

/// How fast to look.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub(super) struct Pace {
    /// How many calls are under way at once; of IAM at most four
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(super) concurrency: u8,
    /// How long a control may take in one account and Region, such as 90s, 15m or 1h
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = time)]
    pub(super) timeout: Duration,
}

/// What is done instead of a scan.
#[derive(Debug, Args)]
#[command(next_help_heading = "Instead of a scan")]
pub(super) struct Instead {
    /// List the controls, and look at nothing
    #[arg(long, conflicts_with_all = ["print_policy", "check"])]
    pub(super) list: bool,
    /// Print the IAM policy that the chosen controls need, and look at nothing
    #[arg(long, conflicts_with = "check")]
    pub(super) print_policy: bool,
    /// Try each control on one resource, and say which calls are denied
    #[arg(long)]
    pub(super) check: bool,
}

/// How the result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Format {
    /// For people, in the terminal: a line a control
    Table,
    /// One document: docs/schema/scan.schema.json
    Json,
    /// A document a line: the scan, then each control and Region, then each resource
    Jsonl,
    /// A line a resource and control
    Csv,
    /// A workbook
    Xlsx,
    /// A page for people, in one file that loads nothing
    Html,
    /// OCSF 1.6, Compliance Finding, an event a line
    Ocsf,
    /// AWS Security Finding Format
    Asff,
    /// OSCAL assessment results
    Oscal,
}

/// What lets a scan end with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Any drift
    Drift,
    /// Drift that the earlier scan did not have; needs --since
    New,
    /// Any drift, and anything that was not looked at
    Incomplete,
    /// Nothing
    Never,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shown {
    /// One line that changes on a terminal, elsewhere a line every ten seconds
    Auto,
    /// A line every ten seconds
    Plain,
    /// Not at all
    Never,
}

/// Reads `90s`, `15m`, `1h` or a number of seconds.
fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write 90s, 15m or 1h");
    let (number, each) = match text.trim_end_matches(['s', 'm', 'h']) {
        number if text.len() - number.len() > 1 => return Err(format!("{} ({number})", wrong())),
        number if text.ends_with('m') => (number, 60),
        number if text.ends_with('h') => (number, 3600),
        number => (number, 1),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(each)).filter(|seconds| *seconds > 0);
    // A year is longer than any scan, and short enough for every clock.
    seconds.filter(|seconds| *seconds <= 31_536_000).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("1h", 3600), ("900", 900)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0", "0m", "m", "15mm", "-1", "1.5h", "1d", "99999999999999999999", "99999999999h"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
