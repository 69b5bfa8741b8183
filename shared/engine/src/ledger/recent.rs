//! The history of a target in the last 24 hours: how often it was repaired, how often attempts failed, and what AWS
//! refused.

use std::time::Duration;

use futures_util::future::try_join_all;
use remedy_domain::{
    AttemptId, Fault, Outcome, PlanId, Timestamp,
    evidence::{Released, Tried},
};

use super::{Line, fetch, generation, is_done};
use crate::ports::{LedgerBucket, Store};

/// The period that counts as recent.
const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);
/// The number of ends that are read at once: most targets have none of this day.
const AT_ONCE: [usize; 4] = [4, 16, 16, 32];

/// Whether all ends of a period were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// They were.
    #[default]
    Read,
    /// There may be more.
    Unread,
}

/// The history of a target within the last 24 hours, as far as a control is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recent {
    /// How often it was written to and read, or reported, as compliant. Undo does not count: its result is exempt.
    pub repairs: usize,
    /// How often an attempt that had an intent did not arrive.
    pub in_vain: usize,
    /// How many attempts had an intent.
    pub tried: usize,
    /// The same within the last hour.
    pub within_hour: usize,
    /// Whether all ends of the hour were read.
    pub of_hour: Extent,
    /// Whether all ends of the day were read.
    pub of_day: Extent,
    /// The plans that AWS refused within the last hour, with the digests of the settings at that time.
    pub refused: Vec<(PlanId, Option<String>)>,
    /// The place in the line of the last attempt that had an intent, or may have one: a lock that was given back without one
    /// begins nothing that people would be notified of again.
    pub last: Option<u64>,
    /// Attempts whose workers crashed, and that nobody closed yet.
    pub lost: Vec<AttemptId>,
}

impl Recent {
    /// Whether AWS refused this plan within the last hour, under these settings.
    #[must_use]
    pub fn was_refused(&self, plan: &PlanId, settings: &str) -> bool {
        self.refused.iter().any(|(refused, under)| refused == plan && under.as_deref() == Some(settings))
    }

    fn add(&mut self, done: Released, place: Option<u64>, age: Duration) {
        if has_written(done.counts_as()) {
            self.repairs += 1;
        }
        if !has_tried(&done) {
            return;
        }
        self.tried += 1;
        self.last = self.last.max(place);
        self.within_hour += usize::from(age < HOUR);
        self.in_vain += usize::from(!has_arrived(done.counts_as()));
        // A person who fixes the cause of the refusal waits no longer than this.
        if age < HOUR && done.tried.as_ref().is_some_and(|tried| tried.is(&Tried::Refused)) {
            self.refused.push((done.plan, done.settings));
        }
    }
}

/// Reads the history of a target from its line, the latest first, as far back as a day.
pub async fn recent(store: &impl Store, line: &Line, now: Timestamp) -> Result<Recent, Fault> {
    let last = line.open.iter().filter_map(|lease| generation(&lease.key)).max();
    let lost = line.open.iter().filter(|lease| lease.lock.until <= now).map(|lease| lease.lock.attempt.clone());
    let lost: Vec<_> = lost.collect();
    // Nobody has checked yet whether the attempt of a crashed worker had an intent: it counts as one that had.
    let count = lost.len();
    let mut recent = Recent { last, lost, tried: count, within_hour: count, in_vain: count, ..Recent::default() };
    let mut oldest = DAY;
    let mut left = line.keys.iter().rev().filter(|key| is_done(key));
    for size in AT_ONCE {
        let some: Vec<_> = left.by_ref().take(size).collect();
        let ends = try_join_all(some.iter().map(|key| released(store, line, key))).await?;
        for (key, done) in some.iter().zip(ends) {
            let Some(done) = done else { continue };
            let age = Duration::try_from(now.duration_since(done.at)).unwrap_or_default();
            if age >= DAY {
                return Ok(recent);
            }
            recent.add(done, generation(key), age);
            oldest = age;
        }
        if some.len() < size {
            return Ok(recent);
        }
    }
    // More locks were released within a day than anything but an attack explains.
    let of_hour = if oldest < HOUR { Extent::Unread } else { Extent::Read };
    Ok(Recent { of_hour, of_day: Extent::Unread, ..recent })
}

/// The end of an attempt; that of the last one was read with the line.
async fn released(store: &impl Store, line: &Line, key: &String) -> Result<Option<Released>, Fault> {
    if line.keys.last() == Some(key) { Ok(line.last.clone()) } else { fetch(store, LedgerBucket::State, key).await }
}

fn has_written(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Repaired | Outcome::Contained | Outcome::Unverified | Outcome::Recovered)
}

/// Ends that versions before this one stored do not say how far they came: the outcome shows it.
fn has_tried(done: &Released) -> bool {
    let outcome = done.counts_as();
    match &done.tried {
        Some(tried) => !tried.is(&Tried::Nothing),
        None => has_written(outcome) || matches!(outcome, Outcome::Partial | Outcome::Failed),
    }
}

fn has_arrived(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Repaired | Outcome::Contained | Outcome::Recovered | Outcome::Reverted)
}
