//! What waits for people, on file: `ask/<id>/<generation>`, its decision, and whether the approval was spent.
//!
//! An ask that ended or was spent is followed by one of the next generation. A decision is one object: whoever decides first
//! decides.

use remedy_domain::{
    AttemptId, Fault, Timestamp,
    ask::{Ask, Decision, Spent, Standing, Subject},
};

use serde::de::DeserializeOwned;

use crate::{
    ledger::{bytes, fetch},
    ports::{Put, Shelf, Store},
};

const DECISION: &str = ".decision";
const SPENT: &str = ".spent";

/// An ask on file, and how it stands.
#[derive(Debug, Clone)]
pub struct OnFile {
    /// Its key.
    pub key: String,
    /// Its id: the digest of what is asked for.
    pub id: String,
    /// The ask.
    pub ask: Ask,
    /// The decision, if there is one.
    pub decision: Option<Decision>,
    /// The attempt that used the approval up, if one did.
    pub spent_by: Option<AttemptId>,
}

impl OnFile {
    /// How it stands now. What an attempt used up whose worker was `lost` may be used by the one that takes over.
    #[must_use]
    pub fn standing(&self, now: Timestamp, lost: &[AttemptId]) -> Standing {
        let is_spent = self.spent_by.as_ref().is_some_and(|by| !lost.contains(by));
        let spent = if is_spent { Spent::Yes } else { Spent::No };
        Standing::of(&self.ask, self.decision.clone(), spent, now)
    }
}

/// What came of asking.
#[derive(Debug)]
pub struct Asked {
    /// What is on file now.
    pub ask: Ask,
    /// Whether people hear of it for the first time.
    pub put: Put,
}

fn line(id: &str) -> String {
    format!("ask/{id}/")
}

fn is_ask(key: &str) -> bool {
    !key.ends_with(DECISION) && !key.ends_with(SPENT)
}

/// The last ask for `id` on file, and how it stands.
pub async fn latest(store: &impl Store, id: &str) -> Result<Option<OnFile>, Fault> {
    let keys = store.list(Shelf::State, &line(id)).await?;
    last_of(store, &keys).await
}

/// Every ask that can still be decided or carried out, in the order of their ids.
pub async fn pending(store: &impl Store, now: Timestamp) -> Result<Vec<OnFile>, Fault> {
    let keys = store.list(Shelf::State, "ask/").await?;
    let mut pending = Vec::new();
    for keys in keys.chunk_by(|a, b| folder(a) == folder(b)) {
        let last = last_of(store, keys).await?;
        pending.extend(last.filter(|on_file| on_file.standing(now, &[]) != Standing::Unasked));
    }
    Ok(pending)
}

fn folder(key: &str) -> Option<&str> {
    key.rsplit_once('/').map(|(folder, _)| folder)
}

async fn last_of(store: &impl Store, keys: &[String]) -> Result<Option<OnFile>, Fault> {
    let Some(key) = keys.iter().rev().find(|key| is_ask(key)) else { return Ok(None) };
    let Some(ask) = fetch::<Ask>(store, Shelf::State, key).await? else { return Ok(None) };
    let decision = beside(store, keys, key, DECISION).await?;
    let spent_by = beside(store, keys, key, SPENT).await?;
    let id = key.split('/').nth(1).unwrap_or_default().to_owned();
    Ok(Some(OnFile { key: key.clone(), id, ask, decision, spent_by }))
}

/// What stands beside an ask, if it is among the keys.
async fn beside<T: DeserializeOwned>(
    store: &impl Store,
    keys: &[String],
    key: &str,
    end: &str,
) -> Result<Option<T>, Fault> {
    let key = format!("{key}{end}");
    if keys.contains(&key) { fetch(store, Shelf::State, &key).await } else { Ok(None) }
}

/// Puts an ask on file, unless one like it still stands.
pub async fn open(store: &impl Store, ask: &Ask) -> Result<Asked, Fault> {
    let id = id(&ask.subject)?;
    let keys = store.list(Shelf::State, &line(&id)).await?;
    let next = match last_of(store, &keys).await? {
        None => 0,
        Some(last) if last.standing(ask.at, &[]) == Standing::Unasked => keys.iter().filter(|key| is_ask(key)).count(),
        Some(last) => return Ok(Asked { ask: last.ask, put: Put::Exists }),
    };
    let key = format!("{}{next:04}", line(&id));
    match store.put_new(Shelf::State, &key, &bytes(ask)?).await? {
        Put::Created => Ok(Asked { ask: ask.clone(), put: Put::Created }),
        Put::Exists => {
            let first = fetch(store, Shelf::State, &key).await?;
            Ok(Asked { ask: first.unwrap_or_else(|| ask.clone()), put: Put::Exists })
        }
    }
}

/// The id of what is asked for.
pub fn id(subject: &Subject) -> Result<String, Fault> {
    subject.id().map_err(|_| Fault::defect("ask", "subject-not-canonical"))
}

/// Puts a decision on file. Somebody else's may be there first.
pub async fn decide(store: &impl Store, on_file: &OnFile, decision: &Decision) -> Result<Put, Fault> {
    store.put_new(Shelf::State, &format!("{}{DECISION}", on_file.key), &bytes(decision)?).await
}

/// Uses an approval up, for one attempt. What a lost attempt used may be used again by the one that takes over.
pub async fn spend(
    store: &impl Store,
    on_file: &OnFile,
    attempt: &AttemptId,
    lost: &[AttemptId],
) -> Result<Put, Fault> {
    let key = format!("{}{SPENT}", on_file.key);
    let body = bytes(attempt)?;
    if store.put_new(Shelf::State, &key, &body).await? == Put::Created {
        return Ok(Put::Created);
    }
    let by: Option<AttemptId> = fetch(store, Shelf::State, &key).await?;
    if by.is_some_and(|by| lost.contains(&by)) {
        store.put(&key, &body).await?;
        return Ok(Put::Created);
    }
    Ok(Put::Exists)
}
