//! Checks of each write.

use remedy_domain::{
    AttemptId, Mode, PlanId, SignedDuration, Timestamp, canonical,
    evidence::{Lock, Record, hour},
    exemption::{self, Exemption},
    guard::Purpose,
    hold::{Hold, HoldScope},
};
use remedy_engine::LedgerBucket;

use crate::{
    Invariant,
    account::Pen,
    controls::MADE,
    resource::{Author, Elements},
    weather::SETTLED,
    world::{Object, World},
};

/// The lock under which a write is made.
struct Held {
    lock: Lock,
    /// When it was created.
    at: Timestamp,
}

/// Whether an exemption holds by every clock, or by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    Surely,
    MayBe,
}

impl World {
    /// Checks a write of Remedy against everything that is known before it is made.
    pub(crate) fn check_write(&mut self, resource: usize, pen: &Pen, session: &PlanId, setting: &Elements) {
        let Some(held) = self.held(resource, pen) else { return };
        if held.lock.plan != *session {
            return self.broke(Invariant::Intended, format!("worker {} writes in another session", pen.worker));
        }
        let Some(intended) = self.check_intent(pen, &held.lock) else { return };
        self.check_leave(resource, pen, &held);
        self.check_others(resource, pen, intended, setting);
        self.check_once(resource, (pen, intended), session, setting);
        if held.lock.purpose.is(&Purpose::Revert) {
            self.undone.entry((pen.control, resource)).or_insert(self.now);
        }
    }

    /// The worker's own live lock, where it is the only one.
    fn held(&mut self, resource: usize, pen: &Pen) -> Option<Held> {
        let line = format!("lock/{}/{}/", MADE[pen.control].id, self.resources[resource].hash);
        let own = &self.workers[pen.worker].attempts;
        let live: Vec<_> =
            self.open_locks(&line).into_iter().filter(|held| self.now < self.until(&held.lock)).collect();
        let others = live.iter().filter(|held| !own.contains(&held.lock.attempt)).count();
        let held = live.into_iter().find(|held| own.contains(&held.lock.attempt));
        if others > 0 || held.is_none() {
            let how = format!("worker {} writes; others hold {others} locks of {line}", pen.worker);
            self.broke(Invariant::Locked, how);
            return None;
        }
        held
    }

    /// Until when a lock holds, true time.
    fn until(&self, lock: &Lock) -> Timestamp {
        let holder = lock.attempt.as_str().get(..16).and_then(|worker| usize::from_str_radix(worker, 16).ok());
        let ahead = holder.map_or(SignedDuration::ZERO, |worker| self.workers[worker].ahead);
        lock.until - ahead
    }

    fn open_locks(&self, line: &str) -> Vec<Held> {
        let keys = self.open_keys(line);
        let held = |key: String| {
            let object = &self.objects[&(LedgerBucket::State, key)];
            Held { lock: serde_json::from_slice(&object.body).expect("a lock"), at: object.at }
        };
        keys.into_iter().map(held).collect()
    }

    /// The keys of locks that were never released.
    pub(crate) fn open_keys(&self, line: &str) -> Vec<String> {
        let is_open = |key: &&str| {
            !key.ends_with(".done") && !self.objects.contains_key(&(LedgerBucket::State, format!("{key}.done")))
        };
        self.keys(line).filter(is_open).map(str::to_owned).collect()
    }

    /// The intent is durable, names the call, and leaves room for it. Returns since when it is.
    fn check_intent(&mut self, pen: &Pen, lock: &Lock) -> Option<Timestamp> {
        let call = MADE[pen.control].call.operation;
        let Some(object) = self.objects.get(&(LedgerBucket::Evidence, lock.intent_key())) else {
            self.broke(Invariant::Intended, format!("worker {} writes without an intent", pen.worker));
            return None;
        };
        let (intent, at): (Record, _) = (serde_json::from_slice(&object.body).expect("a record"), object.at);
        let planned = intent.steps.iter().filter(|step| *step == call).count();
        if intent.plan != lock.plan || planned == 0 {
            self.broke(Invariant::Intended, format!("the intent of worker {} is another's", pen.worker));
        }
        let made = self.count(&lock.attempt);
        if made == 1 {
            self.check_budget(pen.control, lock);
        }
        if made > planned {
            self.broke(Invariant::Counted, format!("worker {} makes {call} {made} times, not {planned}", pen.worker));
        }
        Some(at)
    }

    /// One more attempt that writes in its hour. An organisation's budget has at least two shares.
    fn check_budget(&mut self, control: usize, lock: &Lock) {
        let count = self.wrote.entry((control, hour(lock.since))).or_default();
        *count += 1;
        let (count, parameters) = (*count, &self.rules_in_force().settings.parameters);
        if count > parameters.hourly_budget.min(parameters.organization_hourly_budget.div_ceil(2)) {
            self.broke(Invariant::Budgeted, format!("{} writes for attempt {count} of the hour", MADE[control].id));
        }
    }

    fn count(&mut self, attempt: &AttemptId) -> usize {
        let count = self.writes.entry(attempt.clone()).or_default();
        *count += 1;
        *count
    }

    /// The mode and the protected list allow it, and no exemption stands against it.
    fn check_leave(&mut self, resource: usize, pen: &Pen, held: &Held) {
        let rules = &self.rules[self.workers[pen.worker].rules];
        let (control, target) = (MADE[pen.control].id, &self.resources[resource].target);
        let mode = rules.settings.mode(control, &target.account, Mode::Observe);
        let is_protected = rules.settings.protected.pattern_for(target).is_some();
        let is_agreed = self.is_agreed(&held.lock.attempt);
        let needs_leave = mode == Mode::Approve || held.lock.purpose.is(&Purpose::Revert);
        if mode == Mode::Observe || is_protected || (needs_leave && !is_agreed) || self.is_on_hold(control, held.at) {
            self.broke(Invariant::Allowed, format!("{control} writes by {} in mode {mode:?}", pen.worker));
        }
        if held.lock.purpose.is(&Purpose::Repair) && self.is_exempt(resource, pen.control, held.at, Until::Surely) {
            self.broke(Invariant::Exempted, format!("{control} repairs bucket-{resource}, which is exempt"));
        }
    }

