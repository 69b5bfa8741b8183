//! The open asks, as an index of keys: waiting asks are counted, sorted and paged without a read; closed ones are not
//! read.
//!
//! `open/<control>/<account>/<what>/<at>-<until>-<generation>-<id>-<each|digest>`. For a plan, `what` is its resource:
//! the newest entry waits, and supersedes those before it. Everything else is its own `what`. Entries expire soon after
//! the longest ask; the asks themselves stay.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join, stream};
use remedy_domain::{
    AccountId, Fault, Timestamp,
    ask::{ApprovalStatus, Ask, Subject},
    renamed::{current, filed},
    settings::People,
};

use super::{Asked, Noted, Pending, id, is_ask, last_of, latest, line, supersede};
use crate::{
    damage,
    ports::{Clock, LedgerBucket, Notices, Own, Store},
};

const FOLDER: &str = "open/";
/// Marks that the asks of versions without an index are in it. It does not expire, because there will be no more of
/// them, and looking for them means reading every ask that was ever made.
const COMPLETE: &str = "indexed/asks";
/// The number of asks that are read at once.
const AT_ONCE: usize = 16;
/// The same when all of them must be read once: they are many.
const ALL_AT_ONCE: usize = 64;
/// The key's part in place of `control`, for asks that concern no control.
const PEOPLE: &str = "people";

/// An open ask, as read from its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The control that it is about; `people` for settings and holds.
    pub control: String,
    /// The account that it is about; `-` for settings and holds.
    pub account: String,
    /// Its subject.
    what: String,
    /// When it was asked, in milliseconds since 1970.
    pub at: i64,
    /// Until when it can be decided, in milliseconds since 1970.
    until: i64,
    pub(super) generation: usize,
    /// Its id.
    pub id: String,
    pub(super) noted: Noted,
}

/// A filter of the open asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Those about this control.
    pub control: Option<String>,
    /// Those about this account.
    pub account: Option<AccountId>,
}

/// The folder of the asks about the same.
pub(super) fn folder(subject: &Subject, id: &str) -> String {
    let (control, account, what) = match subject {
        Subject::Plan { plan } => {
            let (plan, target) = (&plan.plan, &plan.plan.target);
            (plan.control.as_str(), target.account.as_str(), target.hash())
        }
        Subject::Undo { terms, .. } | Subject::Exemption { terms } => {
            (terms.control.as_str(), terms.account.as_str(), id.to_owned())
        }
        _ => (PEOPLE, "-", id.to_owned()),
    };
    // A person chose the words of the terms, and no word of a key may look like two.
    let word = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric() && !"-_.*?".contains(c), "_");
    format!("{FOLDER}{}/{}/{what}/", word(filed(control)), word(account))
}

impl Open {
    fn key(ask: &Ask, (id, generation): (&str, usize), noted: Noted) -> String {
        let word = match noted {
            Noted::Each => "each",
            Noted::Digest => "digest",
        };
        let (folder, at, until) = (folder(&ask.subject, id), ask.at.as_millisecond(), ask.until.as_millisecond());
        format!("{folder}{at:014}-{until:014}-{generation:04}-{id}-{word}")
    }

    pub(super) fn parse(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix(FOLDER)?.split('/');
        let (control, account, what, entry) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let mut words = entry.split('-');
        let (at, until) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let (generation, id) = (words.next()?.parse().ok()?, words.next()?.to_owned());
        let noted = if words.next()? == "digest" { Noted::Digest } else { Noted::Each };
        let (control, account, what) = (current(control).to_owned(), account.to_owned(), what.to_owned());
        Some(Self { control, account, what, at, until, generation, id, noted })
    }

    fn is_meant(&self, which: &Which) -> bool {
        let control = which.control.as_ref().is_none_or(|control| current(control) == self.control);
        control && which.account.as_ref().is_none_or(|account| account.as_str() == self.account)
    }
}

