//! The backlog: drift that the first sweep of a control in a place found, stored until the target is seen compliant.
//!
//! `baseline/<control>/<account>/<region>` says how far that first sweep came;
//! `backlog/<control>/<account>/<region>/<target>` that the target was in violation then, and `….left` that it was seen
//! compliant since.

use std::collections::BTreeSet;

use remedy_domain::{
    Fault, Target, Timestamp,
    guard::Age,
    renamed::filed,
    settings::{Backlog, Parameters},
};
use serde::{Deserialize, Serialize};

use crate::{
    damage,
    ledger::{bytes, fetch, replace},
    ports::{Clock, LedgerBucket, Notices, Own, Place, Store},
};

const LEFT: &str = ".left";

/// How far the first sweep of a control in a place came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The stored form.
    pub format: u32,
    /// When it began.
    pub since: Timestamp,
    /// The token of the listing's page that it came to; nothing for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The hash of the last target of that page that was looked at, empty at its beginning; nothing once all pages were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The digest of the settings in force then; empty if they were all defaults.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub settings: String,
}

fn path(control: &str, place: &Place) -> String {
    format!("{}/{}/{}", filed(control), place.account, place.region)
}

fn entry(control: &str, target: &Target) -> String {
    format!("backlog/{}/{}", path(control, &Place::of(target)), target.hash())
}

/// How far the first sweep came; absent if there was none. A damaged one is recorded anew: drift of that time waits for
/// a person, and people are notified.
pub async fn baseline(
    ports: &(impl Store + Clock + Notices + Own),
    control: &str,
    place: &Place,
) -> Result<Option<Baseline>, Fault> {
    let entries = damage::each(ports, [format!("baseline/{}", path(control, place))]).await?;
    Ok(entries.told(ports).await.pop().map(|(_, baseline)| baseline))
}

/// The baseline under this key.
pub(crate) async fn baseline_at(store: &impl Store, key: &str) -> Result<Option<Baseline>, Fault> {
    fetch(store, LedgerBucket::State, key).await
}

/// Keeps how far the first sweep came.
pub async fn keep(store: &impl Store, control: &str, place: &Place, baseline: &Baseline) -> Result<(), Fault> {
    replace(store, &format!("baseline/{}", path(control, place)), baseline).await
}

/// Puts a target on the backlog.
pub async fn enter(store: &impl Store, control: &str, target: &Target, now: Timestamp) -> Result<(), Fault> {
    store.put_new(LedgerBucket::State, &entry(control, target), &bytes(&now)?).await.map(|_| ())
}

/// Takes a target off the backlog: it was seen compliant.
pub async fn leave(store: &impl Store, control: &str, target: &Target, now: Timestamp) -> Result<(), Fault> {
    let key = format!("{}{LEFT}", entry(control, target));
    store.put_new(LedgerBucket::State, &key, &bytes(&now)?).await.map(|_| ())
}

/// Those of these targets, by their hashes in order, that are on the backlog of a control in a place. A backlog can be
/// large, and is read in parts.
pub async fn waiting(
    store: &impl Store,
    control: &str,
    place: &Place,
    hashes: &[&str],
) -> Result<BTreeSet<String>, Fault> {
    let (Some(first), Some(last)) = (hashes.first(), hashes.last()) else { return Ok(BTreeSet::new()) };
    let prefix = format!("backlog/{}/", path(control, place));
    let (mut waiting, mut left) = (BTreeSet::new(), BTreeSet::new());
    // A target's own entry sorts behind every key that is shorter than its hash.
    let mut after = format!("{prefix}{}", first.get(..first.len().saturating_sub(1)).unwrap_or_default());
    loop {
        let keys = store.list_after(LedgerBucket::State, &prefix, &after).await?;
        let names = keys.iter().filter_map(|key| key.strip_prefix(&prefix));
        for name in names.filter(|name| hashes.binary_search(&name.trim_end_matches(LEFT)).is_ok()) {
            let hash = name.trim_end_matches(LEFT).to_owned();
            if name.ends_with(LEFT) {
                left.insert(hash)
            } else {
                waiting.insert(hash)
            };
        }
        match keys.into_iter().next_back() {
            Some(key) if key.strip_prefix(&prefix).is_some_and(|name| name.trim_end_matches(LEFT) <= *last) => {
                after = key;
            }
            _ => break,
        }
    }
    waiting.retain(|hash| !left.contains(hash));
    Ok(waiting)
}

/// Whether the drift of a target is fresh.
pub async fn age(store: &impl Store, control: &str, target: &Target, parameters: &Parameters) -> Result<Age, Fault> {
    let entry = entry(control, target);
    let keys = store.list(LedgerBucket::State, &entry).await?;
    let waits = keys.contains(&entry) && !keys.contains(&format!("{entry}{LEFT}"));
    Ok(match (waits, parameters.backlog) {
        (false, _) => Age::Fresh,
        (true, Backlog::Ask) => Age::Backlog,
        (true, Backlog::Waves) => Age::Wave,
    })
}
