//! The chain of manifests: which of them can be relied on.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use remedy_domain::{Timestamp, canonical};

use crate::{
    archive::Archive,
    checkpoint::{Checkpoint, Seal},
    finding::{Finding, Kind},
    hour::Hour,
    key::PublicKey,
    manifest::Manifest,
    name,
};

/// Two sealers' clocks may differ by as much.
const SKEW: Duration = Duration::from_mins(5);

/// The manifests that can be relied on, and where they stand.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) reliable: BTreeMap<u64, Manifest>,
    /// The highest number of which anything is there.
    pub(super) last: Option<u64>,
    origin: Option<String>,
    start: Option<Hour>,
}

/// One number of the chain, and what is there for it.
struct Link<'a> {
    number: u64,
    manifest: Option<&'a [u8]>,
    /// Its seal, opened.
    seal: Option<&'a Result<Checkpoint, Finding>>,
}

impl Chain {
    /// Reads the chain, and says what is wrong with it.
    pub(super) fn read(archive: &Archive, keys: &[PublicKey], at: Timestamp, findings: &mut Vec<Finding>) -> Self {
        let seals: Opened =
            archive.seals.iter().map(|(number, seal)| (*number, genuine(seal, keys, &name::seal(*number)))).collect();
        let signed: Signed<'_> = seals.values().flatten().map(|it| (it.manifest.as_str(), it.number)).collect();
        let last = last(archive, &signed, findings);
        let mut chain = Self { last, ..Self::default() };
        for number in (0..=last.unwrap_or(0)).take_while(|_| last.is_some()) {
            let link =
                Link { number, manifest: archive.manifests.get(&number).map(Vec::as_slice), seal: seals.get(&number) };
            match link.read(&signed, last) {
                Ok(manifest) => chain.add(manifest, archive, at, findings),
                Err(found) => findings.extend(found),
            }
        }
        chain
    }

