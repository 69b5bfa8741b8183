//! The faults of a world, and how often they occur.

use std::time::Duration;

use remedy_domain::SignedDuration;
use remedy_engine::LedgerBucket;

use crate::chance::Chance;

/// The fault of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It is refused for now, and does nothing.
    Refused,
    /// It is done, and the caller does not learn it.
    Lost,
    /// It is done, the answer is lost, and it is made again by the SDK.
    Again,
    /// The worker is gone before it arrives.
    GoneBefore,
    /// The worker is gone while it is on its way: it arrives later.
    GoneMeanwhile,
    /// The worker is gone after it was done.
    GoneAfter,
}

/// How often in a thousand calls something goes wrong.
#[derive(Debug)]
pub(crate) struct Weather {
    fault: u64,
    gone: u64,
    slow: u64,
    pub(crate) stale: u64,
    /// A look at a document is so old at most.
    pub(crate) window: Duration,
    /// The same of flags. They stand for what IAM shows: an old answer for up to a minute.
    pub(crate) flags_window: Duration,
    /// So many workers in a thousand ask a replica of the flags that is behind.
    behind: u64,
    /// A worker's clock is so far off at most.
    pub(crate) clocks: Duration,
    pub(crate) duplicate: u64,
    pub(crate) lost_events: u64,
    /// The time in which the ledger refuses every call of a kind: its key is disabled, its bucket denied or gone.
    outage: Option<Outage>,
}

/// An outage of the ledger.
#[derive(Debug, Clone, Copy)]
struct Outage {
    /// Its beginning and its end, after the start.
    span: (Duration, Duration),
    /// The only bucket that it affects; both if absent.
    shelf: Option<LedgerBucket>,
    /// The only call that it affects; all if absent.
    call: Option<&'static str>,
}

impl Outage {
    fn of(chance: &mut Chance) -> Option<Self> {
        if !chance.per_mille(300) {
            return None;
        }
        let from = chance.up_to(Duration::from_mins(8));
        let until = from + chance.up_to(Duration::from_mins(20));
        let shelf =
            chance.pick(&[None, Some(LedgerBucket::State), Some(LedgerBucket::Evidence), Some(LedgerBucket::Evidence)]);
        let call = chance.pick(&[None, Some("s3:PutObject"), Some("s3:GetObject"), Some("s3:ListObjectsV2")]);
        Some(Self { span: (from, until), shelf, call })
    }
}

/// The fate of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fate {
    pub(crate) there: Duration,
    pub(crate) back: Duration,
    pub(crate) mishap: Option<Mishap>,
}

const MISHAPS: [Mishap; 3] = [Mishap::Refused, Mishap::Lost, Mishap::Again];
const ENDS: [Mishap; 3] = [Mishap::GoneBefore, Mishap::GoneMeanwhile, Mishap::GoneAfter];
/// For so long, most services may show what was before.
pub(crate) const SETTLED: Duration = Duration::from_secs(4);
/// AWS answers a worker whose clock is off by so much.
const OFF: Duration = Duration::from_mins(5);
/// A request arrives so late at most after its worker is gone.
const LATE: Duration = Duration::from_secs(10);

impl Weather {
    pub(crate) fn of(chance: &mut Chance) -> Self {
        Self {
            fault: chance.pick(&[0, 0, 10, 50, 100, 200, 400]),
            gone: chance.pick(&[0, 0, 5, 20, 50, 100]),
            slow: chance.pick(&[0, 0, 50, 200]),
            stale: chance.pick(&[0, 0, 100, 300, 600]),
            // The engine waits 5 s before it believes that something just repaired has drifted again.
            window: chance.up_to(SETTLED),
            flags_window: chance.pick(&[SETTLED, SETTLED, Duration::from_mins(1)]),
            behind: chance.pick(&[0, 300, 600]),
            clocks: chance.pick(&[Duration::ZERO, Duration::ZERO, Duration::from_secs(1), OFF, OFF]),
            duplicate: chance.pick(&[0, 100, 400]),
            lost_events: chance.pick(&[0, 100, 500]),
            outage: Outage::of(chance),
        }
    }

    /// Nothing goes wrong any more.
    pub(crate) fn fair() -> Self {
        let [fault, gone, slow, stale, behind, duplicate, lost_events] = [0; 7];
        let [window, flags_window, clocks] = [Duration::ZERO; 3];
        Self { fault, gone, slow, stale, window, flags_window, behind, clocks, duplicate, lost_events, outage: None }
    }

    /// What a worker's clock is ahead of the true time, or behind it.
    pub(crate) fn ahead(&self, chance: &mut Chance) -> SignedDuration {
        let off = SignedDuration::try_from(chance.up_to(self.clocks)).unwrap_or_default();
        if chance.per_mille(500) { off } else { -off }
    }

    /// How far behind a replica of the flags is.
    pub(crate) fn behind(&self, chance: &mut Chance) -> Duration {
        if chance.per_mille(self.behind) { chance.up_to(self.flags_window) } else { Duration::ZERO }
    }

    /// Whether the ledger refuses this, so long after the start.
    pub(crate) fn is_out(&self, since: Duration, shelf: LedgerBucket, call: &str) -> bool {
        self.outage.is_some_and(|outage| {
            let (from, until) = outage.span;
            let is_meant = outage.shelf.is_none_or(|out| out == shelf) && outage.call.is_none_or(|out| out == call);
            is_meant && from <= since && since < until
        })
    }

    pub(crate) fn fate(&self, chance: &mut Chance) -> Fate {
        let longest = Duration::from_millis(if chance.per_mille(self.slow) { 8000 } else { 150 });
        let mishap = if chance.per_mille(self.gone) {
            Some(chance.pick(&ENDS))
        } else {
            chance.per_mille(self.fault).then(|| chance.pick(&MISHAPS))
        };
        Fate { there: chance.up_to(longest), back: chance.up_to(longest / 2), mishap }
    }

    /// How long until a request arrives whose worker is gone.
    pub(crate) fn lateness(chance: &mut Chance) -> Duration {
        chance.up_to(LATE)
    }
}
