//! The ledger's protocol over the two buckets: locks with take-over, budget slots, records, held plans.

use std::time::Duration;

use remedy_domain::{
    AttemptId, Fault, Outcome, PlanId, Target, Timestamp,
    ask::Forecast,
    canonical,
    evidence::{FORMAT, Kind, Lock, Record, Released, StoredPlan, day, hour, key},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::ports::{Put, Shelf, Store};

/// A lock that is held, and the place it holds in the target's line.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The lock's own key.
    pub key: String,
    /// The lock.
    pub lock: Lock,
}

/// What came of asking for a lock.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one, for a moment")]
pub enum Claim {
    /// It is ours.
    Held {
        /// Our own.
        lease: Lease,
        /// Leases of lost workers that were found on the way and must be closed.
        lost: Vec<Lease>,
        /// How the attempt before ours ended.
        last: Option<Released>,
    },
    /// Another worker holds it.
    Busy,
}

/// A plan that waits, as kept in the state bucket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeldPlan {
    /// The stored form.
    pub format: u32,
    /// The plan, verbatim.
    pub plan: StoredPlan,
    /// Why it waits.
    pub reason: String,
    /// How the run that drafted it ended.
    pub outcome: Outcome,
    /// What would come of it if its control were enforced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
    /// When it was first drafted.
    pub at: Timestamp,
}

pub(crate) fn bytes(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    canonical::to_bytes(value).map_err(|_| Fault::defect("ledger", "record-not-canonical"))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|_| {
        Fault::rejected("ledger", "unreadable-entry", "an entry of the state bucket is damaged: look at it by hand")
    })
}

pub(crate) async fn fetch<T: DeserializeOwned>(
    store: &impl Store,
    shelf: Shelf,
    key: &str,
) -> Result<Option<T>, Fault> {
    store.get(shelf, key).await?.map(|body| read(&body)).transpose()
}

fn line(control: &str, target: &Target) -> String {
    format!("lock/{control}/{}/", target.hash())
}

/// What counts as of late.
const DAY: Duration = Duration::from_hours(24);
/// What a released lock's own entry ends in.
const DONE: &str = ".done";

fn done_key(lock_key: &str) -> String {
    format!("{lock_key}{DONE}")
}

fn is_done(key: &str) -> bool {
    key.strip_suffix(DONE).is_some()
}

/// The keys of locks among `keys`, which are sorted, that were never released.
fn open(keys: &[String]) -> Vec<&String> {
    keys.iter().filter(|key| !is_done(key) && keys.binary_search(&done_key(key)).is_err()).collect()
}

fn generation(key: &str) -> Option<u64> {
    key.rsplit('/').next()?.trim_end_matches(DONE).parse().ok()
}

/// Asks for the lock on the target of `lock`.
pub async fn claim(store: &impl Store, lock: Lock, now: Timestamp) -> Result<Claim, Fault> {
    let line = line(&lock.control, &lock.target);
    let keys = store.list(Shelf::State, &line).await?;
    let mut lost = Vec::new();
    for key in open(&keys) {
        let Some(found) = fetch::<Lock>(store, Shelf::State, key).await? else { continue };
        if now < found.until {
            return Ok(Claim::Busy);
        }
        lost.push(Lease { key: key.clone(), lock: found });
    }
    let last = match keys.last().filter(|key| is_done(key)) {
        Some(key) => fetch(store, Shelf::State, key).await?,
        None => None,
    };
    let next = keys.iter().filter_map(|key| generation(key)).max().map_or(0, |last| last + 1);
    let key = format!("{line}{next:010}");
    match store.put_new(Shelf::State, &key, &bytes(&lock)?).await? {
        Put::Created => Ok(Claim::Held { lease: Lease { key, lock }, lost, last }),
        Put::Exists => Ok(Claim::Busy),
    }
}

/// Every lock of a control that outlived its worker.
pub async fn orphans(store: &impl Store, control: &str, now: Timestamp) -> Result<Vec<Lease>, Fault> {
    lost(store, &format!("lock/{control}/"), now).await
}

/// Every lock of every control that outlived its worker.
pub async fn all_orphans(store: &impl Store, now: Timestamp) -> Result<Vec<Lease>, Fault> {
    lost(store, "lock/", now).await
}

async fn lost(store: &impl Store, prefix: &str, now: Timestamp) -> Result<Vec<Lease>, Fault> {
    let keys = store.list(Shelf::State, prefix).await?;
    let mut orphans = Vec::new();
    for key in open(&keys) {
        if let Some(lock) = fetch::<Lock>(store, Shelf::State, key).await?
            && lock.until <= now
        {
            orphans.push(Lease { key: key.clone(), lock });
        }
    }
    Ok(orphans)
}

/// Gives the lock back, with the outcome.
pub async fn release(store: &impl Store, lease: &Lease, outcome: Outcome, now: Timestamp) -> Result<(), Fault> {
    let released = Released { format: FORMAT, plan: lease.lock.plan.clone(), outcome, at: now };
    store.put_new(Shelf::State, &done_key(&lease.key), &bytes(&released)?).await.map(|_| ())
}

/// Takes one of the slots that a control has in this hour in the target's account, if one is left.
pub async fn claim_slot(store: &impl Store, lock: &Lock, limit: u32) -> Result<Slot, Fault> {
    claim_of(store, lock, lock.target.account.as_str(), limit).await
}

/// Takes one of the slots that a control has in this hour in all accounts together, if one is left.
pub async fn claim_shared_slot(store: &impl Store, lock: &Lock, limit: u32) -> Result<Slot, Fault> {
    claim_of(store, lock, "organization", limit).await
}

