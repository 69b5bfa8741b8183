//! The objects found for an hour.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    manifest::{Entry, Manifest},
    record::{self, Class},
};
use remedy_domain::canonical;

/// Why an object could not be read when its hour was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The sealer may not read it, or not use the key that it is encrypted with.
    Denied,
    /// S3 or KMS refuses to return it: its key is disabled, or it was moved to an archive.
    Refused,
    /// It was listed, and is gone: a delete marker was put over it.
    Gone,
    /// It is longer than the limit for reading.
    TooLarge,
}

impl Why {
    /// The words, as a person reads them.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Denied => "it may not be read",
            Self::Refused => "S3 or KMS refuses to give it",
            Self::Gone => "it was listed, and is gone",
            Self::TooLarge => "it is too large to be read",
        }
    }
}

/// An object that exists and could not be read: it is named, and its contents stay unknown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unread {
    /// Its key.
    pub key: String,
    /// Why it could not be read.
    pub why: Why,
}

/// Hashes an object piece by piece, and keeps no more of it than the length of a record.
#[derive(Debug, Default)]
pub struct Reading {
    hash: Sha256,
    size: u64,
    /// The bytes so far, for as long as they may be a record.
    kept: Vec<u8>,
}

impl Reading {
    /// Takes the next piece.
    pub fn take(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.size = self.size.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if usize::try_from(self.size).is_ok_and(|size| size <= record::LONGEST) {
            self.kept.extend_from_slice(piece);
        } else {
            self.kept = Vec::new();
        }
    }

    /// How many bytes were taken.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn end(self, key: &str) -> (Entry, Vec<u8>) {
        let sha256 = canonical::hex(&<[u8; 32]>::from(self.hash.finalize()));
        (Entry { key: key.to_owned(), size: self.size, sha256 }, self.kept)
    }
}

/// The objects found for an hour, or for a part of it.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    pub(crate) entries: Vec<Entry>,
    pub(crate) invalid: Vec<String>,
    pub(crate) unreadable: Vec<Unread>,
    pub(crate) more: bool,
}

impl Contents {
    /// The entries of a manifest.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let Manifest { entries, invalid, unreadable, more, .. } = manifest.clone();
        Self { entries, invalid, unreadable, more }
    }

    /// Adds the object at `key`. One that is no record is listed as invalid, never skipped.
    pub fn add(&mut self, key: &str, bytes: &[u8]) {
        let mut reading = Reading::default();
        reading.take(bytes);
        self.add_read(key, reading);
    }

    /// Adds the object at `key` that was read in pieces.
    pub fn add_read(&mut self, key: &str, reading: Reading) {
        let (entry, bytes) = reading.end(key);
        self.entries.push(entry);
        if record::classify(key, &bytes) == Class::Invalid {
            self.invalid.push(key.to_owned());
        }
    }

    /// Adds the object at `key` that could not be read.
    pub fn add_unread(&mut self, key: &str, why: Why) {
        self.unreadable.push(Unread { key: key.to_owned(), why });
    }

    /// Says that this is a part of the hour, and that the next manifest goes on with it.
    pub fn goes_on(&mut self) {
        self.more = true;
    }

    /// How many objects were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len() + self.unreadable.len()
    }

    /// Whether none was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
