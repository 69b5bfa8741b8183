//! The manifest of an hour.

use std::collections::BTreeSet;

use remedy_domain::{
    Timestamp,
    canonical::{self, NotCanonical},
};
use serde::{Deserialize, Serialize};

use crate::{
    contents::{Contents, Unread},
    hour::Hour,
    merkle,
    name::Name,
};

/// The stored form of seals, and of a manifest without members that version 0.1.0 did not know.
pub const FORMAT: u32 = 1;
/// The stored form of a manifest that is a part of an hour, skips a number, or names unreadable objects.
const EXTENDED: u32 = 2;

/// One object that is sealed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// The SHA-256 of its bytes, in hex.
    pub manifest: String,
    /// The SHA-256 of its seal, signature and all, in hex.
    pub seal: String,
}

/// The place of a manifest in the chain.
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
    /// The first number that is skipped, because of a foreign object. None: none is.
    pub over: Option<u64>,
}

/// The manifest of one hour: everything that was found in its folder, and late objects in the folders of hours that
/// were sealed before. A large hour has several; all but the last say that there is `more`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The stored form: [`FORMAT`], or 2 if it has one of `more`, `over` and `unreadable`.
    pub format: u32,
    /// The bucket that is sealed.
    pub origin: String,
    /// Its number; the first is 0.
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
    /// The sealed entries, sorted by key.
    pub entries: Vec<Entry>,
    /// The keys among them that belong to hours sealed before.
    pub late: Vec<String>,
    /// The keys among them that hold no record.
    pub invalid: Vec<String>,
    /// The objects that exist and could not be read, sorted by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unread>,
    /// Whether the next manifest continues the same hour.
    #[serde(default, skip_serializing_if = "is_last_part")]
    pub more: bool,
    /// The first of the skipped numbers before this one: the objects there are no manifests of Remedy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<u64>,
    /// The one before; the first has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// The version of Remedy that made it.
    pub version: String,
}

impl Manifest {
    /// The manifest of what was found.
    pub fn new(place: Place, found: Contents) -> Result<Self, NotCanonical> {
        let Place { origin, number, hour, at, previous, over } = place;
        let Contents { mut entries, mut invalid, mut unreadable, more } = found;
        entries.sort_unstable();
        entries.dedup_by(|a, b| a.key == b.key);
        invalid.sort_unstable();
        invalid.dedup();
        unreadable.sort_unstable();
        unreadable.dedup_by(|a, b| a.key == b.key);
        let is_plain = !more && over.is_none() && unreadable.is_empty();
        Ok(Self {
            format: if is_plain { FORMAT } else { EXTENDED },
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
            unreadable,
            more,
            over,
            previous,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// The manifest in these bytes. None: their form is not known, or they are not written as Remedy writes them.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let manifest: Self = serde_json::from_slice(bytes).ok()?;
        let is_known = (FORMAT..=EXTENDED).contains(&manifest.format);
        (is_known && manifest.to_bytes().is_ok_and(|again| again == bytes)).then_some(manifest)
    }

    /// Whether these bytes may hold a manifest of a later release: canonical JSON with a form, and members or a form
    /// that this one does not know.
    #[must_use]
    pub fn is_of_a_later_form(bytes: &[u8]) -> bool {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else { return false };
        let has_form = value.get("format").and_then(serde_json::Value::as_u64).is_some_and(|format| format > 0);
        let is_canonical = canonical::to_bytes(&value).is_ok_and(|again| again == bytes);
        has_form && is_canonical && serde_json::from_value::<Self>(value).map_or(true, |it| it.format > EXTENDED)
    }

    /// The number of the one before. None: it is the first.
    #[must_use]
    pub fn before(&self) -> Option<u64> {
        self.over.unwrap_or(self.number).checked_sub(1)
    }

    /// The hour that the next manifest is about.
    #[must_use]
    pub fn next_hour(&self) -> Hour {
        if self.more { self.hour } else { self.hour.plus(1) }
    }

    /// The last key of its own hour that it lists, or names as unreadable. None: it has none of its own hour.
    #[must_use]
    pub fn last_of_hour(&self) -> Option<&str> {
        let own = self.hour.folder();
        self.keys().filter(|key| key.starts_with(&own)).max()
    }

    /// Every key that it lists, or names as unreadable.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let unreadable = self.unreadable.iter().map(|unread| unread.key.as_str());
        self.entries.iter().map(|entry| entry.key.as_str()).chain(unreadable)
    }

    /// As it is stored: canonical JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical::to_bytes(self)
    }

    /// A contradiction within the manifest, if there is one.
    #[must_use]
    pub fn contradiction(&self) -> Option<&'static str> {
        let sorted = self.entries.is_sorted_by(|a, b| a.key < b.key);
        let keys: BTreeSet<&str> = self.entries.iter().map(|entry| entry.key.as_str()).collect();
        let in_time = |key: &str| matches!(Name::of(key), Name::Record(hour) if hour <= self.hour);
        let unread = self.unreadable.iter().all(|unread| !keys.contains(unread.key.as_str()));
        let ends = [self.entries.first(), self.entries.last()].map(|entry| entry.map(|entry| &entry.key));
        let checks = [
            (sorted, "its entries are not in order"),
            (root(&self.entries).is_ok_and(|root| root == self.root), "its root is not that of its entries"),
            (self.count == count(&self.entries), "its count is not that of its entries"),
            (ends == [self.first.as_ref(), self.last.as_ref()], "its first or last key is not that of its entries"),
            (self.keys().all(in_time), "it lists what belongs to no hour, or to a later one"),
            (self.late == late(&self.entries, self.hour), "its late keys are not those of earlier hours"),
            (self.invalid.iter().all(|key| keys.contains(key.as_str())), "it calls invalid what it does not list"),
            (unread, "it lists what it could not read"),
            (self.over.is_none_or(|over| over < self.number), "it steps over itself"),
            (self.previous.is_some() == self.before().is_some(), "only the first has none before it"),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map(|(_, what)| what)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_last_part(more: &bool) -> bool {
    !more
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
        Manifest::new(Place { origin, number: 0, hour, at, previous: None, over: None }, found).unwrap()
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
