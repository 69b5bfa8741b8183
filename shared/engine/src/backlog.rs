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
    /// The hash of the last target that was looked at; nothing once all were.
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

/// The hashes of the targets on the backlog of a control in a place.
pub async fn waiting(store: &impl Store, control: &str, place: &Place) -> Result<BTreeSet<String>, Fault> {
    let keys = store.list(LedgerBucket::State, &format!("backlog/{}/", path(control, place))).await?;
    let hash = |key: &String| key.rsplit('/').next().map(str::to_owned);
    let (left, entered): (Vec<_>, Vec<_>) = keys.iter().filter_map(hash).partition(|name| name.ends_with(LEFT));
    let left: BTreeSet<_> = left.iter().map(|name| name.trim_end_matches(LEFT)).collect();
    Ok(entered.iter().filter(|hash| !left.contains(hash.as_str())).cloned().collect())
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