    /// Whether people agreed to what this attempt does: their leave was used up by it.
    fn is_agreed(&self, attempt: &AttemptId) -> bool {
        let own = canonical::to_bytes(attempt).expect("an attempt is canonical");
        let spent = self.keys("ask/").filter_map(|key| key.strip_suffix(".spent").map(|ask| (key, ask)));
        let on_file = |key: &str| self.objects.get(&(LedgerBucket::State, key.to_owned()));
        let mut agreed = spent.filter(|(_, ask)| on_file(&format!("{ask}.decision")).is_some());
        agreed.any(|(key, _)| on_file(key).is_some_and(|object| object.body == own))
    }

    /// Whether a hold stood already when the attempt began.
    fn is_on_hold(&self, control: &str, began: Timestamp) -> bool {
        let turns = self.turns(&HoldScope::Control(control.to_owned()));
        let stood = turns.iter().rev().find(|(at, _)| *at < began);
        stood.is_some_and(|(_, is_on)| *is_on) && turns.last().is_some_and(|(_, is_on)| *is_on)
    }

    /// When a hold was turned, and whether it was on then.
    pub(crate) fn turns(&self, scope: &HoldScope) -> Vec<(Timestamp, bool)> {
        let is_on = |object: &Object| serde_json::from_slice::<Hold>(&object.body).expect("a hold").is_on();
        let folder = format!("hold/{}/", scope.path());
        let stored = self.keys(&folder);
        stored
            .map(|key| &self.objects[&(LedgerBucket::State, key.to_owned())])
            .map(|object| (object.at, is_on(object)))
            .collect()
    }

    /// Whether an exemption, or an undo, holds a repair back that began after `before`.
    pub(crate) fn is_exempt(&self, resource: usize, control: usize, before: Timestamp, until: Until) -> bool {
        let (id, target) = (MADE[control].id, &self.resources[resource].target);
        let key = format!("exemption/{id}/{}", exemption::name(id, &target.account, &target.id));
        let on_file = self.objects.get(&(LedgerBucket::State, key)).is_some_and(|object| {
            let exemption: Exemption = serde_json::from_slice(&object.body).expect("an exemption");
            let off = self.clocks_differ();
            object.at < before
                && match until {
                    Until::Surely => self.now + off < exemption.until,
                    Until::MayBe => self.now - off < exemption.until,
                }
        });
        on_file || self.undone.get(&(control, resource)).is_some_and(|since| *since < before)
    }

    /// It stands on a look that came after the intent, and leaves what others own as that look saw it.
    fn check_others(&mut self, resource: usize, pen: &Pen, intended: Timestamp, setting: &Elements) {
        let made = &MADE[pen.control];
        let look = self.workers[pen.worker].looks.get(&(resource, made.attribute)).copied();
        let Some(look) = look.filter(|look| intended <= look.at) else {
            return self.broke(Invariant::Spared, format!("worker {} did not look a second time", pen.worker));
        };
        let versions = self.resources[resource].versions(made.attribute);
        let now = versions.last().setting;
        let others = (0..setting.0.len()).filter(|element| !made.owns(*element));
        let mut lost = Vec::new();
        for element in others.filter(|element| setting.0[*element] != now.0[*element]) {
            let since_look = versions.changed(element).filter(|(version, _)| *version > look.version);
            lost.push((element, since_look.map(|(_, version)| version.author.clone())));
        }
        for (element, by) in lost {
            match by {
                None => self.broke(Invariant::Spared, format!("{} changes element {element}", made.id)),
                Some(Author::Remedy(..)) => {
                    self.broke(Invariant::Shared, format!("{} takes element {element} back", made.id));
                }
                // Nothing could have told us.
                Some(Author::Outsider) => self.tally.lost_updates += 1,
            }
        }
    }

    /// A write that was seen to arrive is not repeated unless somebody changed it. What this attempt itself wrote does not count:
    /// a later step of it may find that somebody else has just done the same.
    fn check_once(
        &mut self,
        resource: usize,
        (pen, intended): (&Pen, Timestamp),
        session: &PlanId,
        setting: &Elements,
    ) {
        let made = &MADE[pen.control];
        let versions = self.resources[resource].versions(made.attribute);
        let now = versions.last().setting;
        let is_idle = made.owned.iter().all(|(element, _)| setting.0[*element] == now.0[*element]);
        let last = made.owned.iter().filter_map(|(element, _)| versions.changed(*element)).max_by_key(|(at, _)| *at);
        let ours = Author::Remedy(pen.control, session.clone());
        let is_ours = last.is_some_and(|(_, version)| version.author == ours && version.at < intended);
        if !(is_idle && is_ours && self.arrived.contains(session)) {
            return;
        }
        if self.window(made.attribute) > SETTLED {
            // IAM showed the old state for longer than a worker waits: the same is written once more, and counted.
            self.tally.repeats += 1;
        } else {
            self.broke(Invariant::Once, format!("{} writes again what had arrived", made.id));
        }
    }

    /// Makes the write.
    pub(crate) fn record_write(&mut self, resource: usize, control: usize, session: PlanId, setting: Elements) {
        let (now, made) = (self.now, &MADE[control]);
        self.tally.writes += 1;
        self.resources[resource].versions_mut(made.attribute).push(now, setting, Author::Remedy(control, session));
    }
}
