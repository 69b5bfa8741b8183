//! Verification: a pure function from what is there to what is wrong with it.

mod anchor;
mod chain;
mod objects;
mod pairs;

use std::time::Duration;

use remedy_domain::Timestamp;

use crate::{
    archive::Archive,
    finding::{Finding, Kind, Report},
    hour::Hour,
    key::PublicKey,
    name,
};
use chain::Chain;

/// How long after an hour its manifest is made: what the hour's last workers write may still be on its way.
pub const GRACE: Duration = Duration::from_mins(15);
/// The sealer runs hourly, and may be late by as much.
const OVERDUE: Duration = Duration::from_hours(2);

/// Says what is wrong with an archive as it was `at` a time: the time of the download.
///
/// `keys` are the public keys that are trusted; those in the archive itself are not. `anchor` holds seals that were copied
/// to a place that the owner of the bucket cannot write to.
#[must_use]
pub fn verify(archive: &Archive, keys: &[PublicKey], anchor: Option<&Archive>, at: Timestamp) -> Report {
    let mut findings = Vec::new();
    let chain = Chain::read(archive, keys, at, &mut findings);
    let unsealed = objects::compare(archive, &chain, at, &mut findings);
    pairs::compare(archive, &chain, at, &mut findings);
    let anchored = anchor.map_or(0, |anchor| anchor::compare(anchor, archive, keys, &mut findings));
    findings.extend(end(&chain, archive, at));
    findings.sort_unstable();
    findings.dedup();
    let reliable = || chain.reliable.values();
    Report {
        at,
        origin: reliable().next().map(|manifest| manifest.origin.clone()),
        from: reliable().next().map(|manifest| manifest.hour),
        to: reliable().next_back().map(|manifest| manifest.hour),
        manifests: chain.reliable.len(),
        sealed: reliable().map(|manifest| manifest.entries.len()).sum(),
        anchored,
        findings,
        unsealed,
        invalid: reliable().flat_map(|manifest| manifest.invalid.iter().cloned()).collect(),
    }
}

/// Whether an hour should have been sealed by now.
fn is_overdue(hour: Hour, at: Timestamp) -> bool {
    hour.ends() + GRACE + OVERDUE <= at
}

/// A manifest is made for every hour, also for one without records: a chain that ends early was cut off, or the sealer
/// has stopped.
fn end(chain: &Chain, archive: &Archive, at: Timestamp) -> Option<Finding> {
    let Some(last) = chain.last else {
        let oldest = archive.records.keys().find_map(|key| Hour::of_key(key))?;
        let cut = is_overdue(oldest, at);
        return cut.then(|| Finding::new(Kind::CutOff, name::manifest(0), "there are records, and no manifest at all"));
    };
    let hour = chain.hour_of(last)?;
    let why = format!("no manifest follows that of {hour}, though one is due for every hour");
    is_overdue(hour.plus(1), at).then(|| Finding::new(Kind::CutOff, name::manifest(last), why))
}
