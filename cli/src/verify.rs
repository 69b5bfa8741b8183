//! `remedy verify`.

mod report;
mod source;
mod versions;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use remedy_aws::clock;
use remedy_domain::Timestamp;
use remedy_evidence::{Hour, Pins, PublicKey, Report, Verdict};
use source::{Source, Unread};

/// Everything is as it was sealed.
const INTACT: u8 = 0;
/// Something is not.
const FOUND: u8 = 1;
/// It could not be verified, or not all of it.
const FAILED: u8 = 2;

/// Check whether sealed evidence is as it was sealed, and list what was deleted, changed, inserted, reordered or cut
/// off.
///
/// A folder needs only its files: no network, no AWS account. For a bucket the credentials come from the environment
/// (`aws configure export-credentials --format env`). The exit status is 0 if everything is intact, 1 if there are
/// findings, 2 if it could not be verified: nothing is sealed, or an object is unreadable or of a later release.
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
    /// The bucket that was sealed. Without it, the one that is read; for a folder, any.
    #[arg(long, value_name = "BUCKET")]
    origin: Option<String>,
    /// The digest of the first manifest, from the sealer's first notice: any other beginning is a finding.
    #[arg(long, value_name = "SHA256")]
    genesis: Option<String>,
    /// An hour that was sealed, such as 2026-03-02T10:00:00Z: evidence that begins later is a finding.
    #[arg(long, value_name = "HOUR")]
    since: Option<Timestamp>,
    /// The answer of `aws s3api list-object-versions --bucket <bucket>`: delete markers and second versions are
    /// findings. For a bucket, S3 is asked.
    #[arg(long, value_name = "FILE")]
    versions: Option<PathBuf>,
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
            let status = match report.verdict() {
                Verdict::Intact => INTACT,
                Verdict::Tampered => FOUND,
                Verdict::CannotSay => FAILED,
            };
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
    let mut archive = arguments.evidence.read()?;
    if let Some(path) = &arguments.versions {
        versions::read(path, &mut archive)?;
    }
    let anchor = arguments.anchor.as_ref().map(Source::read_seals).transpose()?;
    let at = arguments.at.unwrap_or_else(clock::now);
    if archive.is_empty() {
        return Err(Unread::nothing_in(&arguments.evidence));
    }
    let pins = Pins {
        origin: arguments.origin.clone().or_else(|| arguments.evidence.bucket()),
        genesis: arguments.genesis.clone(),
        since: arguments.since.map(Hour::of),
    };
    Ok(remedy_evidence::verify_pinned(&archive, &keys, anchor.as_ref(), at, &pins))
}

fn key(path: &PathBuf) -> Result<PublicKey, Unread> {
    let pem = std::fs::read_to_string(path).map_err(|error| Unread::file(path, &error))?;
    PublicKey::from_pem(&pem).map_err(|error| Unread::key(path, error))
}
