//! Compares the objects in the folders of the hours with the lists of the manifests.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use remedy_domain::Timestamp;

use super::{
    chain::{Chain, SKEW},
    is_overdue,
};
use crate::{
    archive::{Archive, Found},
    finding::{Finding, Kind},
    hour::Hour,
    manifest::{Entry, Manifest},
    name::{self, End},
    record::Class,
};

/// A worker lives for 16 minutes at most, and has written its record by then. Only an outcome may come later: the
/// worker that closes an attempt of a crashed one writes it under the key that the intent names.
const LIFETIME: Duration = Duration::from_mins(20);
/// The number of hours after its own within which a record that is no outcome may be sealed as late.
const LATE: i64 = 2;

/// Objects that are neither findings nor sealed records.
#[derive(Debug, Default)]
pub(super) struct Rest {
    pub(super) unsealed: Vec<String>,
    pub(super) invalid: Vec<String>,
    pub(super) unknown: Vec<String>,
    pub(super) unreadable: Vec<Finding>,
}

/// The state of an object that no reliable manifest lists.
enum Unlisted {
    NotYet,
    Unknown,
    Wrong(Kind, String),
}

/// Compares, and returns the objects that are neither right nor wrong.
pub(super) fn compare(archive: &Archive, chain: &Chain, at: Timestamp, findings: &mut Vec<Finding>) -> Rest {
    let listed = listed(chain, findings);
    let digests: BTreeMap<&str, &str> =
        listed.values().map(|(_, entry)| (entry.sha256.as_str(), entry.key.as_str())).collect();
    let mut rest = Rest { unreadable: unreadable(archive, chain), ..Rest::default() };
    for (manifest, entry) in listed.values() {
        let found = archive.records.get(&entry.key);
        findings.extend(differs(entry, found, &digests).or_else(|| belated(manifest, entry, found)));
        match found.map(|found| found.class) {
            Some(Class::Invalid) => rest.invalid.push(entry.key.clone()),
            Some(Class::Unknown) => rest.unknown.push(entry.key.clone()),
            Some(Class::Record) | None => {}
        }
    }
    findings.extend(misplaced(archive));
    let sealed: BTreeSet<&str> = chain.reliable.values().flat_map(Manifest::keys).collect();
    for (key, found) in archive.records.iter().filter(|(key, _)| !sealed.contains(key.as_str())) {
        match unlisted(key, found, chain, at) {
            _ if found.class == Class::Unknown => rest.unknown.push(key.clone()),
            Unlisted::NotYet => rest.unsealed.push(key.clone()),
            Unlisted::Unknown => rest.unknown.push(key.clone()),
            Unlisted::Wrong(kind, why) => findings.push(Finding::new(kind, key, why)),
        }
    }
    rest.unknown.extend(chain.unknown.keys().map(|number| name::manifest(*number)));
    rest
}

/// Everything that reliable manifests list.
pub(super) fn entries(chain: &Chain) -> impl Iterator<Item = (&Manifest, &Entry)> {
    chain.reliable.values().flat_map(|manifest| manifest.entries.iter().map(move |entry| (manifest, entry)))
}

fn listed<'a>(chain: &'a Chain, findings: &mut Vec<Finding>) -> BTreeMap<&'a str, (&'a Manifest, &'a Entry)> {
    let mut listed = BTreeMap::new();
    for (manifest, entry) in entries(chain) {
        if let Some((_, first)) = listed.insert(entry.key.as_str(), (manifest, entry))
            && first != entry
        {
            let why = format!("it was sealed twice, and differently; the second time as number {}", manifest.number);
            findings.push(Finding::new(Kind::Contradictory, &entry.key, why));
        }
    }
    listed
}

