//! The stored asks: `ask/<id>/<generation>`, its decision, and whether the approval was spent.
//!
//! An ask that ended or was spent is followed by one of the next generation. A decision is one object: the first one
//! counts. A newer plan of a control for a resource replaces the one that was asked for before: that one is
//! `superseded/<id>/<generation>`. Open asks are found by an index of keys.

mod open;

use futures_util::future::{join_all, join4, try_join};
use remedy_domain::{
    AttemptId, Fault, Timestamp,
    ask::{ApprovalStatus, Ask, Decision, Spent, Subject},
    evidence::{FORMAT, SpentBy},
    settings::People,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    ledger::{bytes, fetch},
    ports::{LedgerBucket, Put, Store},
};

pub use open::{Open, Which, enter, open_asks, read};

const DECISION: &str = ".decision";
const SPENT: &str = ".spent";

/// The record that another ask replaced one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// The stored form.
    pub format: u32,
    /// The id of the ask that replaced it.
    pub by: String,
    /// When it did.
    pub at: Timestamp,
}

/// How a new ask is recorded and notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// By itself.
    Each,
    /// With others of the same resource and day.
    Digest,
}

/// A stored ask, and how it stands.
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
    /// Who spent the approval, if somebody did.
    pub spent_by: Option<SpentBy>,
    /// The ask that replaced it, if one did.
    pub superseded: Option<Superseded>,
}

impl OnFile {
    /// How it stands now, under settings that name these people. An approval that a crashed worker of `lost` spent may
    /// be used by the worker that takes over.
    #[must_use]
    pub fn standing(&self, now: Timestamp, people: &People, lost: &[AttemptId]) -> ApprovalStatus {
        if self.is_superseded() {
            return ApprovalStatus::Unasked;
        }
        let is_spent = self.spent_by.as_ref().is_some_and(|by| !by.is_among(lost));
        let spent = if is_spent { Spent::Yes } else { Spent::No };
        ApprovalStatus::of(&self.ask, self.decision.clone(), spent, (now, people))
    }

    /// Whether another ask replaced it before anybody decided it. A plan decided before is carried out, if it still
    /// holds.
    #[must_use]
    pub fn is_superseded(&self) -> bool {
        let decided = self.decision.as_ref().map(|decision| decision.at);
        self.superseded.as_ref().is_some_and(|superseded| decided.is_none_or(|decided| superseded.at < decided))
    }

    /// The attempt that spent the approval, if one did.
    #[must_use]
    pub fn spender(&self) -> Option<&AttemptId> {
        match &self.spent_by {
            Some(SpentBy::Attempt(attempt)) => Some(attempt),
            Some(SpentBy::Other(_)) | None => None,
        }
    }
}

/// The asks that wait for people.
#[derive(Debug, Default)]
pub struct Pending {
    /// Those that can still be decided or carried out, in the order of the ids.
    pub asks: Vec<OnFile>,
    /// The ids of asks that cannot be read, or whose decision cannot.
    pub damaged: Vec<String>,
}

/// The result of asking.
#[derive(Debug)]
pub struct Asked {
    /// The ask that is stored now.
    pub ask: Ask,
    /// Whether people hear of it for the first time.
    pub put: Put,
    /// How it is recorded and notified; absent if it is not yet in the index of open asks: see [`enter`].
    pub noted: Option<Noted>,
    id: String,
    generation: usize,
    /// The asks that were open for the same before.
    before: Vec<Open>,
}

fn line(id: &str) -> String {
    format!("ask/{id}/")
}

fn is_ask(key: &str) -> bool {
    !key.ends_with(DECISION) && !key.ends_with(SPENT)
}

/// The last stored ask for `id`, and how it stands.
pub async fn latest(store: &impl Store, id: &str) -> Result<Option<OnFile>, Fault> {
    let keys = store.list(LedgerBucket::State, &line(id)).await?;
    Box::pin(last_of(store, &keys)).await
}

fn id_of(key: &str) -> String {
    key.split('/').nth(1).unwrap_or_default().to_owned()
}

