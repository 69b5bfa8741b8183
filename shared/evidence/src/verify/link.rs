//! One number of the chain, and the objects for it.

use std::collections::BTreeMap;

use remedy_domain::canonical;

use crate::{
    checkpoint::{Checkpoint, Seal},
    finding::{Finding, Kind},
    hour::Hour,
    key::PublicKey,
    manifest::Manifest,
    name,
};

/// The seals by number, each opened once: a verification spends its time on that.
pub(super) type Opened = BTreeMap<u64, Result<Checkpoint, Finding>>;

/// The numbers of manifests by their digest, as signed.
pub(super) type Signed<'a> = BTreeMap<&'a str, u64>;

/// A manifest that is signed.
pub(super) enum Genuine {
    /// Its contents are known.
    Known(Box<Manifest>),
    /// It is of a later release. Its seal names its hour.
    Unknown(Hour),
}

/// One number of the chain, and the objects for it.
pub(super) struct Link<'a> {
    pub(super) number: u64,
    pub(super) manifest: Option<&'a [u8]>,
    /// Its seal, opened.
    pub(super) seal: Option<&'a Result<Checkpoint, Finding>>,
}

impl Link<'_> {
    pub(super) fn read(&self, signed: &Signed<'_>, last: Option<u64>) -> Result<Genuine, Vec<Finding>> {
        let (key, seal_key) = (name::manifest(self.number), name::seal(self.number));
        let (manifest, seal) = match (self.manifest, self.seal) {
            (Some(manifest), Some(seal)) => (manifest, seal),
            (Some(_), None) => return Err(vec![self.unsigned(last)]),
            (None, seal) => {
                let why = format!("the chain goes on to number {}", last.unwrap_or_default());
                let lost = [(key, true), (seal_key, seal.is_none())];
                let lost = lost.into_iter().filter(|(_, is_lost)| *is_lost);
                return Err(lost.map(|(key, _)| Finding::new(Kind::Deleted, key, why.as_str())).collect());
            }
        };
        match seal {
            Ok(checkpoint) => self.agree(manifest, checkpoint, signed),
            Err(finding) => Err(vec![finding.clone()]),
        }
    }

    fn unsigned(&self, last: Option<u64>) -> Finding {
        if last == Some(self.number) {
            let why = "it has no seal; the sealer's next run completes it, or steps over it";
            return Finding::new(Kind::Unsigned, name::manifest(self.number), why);
        }
        Finding::new(Kind::Deleted, name::seal(self.number), "the chain goes on after it, so it was sealed")
    }

    /// The manifest, if it is the one that its seal is about, in its place.
    fn agree(&self, bytes: &[u8], sealed: &Checkpoint, signed: &Signed<'_>) -> Result<Genuine, Vec<Finding>> {
        let (key, digest) = (name::manifest(self.number), canonical::sha256_hex(bytes));
        let moved = |key: String, number: u64| Finding::new(Kind::Reordered, key, format!("it is number {number}"));
        let mut findings = Vec::new();
        if sealed.number != self.number {
            findings.push(moved(name::seal(self.number), sealed.number));
        }
        match signed.get(digest.as_str()) {
            Some(number) if *number != self.number => findings.push(moved(key.clone(), *number)),
            None if sealed.number == self.number => {
                findings.push(Finding::new(Kind::Changed, key.clone(), "its bytes are not those that were signed"));
            }
            _ => {}
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let contradicts = |why: &str| vec![Finding::new(Kind::Contradictory, key.clone(), why)];
        let Some(manifest) = Manifest::parse(bytes) else {
            let is_later = Manifest::is_of_a_later_form(bytes);
            let known = is_later.then_some(Genuine::Unknown(sealed.hour));
            return known.ok_or_else(|| contradicts("it is signed, and no release writes such a manifest"));
        };
        if Checkpoint::of(&manifest, bytes) != *sealed {
            return Err(contradicts("it is signed, and its seal says something else"));
        }
        let why = manifest.contradiction();
        why.map_or_else(|| Ok(Genuine::Known(Box::new(manifest))), |why| Err(contradicts(why)))
    }
}

/// The checkpoint of a seal that one of the keys signed.
pub(super) fn genuine(seal: &[u8], keys: &[PublicKey], key: &str) -> Result<Checkpoint, Finding> {
    let seal = Seal::parse(seal).map_err(|error| Finding::new(Kind::Changed, key, error.to_string()))?;
    let Some(signer) = keys.iter().find(|signer| signer.fingerprint() == seal.key) else {
        let known: std::collections::BTreeSet<_> = keys.iter().map(PublicKey::fingerprint).collect();
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        let signer = remedy_domain::redact::text(&seal.key);
        let why = format!("it names the key {signer}; given were {known}");
        return Err(Finding::new(Kind::BadSignature, key, why));
    };
    if seal.is_by(signer) {
        Ok(seal.checkpoint)
    } else {
        Err(Finding::new(Kind::BadSignature, key, "its text or its signature was changed after it was signed"))
    }
}
