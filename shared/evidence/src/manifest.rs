//! The manifest of an hour.

use std::collections::BTreeSet;

use remedy_domain::{
    Timestamp,
    canonical::{self, NotCanonical},
};
use serde::{Deserialize, Serialize};

use crate::{hour::Hour, merkle, name::Name, record};

/// The stored form of manifests and seals written by this version.
pub const FORMAT: u32 = 1;

/// One object that is sealed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
}

impl Entry {
    /// The entry of the object at `key`.
    #[must_use]
    pub fn of(key: &str, bytes: &[u8]) -> Self {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { key: key.to_owned(), size, sha256: canonical::sha256_hex(bytes) }
    }
}

/// How a manifest names the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// The SHA-256 of its bytes, in hex.
    pub manifest: String,
    /// The SHA-256 of its seal, signature and all, in hex.
    pub seal: String,
}

/// Where a manifest stands in the chain.
#[derive(Debug, Clone)]
pub struct Place {
    /// The bucket that is sealed.
    pub origin: String,
    /// Its number; the first is 0.
    pub number: u64,
    /// The hour it is about.
    pub hour: Hour,
    /// The time now.
    pub at: Timestamp,
    /// The one before.
    pub previous: Option<Previous>,
}

/// What was found for an hour.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    entries: Vec<Entry>,
    invalid: Vec<String>,
}

impl Contents {
    /// Adds the object at `key`. One that is no record is listed as invalid, never skipped.
    pub fn add(&mut self, key: &str, bytes: &[u8]) {
        self.entries.push(Entry::of(key, bytes));
        if !record::is_record(key, bytes) {
            self.invalid.push(key.to_owned());
        }
    }

    /// How many objects were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The manifest of one hour: everything that was found in its folder, and what arrived late in the folders of hours that
/// were sealed before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// The bucket that is sealed.
    pub origin: String,
    /// Its number; the first is 0, and each hour has one.
    pub number: u64,
    /// The hour it is about.
    pub hour: Hour,
    /// When it was made.
    pub at: Timestamp,
    /// How many objects it lists.
    pub count: u64,
    /// The root of the Merkle tree over the canonical JSON of its entries, in hex.
    pub root: String,
    /// The first key listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The last key listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// What is sealed, sorted by key.
    pub entries: Vec<Entry>,
    /// The keys among them that belong to hours sealed before.
    pub late: Vec<String>,
    /// The keys among them that hold no record.
    pub invalid: Vec<String>,
    /// The one before; the first has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// The version of Remedy that made it.
    pub version: String,
}

impl Manifest {
    /// The manifest of what was found.
    pub fn new(place: Place, found: Contents) -> Result<Self, NotCanonical> {
        let Place { origin, number, hour, at, previous } = place;
        let Contents { mut entries, mut invalid } = found;
        entries.sort_unstable();
        entries.dedup_by(|a, b| a.key == b.key);
        invalid.sort_unstable();
        invalid.dedup();
        Ok(Self {
            format: FORMAT,
            origin,
            number,
            hour,
            at,
            count: count(&entries),
            root: root(&entries)?,
            first: entries.first().map(|entry| entry.key.clone()),
            last: entries.last().map(|entry| entry.key.clone()),
            late: late(&entries, hour),
            entries,
            invalid,
            previous,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// The manifest in these bytes. None: they hold none of a form that is known.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|manifest: &Self| manifest.format == FORMAT)
    }

    /// As it is stored: canonical JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical::to_bytes(self)
    }

    /// What in the manifest contradicts itself, if anything does.
    #[must_use]
    pub fn contradiction(&self) -> Option<&'static str> {
        let sorted = self.entries.is_sorted_by(|a, b| a.key < b.key);
        let keys: BTreeSet<&str> = self.entries.iter().map(|entry| entry.key.as_str()).collect();
        let in_time = |entry: &Entry| matches!(Name::of(&entry.key), Name::Record(hour) if hour <= self.hour);
        let ends = [self.entries.first(), self.entries.last()].map(|entry| entry.map(|entry| &entry.key));
        let checks = [
            (sorted, "its entries are not in order"),
            (root(&self.entries).is_ok_and(|root| root == self.root), "its root is not that of its entries"),
            (self.count == count(&self.entries), "its count is not that of its entries"),
            (ends == [self.first.as_ref(), self.last.as_ref()], "its first or last key is not that of its entries"),
            (self.entries.iter().all(in_time), "it lists what belongs to no hour, or to a later one"),
            (self.late == late(&self.entries, self.hour), "its late keys are not those of earlier hours"),
            (self.invalid.iter().all(|key| keys.contains(key.as_str())), "it calls invalid what it does not list"),
            (self.previous.is_some() == (self.number > 0), "only the first has none before it"),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map(|(_, what)| what)
    }
}

fn count(entries: &[Entry]) -> u64 {
    u64::try_from(entries.len()).unwrap_or(u64::MAX)
}

fn root(entries: &[Entry]) -> Result<String, NotCanonical> {
    let leaf = |entry: &Entry| canonical::to_bytes(entry).map(|bytes| merkle::leaf(&bytes));
    let leaves: Vec<_> = entries.iter().map(leaf).collect::<Result<_, _>>()?;
    Ok(canonical::hex(&merkle::root(&leaves)))
}

fn late(entries: &[Entry], hour: Hour) -> Vec<String> {
    let own = hour.folder();
    entries.iter().map(|entry| &entry.key).filter(|key| !key.starts_with(&own)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn manifest() -> Manifest {
        let (mut found, hour) = (Contents::default(), Hour::of_key("2026/03/02/10/x").unwrap());
        for n in 0..5 {
            let (key, bytes) = sample::record("2026-03-02T10:15:30.123Z", n);
            found.add(&key, &bytes);
        }
        let (late, bytes) = sample::record("2026-03-02T08:15:30.123Z", 9);
        found.add(&late, &bytes);
        found.add("2026/03/02/10/junk", b"junk");
        let (origin, at) = ("evidence".to_owned(), hour.ends());
        Manifest::new(Place { origin, number: 0, hour, at, previous: None }, found).unwrap()
    }

    #[test]
    fn what_is_late_or_no_record_is_said() {
        let manifest = manifest();
        assert_eq!(manifest.contradiction(), None);
        assert_eq!((manifest.count, manifest.late.len()), (7, 1));
        assert!(manifest.late[0].starts_with("2026/03/02/08/"));
        assert_eq!(manifest.invalid, ["2026/03/02/10/junk"]);
        assert_eq!(Manifest::parse(&manifest.to_bytes().unwrap()), Some(manifest));
    }

    #[test]
    fn every_member_that_follows_from_the_entries_is_checked() {
        let changes: [fn(&mut Manifest); 8] = [
            |it| it.entries.swap(1, 2),
            |it| it.root = "0".repeat(64),
            |it| it.count += 1,
            |it| it.first = None,
            |it| it.hour = it.hour.plus(-1),
            |it| it.late.clear(),
            |it| it.invalid.push("x".into()),
            |it| it.number = 1,
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut changed = manifest();
            change(&mut changed);
            assert!(changed.contradiction().is_some(), "change {index}");
        }
    }
}
