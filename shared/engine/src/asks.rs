//! What waits for people, on file: `ask/<id>/<generation>`, its decision, and whether the approval was spent.
//!
//! An ask that ended or was spent is followed by one of the next generation. A decision is one object: whoever decides first
//! decides. A newer plan of a control for a resource takes the place of the one that was asked for before: that one is
//! `superseded/<id>/<generation>`. What is open is found by an index of keys.

mod open;

use futures_util::future::{join_all, join4, try_join};
use remedy_domain::{
    AttemptId, Fault, Timestamp,
    ask::{Ask, Decision, Spent, Standing, Subject},
    evidence::{FORMAT, SpentBy},
    settings::People,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    ledger::{bytes, fetch},
    ports::{Put, Shelf, Store},
};

pub use open::{Open, Which, enter, open_asks, read};

const DECISION: &str = ".decision";
const SPENT: &str = ".spent";

/// That another ask took the place of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// The stored form.
    pub format: u32,
    /// The id of the ask that took its place.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How a new ask is recorded and told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// By itself.
    Each,
    /// With others of the same resource and day.
    Digest,
}

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
    /// Who used the approval up, if somebody did.
    pub spent_by: Option<SpentBy>,
    /// What took its place, if something did.
    pub superseded: Option<Superseded>,
}

impl OnFile {
    /// How it stands now, under settings that name these people. What an attempt used up whose worker was `lost` may be used
    /// by the one that takes over.
    #[must_use]
    pub fn standing(&self, now: Timestamp, people: &People, lost: &[AttemptId]) -> Standing {
        if self.is_superseded() {
            return Standing::Unasked;
        }
        let is_spent = self.spent_by.as_ref().is_some_and(|by| !by.is_among(lost));
        let spent = if is_spent { Spent::Yes } else { Spent::No };
        Standing::of(&self.ask, self.decision.clone(), spent, (now, people))
    }

    /// Whether another ask took its place before anybody decided it. What was decided before is carried out, if it still holds.
    #[must_use]
    pub fn is_superseded(&self) -> bool {
        let decided = self.decision.as_ref().map(|decision| decision.at);
        self.superseded.as_ref().is_some_and(|superseded| decided.is_none_or(|decided| superseded.at < decided))
    }

    /// The attempt that used the approval up, if one did.
    #[must_use]
    pub fn spender(&self) -> Option<&AttemptId> {
        match &self.spent_by {
            Some(SpentBy::Attempt(attempt)) => Some(attempt),
            Some(SpentBy::Other(_)) | None => None,
        }
    }
}

/// What waits for people.
#[derive(Debug, Default)]
pub struct Pending {
    /// What can still be decided or carried out, in the order of the ids.
    pub asks: Vec<OnFile>,
    /// The ids of asks that cannot be read, or whose decision cannot.
    pub damaged: Vec<String>,
}

/// What came of asking.
#[derive(Debug)]
pub struct Asked {
    /// What is on file now.
    pub ask: Ask,
    /// Whether people hear of it for the first time.
    pub put: Put,
    /// How it is recorded and told; nothing, where it is not yet among what is open: see [`enter`].
    pub noted: Option<Noted>,
    id: String,
    generation: usize,
    /// What was open for the same before.
    before: Vec<Open>,
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
    Box::pin(last_of(store, &keys)).await
}

fn id_of(key: &str) -> String {
    key.split('/').nth(1).unwrap_or_default().to_owned()
}

async fn last_of(store: &impl Store, keys: &[String]) -> Result<Option<OnFile>, Fault> {
    let Some(key) = keys.iter().rev().find(|key| is_ask(key)) else { return Ok(None) };
    let superseded = key.replacen("ask/", SUPERSEDED, 1);
    // All are waited for: where several are damaged, it is always the same one that people are notified of.
    let parts = join4(
        fetch::<Ask>(store, Shelf::State, key),
        beside(store, keys, key, DECISION),
        beside(store, keys, key, SPENT),
        fetch(store, Shelf::State, &superseded),
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
    if keys.contains(&key) { fetch(store, Shelf::State, &key).await } else { Ok(None) }
}

/// Puts an ask on file, unless one like it still stands. Until it is [entered](enter), it takes nothing's place.
pub async fn open(store: &impl Store, ask: &Ask, people: &People) -> Result<Asked, Fault> {
    let id = id(&ask.subject)?;
    let (ask_line, index) = (line(&id), open::folder(&ask.subject, &id));
    let (keys, index) = try_join(store.list(Shelf::State, &ask_line), store.list(Shelf::State, &index)).await?;
    let before: Vec<_> = index.iter().filter_map(|key| Open::parse(key)).collect();
    let last = Box::pin(last_of(store, &keys)).await?;
    let asked = keys.iter().filter(|key| is_ask(key)).count();
    let on_file = |ask: Ask, put, generation: usize| {
        let own = before.iter().find(|open| open.id == id && open.generation == generation);
        Asked { ask, put, noted: own.map(|open| open.noted), id: id.clone(), generation, before: before.clone() }
    };
    if let Some(last) = last.filter(|last| last.standing(ask.at, people, &[]) != Standing::Unasked) {
        return Ok(on_file(last.ask, Put::Exists, asked.saturating_sub(1)));
    }
    let key = format!("{ask_line}{asked:04}");
    match store.put_new(Shelf::State, &key, &bytes(ask)?).await? {
        Put::Created => Ok(on_file(ask.clone(), Put::Created, asked)),
        Put::Exists => {
            let first = fetch(store, Shelf::State, &key).await?;
            Ok(on_file(first.unwrap_or_else(|| ask.clone()), Put::Exists, asked))
        }
    }
}

/// Notes that others are superseded by an ask: one that was decided already is carried out all the same.
async fn supersede(store: &impl Store, others: &[&Open], by: &str, at: Timestamp) -> Result<(), Fault> {
    let body = bytes(&Superseded { format: FORMAT, by: by.to_owned(), at })?;
    let keys: Vec<_> = others.iter().map(|other| format!("{SUPERSEDED}{}/{:04}", other.id, other.generation)).collect();
    let put = join_all(keys.iter().map(|key| store.put_new(Shelf::State, key, &body))).await;
    put.into_iter().try_for_each(|put| put.map(|_| ()))
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
    let by: Option<SpentBy> = fetch(store, Shelf::State, &key).await?;
    if by.is_some_and(|by| by.is_among(lost)) {
        store.put(&key, &body).await?;
        return Ok(Put::Created);
    }
    Ok(Put::Exists)
}

#[cfg(test)]
mod tests;
