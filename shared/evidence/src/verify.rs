//! Verification: a pure function from what is there to what is wrong with it.

mod anchor;
mod chain;
mod link;
mod objects;
mod pairs;
mod pins;

use std::{collections::BTreeSet, time::Duration};

use remedy_domain::{Timestamp, canonical};

use crate::{
    archive::Archive,
    checkpoint::Seal,
    finding::{Finding, Kind, Report},
    hour::Hour,
    key::PublicKey,
    name,
};
use chain::Chain;
pub use pins::Pins;

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
    verify_pinned(archive, keys, anchor, at, &Pins::default())
}

/// The same, for somebody who knows the bucket of the archive, or where its chain begins.
#[must_use]
pub fn verify_pinned(
    archive: &Archive,
    keys: &[PublicKey],
    anchor: Option<&Archive>,
    at: Timestamp,
    pins: &Pins,
) -> Report {
    let mut findings = Vec::new();
    let chain = Chain::read(archive, keys, at, &mut findings);
    let rest = objects::compare(archive, &chain, at, &mut findings);
    pairs::compare(archive, &chain, at, &mut findings);
    let anchored = anchor.map_or(0, |anchor| anchor::compare(anchor, archive, keys, &mut findings));
    findings.extend(end(&chain, archive, at));
    findings.extend(foreign_keys(archive, keys));
    findings.extend(pins::compare(pins, archive, &chain));
    findings.retain(|it| !is_only_unread(it, archive));
    findings.sort_unstable();
    findings.dedup();
    let reliable = || chain.reliable.values();
    Report {
        at,
        origin: reliable().next().map(|manifest| manifest.origin.clone()),
        genesis: chain.genesis(archive).map(|bytes| canonical::sha256_hex(bytes)),
        keys: signers(archive, &chain),
        from: reliable().next().map(|manifest| manifest.hour),
        to: reliable().next_back().map(|manifest| manifest.hour),
        manifests: chain.reliable.len(),
        sealed: reliable().map(|manifest| manifest.entries.len()).sum(),
        anchored,
        findings,
        unsealed: rest.unsealed,
        invalid: rest.invalid,
        stepped_over: chain.stepped_over(archive),
        unknown: rest.unknown,
        unreadable: rest.unreadable,
    }
}

/// An unreadable object is not gone.
fn is_only_unread(finding: &Finding, archive: &Archive) -> bool {
    let object = match finding.kind {
        Kind::Deleted => finding.object.clone(),
        Kind::Unsigned => finding.object.replace(".json", ".sig"),
        _ => return false,
    };
    archive.unreadable.contains_key(&object)
}

/// Whether an hour should have been sealed by now.
fn is_overdue(hour: Hour, at: Timestamp) -> bool {
    hour.ends() + GRACE + OVERDUE <= at
}

/// The keys whose signatures count.
fn signers(archive: &Archive, chain: &Chain) -> Vec<String> {
    let seals = chain.reliable.keys().filter_map(|number| archive.seals.get(number));
    let keys: BTreeSet<_> = seals.filter_map(|seal| Seal::parse(seal).ok()).map(|seal| seal.key).collect();
    keys.into_iter().collect()
}

/// The sealer archives the keys that it signs with, and nobody else puts one there: a key that was not given is one
/// that the verifying person does not know of, or an attacker's.
fn foreign_keys(archive: &Archive, keys: &[PublicKey]) -> Vec<Finding> {
    let given: BTreeSet<_> = keys.iter().map(PublicKey::fingerprint).collect();
    let foreign = archive.keys.iter().filter(|key| !given.contains(key.as_str()));
    let why = "it was not given; give it with --key if you know it from somewhere else than this bucket";
    foreign.map(|key| Finding::new(Kind::ForeignKey, name::public_key(key), why)).collect()
}

/// A manifest is made for every hour, also for one without records: a chain that ends early was cut off, or the sealer
/// has stopped.
fn end(chain: &Chain, archive: &Archive, at: Timestamp) -> Option<Finding> {
    let Some(last) = chain.last else {
        let oldest = archive.records.keys().find_map(|key| Hour::of_key(key))?;
        let cut = is_overdue(oldest, at);
        return cut.then(|| Finding::new(Kind::CutOff, name::manifest(0), "there are records, and no manifest at all"));
    };
    let next = chain.next_hour()?;
    let why = format!("no manifest for {next} follows, though one is due for every hour");
    is_overdue(next, at).then(|| Finding::new(Kind::CutOff, name::manifest(last), why))
}
