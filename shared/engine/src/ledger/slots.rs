//! Budgets: so many slots, one for each attempt that may write. An attempt that wrote nothing gives its slot back.
//!
//! A slot is an object `<prefix><number>`, created once, and given back by an object `<prefix><number>.unused` beside
//! it. A slot may be created if its number is below the limit plus the count of those given back. That count only
//! grows, so that an old listing offers too few and never too many: there are never more slots in use than the limit.

use remedy_domain::{
    AttemptId, Fault,
    evidence::{Lock, day, hour},
    renamed::filed,
};

use super::bytes;
use crate::ports::{LedgerBucket, Put, Store};

const UNUSED: &str = ".unused";

/// So many of a kind, at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    prefix: String,
    limit: u32,
}

impl Budget {
    /// Repairs of a control in the target's account, in the hour of the lock.
    #[must_use]
    pub fn account(lock: &Lock, limit: u32) -> Self {
        Self::of_hour(lock, lock.target.account.as_str(), limit)
    }

    /// Repairs of a control in all accounts together, in the hour of the lock.
    #[must_use]
    pub fn organization(lock: &Lock, limit: u32) -> Self {
        Self::of_hour(lock, "organization", limit)
    }

    fn of_hour(lock: &Lock, whose: &str, limit: u32) -> Self {
        Self { prefix: format!("budget/{}/{whose}/{}/", filed(&lock.control), hour(lock.since)), limit }
    }

    /// Repairs of the backlog of a control in the target's account, on the day of the lock.
    #[must_use]
    pub fn wave(lock: &Lock, limit: u32) -> Self {
        Self { prefix: format!("wave/{}/{}/{}/", filed(&lock.control), lock.target.account, day(lock.since)), limit }
    }

    /// Records and notices, besides attempts, of a control and a target on the day of `lock`.
    #[must_use]
    pub fn notes(control: &str, target: &remedy_domain::Target, at: remedy_domain::Timestamp, limit: u32) -> Self {
        Self { prefix: format!("noted/{}/{}/{}/", filed(control), target.hash(), day(at)), limit }
    }

    /// Takes a slot, if one is left: the first one, where nobody took it yet, without a listing.
    pub async fn take(self, store: &impl Store, attempt: &AttemptId) -> Result<Option<Slot>, Fault> {
        let first = Room { prefix: self.prefix.clone(), first: 0, end: self.limit.min(1) };
        if let Some(slot) = first.take(store, attempt).await? {
            return Ok(Some(slot));
        }
        match self.room(store).await? {
            Some(room) => room.take(store, attempt).await,
            None => Ok(None),
        }
    }

    /// Where the next slot may be, if one is left.
    pub async fn room(self, store: &impl Store) -> Result<Option<Room>, Fault> {
        let keys = store.list(LedgerBucket::State, &self.prefix).await?;
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let unused = count(keys.iter().filter(|key| key.ends_with(UNUSED)).count());
        let (first, end) = (count(keys.len()).saturating_sub(unused), self.limit.saturating_add(unused));
        Ok((first < end).then_some(Room { prefix: self.prefix, first, end }))
    }
}

/// Where the next slot may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    prefix: String,
    first: u32,
    end: u32,
}

impl Room {
    /// Takes a slot, if others left one.
    pub async fn take(&self, store: &impl Store, attempt: &AttemptId) -> Result<Option<Slot>, Fault> {
        let body = bytes(attempt)?;
        for number in self.first..self.end {
            let key = format!("{}{number:04}", self.prefix);
            if store.put_new(LedgerBucket::State, &key, &body).await? == Put::Created {
                return Ok(Some(Slot { key }));
            }
        }
        Ok(None)
    }
}

/// A slot that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    key: String,
}

impl Slot {
    /// Gives the slot back. Only for an attempt that wrote nothing, and never will.
    pub async fn give_back(&self, store: &impl Store, attempt: &AttemptId) -> Result<(), Fault> {
        store.put_new(LedgerBucket::State, &format!("{}{UNUSED}", self.key), &bytes(attempt)?).await.map(|_| ())
    }
}
