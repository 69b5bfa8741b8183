//! The end of the chain: where it is, and completing it where a sealer was lost.

use remedy_domain::{Fault, canonical};
use remedy_engine::{Clock, Put, Shelf, Store};
use remedy_evidence::{Checkpoint, Contents, Hour, Manifest, Name, Place, Previous, PublicKey, Seal, name};

use crate::{seal, signer::Signer};

/// What is needed to go on with the chain.
#[derive(Debug)]
pub(crate) struct Desk<'a, P, S> {
    pub(crate) ports: &'a P,
    pub(crate) signer: &'a S,
    pub(crate) key: PublicKey,
    pub(crate) origin: &'a str,
}

/// A manifest that is sealed, and how the next one names it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) manifest: Manifest,
    pub(crate) digests: Previous,
}

const NEXT: &str = "run `remedy verify` on the evidence bucket: it names what was tampered with";

fn broken(code: &'static str) -> Fault {
    Fault::rejected("seal", code, NEXT)
}

impl<P: Store + Clock, S: Signer> Desk<'_, P, S> {
    /// The last link of the chain. None: nothing is sealed yet.
    ///
    /// Each hour has one manifest, so the first one and the time tell where the last must be; from there it is looked for
    /// backwards, by the hundred.
    pub(crate) async fn last(&self) -> Result<Option<Link>, Fault> {
        let Some(first) = self.get(&name::manifest(0)).await? else { return Ok(None) };
        let first = Manifest::parse(&first).ok_or_else(|| broken("unreadable-manifest"))?;
        let hours = u64::try_from(Hour::of(self.ports.now()).since(first.hour)).unwrap_or(0);
        for hundred in (0..=hours / 100).rev() {
            let keys = self.ports.list(Shelf::Evidence, &name::hundred(hundred * 100)).await?;
            let numbers = keys.iter().filter_map(|key| match Name::of(key) {
                Name::Manifest(number) => Some(number),
                _ => None,
            });
            if let Some(last) = numbers.max() {
                return self.adopt(last).await.map(Some);
            }
        }
        Err(broken("manifests-are-gone"))
    }

    /// Takes over a manifest that is there, ours or another sealer's. One without a seal was left by a sealer that was
    /// lost: it is sealed, if it holds.
    pub(crate) async fn adopt(&self, number: u64) -> Result<Link, Fault> {
        let bytes = self.get(&name::manifest(number)).await?.ok_or_else(|| broken("manifests-are-gone"))?;
        let manifest = Manifest::parse(&bytes).ok_or_else(|| broken("unreadable-manifest"))?;
        let seal = if let Some(seal) = self.get(&name::seal(number)).await? {
            seal
        } else {
            self.recheck(&manifest, number).await?;
            self.sign(&manifest, &bytes).await?
        };
        self.expect(&seal, &Checkpoint::of(&manifest, &bytes))?;
        Ok(Link { digests: digests(&bytes, &seal), manifest })
    }

    /// A signature must not be had for the asking: whoever can write to the bucket could leave a manifest of his own to be
    /// sealed. So everything that it says is made again from what is there.
    async fn recheck(&self, manifest: &Manifest, number: u64) -> Result<(), Fault> {
        let previous = match number.checked_sub(1) {
            None => None,
            Some(before) => {
                let (bytes, seal) = (self.get(&name::manifest(before)).await?, self.get(&name::seal(before)).await?);
                let (Some(bytes), Some(seal)) = (bytes, seal) else { return Err(broken("manifests-are-gone")) };
                let before = Manifest::parse(&bytes).ok_or_else(|| broken("unreadable-manifest"))?;
                if before.hour.plus(1) != manifest.hour {
                    return Err(broken("manifest-out-of-turn"));
                }
                Some(digests(&bytes, &seal))
            }
        };
        let keys: Vec<_> = manifest.entries.iter().map(|entry| entry.key.clone()).collect();
        let found = seal::read(self.ports, keys).await?;
        let at = manifest.at;
        let place = Place { origin: self.origin.to_owned(), number, hour: manifest.hour, at, previous };
        let again = Manifest::new(place, found).map_err(|_| Fault::defect("seal", "manifest-not-canonical"))?;
        let again = Manifest { version: manifest.version.clone(), ..again };
        let holds = again == *manifest && manifest.contradiction().is_none() && manifest.hour.ends() <= at;
        if holds && at <= self.ports.now() { Ok(()) } else { Err(broken("unsealed-manifest-does-not-hold")) }
    }

    /// Makes a manifest durable, then its seal. Where another sealer was first, its manifest is taken over.
    pub(crate) async fn add(&self, place: Place, found: Contents) -> Result<Link, Fault> {
        let number = place.number;
        let manifest = Manifest::new(place, found).map_err(|_| Fault::defect("seal", "manifest-not-canonical"))?;
        let bytes = manifest.to_bytes().map_err(|_| Fault::defect("seal", "manifest-not-canonical"))?;
        if self.ports.put_new(Shelf::Evidence, &name::manifest(number), &bytes).await? == Put::Exists {
            return self.adopt(number).await;
        }
        let seal = self.sign(&manifest, &bytes).await?;
        Ok(Link { digests: digests(&bytes, &seal), manifest })
    }

    /// Signs, and answers the seal that is stored: another sealer's, where that was first.
    async fn sign(&self, manifest: &Manifest, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let checkpoint = Checkpoint::of(manifest, bytes);
        let signature = self.signer.sign(&checkpoint.text()).await?;
        let seal = Seal { checkpoint, key: self.key.fingerprint().to_owned(), signature };
        if !seal.is_by(&self.key) {
            return Err(Fault::transient("kms:Sign", "signed-by-another-key"));
        }
        let checkpoint = seal.checkpoint.clone();
        let (key, text) = (name::seal(manifest.number), seal.text().into_bytes());
        match self.ports.put_new(Shelf::Evidence, &key, &text).await? {
            Put::Created => Ok(text),
            Put::Exists => {
                let other = self.get(&key).await?.ok_or_else(|| Fault::transient("seal", "seal-is-gone"))?;
                self.expect(&other, &checkpoint).map(|()| other)
            }
        }
    }

    /// A seal that is there already must be the seal of this manifest. One that an earlier key signed is taken as it is:
    /// a verification has that key.
    fn expect(&self, seal: &[u8], checkpoint: &Checkpoint) -> Result<(), Fault> {
        let seal = Seal::parse(seal).map_err(|_| broken("unreadable-seal"))?;
        if seal.checkpoint != *checkpoint {
            return Err(broken("seal-of-another-manifest"));
        }
        let is_forged = seal.key == self.key.fingerprint() && !seal.is_by(&self.key);
        if is_forged { Err(broken("forged-seal")) } else { Ok(()) }
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.ports.get(Shelf::Evidence, key).await
    }
}

fn digests(manifest: &[u8], seal: &[u8]) -> Previous {
    Previous { manifest: canonical::sha256_hex(manifest), seal: canonical::sha256_hex(seal) }
}