    /// The hour of a number: each hour has one.
    pub(super) fn hour_of(&self, number: u64) -> Option<Hour> {
        self.start.map(|start| start.plus(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    /// The number of an hour. None: it is before the first.
    pub(super) fn number_of(&self, hour: Hour) -> Option<u64> {
        self.start.and_then(|start| u64::try_from(hour.since(start)).ok())
    }

    /// Whether every manifest after `number` can be relied on.
    pub(super) fn is_whole_after(&self, number: u64) -> bool {
        let after = self.reliable.range(number.saturating_add(1)..).count();
        self.last.is_some_and(|last| u64::try_from(after).is_ok_and(|after| after == last.saturating_sub(number)))
    }

    fn add(&mut self, manifest: Manifest, archive: &Archive, at: Timestamp, findings: &mut Vec<Finding>) {
        let number = manifest.number;
        let key = name::manifest(number);
        let offset = i64::try_from(number).unwrap_or(i64::MAX);
        let start = *self.start.get_or_insert(manifest.hour.plus(offset.saturating_neg()));
        let origin = self.origin.get_or_insert_with(|| manifest.origin.clone());
        if *origin != manifest.origin {
            let why = format!("it seals the bucket {}, the first one {origin}", manifest.origin);
            findings.push(Finding::new(Kind::ChainBroken, &key, why));
        }
        if manifest.hour != start.plus(offset) {
            let why = format!("it is about {}, where {} follows", manifest.hour, start.plus(offset));
            findings.push(Finding::new(Kind::ChainBroken, &key, why));
        }
        let before = number.checked_sub(1).and_then(|before| self.reliable.get(&before));
        if let Some(before) = before {
            findings.extend(follows(&manifest, before, archive));
        }
        findings.extend(skew(&manifest, before, at));
        self.reliable.insert(number, manifest);
    }
}

impl Link<'_> {
    fn read(&self, signed: &Signed<'_>, last: Option<u64>) -> Result<Manifest, Vec<Finding>> {
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
            let why = "it has no seal; the sealer's next run completes it, or tells why not";
            return Finding::new(Kind::Unsigned, name::manifest(self.number), why);
        }
        Finding::new(Kind::Deleted, name::seal(self.number), "the chain goes on after it, so it was sealed")
    }

    /// The manifest, if it is the one that its seal is about, in its place.
    fn agree(&self, bytes: &[u8], sealed: &Checkpoint, signed: &Signed<'_>) -> Result<Manifest, Vec<Finding>> {
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
        let manifest = Manifest::parse(bytes).filter(|manifest| Checkpoint::of(manifest, bytes) == *sealed);
        let contradicts = |why: &str| vec![Finding::new(Kind::Contradictory, key.clone(), why)];
        let manifest = manifest.ok_or_else(|| contradicts("it is signed, and not of a form that is known"))?;
        manifest.contradiction().map_or(Ok(manifest), |why| Err(contradicts(why)))
    }
}

/// The seals by number, each opened once: that is what a verification spends its time on.
type Opened = BTreeMap<u64, Result<Checkpoint, Finding>>;

/// The numbers of manifests by their digest, as signed.
type Signed<'a> = BTreeMap<&'a str, u64>;

/// The last number of the chain. There is one for every hour, so a gap that is longer than the chain itself is none: what
/// stands beyond was never part of it.
fn last(archive: &Archive, signed: &Signed<'_>, findings: &mut Vec<Finding>) -> Option<u64> {
    let present: BTreeSet<u64> = archive.manifests.keys().chain(archive.seals.keys()).copied().collect();
    let genuine = signed.values().filter(|number| present.contains(number)).max().copied().unwrap_or(0);
    let limit = u64::try_from(present.len()).unwrap_or(u64::MAX).saturating_add(genuine);
    for number in present.range(limit.saturating_add(1)..) {
        let is_there = [archive.manifests.contains_key(number), archive.seals.contains_key(number)];
        let objects = [name::manifest(*number), name::seal(*number)].into_iter().zip(is_there);
        let beyond = |object| Finding::new(Kind::Inserted, object, "no chain leads to this number");
        findings.extend(objects.filter(|(_, is_there)| *is_there).map(|(object, _)| beyond(object)));
    }
    present.range(..=limit).next_back().copied()
}

/// The checkpoint of a seal that one of the keys signed.
pub(super) fn genuine(seal: &[u8], keys: &[PublicKey], key: &str) -> Result<Checkpoint, Finding> {
    let seal = Seal::parse(seal).map_err(|error| Finding::new(Kind::Changed, key, error.to_string()))?;
    let Some(signer) = keys.iter().find(|signer| signer.fingerprint() == seal.key) else {
        let known: BTreeSet<_> = keys.iter().map(PublicKey::fingerprint).collect();
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

/// Whether a manifest was made after the one that stands before it. Both are signed: where they disagree, history was
/// made twice.
fn follows(manifest: &Manifest, before: &Manifest, archive: &Archive) -> Vec<Finding> {
    let digest =
        |objects: &BTreeMap<u64, Vec<u8>>| objects.get(&before.number).map(|bytes| canonical::sha256_hex(bytes));
    let named = manifest.previous.as_ref();
    let mut findings = Vec::new();
    if named.map(|named| &named.manifest) != digest(&archive.manifests).as_ref() {
        let why = format!("it was made after another number {}", before.number);
        findings.push(Finding::new(Kind::ChainBroken, name::manifest(manifest.number), why));
    } else if named.map(|named| &named.seal) != digest(&archive.seals).as_ref() {
        let why = format!("number {} was made after another seal", manifest.number);
        findings.push(Finding::new(Kind::ChainBroken, name::seal(before.number), why));
    }
    findings
}

fn skew(manifest: &Manifest, before: Option<&Manifest>, at: Timestamp) -> Option<Finding> {
    let too_early = manifest.at < manifest.hour.ends();
    let back_in_time = before.is_some_and(|before| manifest.at + SKEW < before.at);
    let to_come = at + SKEW < manifest.at;
    let why = match (too_early, back_in_time, to_come) {
        (true, _, _) => "it is dated before the end of its hour",
        (_, true, _) => "it is dated before the one before it",
        (_, _, true) => "it is dated after this verification",
        _ => return None,
    };
    Some(Finding::new(Kind::ClockSkew, name::manifest(manifest.number), format!("{why}: {}", manifest.at)))
}
