//! Sealed evidence: the sealer's hourly objects, and their offline verification by anybody.
//!
//! The evidence bucket holds one object for each record under `yyyy/mm/dd/hh/`. For every hour there is one
//! [`Manifest`], `seal/<number>.json`: it lists what was found, commits to it by the root of an RFC 6962 Merkle tree
//! ([`merkle`]), and names the manifest before it by digest. A large hour has several, and a foreign object in a
//! manifest's place is skipped. Beside it is its [`Seal`], `seal/<number>.sig`: a short [`Checkpoint`] as text, signed
//! with ECDSA over P-256 and SHA-256. A manifest is made for an hour without records, too, so that absence is provable.
//!
//! [`verify()`] is a pure function over an [`Archive`] (the contents of the bucket, or of a downloaded folder), the
//! [`PublicKey`]s and an optional second archive of anchored seals. It lists what was deleted, changed, inserted,
//! reordered or cut off, and what it cannot judge: [`Verdict::CannotSay`] is never [`Verdict::Intact`].

mod archive;
#[cfg(test)]
mod boundaries;
mod checkpoint;
mod contents;
mod finding;
mod hour;
mod key;
mod manifest;
pub mod merkle;
pub mod name;
mod record;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tamper;
mod verify;

pub use archive::Archive;
pub use checkpoint::{Checkpoint, Seal, Unreadable};
pub use contents::{Contents, Reading, Unread, Why};
pub use finding::{Finding, Kind, Report, Verdict};
pub use hour::{Hour, NotAnHour};
pub use key::{NotAKey, PublicKey};
pub use manifest::{Entry, FORMAT, Manifest, Place, Previous};
pub use name::Name;
pub use record::is_record;
pub use verify::{GRACE, Pins, verify, verify_pinned};
