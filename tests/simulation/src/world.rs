//! The simulated world: time, the ledger's two buckets, the account, the queue, and what is to happen when.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Debug, Formatter},
    rc::Rc,
    time::Duration,
};

use remedy_domain::{AttemptId, Outcome, PlanId, Settings, SignedDuration, Target, Timestamp, settings::Written};
use remedy_engine::{LedgerBucket, Notice};

use crate::{
    Broken, Invariant, Planted, Tally,
    acts::Act,
    chance::Chance,
    queue::{Dispatch, Message},
    resource::{Attribute, Author, Elements, Resource},
    weather::Weather,
};

/// Something that is to happen.
pub(crate) enum Due {
    /// A worker goes on.
    Resume(usize),
    /// A worker is gone.
    End(usize),
    /// A message is delivered, once more where it is a duplicate.
    Receive(usize, Copies),
    /// A request arrives whose worker is gone.
    Late(Box<dyn FnOnce(&mut World)>),
    /// Somebody does something.
    Act(Act),
}

/// Whether a delivery is one that the queue made twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copies {
    One,
    Another,
}

/// An object of the ledger.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) at: Timestamp,
    pub(crate) body: Vec<u8>,
}

/// A worker's last view of an attribute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) version: usize,
    pub(crate) at: Timestamp,
}

/// The settings in force, with their digest.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) settings: Settings,
    pub(crate) digest: String,
}

impl Rules {
    pub(crate) fn of(settings: Settings) -> Self {
        let digest = settings.digest();
        Self { settings, digest }
    }
}

/// One delivery under way, or over.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    pub(crate) attempts: Vec<AttemptId>,
    pub(crate) looks: BTreeMap<(usize, Attribute), Look>,
    /// The state that a planted bug shows to the worker.
    pub(crate) believed: BTreeMap<(usize, Attribute), Elements>,
    /// The version of the settings when the delivery began.
    pub(crate) rules: usize,
    /// So far behind is the replica whose flags it sees.
    pub(crate) behind: Duration,
    /// What its clock is ahead of the true time, or behind it.
    pub(crate) ahead: SignedDuration,
}

/// The world.
pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) planted: Option<Planted>,
    pub(crate) weather: Weather,
    pub(crate) start: Timestamp,
    pub(crate) now: Timestamp,
    agenda: BTreeMap<(Timestamp, u64), Due>,
    sequence: u64,
    pub(crate) objects: BTreeMap<(LedgerBucket, String), Object>,
    pub(crate) resources: Vec<Resource>,
    /// The deployed document: the first settings.
    pub(crate) document: Rc<Written>,
    /// All settings that came into force.
    pub(crate) rules: Vec<Rc<Rules>>,
    pub(crate) workers: Vec<Worker>,
    pub(crate) messages: Vec<Message>,
    pub(crate) notices: BTreeMap<String, usize>,
    /// Plans that were kept, with the number of their control.
    pub(crate) plans: Vec<PlanId>,
    /// How often each attempt made its calls.
    pub(crate) writes: BTreeMap<AttemptId, usize>,
    /// How each attempt ended.
    pub(crate) ends: BTreeMap<AttemptId, Outcome>,
    /// The number of a control's attempts that wrote, by the hour in which they began.
    pub(crate) wrote: BTreeMap<(usize, String), u32>,
    /// When a control made attempts at a resource that nobody approved, within an hour.
    pub(crate) tried: BTreeMap<(usize, usize), Vec<Timestamp>>,
    /// Plans that were seen to arrive.
    pub(crate) arrived: BTreeSet<PlanId>,
    /// The number of the first message after which nothing goes wrong.
    pub(crate) calm_since: usize,
    /// Whether the evidence is sealed in this history: signatures take time.
    pub(crate) is_sealed: bool,
    /// A look at a document, and at flags, was so old at most.
    windows: [Duration; 2],
    /// A clock was so far off at most.
    clocks: Duration,
    /// The time since which a control's repair of a resource is reverted.
    pub(crate) undone: BTreeMap<(usize, usize), Timestamp>,
    pub(crate) tally: Tally,
    pub(crate) broken: Option<Broken>,
    pub(crate) trace: Option<Vec<String>>,
}

impl Debug for World {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("now", &self.now).field("resources", &self.resources).finish_non_exhaustive()
    }
}

