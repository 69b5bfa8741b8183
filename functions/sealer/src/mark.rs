//! The sealer's memory apart from the evidence bucket: how far it came, and which bytes are its own.
//!
//! State bucket: `seal/last/<yyyy>/<mm>/<number>` is the high-water mark of a number, written once, before its seal is signed;
//! `seal/draft/<number>-<sha256>` says that a sealer made these bytes; `seal/key/<fingerprint>.pem` is a key that it signed with.

use remedy_domain::{Fault, Timestamp};
use remedy_engine::{Clock, LedgerBucket, Put, Store};
use remedy_evidence::{Hour, Manifest, PublicKey};
use serde::{Deserialize, Serialize};

const MARKS: &str = "seal/last/";
const DRAFTS: &str = "seal/draft/";
const KEYS: &str = "seal/key/";
const FORMAT: u32 = 1;

/// The first manifest of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Genesis {
    pub(crate) number: u64,
    /// The SHA-256 of its bytes, in hex.
    pub(crate) manifest: String,
}

/// How far the chain came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    format: u32,
    /// The number of the manifest.
    pub(crate) number: u64,
    /// The hour that it is about.
    hour: Hour,
    /// The SHA-256 of its bytes, in hex.
    pub(crate) manifest: String,
    /// Where the chain begins.
    pub(crate) genesis: Genesis,
}

impl Mark {
    pub(crate) fn of(manifest: &Manifest, digest: &str, genesis: &Genesis) -> Self {
        let (number, hour, manifest) = (manifest.number, manifest.hour, digest.to_owned());
        Self { format: FORMAT, number, hour, manifest, genesis: genesis.clone() }
    }

    /// Writes the mark of a manifest made `at` a time. It is never written a second time.
    pub(crate) async fn put(&self, store: &impl Store, at: Timestamp) -> Result<Put, Fault> {
        let key = format!("{}{:010}", month(at), self.number);
        let body = serde_json::to_vec(self).map_err(|_| Fault::defect("seal", "mark-not-written"))?;
        store.put_new(LedgerBucket::State, &key, &body).await
    }

    /// The highest mark. None: there is none at all.
    pub(crate) async fn last(ports: &(impl Store + Clock)) -> Result<Option<Self>, Fault> {
        let now = ports.now();
        let this = month(now);
        let before = month(Hour::of(now).plus(-24 * 28).begins());
        for folder in [this.as_str(), before.as_str(), MARKS] {
            if let Some(key) = ports.list(LedgerBucket::State, folder).await?.last() {
                return read(ports, key).await.map(Some);
            }
        }
        Ok(None)
    }
}

async fn read(store: &impl Store, key: &str) -> Result<Mark, Fault> {
    let body = store.get(LedgerBucket::State, key).await?.ok_or_else(|| Fault::transient("seal", "mark-is-gone"))?;
    serde_json::from_slice(&body).map_err(|_| crate::chain::broken("unreadable-mark"))
}

/// The folder of the marks that were made in a month.
fn month(at: Timestamp) -> String {
    let day = Hour::of(at).day_folder();
    format!("{MARKS}{}", day.get(..8).unwrap_or(&day))
}

/// Stores that these bytes are ours, before they are in the evidence bucket.
pub(crate) async fn draft(store: &impl Store, number: u64, digest: &str) -> Result<(), Fault> {
    store.put_new(LedgerBucket::State, &format!("{DRAFTS}{number:010}-{digest}"), b"{}").await.map(drop)
}

/// Whether a sealer made these bytes for this number.
pub(crate) async fn is_ours(store: &impl Store, number: u64, digest: &str) -> Result<bool, Fault> {
    let drafts = store.list(LedgerBucket::State, &format!("{DRAFTS}{number:010}-{digest}")).await?;
    Ok(!drafts.is_empty())
}

/// The numbers around this one, a hundred of them, that a sealer ever made a manifest for.
pub(crate) async fn drafted(store: &impl Store, number: u64) -> Result<Vec<u64>, Fault> {
    let drafts = store.list(LedgerBucket::State, &format!("{DRAFTS}{:08}", number / 100)).await?;
    let number = |key: &String| key.strip_prefix(DRAFTS)?.split_once('-')?.0.parse().ok();
    Ok(drafts.iter().filter_map(number).collect())
}

/// Stores a signing key.
pub(crate) async fn keep_key(store: &impl Store, key: &PublicKey) -> Result<(), Fault> {
    let name = format!("{KEYS}{}.pem", key.fingerprint());
    store.put_new(LedgerBucket::State, &name, key.pem().as_bytes()).await.map(drop)
}

/// A former signing key.
pub(crate) async fn earlier_key(store: &impl Store, fingerprint: &str) -> Result<Option<PublicKey>, Fault> {
    let is_name = fingerprint.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_name {
        return Ok(None);
    }
    let pem = store.get(LedgerBucket::State, &format!("{KEYS}{fingerprint}.pem")).await?;
    let text = pem.and_then(|pem| String::from_utf8(pem).ok());
    Ok(text.and_then(|pem| PublicKey::from_pem(&pem).ok()).filter(|key| key.fingerprint() == fingerprint))
}
