//! The ledger's protocol over the two buckets: locks with take-over, budget slots, records, held plans.

mod recent;
mod slots;

use futures_util::future::try_join;
use remedy_domain::{
    AttemptId, Fault, Outcome, PlanId, Target, Timestamp,
    ask::Forecast,
    canonical,
    evidence::{FORMAT, Kind, Lock, Record, Released, StoredPlan, Tried, key},
    renamed::filed,
    stored::{self, Word},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    damage::{self, Entries},
    ports::{LedgerBucket, Put, Store},
};

pub use recent::{Extent, Recent, recent};
pub use slots::{Budget, Room, Slot};

/// A lock that is held, and the place it holds in the target's line.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The lock's own key.
    pub key: String,
    /// The lock.
    pub lock: Lock,
}

/// The result of asking for a lock.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one, for a moment")]
pub enum Claim {
    /// It is ours.
    Held {
        /// Our own.
        lease: Lease,
        /// Leases of lost workers that were found on the way and must be closed.
        lost: Vec<Lease>,
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
    pub outcome: Word<Outcome>,
    /// The forecast if its control were enforced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Word<Forecast>>,
    /// When it was first drafted.
    pub at: Timestamp,
}

pub(crate) fn bytes(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    canonical::to_bytes(value).map_err(|_| Fault::defect("ledger", "record-not-canonical"))
}

fn read<T: DeserializeOwned>(key: &str, body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|_| damage::fault(key))
}

pub(crate) async fn fetch<T: DeserializeOwned>(
    store: &impl Store,
    shelf: LedgerBucket,
    key: &str,
) -> Result<Option<T>, Fault> {
    store.get(shelf, key).await?.map(|body| read(key, &body)).transpose()
}

/// Replaces an entry. Members that another version added to the existing one stay in it; a damaged one is replaced.
pub(crate) async fn replace<T: Serialize + DeserializeOwned>(
    store: &impl Store,
    key: &str,
    entry: &T,
) -> Result<(), Fault> {
    let json = |entry: &T| serde_json::to_value(entry).map_err(|_| Fault::defect("ledger", "entry-not-json"));
    let there = store.get(LedgerBucket::State, key).await?;
    let there: Option<Value> = there.and_then(|body| serde_json::from_slice(&body).ok());
    let known = there.as_ref().and_then(|there| T::deserialize(there).ok());
    let unread = match (&there, known) {
        (Some(there), Some(known)) => stored::unread(there, &json(&known)?),
        _ => None,
    };
    let entry = json(entry)?;
    let whole = unread.map_or_else(|| entry.clone(), |unread| stored::with(entry.clone(), &unread));
    store.put(key, &bytes(&whole)?).await
}

fn line(control: &str, target: &Target) -> String {
    format!("lock/{}/{}/", filed(control), target.hash())
}

/// The suffix of a released lock's own entry.
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

/// The attempts of a control at a target, as one listing shows them.
#[derive(Debug, Clone, Default)]
pub struct Line {
    prefix: String,
    keys: Vec<String>,
    open: Vec<Lease>,
    /// How the last attempt ended, if it did.
    pub last: Option<Released>,
}

impl Line {
    /// Lists the line of a target, and reads the locks in it that were never released.
    pub async fn read(store: &impl Store, control: &str, target: &Target) -> Result<Self, Fault> {
        let prefix = line(control, target);
        let keys = store.list(LedgerBucket::State, &prefix).await?;
        let last = async {
            match keys.last().filter(|key| is_done(key)) {
                Some(key) => fetch(store, LedgerBucket::State, key).await,
                None => Ok(None),
            }
        };
        let (open, last) = try_join(leases(store, open(&keys)), last).await?;
        Ok(Self { prefix, keys, open, last })
    }

    /// The same without the lock of one attempt.
    #[must_use]
    pub fn without(self, attempt: &AttemptId) -> Self {
        let open = self.open.into_iter().filter(|lease| lease.lock.attempt != *attempt).collect();
        Self { open, ..self }
    }

    fn generations(&self) -> impl Iterator<Item = u64> {
        self.keys.iter().filter_map(|key| generation(key))
    }
}

async fn leases(store: &impl Store, keys: Vec<&String>) -> Result<Vec<Lease>, Fault> {
    let mut leases = Vec::new();
    for key in keys {
        let lock: Option<Lock> = fetch(store, LedgerBucket::State, key).await?;
        leases.extend(lock.map(|lock| Lease { key: key.clone(), lock }));
    }
    Ok(leases)
}

/// Asks for the lock at the end of a line.
///
/// Whoever gets it knows the whole line: had somebody else had the lock since the line was read, its place would be taken.
pub async fn claim(store: &impl Store, line: &Line, lock: Lock, now: Timestamp) -> Result<Claim, Fault> {
    if line.open.iter().any(|lease| now < lease.lock.until) {
        return Ok(Claim::Busy);
    }
    let next = line.generations().max().map_or(0, |last| last + 1);
    let key = format!("{}{next:010}", line.prefix);
    match store.put_new(LedgerBucket::State, &key, &bytes(&lock)?).await? {
        Put::Created => Ok(Claim::Held { lease: Lease { key, lock }, lost: line.open.clone() }),
        Put::Exists => Ok(Claim::Busy),
    }
}

/// Every lock of a control that outlived its worker, and those that cannot be read.
pub async fn orphans(store: &impl Store, control: &str, now: Timestamp) -> Result<Entries<Lock>, Fault> {
    lost(store, &format!("lock/{}/", filed(control)), now).await
}

