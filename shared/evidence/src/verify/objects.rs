//! What is in the folders of the hours, against what the manifests list.

use std::collections::BTreeMap;

use remedy_domain::Timestamp;

use super::{chain::Chain, is_overdue};
use crate::{
    archive::{Archive, Found},
    finding::{Finding, Kind},
    hour::Hour,
    manifest::{Entry, Manifest},
};

/// Compares, and answers what is not sealed yet.
pub(super) fn compare(archive: &Archive, chain: &Chain, at: Timestamp, findings: &mut Vec<Finding>) -> Vec<String> {
    let listed = listed(chain, findings);
    let digests: BTreeMap<&str, &str> =
        listed.values().map(|entry| (entry.sha256.as_str(), entry.key.as_str())).collect();
    for entry in listed.values() {
        findings.extend(differs(entry, archive.records.get(&entry.key), &digests));
    }
    let stray = |key: &String| Finding::new(Kind::Inserted, key, "Remedy writes nothing of this name");
    findings.extend(archive.strays.iter().map(stray));
    let altered = |key: &String| Finding::new(Kind::Changed, key, "it does not hold the key that it is called after");
    findings.extend(archive.altered_keys.iter().map(altered));
    let mut unsealed = Vec::new();
    for (key, found) in archive.records.iter().filter(|(key, _)| !listed.contains_key(key.as_str())) {
        match unlisted(key, found, chain, at) {
            Some(finding) => findings.push(finding),
            None => unsealed.push(key.clone()),
        }
    }
    unsealed
}

/// Everything that reliable manifests list.
pub(super) fn entries(chain: &Chain) -> impl Iterator<Item = (&Manifest, &Entry)> {
    chain.reliable.values().flat_map(|manifest| manifest.entries.iter().map(move |entry| (manifest, entry)))
}

fn listed<'a>(chain: &'a Chain, findings: &mut Vec<Finding>) -> BTreeMap<&'a str, &'a Entry> {
    let mut listed = BTreeMap::new();
    for (manifest, entry) in entries(chain) {
        if let Some(first) = listed.insert(entry.key.as_str(), entry)
            && first != entry
        {
            let why = format!("it was sealed twice, and differently; the second time as number {}", manifest.number);
            findings.push(Finding::new(Kind::Contradictory, &entry.key, why));
        }
    }
    listed
}

fn differs(entry: &Entry, found: Option<&Found>, digests: &BTreeMap<&str, &str>) -> Option<Finding> {
    let Some(Found { entry: now, .. }) = found else {
        return Some(Finding::new(Kind::Deleted, &entry.key, "it was sealed, and is gone"));
    };
    if now == entry {
        return None;
    }
    if let Some(other) = digests.get(now.sha256.as_str()) {
        return Some(Finding::new(Kind::Reordered, &entry.key, format!("it holds what was sealed as {other}")));
    }
    let why = match now.size {
        size if size < entry.size => format!("{} of {} bytes are left", size, entry.size),
        size if size > entry.size => format!("{} bytes became {}", entry.size, size),
        _ => "its bytes are not those that were sealed".to_owned(),
    };
    Some(Finding::new(Kind::Changed, &entry.key, why))
}

/// What is wrong with an object that no reliable manifest lists. None: it is only not sealed yet.
fn unlisted(key: &str, found: &Found, chain: &Chain, at: Timestamp) -> Option<Finding> {
    let hour = Hour::of_key(key)?;
    let last = chain.last?;
    let Some(number) = chain.number_of(hour) else {
        return Some(Finding::new(Kind::Inserted, key, "it is older than the first hour that was sealed"));
    };
    if number > last {
        let why = "its hour should have a manifest by now";
        return is_overdue(hour, at).then(|| Finding::new(Kind::Unsealed, key, why));
    }
    let (Some(_), Some(end)) = (chain.reliable.get(&number), chain.reliable.get(&last)) else {
        let why =
            format!("the manifest of its hour, number {number}, or the last one is missing or cannot be relied on");
        return Some(Finding::new(Kind::Unproven, key, why));
    };
    if !chain.is_whole_after(number) {
        let why = "a manifest that may list it as late is missing or cannot be relied on";
        return Some(Finding::new(Kind::Unproven, key, why));
    }
    let is_newer = found.at.is_some_and(|written| end.at <= written && written <= at);
    let why = format!("its hour was sealed without it, as number {number}, and no later manifest lists it");
    (!is_newer).then(|| Finding::new(Kind::Inserted, key, why))
}
