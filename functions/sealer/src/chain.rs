//! Extending the chain: one manifest at the next number, whatever other objects are there.

use remedy_domain::{Fault, FaultKind, canonical};
use remedy_engine::{Clock, LedgerBucket, Put, Store};
use remedy_evidence::{Checkpoint, Contents, Hour, Manifest, Name, Place, Previous, PublicKey, Seal, name};

use crate::{
    depot::{Depot, fetch},
    mark::{self, Genesis, Mark},
    signer::Signer,
};

/// The maximum length of a manifest of ours, in bytes.
const LONGEST: u64 = 16 << 20;
/// The maximum length of a seal, in bytes.
const LONGEST_SEAL: u64 = 4096;
/// The number of vain manifests for one place of the chain: existing junk is skipped without making one.
const IN_VAIN: usize = 3;

/// The objects needed to extend the chain.
#[derive(Debug)]
pub(crate) struct Desk<'a, P, S> {
    pub(crate) ports: &'a P,
    pub(crate) signer: &'a S,
    pub(crate) key: PublicKey,
    pub(crate) origin: &'a str,
}

/// A manifest that is sealed, and how the next one names it.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) manifest: Manifest,
    pub(crate) digests: Previous,
    pub(crate) genesis: Genesis,
}

/// Where the chain ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct End {
    /// The last link. None: nothing is sealed yet.
    pub(crate) link: Option<Link>,
    /// How many numbers after it are known to be taken by foreign objects.
    pub(crate) spoiled: u64,
    /// A marked manifest that cannot be sealed at its own number: its contents are sealed at another.
    pub(crate) again: Option<(Hour, Contents)>,
}

impl End {
    pub(crate) fn at(link: Link) -> Self {
        Self { link: Some(link), ..Self::default() }
    }

    /// The number after the last link's.
    fn base(&self) -> u64 {
        self.link.as_ref().map_or(0, |link| link.manifest.number.saturating_add(1))
    }
}

/// The fault that stops the sealer: the history was changed. Somebody must look now.
pub(crate) fn broken(code: &'static str) -> Fault {
    let next = "run `remedy verify` on the evidence bucket; docs/runbook.md, Seal lag, says how history is restored";
    Fault::new(FaultKind::Unverified, "seal", code, next)
}

