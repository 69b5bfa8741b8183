//! The ports: what the loop needs from the world, and no more.

use std::time::Duration;

use remedy_domain::{
    AccountId, AttemptId, CLOCKS_DIFFER, Fault, PlanId, Region, Target, Timestamp, guard::Permit, outcome::Alarm,
};
use serde::{Deserialize, Serialize};

use crate::writer::Writer;

/// How long after its deadline a worker is known to be gone by any clock: a minute for what is still on its way.
pub const GONE_AFTER: Duration = Duration::from_mins(1).saturating_add(CLOCKS_DIFFER);

/// Time, and what must be fresh.
#[expect(async_fn_in_trait, reason = "the loop runs on one thread; no future crosses to another")]
pub trait Clock {
    /// The time.
    fn now(&self) -> Timestamp;
    /// The time left in this invocation.
    fn remaining(&self) -> Duration;
    /// The moment after which this worker is known to be gone, by whichever clock: its deadline, and [`GONE_AFTER`].
    fn lease_until(&self) -> Timestamp;
    /// Waits, to look again at something that AWS needs time for.
    async fn pause(&self, duration: Duration);
    /// A fresh id that nobody can guess.
    fn attempt(&self) -> Result<AttemptId, Fault>;
}

/// Which of the two buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LedgerBucket {
    /// Coordination: locks, slots, held plans. Entries expire.
    State,
    /// Evidence: written once, kept for years.
    Evidence,
}

/// The result of a write that was to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is ours.
    Created,
    /// Somebody else's was there first.
    Exists,
}

/// How long to wait until `settled` has passed since `at`, a time of another worker's clock: all of it, unless more has
/// passed than the clocks may differ by.
pub(crate) fn still_to_wait(now: Timestamp, at: Timestamp, settled: Duration) -> Duration {
    let since = Duration::try_from(now.duration_since(at)).unwrap_or_default();
    if since < settled + CLOCKS_DIFFER { settled } else { Duration::ZERO }
}

/// The two buckets. Objects and listings are strongly consistent, as on S3.
#[expect(async_fn_in_trait, reason = "the loop runs on one thread; no future crosses to another")]
pub trait Store {
    /// Creates an object that must not exist yet. An own earlier try that arrived counts as created.
    async fn put_new(&self, shelf: LedgerBucket, key: &str, body: &[u8]) -> Result<Put, Fault>;
    /// Creates or replaces an object of the state bucket.
    async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault>;
    /// Reads an object, if there is one.
    async fn get(&self, shelf: LedgerBucket, key: &str) -> Result<Option<Vec<u8>>, Fault>;
    /// The keys of a bucket that begin with a prefix, sorted, all of them.
    async fn list(&self, shelf: LedgerBucket, prefix: &str) -> Result<Vec<String>, Fault>;
    /// The next keys that begin with a prefix and sort after `after`, as many as one answer has; none where there are no more.
    async fn list_after(&self, shelf: LedgerBucket, prefix: &str, after: &str) -> Result<Vec<String>, Fault> {
        let mut keys = self.list(shelf, prefix).await?;
        keys.retain(|key| key.as_str() > after);
        Ok(keys)
    }
}

/// An account and a Region in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The Region, or `global`.
    pub region: Region,
}

impl Place {
    /// The place of `target`.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        Self { account: target.account.clone(), region: target.region.clone() }
    }
}

/// The way into an account. Reading is the function's own right; writing takes a permit.
#[expect(async_fn_in_trait, reason = "the loop runs on one thread; no future crosses to another")]
pub trait Clients<Client> {
    /// A client that can only read.
    async fn reader(&self, place: &Place) -> Result<Client, Fault>;
    /// A client for the first look of a run. Where several controls look at one resource, it may return an answer that AWS gave
    /// to another of them just before; a run that is about to write looks again by [`Clients::reader`].
    async fn first_reader(&self, place: &Place) -> Result<Client, Fault> {
        self.reader(place).await
    }
    /// A client of the write role, in a session named after the permitted plan.
    async fn writer(&self, permit: Permit, place: &Place) -> Result<Writer<Client>, Fault>;
}

/// A notice to people. Fixed words and identifiers only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// How soon somebody must look.
    #[serde(deserialize_with = "Alarm::at_worst")]
    pub alarm: Alarm,
    /// The control.
    pub control: String,
    /// The resource.
    pub target: Target,
    /// The plan, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
    /// The event, in one line.
    pub text: String,
}

/// Whether people were notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notified {
    /// They were, or there is nobody to notify.
    Yes,
    /// The notice could not be sent.
    No,
}

/// The way to people.
#[expect(async_fn_in_trait, reason = "the loop runs on one thread; no future crosses to another")]
pub trait Notices {
    /// Notifies people. A notice that fails is logged by the port and never fails a run.
    async fn tell(&self, notice: &Notice) -> Notified;
}

/// The asker.
#[expect(async_fn_in_trait, reason = "the loop runs on one thread; no future crosses to another")]
pub trait Own {
    /// The names and ARNs of the principal that Remedy itself runs as: nothing may be taken from it.
    async fn own_principal(&self) -> Result<Vec<String>, Fault>;
    /// The account that Remedy runs in.
    fn home(&self) -> AccountId;
}

/// Everything but the doors, which differ by client.
pub trait Ports: Clock + Store + Notices + Own {}
impl<P: Clock + Store + Notices + Own> Ports for P {}

#[cfg(test)]
mod tests {
    use remedy_domain::SignedDuration;

    use super::*;

    #[test]
    fn a_wait_is_cut_short_by_no_clock_that_may_be_ahead() {
        let settled = Duration::from_secs(5);
        let at: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        for (now, wait) in [(-600, settled), (0, settled), (6, settled), (604, settled), (605, Duration::ZERO)] {
            assert_eq!(still_to_wait(at + SignedDuration::from_secs(now), at, settled), wait, "{now} s later");
        }
    }
}