/// Enters an ask into the index of open asks. It supersedes those that were open for the same before.
pub async fn enter(store: &impl Store, asked: &Asked, noted: Noted) -> Result<(), Fault> {
    let key = Open::key(&asked.ask, (&asked.id, asked.generation), noted);
    let is_live = |open: &&Open| open.until > asked.ask.at.as_millisecond() && open.at <= asked.ask.at.as_millisecond();
    let others: Vec<_> = asked.before.iter().filter(|open| open.id != asked.id).filter(is_live).collect();
    let entered = store.put_new(LedgerBucket::State, &key, b"{}");
    try_join(entered, supersede(store, &others, &asked.id, asked.ask.at)).await.map(|_| ())
}

/// The open asks, as read from their keys: those of people first, then the newest first.
pub async fn open_asks(
    store: &impl Store,
    which: &Which,
    (now, people): (Timestamp, &People),
) -> Result<Vec<Open>, Fault> {
    let (mut keys, complete) =
        try_join(store.list(LedgerBucket::State, FOLDER), store.list(LedgerBucket::State, COMPLETE)).await?;
    if complete.is_empty() {
        enter_all(store, (now, people)).await?;
        keys = store.list(LedgerBucket::State, FOLDER).await?;
    }
    let mut newest: BTreeMap<(String, String, String), Open> = BTreeMap::new();
    let live = keys.iter().filter_map(|key| Open::parse(key)).filter(|open| now.as_millisecond() < open.until);
    for open in live.filter(|open| open.is_meant(which)) {
        let about = (open.control.clone(), open.account.clone(), open.what.clone());
        let known = newest.entry(about).or_insert_with(|| open.clone());
        if known.at <= open.at {
            *known = open;
        }
    }
    let mut open: Vec<_> = newest.into_values().collect();
    open.sort_by_key(|open| (open.control != PEOPLE && open.what != open.id, std::cmp::Reverse(open.at)));
    Ok(open)
}

/// Reads asks in parallel, in their order. Closed ones are left out; people are notified of damaged ones.
pub async fn read(
    ports: &(impl Store + Clock + Notices + Own),
    open: &[Open],
    (now, people): (Timestamp, &People),
) -> Result<Pending, Fault> {
    let ids: Vec<String> = open.iter().map(|open| open.id.clone()).collect();
    let found = |id: String| async move { (latest(ports, &id).await, id) };
    let all: Vec<_> = stream::iter(ids).map(found).buffered(AT_ONCE).collect().await;
    let mut pending = Pending::default();
    for (last, id) in all {
        match damage::skipped(ports, last).await? {
            Some(last) => {
                pending
                    .asks
                    .extend(last.filter(|on_file| on_file.standing(now, people, &[]) != ApprovalStatus::Unasked));
            }
            None => pending.damaged.push(id),
        }
    }
    Ok(pending)
}

/// Enters the asks of earlier versions: each ask is read once.
async fn enter_all(store: &impl Store, (now, people): (Timestamp, &People)) -> Result<(), Fault> {
    let keys = store.list(LedgerBucket::State, "ask/").await?;
    let ids: BTreeSet<_> = keys.iter().filter_map(|key| key.split('/').nth(1)).collect();
    let lines: Vec<Vec<String>> = ids
        .iter()
        .map(|id| {
            keys.iter()
                .skip(keys.partition_point(|key| *key < line(id)))
                .take_while(|key| key.starts_with(&line(id)))
                .cloned()
                .collect()
        })
        .collect();
    stream::iter(&lines)
        .map(|keys| enter_last(store, keys, (now, people)))
        .buffer_unordered(ALL_AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    store.put(COMPLETE, b"{}").await
}

async fn enter_last(store: &impl Store, keys: &[String], (now, people): (Timestamp, &People)) -> Result<(), Fault> {
    let Some(on_file) = Box::pin(last_of(store, keys)).await? else { return Ok(()) };
    if on_file.standing(now, people, &[]) == ApprovalStatus::Unasked {
        return Ok(());
    }
    let generation = keys.iter().filter(|key| is_ask(key)).count().saturating_sub(1);
    let own = id(&on_file.ask.subject)?;
    let key = Open::key(&on_file.ask, (&own, generation), Noted::Each);
    store.put_new(LedgerBucket::State, &key, b"{}").await.map(|_| ())
}
