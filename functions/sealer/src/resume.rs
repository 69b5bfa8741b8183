//! Where the sealer continues: after its high-water mark, and nowhere else.

use std::collections::BTreeSet;

use remedy_domain::{Fault, canonical};
use remedy_engine::{Clock, LedgerBucket, Store};
use remedy_evidence::{Checkpoint, Contents, Manifest, Previous, name};

use crate::{
    chain::{Desk, End, Link, broken, number_of},
    depot::Depot,
    mark::{Genesis, Mark},
    signer::Signer,
};

/// The number of manifests that are checked, from the end, for one that our key signed.
const LOOKS: usize = 500;

/// How the sealer found the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// As its mark says.
    #[default]
    Marked,
    /// Without a mark, and signed by its key.
    Adopted,
    /// There is none.
    Nothing,
}

impl<P: Store + Clock + Depot, S: Signer> Desk<'_, P, S> {
    /// The end of the chain. If the bucket contradicts the mark, the sealer stops: it continues only from what it
    /// sealed.
    pub(crate) async fn resume(&self) -> Result<(End, Start), Fault> {
        match Mark::last(self.ports).await? {
            Some(mark) => Ok((self.end_at(&mark).await?, Start::Marked)),
            None => self.without_mark().await,
        }
    }

    async fn end_at(&self, mark: &Mark) -> Result<End, Fault> {
        self.expect(mark.genesis.number, &mark.genesis.manifest, "beginning-is-gone").await?;
        let (manifest, bytes) = self.expect(mark.number, &mark.manifest, "manifests-are-gone").await?;
        if let Some(link) = self.marked(manifest.clone(), &bytes, mark.genesis.clone()).await? {
            return Ok(End::at(link));
        }
        // A foreign seal is at its number, which is skipped. The marked contents are sealed all the same, unchanged:
        // nobody has an hour sealed anew by putting something over its seal.
        let again = Some((manifest.hour, Contents::of(&manifest)));
        let link = match (manifest.before(), &manifest.previous) {
            (Some(number), Some(previous)) => {
                let (before, _) = self.expect(number, &previous.manifest, "manifests-are-gone").await?;
                Some(Link { manifest: before, digests: previous.clone(), genesis: mark.genesis.clone() })
            }
            _ => None,
        };
        let base = link.as_ref().map_or(0, |link| link.manifest.number + 1);
        Ok(End { link, again, spoiled: mark.number.saturating_add(1).saturating_sub(base) })
    }

    /// The manifest of this number, which must have this digest.
    pub(crate) async fn expect(
        &self,
        number: u64,
        digest: &str,
        code: &'static str,
    ) -> Result<(Manifest, Vec<u8>), Fault> {
        let found = self.manifest(number).await?.filter(|(_, bytes)| canonical::sha256_hex(bytes) == digest);
        found.ok_or_else(|| broken(code))
    }

    /// There is no mark: nothing was sealed yet, or by a release that kept none, or somebody deleted the marks.
    /// Manifests that our key signed are taken over, and people are notified.
    async fn without_mark(&self) -> Result<(End, Start), Fault> {
        let keys = self.ports.list(LedgerBucket::Evidence, name::SEALS).await?;
        let numbers: BTreeSet<u64> = keys.iter().filter_map(|key| number_of(key)).collect();
        for number in numbers.iter().rev().take(LOOKS) {
            let Some((last, bytes)) = self.signed(*number).await? else { continue };
            let genesis = self.genesis(&numbers).await?.ok_or_else(|| broken("beginning-is-gone"))?;
            let link = self.marked(last, &bytes, genesis).await?.ok_or_else(|| broken("forged-seal"))?;
            return Ok((End::at(link), Start::Adopted));
        }
        Ok((End::default(), Start::Nothing))
    }

    /// The first manifest that our key signed, if it has none before it.
    async fn genesis(&self, numbers: &BTreeSet<u64>) -> Result<Option<Genesis>, Fault> {
        for number in numbers.iter().take(LOOKS) {
            if let Some((first, bytes)) = self.signed(*number).await? {
                let manifest = canonical::sha256_hex(&bytes);
                return Ok(first.before().is_none().then_some(Genesis { number: *number, manifest }));
            }
        }
        Ok(None)
    }

    /// The manifest of this number, if our key signed it.
    async fn signed(&self, number: u64) -> Result<Option<(Manifest, Vec<u8>)>, Fault> {
        let found = self.manifest(number).await?.filter(|(manifest, _)| manifest.number == number);
        let Some((manifest, bytes)) = found.filter(|(manifest, _)| manifest.origin == self.origin) else {
            return Ok(None);
        };
        let seal = self.seal_of(&Checkpoint::of(&manifest, &bytes)).await?;
        Ok(seal.is_some_and(|seal| seal.is_ok()).then_some((manifest, bytes)))
    }

    /// The manifest before a link, as that names it. None: the link is the first.
    pub(crate) async fn before(&self, manifest: &Manifest) -> Result<Option<Manifest>, Fault> {
        let (Some(number), Some(Previous { manifest: digest, .. })) = (manifest.before(), &manifest.previous) else {
            return Ok(None);
        };
        let (before, _) = self.expect(number, digest, "manifests-are-gone").await?;
        Ok(Some(before))
    }
}
