//! The chain of manifests: which of them can be relied on.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use remedy_domain::{Timestamp, canonical};

use super::link::{Genuine, Link, Opened, Signed, genuine};
use crate::{
    archive::Archive,
    finding::{Finding, Kind},
    hour::Hour,
    key::PublicKey,
    manifest::Manifest,
    name,
};

/// Two sealers' clocks may differ by as much.
pub(super) const SKEW: Duration = Duration::from_mins(5);

/// The manifests that can be relied on, and where they stand.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) reliable: BTreeMap<u64, Manifest>,
    /// The hours of manifests of a later release: they are signed, and their contents are not known.
    pub(super) unknown: BTreeMap<u64, Hour>,
    /// The highest number of which anything is there.
    pub(super) last: Option<u64>,
    /// The number of the manifest that closes an hour.
    closed: BTreeMap<Hour, u64>,
    /// From this number on the chain is whole to its end.
    whole_from: Option<u64>,
    origin: Option<String>,
}

impl Chain {
    /// Reads the chain, and says what is wrong with it.
    pub(super) fn read(archive: &Archive, keys: &[PublicKey], at: Timestamp, findings: &mut Vec<Finding>) -> Self {
        let seals: Opened =
            archive.seals.iter().map(|(number, seal)| (*number, genuine(seal, keys, &name::seal(*number)))).collect();
        let signed: Signed<'_> = seals.values().flatten().map(|it| (it.manifest.as_str(), it.number)).collect();
        let last = last(archive, &signed, findings);
        let (mut chain, mut wrong) = (Self { last, ..Self::default() }, Vec::new());
        for number in (0..=last.unwrap_or(0)).take_while(|_| last.is_some()) {
            let link =
                Link { number, manifest: archive.manifests.get(&number).map(Vec::as_slice), seal: seals.get(&number) };
            match link.read(&signed, last) {
                Ok(Genuine::Known(manifest)) => chain.add(*manifest, archive, at, findings),
                Ok(Genuine::Unknown(hour)) => drop(chain.unknown.insert(number, hour)),
                Err(found) => wrong.push((number, found)),
            }
        }
        // A skipped number is no link, whatever is there.
        wrong.retain(|(number, _)| !chain.is_stepped_over(*number));
        findings.extend(wrong.into_iter().flat_map(|(_, found)| found));
        chain.whole_from = chain.whole();
        chain
    }

    /// The first number that can be relied on.
    pub(super) fn first(&self) -> Option<u64> {
        self.reliable.keys().next().copied()
    }

    /// The bytes of the first manifest of all. None: it is missing, or cannot be relied on.
    pub(super) fn genesis<'a>(&self, archive: &'a Archive) -> Option<&'a Vec<u8>> {
        let (number, first) = self.reliable.first_key_value()?;
        archive.manifests.get(number).filter(|_| first.before().is_none())
    }

    /// The beginning of the chain. None: it is not known.
    pub(super) fn begins(&self) -> Option<Hour> {
        let first = self.reliable.values().next()?;
        first.before().is_none().then_some(first.hour)
    }

    /// The hour that the next manifest is about: if the last ones cannot be relied on, the earliest possible one.
    pub(super) fn next_hour(&self) -> Option<Hour> {
        let last = self.last?;
        if let Some(hour) = self.unknown.get(&last) {
            return Some(hour.plus(1));
        }
        let (number, manifest) = self.reliable.last_key_value()?;
        let missing = i64::try_from(last.saturating_sub(*number)).unwrap_or(i64::MAX);
        Some(manifest.next_hour().plus(missing))
    }

    /// The number of the manifest that closed an hour. None: there is none that can be relied on.
    pub(super) fn closed_as(&self, hour: Hour) -> Option<u64> {
        self.closed.get(&hour).copied()
    }

    /// The last manifest, if it can be relied on.
    pub(super) fn end(&self) -> Option<&Manifest> {
        self.last.and_then(|last| self.reliable.get(&last))
    }

    /// Whether every manifest after `number` can be relied on.
    pub(super) fn is_whole_after(&self, number: u64) -> bool {
        self.whole_from.is_some_and(|from| from <= number)
    }

    /// The objects at skipped numbers.
    pub(super) fn stepped_over(&self, archive: &Archive) -> Vec<String> {
        let manifests = archive.manifests.keys().map(|number| (*number, name::manifest(*number)));
        let seals = archive.seals.keys().map(|number| (*number, name::seal(*number)));
        let all: BTreeSet<_> = manifests.chain(seals).filter(|(number, _)| self.is_stepped_over(*number)).collect();
        all.into_iter().map(|(_, key)| key).collect()
    }

    fn is_stepped_over(&self, number: u64) -> bool {
        let next = self.reliable.range(number.saturating_add(1)..).next();
        next.is_some_and(|(_, manifest)| manifest.over.is_some_and(|over| over <= number))
    }

    /// The lowest number from which each manifest names the one before it, up to the last.
    fn whole(&self) -> Option<u64> {
        let mut from = self.end()?.number;
        while let Some(before) = self.reliable.get(&from).and_then(Manifest::before) {
            if !self.reliable.contains_key(&before) {
                break;
            }
            from = before;
        }
        Some(from)
    }

    fn add(&mut self, manifest: Manifest, archive: &Archive, at: Timestamp, findings: &mut Vec<Finding>) {
        let key = name::manifest(manifest.number);
        let mut broken = |why: String| findings.push(Finding::new(Kind::ChainBroken, &key, why));
        let origin = self.origin.get_or_insert_with(|| manifest.origin.clone());
        if *origin != manifest.origin {
            broken(format!("it seals the bucket {}, the first one {origin}", manifest.origin));
        }
        let signed = manifest.over.and_then(|over| self.reliable.range(over..).next());
        if let Some((signed, _)) = signed {
            broken(format!("it steps over number {signed}, which is signed"));
        }
        let before = manifest.before().and_then(|before| self.reliable.get(&before));
        if let Some(expected) = self.expected(&manifest, before)
            && expected != manifest.hour
        {
            broken(format!("it is about {}, where {expected} follows", manifest.hour));
        }
        if let Some(before) = before {
            findings.extend(follows(&manifest, before, archive));
        }
        findings.extend(skew(&manifest, before, at));
        if !manifest.more {
            self.closed.insert(manifest.hour, manifest.number);
        }
        self.reliable.insert(manifest.number, manifest);
    }

    /// The hour that a manifest must be about. If those before it are missing, each of them closed one hour at most.
    fn expected(&self, manifest: &Manifest, before: Option<&Manifest>) -> Option<Hour> {
        if let Some(before) = before {
            return Some(before.next_hour());
        }
        let (number, earlier) = self.reliable.last_key_value()?;
        let missing = i64::try_from(manifest.number.saturating_sub(*number)).unwrap_or(i64::MAX);
        let possible = earlier.next_hour()..=earlier.hour.plus(missing);
        (!possible.contains(&manifest.hour)).then(|| earlier.hour.plus(missing))
    }
}

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
