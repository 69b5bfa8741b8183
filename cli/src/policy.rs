//! `remedy policy`.

mod lines;
mod report;

use std::{
    io::{self, BufRead, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Subcommand, ValueEnum};
use remedy_domain::Timestamp;
use remedy_policy::{Kind, json, json::Value};

use crate::surroundings;

/// Nothing was found.
const CLEAN: u8 = 0;
/// Something was found.
const FOUND: u8 = 1;
/// A document could not be read, is no policy, or takes too much work to analyse.
const FAILED: u8 = 2;

/// The commands on policies.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Report what policies permit: administrators, full services, privilege escalation, public access.
    ///
    /// The exit status is 0 without findings, 1 with findings, 2 if a document is no policy or takes too much work to
    /// analyse.
    Check {
        /// The documents. `-` is standard input.
        #[arg(required_unless_present = "jsonl")]
        files: Vec<PathBuf>,
        /// The policies' attachment. Without it, the elements show it.
        #[arg(long, value_enum)]
        kind: Option<KindName>,
        /// Read JSON lines {"id", "kind", "policy" or "text"} from standard input and answer one line each.
        #[arg(long, conflicts_with_all = ["files", "kind"])]
        jsonl: bool,
        /// Report what the policies permit from this time on, such as 2026-12-31T00:00:00Z. Without it: from now on. A
        /// condition on a date that is over lets nobody in.
        #[arg(long)]
        as_of: Option<Timestamp>,
    },
}

/// The attachment of a policy.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KindName {
    /// A user, group or role: what it may do.
    Identity,
    /// An S3 bucket.
    Bucket,
    /// A KMS key.
    Key,
    /// A role: who may assume it.
    Trust,
    /// Any other resource.
    Resource,
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Identity => Self::Identity,
            KindName::Bucket => Self::Bucket,
            KindName::Key => Self::Key,
            KindName::Trust => Self::Trust,
            KindName::Resource => Self::Resource,
        }
    }
}

/// Run a command.
pub(crate) fn run(command: &Command) -> ExitCode {
    let Command::Check { files, kind, jsonl, as_of } = command;
    let now = as_of.or_else(surroundings::now);
    let done = if *jsonl { answer_lines(now) } else { check_files(files, *kind, now) };
    done.unwrap_or_else(|error| {
        // A reader that has seen enough closes the pipe.
        if error.kind() != io::ErrorKind::BrokenPipe {
            let _told = writeln!(io::stderr(), "remedy: {error}");
        }
        ExitCode::from(FAILED)
    })
}

fn answer_lines(now: Option<Timestamp>) -> io::Result<ExitCode> {
    let mut input = io::BufReader::with_capacity(1 << 16, io::stdin().lock());
    let mut output = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            output.flush()?;
            return Ok(ExitCode::from(CLEAN));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        output.write_all(lines::answer(&line, now).as_bytes())?;
        output.write_all(b"\n")?;
        // A caller that sends one line at a time waits for this answer.
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
}

fn check_files(files: &[PathBuf], kind: Option<KindName>, now: Option<Timestamp>) -> io::Result<ExitCode> {
    let mut output = io::stdout().lock();
    let mut worst = CLEAN;
    for file in files {
        let name = file.display().to_string();
        let text = if name == "-" { io::read_to_string(io::stdin()) } else { std::fs::read_to_string(file) };
        let status = match text {
            Ok(text) => {
                let (status, report) = report::of(&name, &text, kind.map(Kind::from), now);
                output.write_all(report.as_bytes())?;
                status
            }
            Err(error) => {
                writeln!(output, "{name}: cannot be read: {error}")?;
                FAILED
            }
        };
        worst = worst.max(status);
    }
    Ok(ExitCode::from(worst))
}

/// The attachment that the elements of a document suggest.
fn guessed(text: &str) -> Kind {
    let Ok(parsed) = json::parse(text) else { return Kind::Identity };
    let statement = match parsed.root.get("Statement").map(|node| &node.value) {
        Some(Value::Array(nodes)) => nodes.first(),
        Some(Value::Object(_)) => parsed.root.get("Statement"),
        _ => None,
    };
    let Some(statement) = statement else { return Kind::Identity };
    let has = |element: &str| statement.get(element).is_some();
    if !has("Principal") && !has("NotPrincipal") {
        return Kind::Identity;
    }
    if !has("Resource") && !has("NotResource") {
        return Kind::Trust;
    }
    // Of all ARNs of S3, only those of buckets and objects have no Region and no account, in whatever partition.
    if text.contains(":s3:::") {
        return Kind::Bucket;
    }
    if text.contains("\"kms:") { Kind::Key } else { Kind::Resource }
}