/// Every lock of every control that outlived its worker, and those that cannot be read.
pub async fn all_orphans(store: &impl Store, now: Timestamp) -> Result<Entries<Lock>, Fault> {
    lost(store, "lock/", now).await
}

/// Every lock on a target that was not released, whoever holds it.
pub async fn unreleased(store: &impl Store, control: &str, target: &Target) -> Result<Vec<Lease>, Fault> {
    Ok(Line::read(store, control, target).await?.open)
}

async fn lost(store: &impl Store, prefix: &str, now: Timestamp) -> Result<Entries<Lock>, Fault> {
    let keys = store.list(LedgerBucket::State, prefix).await?;
    let mut orphans = damage::each::<Lock>(store, open(&keys).into_iter().cloned()).await?;
    orphans.whole.retain(|(_, lock)| lock.until <= now);
    Ok(orphans)
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// With this outcome.
    pub outcome: Outcome,
    /// How far it came, if it had an intent.
    pub tried: Option<Tried>,
    /// The digest of the settings that it was tried under, if known.
    pub settings: Option<&'a str>,
}

impl From<Outcome> for Ending<'_> {
    /// The end of an attempt that came no further than the lock.
    fn from(outcome: Outcome) -> Self {
        Self { outcome, tried: None, settings: None }
    }
}

/// Releases the lock, with the outcome.
pub async fn release(
    store: &impl Store,
    lease: &Lease,
    ending: impl Into<Ending<'_>>,
    now: Timestamp,
) -> Result<(), Fault> {
    let Ending { outcome, tried, settings } = ending.into();
    let (plan, settings) = (lease.lock.plan.clone(), settings.map(str::to_owned));
    let (outcome, tried) = (outcome.into(), tried.map(Word::from));
    let released = Released { format: FORMAT, plan, outcome, tried, settings, at: now };
    store.put_new(LedgerBucket::State, &done_key(&lease.key), &bytes(&released)?).await.map(|_| ())
}

/// Writes a record, once. If the record exists, a previous attempt wrote it with the same content.
pub async fn record(store: &impl Store, record: &Record, key: &str) -> Result<Put, Fault> {
    store.put_new(LedgerBucket::Evidence, key, &bytes(record)?).await
}

/// Writes the intent of an attempt. Another attempt's record under its key is no intent of this one.
pub async fn intend(store: &impl Store, intent: &Record, key: &str) -> Result<(), Fault> {
    match record(store, intent, key).await? {
        Put::Created => Ok(()),
        Put::Exists => Err(Fault::ledger("intent-of-another", "look at the record under the key of the intent")),
    }
}

/// Whether the intent of this lease was ever written.
pub async fn intent_of(store: &impl Store, lock: &Lock) -> Result<Option<Record>, Fault> {
    fetch(store, LedgerBucket::Evidence, &lock.intent_key()).await
}

pub(crate) fn plan_key(plan: &PlanId) -> String {
    format!("plan/{plan}")
}

/// Keeps a plan verbatim.
pub async fn keep_plan(store: &impl Store, id: &PlanId, plan: &StoredPlan) -> Result<(), Fault> {
    store.put(&plan_key(id), &bytes(plan)?).await
}

/// A plan that was kept.
pub async fn stored_plan(store: &impl Store, id: &PlanId) -> Result<Option<StoredPlan>, Fault> {
    fetch(store, LedgerBucket::State, &plan_key(id)).await
}

/// Every plan that was kept, by its key, and those that cannot be read.
pub async fn stored_plans(store: &impl Store) -> Result<Entries<StoredPlan>, Fault> {
    let keys = store.list(LedgerBucket::State, "plan/").await?;
    damage::each(store, keys).await
}

/// The id of the plan that is stored under a key.
#[must_use]
pub fn plan_of(key: &str) -> Option<PlanId> {
    key.rsplit('/').next().and_then(|id| PlanId::parse(id).ok())
}

/// The stored plan that is not carried out, if there is one under this name.
pub async fn held(store: &impl Store, control: &str, name: &str) -> Result<Option<HeldPlan>, Fault> {
    fetch(store, LedgerBucket::State, &held_key(control, name)).await
}

fn held_key(control: &str, name: &str) -> String {
    format!("held/{}/{name}", filed(control))
}

/// Stores a plan that is not carried out, once under each name. Returns the stored plan, and whether it was stored now.
/// The record's key follows from it: so the next worker completes the work of one that crashes in between, and no two
/// records are written for one name.
pub async fn hold(store: &impl Store, name: &str, held: &HeldPlan) -> Result<(HeldPlan, Put), Fault> {
    let entry = held_key(&held.plan.plan.control, name);
    let put = store.put_new(LedgerBucket::State, &entry, &bytes(held)?).await?;
    if put == Put::Created {
        return Ok((held.clone(), put));
    }
    let first: Option<HeldPlan> = fetch(store, LedgerBucket::State, &entry).await?;
    Ok((first.unwrap_or_else(|| held.clone()), put))
}

/// The key of the record of an exemption granted by an undo.
#[must_use]
pub fn exemption_record_key(at: Timestamp, control: &str, attempt: &AttemptId) -> String {
    key(at, control, Kind::Exemption, attempt.as_str())
}

#[cfg(test)]
mod renamed;
#[cfg(test)]
mod tests;
