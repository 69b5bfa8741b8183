//! The contents of the bucket, or of a folder downloaded from it.

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::Timestamp;

use crate::{
    contents::Reading,
    key::PublicKey,
    manifest::Entry,
    name::{self, Name},
    record::{self, Class},
};

/// Everything that was found. Of records only digests are kept, so that years of them fit into memory.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    pub(crate) records: BTreeMap<String, Found>,
    pub(crate) manifests: BTreeMap<u64, Vec<u8>>,
    pub(crate) seals: BTreeMap<u64, Vec<u8>>,
    pub(crate) strays: Vec<String>,
    /// The fingerprints of archived public keys.
    pub(crate) keys: BTreeSet<String>,
    /// Archived public keys that are not the ones they are called after.
    pub(crate) altered_keys: Vec<String>,
    /// The objects that exist and could not be read, and why.
    pub(crate) unreadable: BTreeMap<String, String>,
    /// Keys with a delete marker, as the latest version or below it.
    pub(crate) markers: BTreeSet<String>,
    /// Keys with several versions.
    pub(crate) rewritten: BTreeSet<String>,
}

/// One object in an hour's folder.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) entry: Entry,
    /// When it says that it was written.
    pub(crate) at: Option<Timestamp>,
    pub(crate) class: Class,
}

impl Archive {
    /// Adds the object at `key`, as the bucket lists it.
    pub fn add(&mut self, key: &str, bytes: &[u8]) {
        match Name::of(key) {
            Name::Record(_) => {
                let mut reading = Reading::default();
                reading.take(bytes);
                self.add_record(key, reading);
            }
            Name::Manifest(number) => drop(self.manifests.insert(number, bytes.to_vec())),
            Name::Seal(number) => drop(self.seals.insert(number, bytes.to_vec())),
            Name::PublicKey => self.add_key(key, bytes),
            Name::Stray => self.strays.push(key.to_owned()),
        }
    }

    /// Adds an object in the folder of an hour that was read in pieces, so that a large one costs no memory.
    pub fn add_record(&mut self, key: &str, reading: Reading) {
        let (entry, bytes) = reading.end(key);
        let found = Found { entry, at: record::written_at(&bytes), class: record::classify(key, &bytes) };
        self.records.insert(key.to_owned(), found);
    }

    /// Adds an object that exists and could not be read, and why.
    pub fn add_unreadable(&mut self, key: &str, why: &str) {
        self.unreadable.insert(key.to_owned(), why.to_owned());
    }

    /// Adds a delete marker that the bucket's versions show at `key`.
    pub fn add_marker(&mut self, key: &str) {
        self.markers.insert(key.to_owned());
    }

    /// Adds a version at `key` that is not the latest. Remedy writes one version of each.
    pub fn add_older_version(&mut self, key: &str) {
        self.rewritten.insert(key.to_owned());
    }

    /// Whether nothing of Remedy's was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let is_empty = self.records.is_empty() && self.manifests.is_empty() && self.seals.is_empty();
        is_empty && self.unreadable.is_empty() && self.markers.is_empty()
    }

    fn add_key(&mut self, key: &str, pem: &[u8]) {
        let found = std::str::from_utf8(pem).ok().and_then(|pem| PublicKey::from_pem(pem).ok());
        match found.filter(|found| name::public_key(found.fingerprint()) == key) {
            Some(found) => drop(self.keys.insert(found.fingerprint().to_owned())),
            None => self.altered_keys.push(key.to_owned()),
        }
    }
}
