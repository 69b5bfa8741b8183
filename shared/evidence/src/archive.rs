//! What is in the bucket, or in a folder downloaded from it.

use std::collections::BTreeMap;

use remedy_domain::Timestamp;

use crate::{
    key::PublicKey,
    manifest::Entry,
    name::{self, Name},
    record,
};

/// Everything that was found. Of records only digests are kept, so that years of them fit into memory.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    pub(crate) records: BTreeMap<String, Found>,
    pub(crate) manifests: BTreeMap<u64, Vec<u8>>,
    pub(crate) seals: BTreeMap<u64, Vec<u8>>,
    pub(crate) strays: Vec<String>,
    /// Archived public keys that are not the ones they are called after.
    pub(crate) altered_keys: Vec<String>,
}

/// One object in an hour's folder.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) entry: Entry,
    /// When it says that it was written.
    pub(crate) at: Option<Timestamp>,
}

impl Archive {
    /// Adds the object at `key`, as the bucket lists it.
    pub fn add(&mut self, key: &str, bytes: &[u8]) {
        match Name::of(key) {
            Name::Record(_) => {
                let found = Found { entry: Entry::of(key, bytes), at: record::written_at(bytes) };
                self.records.insert(key.to_owned(), found);
            }
            Name::Manifest(number) => drop(self.manifests.insert(number, bytes.to_vec())),
            Name::Seal(number) => drop(self.seals.insert(number, bytes.to_vec())),
            Name::PublicKey if is_named_after_itself(key, bytes) => {}
            Name::PublicKey => self.altered_keys.push(key.to_owned()),
            Name::Stray => self.strays.push(key.to_owned()),
        }
    }

    /// Whether nothing of Remedy's was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.manifests.is_empty() && self.seals.is_empty()
    }
}

fn is_named_after_itself(key: &str, pem: &[u8]) -> bool {
    let found = std::str::from_utf8(pem).ok().and_then(|pem| PublicKey::from_pem(pem).ok());
    found.is_some_and(|found| name::public_key(found.fingerprint()) == key)
}