/// Objects in places where none of Remedy's belong, and the findings of the bucket's versions.
fn misplaced(archive: &Archive) -> Vec<Finding> {
    let of = |kind: Kind, why: &'static str| move |key: &String| Finding::new(kind, key, why);
    let strays = archive.strays.iter().map(of(Kind::Inserted, "Remedy writes nothing of this name"));
    let altered = archive.altered_keys.iter();
    let altered = altered.map(of(Kind::Changed, "it does not hold the key that it is called after"));
    let markers = archive.markers.iter().map(of(Kind::DeleteMarker, "somebody deleted it, and nobody may"));
    let older = archive.rewritten.iter();
    let older = older.map(of(Kind::OtherVersion, "it was written a second time, and everything is written once"));
    strays.chain(altered).chain(markers).chain(older).collect()
}

/// Objects that could not be read: when they were sealed, or now.
fn unreadable(archive: &Archive, chain: &Chain) -> Vec<Finding> {
    let then = chain.reliable.values().flat_map(|manifest| {
        let why = format!("when it was sealed as number {}", manifest.number);
        let said = move |unread: &crate::Unread| {
            Finding::new(Kind::Unreadable, &unread.key, format!("{} {why}", unread.why.words()))
        };
        manifest.unreadable.iter().map(said).collect::<Vec<_>>()
    });
    let now = archive.unreadable.iter().map(|(key, why)| Finding::new(Kind::Unreadable, key, why));
    then.chain(now).collect()
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

/// The finding about the time at which a record was sealed: it came to its hour's folder long after it can have been
/// written, or claims to have been written after its own seal.
fn belated(manifest: &Manifest, entry: &Entry, found: Option<&Found>) -> Option<Finding> {
    let found = found.filter(|found| found.class == Class::Record)?;
    let late = manifest.hour.since(Hour::of_key(&entry.key)?);
    let is_outcome = matches!(End::of(&entry.key), Some(End::Outcome(_)));
    if late > LATE && !is_outcome {
        let why = format!("it was sealed as late, {late} hours after its hour; no worker lives so long");
        return Some(Finding::new(Kind::Belated, &entry.key, why));
    }
    let written = found.at.filter(|written| manifest.at + SKEW < *written)?;
    let why = format!("it says that it was written at {written}, and was sealed before that");
    Some(Finding::new(Kind::ClockSkew, &entry.key, why))
}

/// The finding about an object that no reliable manifest lists.
fn unlisted(key: &str, found: &Found, chain: &Chain, at: Timestamp) -> Unlisted {
    let (Some(hour), true) = (Hour::of_key(key), chain.last.is_some()) else { return Unlisted::NotYet };
    if chain.begins().is_some_and(|begins| hour < begins) {
        return Unlisted::Wrong(Kind::Inserted, "it is older than the first hour that was sealed".to_owned());
    }
    if chain.next_hour().is_some_and(|next| next <= hour) {
        let why = "its hour should have a manifest by now".to_owned();
        return if is_overdue(hour, at) { Unlisted::Wrong(Kind::Unsealed, why) } else { Unlisted::NotYet };
    }
    let (number, end) = match (chain.closed_as(hour), chain.end()) {
        (Some(number), Some(end)) if chain.is_whole_after(number) => (number, end),
        _ if !chain.unknown.is_empty() => return Unlisted::Unknown,
        _ => {
            let why = "the manifest of its hour, or one that may list it as late, is missing or cannot be relied on";
            return Unlisted::Wrong(Kind::Unproven, why.to_owned());
        }
    };
    let Some(written) = found.at.filter(|written| end.at <= *written && *written <= at) else {
        let why = format!("its hour was sealed without it, as number {number}, and no later manifest lists it");
        return Unlisted::Wrong(Kind::Inserted, why);
    };
    late(key, written)
}

/// An object newer than the last seal, in the folder of an hour that was sealed before.
fn late(key: &str, written: Timestamp) -> Unlisted {
    let is_outcome = matches!(End::of(key), Some(End::Outcome(_)));
    let is_in_time = name::placed_at(key).is_some_and(|placed| written <= placed + LIFETIME);
    if is_outcome || is_in_time {
        return Unlisted::NotYet;
    }
    let why = format!("it says that it was written at {written}, long after its place tells; no worker lives so long");
    Unlisted::Wrong(Kind::Inserted, why)
}