async fn last_of(store: &impl Store, keys: &[String]) -> Result<Option<OnFile>, Fault> {
    let Some(key) = keys.iter().rev().find(|key| is_ask(key)) else { return Ok(None) };
    let superseded = key.replacen("ask/", SUPERSEDED, 1);
    // All are awaited: if several are damaged, people are always notified of the same one.
    let parts = join4(
        fetch::<Ask>(store, LedgerBucket::State, key),
        beside(store, keys, key, DECISION),
        beside(store, keys, key, SPENT),
        fetch(store, LedgerBucket::State, &superseded),
    );
    let (ask, decision, spent_by, superseded) = parts.await;
    let (ask, decision, spent_by, superseded) = (ask?, decision?, spent_by?, superseded?);
    let id = id_of(key);
    let understood = |ask: Ask| Ask { subject: ask.subject.understood(&id), ..ask };
    let ask = ask.map(understood);
    Ok(ask.map(|ask| OnFile { key: key.clone(), id, ask, decision, spent_by, superseded }))
}

const SUPERSEDED: &str = "superseded/";

async fn beside<T: DeserializeOwned>(
    store: &impl Store,
    keys: &[String],
    key: &str,
    end: &str,
) -> Result<Option<T>, Fault> {
    let key = format!("{key}{end}");
    if keys.contains(&key) { fetch(store, LedgerBucket::State, &key).await } else { Ok(None) }
}

/// Stores an ask, unless one like it is still valid. Until it is [entered](enter), it replaces nothing.
pub async fn open(store: &impl Store, ask: &Ask, people: &People) -> Result<Asked, Fault> {
    let id = id(&ask.subject)?;
    let (ask_line, index) = (line(&id), open::folder(&ask.subject, &id));
    let (keys, index) =
        try_join(store.list(LedgerBucket::State, &ask_line), store.list(LedgerBucket::State, &index)).await?;
    let before: Vec<_> = index.iter().filter_map(|key| Open::parse(key)).collect();
    let last = Box::pin(last_of(store, &keys)).await?;
    let asked = keys.iter().filter(|key| is_ask(key)).count();
    let on_file = |ask: Ask, put, generation: usize| {
        let own = before.iter().find(|open| open.id == id && open.generation == generation);
        Asked { ask, put, noted: own.map(|open| open.noted), id: id.clone(), generation, before: before.clone() }
    };
    if let Some(last) = last.filter(|last| last.standing(ask.at, people, &[]) != ApprovalStatus::Unasked) {
        return Ok(on_file(last.ask, Put::Exists, asked.saturating_sub(1)));
    }
    let key = format!("{ask_line}{asked:04}");
    match store.put_new(LedgerBucket::State, &key, &bytes(ask)?).await? {
        Put::Created => Ok(on_file(ask.clone(), Put::Created, asked)),
        Put::Exists => {
            let first = fetch(store, LedgerBucket::State, &key).await?;
            Ok(on_file(first.unwrap_or_else(|| ask.clone()), Put::Exists, asked))
        }
    }
}

/// Records that an ask supersedes others: one that was decided already is carried out all the same.
async fn supersede(store: &impl Store, others: &[&Open], by: &str, at: Timestamp) -> Result<(), Fault> {
    let body = bytes(&Superseded { format: FORMAT, by: by.to_owned(), at })?;
    let keys: Vec<_> = others.iter().map(|other| format!("{SUPERSEDED}{}/{:04}", other.id, other.generation)).collect();
    let put = join_all(keys.iter().map(|key| store.put_new(LedgerBucket::State, key, &body))).await;
    put.into_iter().try_for_each(|put| put.map(|_| ()))
}

/// The id of what is asked for.
pub fn id(subject: &Subject) -> Result<String, Fault> {
    subject.id().map_err(|_| Fault::defect("ask", "subject-not-canonical"))
}

/// Stores a decision. Somebody else's may be there first.
pub async fn decide(store: &impl Store, on_file: &OnFile, decision: &Decision) -> Result<Put, Fault> {
    store.put_new(LedgerBucket::State, &format!("{}{DECISION}", on_file.key), &bytes(decision)?).await
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
    if store.put_new(LedgerBucket::State, &key, &body).await? == Put::Created {
        return Ok(Put::Created);
    }
    let by: Option<SpentBy> = fetch(store, LedgerBucket::State, &key).await?;
    if by.is_some_and(|by| by.is_among(lost)) {
        store.put(&key, &body).await?;
        return Ok(Put::Created);
    }
    Ok(Put::Exists)
}

#[cfg(test)]
mod tests;
