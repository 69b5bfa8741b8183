//! An earlier scan, to compare with.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use remedy_domain::{Outcome, redact, renamed};
use remedy_scan::{FORMAT, Gone, Scan, Seen};

/// Why there is nothing to compare with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoEarlier {
    #[error("{} cannot be read: {source}; name what `remedy scan --format json` wrote", file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error("{} is no scan: {problem}; name what `remedy scan --format json` wrote", file.display())]
    NotAScan { file: PathBuf, problem: String },
    #[error("{} has the format {found}, and this version reads {FORMAT}: make a scan with this version to compare with", file.display())]
    Format { file: PathBuf, found: u64 },
}

pub(super) fn read(file: &Path) -> Result<Scan, NoEarlier> {
    let owned = || file.to_owned();
    let text = std::fs::read(file).map_err(|source| NoEarlier::Unreadable { file: owned(), source })?;
    let not =
        |error: serde_json::Error| NoEarlier::NotAScan { file: owned(), problem: redact::text(&error.to_string()) };
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(not)?;
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(found) if found != u64::from(FORMAT) => Err(NoEarlier::Format { file: owned(), found }),
        _ => serde_json::from_value(value).map(renamed).map_err(not),
    }
}

/// The same scan, with the ids that its controls have now.
fn renamed(mut scan: Scan) -> Scan {
    let controls = scan.controls.iter_mut().map(|about| &mut about.id);
    let findings = scan.findings.iter_mut().map(|finding| &mut finding.control);
    for id in controls.chain(findings).chain(scan.cells.iter_mut().map(|cell| &mut cell.control)) {
        *id = renamed::current(id).to_owned();
    }
    scan
}

/// Says of each drift whether it is new, and which is gone: repaired, or its resource is. What is contained or exempt now is not, and
/// neither is what was not looked at this time.
pub(super) fn compare(scan: &mut Scan, earlier: &Scan) {
    let drifted: BTreeSet<_> = earlier.drift().map(remedy_scan::Finding::key).collect();
    for finding in &mut scan.findings {
        let seen = if drifted.contains(&finding.key()) { Seen::Unchanged } else { Seen::New };
        finding.seen = finding.is_drift().then_some(seen);
    }
    let in_violation = [Outcome::Contained, Outcome::Dormant, Outcome::Exempt].map(Some);
    let here =
        |now: &&remedy_scan::Finding| now.is_drift() || now.unread.is_some() || in_violation.contains(&now.outcome);
    let still: BTreeSet<_> = scan.findings.iter().filter(here).map(remedy_scan::Finding::key).collect();
    let listed: BTreeSet<_> = scan.cells.iter().filter(|cell| cell.unread.is_none()).map(place).collect();
    let gone = earlier.drift().filter(|finding| {
        let place = (finding.control.as_str(), finding.account.as_str(), finding.region.as_str());
        listed.contains(&place) && !still.contains(&finding.key())
    });
    let gone = gone.map(|finding| Gone {
        control: finding.control.clone(),
        account: finding.account.clone(),
        region: finding.region.clone(),
        resource: finding.resource.clone(),
        hash: finding.hash.clone(),
    });
    scan.gone = Some(gone.collect());
}

fn place(cell: &remedy_scan::Cell) -> (&str, &str, &str) {
    (&cell.control, cell.account.as_str(), cell.region.as_str())
}