impl<P: Store + Clock + Depot, S: Signer> Desk<'_, P, S> {
    /// Makes a manifest durable, then its mark, then its seal, at the first number without a foreign object. If another
    /// sealer was first, its manifest is taken over.
    pub(crate) async fn add(&self, end: &End, hour: Hour, found: &Contents) -> Result<Link, Fault> {
        let (mut number, mut in_vain) = (end.base().saturating_add(end.spoiled), 0);
        while in_vain < IN_VAIN {
            let manifest = self.made(end, number, hour, found)?;
            let bytes = manifest.to_bytes().map_err(|_| Fault::defect("seal", "manifest-not-canonical"))?;
            let digest = canonical::sha256_hex(&bytes);
            mark::draft(self.ports, number, &digest).await?;
            let link = match create(self.ports, &name::manifest(number), &bytes).await? {
                Put::Created => {
                    in_vain += 1;
                    self.finish(manifest, &bytes, end).await?
                }
                Put::Exists => self.settle(number, end).await?,
            };
            if let Some(link) = link {
                return Ok(link);
            }
            number = self.next_place(number.saturating_add(1)).await?;
        }
        Err(Fault::transient("seal", "no-manifest-can-be-sealed"))
    }

    fn made(&self, end: &End, number: u64, hour: Hour, found: &Contents) -> Result<Manifest, Fault> {
        let place = Place {
            origin: self.origin.to_owned(),
            number,
            hour,
            at: self.ports.now(),
            previous: end.link.as_ref().map(|link| link.digests.clone()),
            over: (end.base() < number).then(|| end.base()),
        };
        Manifest::new(place, found.clone()).map_err(|_| Fault::defect("seal", "manifest-not-canonical"))
    }

    /// The object at a number: a sealer's own manifest is taken over, and sealed if that sealer crashed. None: it is
    /// foreign. A manifest is ours if a sealer is known to have made it, byte by byte, or if our key has signed it
    /// after this very link.
    async fn settle(&self, number: u64, end: &End) -> Result<Option<Link>, Fault> {
        let Some(bytes) = self.fetch(&name::manifest(number), LONGEST).await? else { return Ok(None) };
        let Some(manifest) = Manifest::parse(&bytes) else { return Ok(None) };
        let is_next = manifest.number == number
            && manifest.origin == self.origin
            && manifest.before() == end.link.as_ref().map(|link| link.manifest.number)
            && manifest.previous == end.link.as_ref().map(|link| link.digests.clone());
        if !is_next {
            return Ok(None);
        }
        let is_ours = mark::is_ours(self.ports, number, &canonical::sha256_hex(&bytes)).await?;
        if is_ours || self.seal_of(&Checkpoint::of(&manifest, &bytes)).await?.is_some_and(|seal| seal.is_ok()) {
            return self.finish(manifest, &bytes, end).await;
        }
        Ok(None)
    }

    /// Marks a manifest of ours, and seals it. None: a foreign seal is in place of its own.
    async fn finish(&self, manifest: Manifest, bytes: &[u8], end: &End) -> Result<Option<Link>, Fault> {
        let digest = canonical::sha256_hex(bytes);
        let first = || Genesis { number: manifest.number, manifest: digest.clone() };
        let genesis = end.link.as_ref().map_or_else(first, |link| link.genesis.clone());
        self.marked(manifest, bytes, genesis).await
    }

    /// The same, for a chain that is known to begin with `genesis`.
    pub(crate) async fn marked(
        &self,
        manifest: Manifest,
        bytes: &[u8],
        genesis: Genesis,
    ) -> Result<Option<Link>, Fault> {
        let (checkpoint, digest) = (Checkpoint::of(&manifest, bytes), canonical::sha256_hex(bytes));
        if Mark::of(&manifest, &digest, &genesis).put(self.ports, manifest.at).await? == Put::Exists {
            return Err(broken("marked-differently"));
        }
        let seal = match self.seal_of(&checkpoint).await? {
            Some(there) => there.ok(),
            None => self.sign(checkpoint).await?,
        };
        let digests = |seal: Vec<u8>| Previous { manifest: digest, seal: canonical::sha256_hex(&seal) };
        Ok(seal.map(|seal| Link { digests: digests(seal), manifest, genesis }))
    }

    /// The seal at a number, if it is genuine. None: there is none.
    pub(crate) async fn seal_of(&self, checkpoint: &Checkpoint) -> Result<Option<Result<Vec<u8>, ()>>, Fault> {
        let key = name::seal(checkpoint.number);
        let bytes = match fetch(self.ports, &key, LONGEST_SEAL).await? {
            Ok(bytes) => bytes,
            Err(remedy_evidence::Why::Gone) => return Ok(None),
            Err(_) => return Ok(Some(Err(()))),
        };
        let Some(seal) = Seal::parse(&bytes).ok().filter(|seal| seal.checkpoint == *checkpoint) else {
            return Ok(Some(Err(())));
        };
        let is_genuine = if seal.key == self.key.fingerprint() {
            seal.is_by(&self.key)
        } else {
            mark::earlier_key(self.ports, &seal.key).await?.is_some_and(|key| seal.is_by(&key))
        };
        Ok(Some(if is_genuine { Ok(bytes) } else { Err(()) }))
    }

    /// Signs, and returns the stored seal: another sealer's, if that was first. None: a foreign one was first.
    async fn sign(&self, checkpoint: Checkpoint) -> Result<Option<Vec<u8>>, Fault> {
        let signature = self.signer.sign(&checkpoint.text()).await?;
        let seal = Seal { checkpoint, key: self.key.fingerprint().to_owned(), signature };
        if !seal.is_by(&self.key) {
            return Err(Fault::transient("kms:Sign", "signed-by-another-key"));
        }
        let (key, text) = (name::seal(seal.checkpoint.number), seal.text().into_bytes());
        match create(self.ports, &key, &text).await? {
            Put::Created => Ok(Some(text)),
            Put::Exists => Ok(self.seal_of(&seal.checkpoint).await?.and_then(Result::ok)),
        }
    }

    /// The first number from this one on that is free, or that a sealer made a manifest for. All others are foreign.
    async fn next_place(&self, from: u64) -> Result<u64, Fault> {
        let (mut number, mut hundred, mut drafted) = (from, None, Vec::new());
        loop {
            let after = name::seal(number.saturating_sub(1));
            let page = self.ports.page(name::SEALS, &after).await?;
            let taken: std::collections::BTreeSet<u64> = page.keys.iter().filter_map(|key| number_of(key)).collect();
            let start = number;
            while taken.contains(&number) {
                if hundred != Some(number / 100) {
                    (hundred, drafted) = (Some(number / 100), mark::drafted(self.ports, number).await?);
                }
                if drafted.contains(&number) {
                    return Ok(number);
                }
                number = number.saturating_add(1);
            }
            if number == start || !page.more || taken.last().is_some_and(|last| *last > number) {
                return Ok(number);
            }
        }
    }

    /// The bytes of a manifest or a seal. None: nothing of ours is there.
    pub(crate) async fn fetch(&self, key: &str, longest: u64) -> Result<Option<Vec<u8>>, Fault> {
        Ok(fetch(self.ports, key, longest).await?.ok())
    }

    /// The manifest of this number, if it can be one of ours.
    pub(crate) async fn manifest(&self, number: u64) -> Result<Option<(Manifest, Vec<u8>)>, Fault> {
        let bytes = self.fetch(&name::manifest(number), LONGEST).await?;
        Ok(bytes.and_then(|bytes| Manifest::parse(&bytes).map(|manifest| (manifest, bytes))))
    }
}

/// Creates an object of the evidence bucket. An existing one that cannot be read is foreign: ours can be read.
pub(crate) async fn create(store: &impl Store, key: &str, bytes: &[u8]) -> Result<Put, Fault> {
    match store.put_new(LedgerBucket::Evidence, key, bytes).await {
        Err(fault) if fault.doing == "s3:GetObject" && !fault.is_transient() => Ok(Put::Exists),
        put => put,
    }
}

/// The number in a key of the chain.
pub(crate) fn number_of(key: &str) -> Option<u64> {
    match Name::of(key) {
        Name::Manifest(number) | Name::Seal(number) => Some(number),
        _ => None,
    }
}