async fn claim_of(store: &impl Store, lock: &Lock, whose: &str, limit: u32) -> Result<Slot, Fault> {
    let prefix = format!("budget/{}/{whose}/{}/", lock.control, hour(lock.since));
    claim_one(store, &prefix, lock, limit).await
}

/// Takes one of this day's places in the wave that works the backlog off, if one is left.
pub async fn claim_wave(store: &impl Store, lock: &Lock, limit: u32) -> Result<Slot, Fault> {
    let prefix = format!("wave/{}/{}/{}/", lock.control, lock.target.account, day(lock.since));
    claim_one(store, &prefix, lock, limit).await
}

async fn claim_one(store: &impl Store, prefix: &str, lock: &Lock, limit: u32) -> Result<Slot, Fault> {
    let taken = store.list(Shelf::State, prefix).await?.len();
    let first = u32::try_from(taken).unwrap_or(u32::MAX);
    for slot in first..limit {
        if store.put_new(Shelf::State, &format!("{prefix}{slot:04}"), &bytes(&lock.attempt)?).await? == Put::Created {
            return Ok(Slot::Taken);
        }
    }
    Ok(Slot::None)
}

/// How often a control wrote to a target within the last 24 hours, as far as `limit`, and the last attempt's place in the line.
///
/// Undo does not count: what it leaves is exempt.
pub async fn recent_repairs(
    store: &impl Store,
    control: &str,
    target: &Target,
    now: Timestamp,
    limit: u32,
) -> Result<Recent, Fault> {
    let keys = store.list(Shelf::State, &line(control, target)).await?;
    let last = keys.iter().filter_map(|key| generation(key)).max();
    let lost = lost_among(store, &keys, now).await?;
    let mut count = 0;
    for key in keys.iter().rev().filter(|key| is_done(key)) {
        let Some(done) = fetch::<Released>(store, Shelf::State, key).await? else { continue };
        let is_old = Duration::try_from(now.duration_since(done.at)).unwrap_or_default() >= DAY;
        if is_old || usize::try_from(limit).is_ok_and(|limit| count >= limit) {
            break;
        }
        count += usize::from(has_written(done.outcome));
    }
    Ok(Recent { count, last, lost })
}

/// How often something was repaired of late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// How often, as far as it was counted.
    pub count: usize,
    /// The last attempt's place in the target's line.
    pub last: Option<u64>,
    /// Attempts whose workers were lost, and that nobody closed yet.
    pub lost: Vec<AttemptId>,
}

async fn lost_among(store: &impl Store, keys: &[String], now: Timestamp) -> Result<Vec<AttemptId>, Fault> {
    let mut lost = Vec::new();
    for key in open(keys) {
        let lock: Option<Lock> = fetch(store, Shelf::State, key).await?;
        lost.extend(lock.filter(|lock| lock.until <= now).map(|lock| lock.attempt));
    }
    Ok(lost)
}

fn has_written(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Repaired | Outcome::Contained | Outcome::Unverified)
}

/// Whether a budget allows one more repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// It does, and this one is counted.
    Taken,
    /// It does not.
    None,
}

/// Writes a record, once. One that is there already is ours or tells the same.
pub async fn record(store: &impl Store, record: &Record, key: &str) -> Result<Put, Fault> {
    store.put_new(Shelf::Evidence, key, &bytes(record)?).await
}

/// Whether the intent of this lease was ever written.
pub async fn intent_of(store: &impl Store, lock: &Lock) -> Result<Option<Record>, Fault> {
    fetch(store, Shelf::Evidence, &lock.intent_key()).await
}

fn plan_key(plan: &PlanId) -> String {
    format!("plan/{plan}")
}

/// Keeps a plan verbatim.
pub async fn keep_plan(store: &impl Store, id: &PlanId, plan: &StoredPlan) -> Result<(), Fault> {
    store.put(&plan_key(id), &bytes(plan)?).await
}

/// A plan that was kept.
pub async fn stored_plan(store: &impl Store, id: &PlanId) -> Result<Option<StoredPlan>, Fault> {
    fetch(store, Shelf::State, &plan_key(id)).await
}

/// Every plan that was kept, with its id.
pub async fn stored_plans(store: &impl Store) -> Result<Vec<(PlanId, StoredPlan)>, Fault> {
    let mut plans = Vec::new();
    for key in store.list(Shelf::State, "plan/").await? {
        let id = key.rsplit('/').next().and_then(|id| PlanId::parse(id).ok());
        let stored = fetch(store, Shelf::State, &key).await?;
        plans.extend(id.zip(stored));
    }
    Ok(plans)
}

/// Puts a plan that is not carried out on file, once under each name. Answers what is on file, and whether that was now. The
/// record's key follows from it: so a worker that dies in between is completed by the next one, and no two records are written
/// for one name.
pub async fn hold(store: &impl Store, name: &str, held: &HeldPlan) -> Result<(HeldPlan, Put), Fault> {
    let entry = format!("held/{}/{name}", held.plan.plan.control);
    let put = store.put_new(Shelf::State, &entry, &bytes(held)?).await?;
    if put == Put::Created {
        return Ok((held.clone(), put));
    }
    let first: Option<HeldPlan> = fetch(store, Shelf::State, &entry).await?;
    Ok((first.unwrap_or_else(|| held.clone()), put))
}

/// The key of the record of an exemption granted by an undo.
#[must_use]
pub fn exemption_record_key(at: Timestamp, control: &str, attempt: &AttemptId) -> String {
    key(at, control, Kind::Exemption, attempt.as_str())
}

#[cfg(test)]
mod tests;
