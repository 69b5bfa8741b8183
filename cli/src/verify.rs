//! `remedy verify`.

mod report;
mod source;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use remedy_aws::clock;
use remedy_domain::Timestamp;
use remedy_evidence::{PublicKey, Report};
use source::{Source, Unread};

/// Everything is as it was sealed.
const INTACT: u8 = 0;
/// Something is not.
const FOUND: u8 = 1;
/// It could not be verified.
const FAILED: u8 = 2;

/// Say whether sealed evidence is as it was sealed, and name what was deleted, changed, inserted, reordered or cut off.
///
/// Of a folder nothing but its files is needed: no network, no AWS account. For a bucket the credentials come from the
/// environment (`aws configure export-credentials --format env`). The exit status is 0 if everything is intact, 1 if
/// something was found, 2 if it could not be verified.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The evidence: `s3://<bucket>`, or the folder of `aws s3 sync s3://<bucket> <folder>`.
    evidence: Source,
    /// A public key that is trusted, in PEM; several where the sealing key was replaced over the years.
    #[arg(long = "key", required = true, value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// Seals that were copied to another account: a bucket or a folder.
    #[arg(long)]
    anchor: Option<Source>,
    /// When the folder was downloaded, such as 2026-03-02T10:00:00Z. Without it, just now.
    #[arg(long)]
    at: Option<Timestamp>,
    /// Answer in JSON, with every finding and every key.
    #[arg(long)]
    json: bool,
}

/// Run the command.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match verified(arguments) {
        Ok(report) => {
            let text = if arguments.json { report::json(&report) } else { report::text(&report) };
            let status = if report.is_intact() { INTACT } else { FOUND };
            match io::stdout().lock().write_all(text.as_bytes()) {
                // A reader that has seen enough closes the pipe.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(FAILED),
                _ => ExitCode::from(status),
            }
        }
        Err(error) => {
            let _told = writeln!(io::stderr(), "remedy: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn verified(arguments: &Arguments) -> Result<Report, Unread> {
    let keys = arguments.keys.iter().map(key).collect::<Result<Vec<_>, _>>()?;
    let archive = arguments.evidence.read()?;
    let anchor = arguments.anchor.as_ref().map(Source::read).transpose()?;
    let at = arguments.at.unwrap_or_else(clock::now);
    if archive.is_empty() {
        return Err(Unread::nothing_in(&arguments.evidence));
    }
    Ok(remedy_evidence::verify(&archive, &keys, anchor.as_ref(), at))
}

fn key(path: &PathBuf) -> Result<PublicKey, Unread> {
    let pem = std::fs::read_to_string(path).map_err(|error| Unread::file(path, &error))?;
    PublicKey::from_pem(&pem).map_err(|error| Unread::key(path, error))
}