impl World {
    /// A world in which everything is right.
    pub(crate) fn right(mut chance: Chance, planted: Option<Planted>, trace: Option<Vec<String>>) -> Self {
        let new_year: Timestamp = "2026-03-02T10:00:00Z".parse().expect("a date of this form");
        let start = new_year + chance.up_to(Duration::from_hours(1));
        let weather = Weather::of(&mut chance);
        let resources = (0..=chance.index(2)).map(|number| Resource::right(number, start)).collect();
        Self {
            chance,
            planted,
            windows: [weather.window, weather.flags_window],
            clocks: weather.clocks,
            weather,
            start,
            now: start,
            agenda: BTreeMap::new(),
            sequence: 0,
            objects: BTreeMap::new(),
            resources,
            document: Rc::new(Written { text: "{}".to_owned(), settings: Settings::default() }),
            rules: Vec::new(),
            workers: Vec::new(),
            messages: Vec::new(),
            notices: BTreeMap::new(),
            plans: Vec::new(),
            writes: BTreeMap::new(),
            ends: BTreeMap::new(),
            wrote: BTreeMap::new(),
            tried: BTreeMap::new(),
            arrived: BTreeSet::new(),
            calm_since: usize::MAX,
            is_sealed: false,
            undone: BTreeMap::new(),
            tally: Tally::default(),
            broken: None,
            trace,
        }
    }

    /// Writes a line of the trace, where there is one.
    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        let since = self.now.duration_since(self.start);
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>12.3} s  {}", since.as_secs_f64(), line()));
        }
    }

    /// How long the history has lasted.
    pub(crate) fn since_start(&self) -> Duration {
        Duration::try_from(self.now.duration_since(self.start)).unwrap_or_default()
    }

    /// An invariant is broken. The first one counts.
    pub(crate) fn broke(&mut self, invariant: Invariant, how: String) {
        self.say(|| format!("{invariant:?} is broken: {how}"));
        self.broken.get_or_insert(Broken { invariant, how });
    }

    /// Lets something happen after a while.
    pub(crate) fn after(&mut self, wait: Duration, due: Due) {
        self.sequence += 1;
        self.agenda.insert((self.now + wait, self.sequence), due);
    }

    /// The next thing to happen. Time moves on to it.
    pub(crate) fn next(&mut self) -> Option<Due> {
        let ((at, _), due) = self.agenda.pop_first()?;
        self.now = self.now.max(at);
        Some(due)
    }

    /// The number of a resource that is there.
    pub(crate) fn resource(&self, target: &Target) -> Option<usize> {
        self.resources.iter().position(|resource| resource.target.id == target.id)
    }

    /// The settings now in force.
    pub(crate) fn rules_in_force(&self) -> Rc<Rules> {
        Rc::clone(self.rules.last().expect("there are settings"))
    }

    /// The time whose state a look sees: of a document, an old one now and then; of flags, that of the worker's replica,
    /// as in IAM.
    pub(crate) fn seen_at(&mut self, worker: usize, attribute: Attribute) -> Timestamp {
        match attribute {
            Attribute::Policy if self.chance.per_mille(self.weather.stale) => {
                self.now - self.chance.up_to(self.weather.window)
            }
            Attribute::Policy => self.now,
            Attribute::Flags => self.now - self.workers[worker].behind.min(self.weather.flags_window),
        }
    }

    /// What a new worker's clock is ahead, or behind, and how far behind the replica is that it asks.
    pub(crate) fn of_worker(&mut self) -> (SignedDuration, Duration) {
        (self.weather.ahead(&mut self.chance), self.weather.behind(&mut self.chance))
    }

    /// In this history, a look at an attribute was so old at most.
    pub(crate) fn window(&self, attribute: Attribute) -> Duration {
        let [document, flags] = self.windows;
        match attribute {
            Attribute::Policy => document,
            Attribute::Flags => flags,
        }
    }

    /// In this history, two clocks differed by so much at most.
    pub(crate) fn clocks_differ(&self) -> Duration {
        self.clocks * 2
    }

    /// Somebody else changes an attribute.
    pub(crate) fn changed(&mut self, resource: usize, attribute: Attribute, setting: Elements) {
        self.say(|| format!("somebody makes {attribute:?} of bucket-{resource} {:?}", setting.0));
        let now = self.now;
        self.resources[resource].versions_mut(attribute).push(now, setting, Author::Outsider);
    }

    /// How often the sealer ran: each time it sends again what no mark says was sent.
    fn sealers(&self) -> usize {
        let of_sealer = self.messages.iter().filter(|message| matches!(message.errand, Dispatch::Seal));
        of_sealer.map(|message| message.workers.len()).sum()
    }

    /// People get a notice.
    pub(crate) fn told(&mut self, notice: &Notice) {
        let plan = notice.plan.as_ref().map_or_else(String::new, ToString::to_string);
        let what = format!("{} {plan}", notice.text);
        self.say(|| format!("people are told: {}", notice.text));
        let count = self.notices.entry(what).or_default();
        *count += 1;
        let is_held =
            ["planned", "awaiting-approval", "blocked"].iter().any(|word| notice.text.contains(&format!(": {word}")));
        let (count, plan) = (*count, notice.plan.as_ref().map(ToString::to_string).unwrap_or_default());
        let times = self.generations(&format!("ask/{plan}/")).max(1);
        // If the notice could not be stored, or two workers raced, it is sent once more: better than never.
        if is_held && count > times + 1 + self.sealers() {
            self.broke(Invariant::ToldOnce, format!("people are told again: {}", notice.text));
        }
    }
}
