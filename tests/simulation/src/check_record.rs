//! Checks of each new record, and of a history that has come to rest.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use remedy_domain::{
    AttemptId, Mode, Outcome, Timestamp,
    ask::{Ask, Decision},
    evidence::{Kind, Record, Released, Tried},
    guard::Purpose,
    stored::Word,
};
use remedy_engine::{
    LedgerBucket,
    four_eyes::InForce,
    pursue::{IN_VAIN, share},
};

use crate::{
    Invariant,
    check_write::Until,
    controls::{self, MADE},
    queue::End,
    world::World,
};

fn read(body: &[u8]) -> Record {
    serde_json::from_slice(body).expect("a record")
}

impl World {
    /// Checks an object that was just created.
    pub(crate) fn check_created(&mut self, shelf: LedgerBucket, key: &str, body: &[u8]) {
        if shelf == LedgerBucket::Evidence && (key.contains("-intent-") || key.contains("-outcome-")) {
            let record = read(body);
            match record.kind {
                Kind::Intent => self.check_intended(key, &record),
                _ => self.check_ended(key, &record),
            }
        }
        if let Some(ask) = key.strip_suffix(".decision") {
            self.check_decided(ask, body);
        }
    }

    /// Who decides may, and did not ask.
    fn check_decided(&mut self, ask: &str, decision: &[u8]) {
        let decision: Decision = serde_json::from_slice(decision).expect("a decision");
        let asked = self.objects.get(&(LedgerBucket::State, ask.to_owned())).map(|object| &object.body);
        let asked: Option<Ask> = asked.map(|body| serde_json::from_slice(body).expect("an ask"));
        let is_own = asked.as_ref().is_none_or(|asked| asked.by.as_ref() == Some(&decision.by));
        if is_own || !self.rules_in_force().settings.people.may_decide(&decision.by.arn) {
            self.broke(Invariant::Agreed, format!("{} decides {ask}", decision.by.arn));
        }
    }

    /// Settings that come into force were asked for, decided, and recorded.
    pub(crate) fn check_agreed(&mut self, form: &InForce) {
        let ask = form.ask.clone().unwrap_or_default();
        let is_decided = self.keys(&format!("ask/{ask}/")).any(|key| key.ends_with(".decision"));
        let records = self.objects.keys().filter(|(_, key)| key.contains("-settings-settings-")).count();
        if !is_decided || records < self.rules.len() - 1 {
            self.broke(Invariant::Agreed, format!("settings are in force by {ask:?}, with {records} records"));
        }
    }

    fn check_intended(&mut self, key: &str, intent: &Record) {
        self.tally.intents += 1;
        self.check_flapping(intent);
        self.check_attempts(key, intent);
    }

    /// The number of attempts within the hour, and of failed ones in all. No history lasts a day.
    fn check_attempts(&mut self, key: &str, intent: &Record) {
        let resource = self.resource(&intent.target);
        let (Some(control), Some(resource)) = (controls::number(&intent.control), resource) else { return };
        if !intent.purpose.is(&Purpose::Repair) || intent.approved_by.is_some() {
            return;
        }
        let (now, hour) = (self.now, Duration::from_hours(1) - self.clocks_differ());
        let tried = self.tried.entry((control, resource)).or_default();
        tried.retain(|at| Duration::try_from(now.duration_since(*at)).unwrap_or_default() < hour);
        tried.push(self.now);
        let (count, in_vain) = (tried.len(), self.in_vain(resource, control));
        let hourly = self.rules_in_force().settings.parameters.hourly_budget;
        if count > share(&MADE[control].described(), hourly) || in_vain >= IN_VAIN {
            let how = format!("{key} is attempt {count} of the hour, and {in_vain} were in vain");
            self.broke(Invariant::Attempted, how);
        }
    }

    /// The attempts at a resource that had an outcome, and did not arrive.
    pub(crate) fn in_vain(&self, resource: usize, control: usize) -> usize {
        let arrived = [Outcome::Repaired, Outcome::Contained, Outcome::Recovered, Outcome::Reverted];
        let mut ends = self.released(resource, control);
        let had_intent = |released: &Released| released.tried.as_ref().is_some_and(|tried| !tried.is(&Tried::Nothing));
        ends.retain(|released| had_intent(released) && !arrived.contains(&released.counts_as()));
        ends.len()
    }

    fn was_refused(&self, resource: usize, control: usize) -> bool {
        let within_hour = |released: &Released| {
            let since = Duration::try_from(self.now.duration_since(released.at)).unwrap_or_default();
            since < Duration::from_hours(1) + self.clocks_differ()
        };
        let refused = |released: &Released| released.tried == Some(Tried::Refused.into());
        self.released(resource, control).iter().any(|released| within_hour(released) && refused(released))
    }

    fn released(&self, resource: usize, control: usize) -> Vec<Released> {
        let line = format!("lock/{}/{}/", MADE[control].id, self.resources[resource].hash);
        let done = self.keys(&line).filter(|key| key.ends_with(".done")).map(str::to_owned);
        let read =
            |key| serde_json::from_slice(&self.objects[&(LedgerBucket::State, key)].body).expect("a released lock");
        done.map(read).collect()
    }

    /// The number of a control's repairs of a resource, according to its locks. No history lasts a day.
    fn repairs_on_file(&self, resource: usize, control: usize) -> u32 {
        let wrote = [Outcome::Repaired, Outcome::Contained, Outcome::Unverified, Outcome::Recovered];
        let ends = self.released(resource, control);
        u32::try_from(ends.iter().filter(|end| wrote.contains(&end.counts_as())).count()).expect("a small number")
    }

    fn check_flapping(&mut self, intent: &Record) {
        let (Some(control), Some(resource)) = (controls::number(&intent.control), self.resource(&intent.target)) else {
            return;
        };
        let (count, limit) =
            (self.repairs_on_file(resource, control), self.rules_in_force().settings.parameters.flap_limit);
        if intent.purpose.is(&Purpose::Repair) && count >= limit {
            self.broke(
                Invariant::Budgeted,
                format!("{} repairs bucket-{resource} after {count} times", intent.control),
            );
        }
    }

    fn check_ended(&mut self, key: &str, record: &Record) {
        let (Some(attempt), Some(outcome)) =
            (record.attempt.clone(), record.outcome.as_ref().and_then(Word::known).copied())
        else {
            return self.broke(Invariant::Concluded, format!("{key} has no attempt or no outcome"));
        };
        let intent = (LedgerBucket::Evidence, key.replace("-outcome-", "-intent-"));
        let since = self.objects.get(&intent).map(|object| object.at);
        *self.tally.outcomes.entry(outcome.word()).or_default() += 1;
        if matches!(outcome, Outcome::Repaired | Outcome::Reverted) {
            self.arrived.insert(record.plan.clone());
        }
        let is_first = self.ends.insert(attempt, outcome).is_none();
        match since {
            Some(since) if is_first => self.check_honest(record, outcome, since),
            _ => self.broke(Invariant::Concluded, format!("{key} is an outcome too many")),
        }
    }

    /// An outcome that claims to have arrived was visible during the attempt.
    fn check_honest(&mut self, record: &Record, outcome: Outcome, since: Timestamp) {
        let (Some(control), Some(resource)) = (controls::number(&record.control), self.resource(&record.target)) else {
            return;
        };
        let wanted = match (outcome, record.purpose.known()) {
            (Outcome::Repaired, _) | (Outcome::Recovered, Some(Purpose::Repair)) => true,
            (Outcome::Reverted, _) | (Outcome::Recovered, Some(Purpose::Revert)) => false,
            _ => return,
        };
        let made = &MADE[control];
        let versions = self.resources[resource].versions(made.attribute);
        if !versions.ever(since, self.window(made.attribute), |setting| made.is_right(setting) == wanted) {
            self.broke(Invariant::Honest, format!("{} of bucket-{resource} was not {outcome:?}", made.id));
        }
    }

    /// Checks a message that was just acknowledged: the intents of its deliveries are concluded.
    pub(crate) fn check_stored(&mut self, message: usize) {
        let workers = &self.messages[message].workers;
        let attempts: BTreeSet<_> = workers.iter().flat_map(|worker| &self.workers[*worker].attempts).collect();
        let of = |kind: &str| {
            let records =
                self.objects.keys().filter(|(shelf, key)| *shelf == LedgerBucket::Evidence && key.contains(kind));
            let own = |key: &str| attempts.iter().copied().find(|attempt| key.contains(attempt.as_str())).cloned();
            records.filter_map(|(_, key)| own(key)).collect::<BTreeSet<_>>()
        };
        let (intents, outcomes) = (of("-intent-"), of("-outcome-"));
        let open: Vec<_> = intents.difference(&outcomes).cloned().collect();
        if !open.is_empty() {
            self.broke(Invariant::Stored, format!("message {message} is acknowledged, and {open:?} have no outcome"));
        }
    }

    /// Checks a history that has come to rest.
    pub(crate) fn check_rest(&mut self) {
        self.check_messages();
        self.check_conclusions();
        if self.is_sealed {
            self.check_sealed();
        }
        let open = self.open_keys("lock/");
        if !open.is_empty() {
            self.broke(Invariant::Converged, format!("locks are still held: {open:?}"));
        }
        for resource in 0..self.resources.len() {
            for control in 0..MADE.len() {
                self.check_converged(resource, control);
            }
        }
    }

    fn check_messages(&mut self) {
        for message in &self.messages {
            match message.end {
                Some(End::Done) => self.tally.done += 1,
                Some(End::Refused) => self.tally.refused += 1,
                Some(End::Dead) => self.tally.dead += 1,
                Some(End::GivenBack) | None => {}
            }
        }
        let (sent, ended) = (self.messages.len(), self.tally.done + self.tally.refused + self.tally.dead);
        if sent != ended {
            self.broke(Invariant::Delivered, format!("of {sent} messages {ended} ended"));
        }
    }

    fn check_conclusions(&mut self) {
        let mut counts: BTreeMap<AttemptId, (usize, usize)> = BTreeMap::new();
        for ((shelf, key), object) in &self.objects {
            let is_attempt = key.contains("-intent-") || key.contains("-outcome-");
            if *shelf != LedgerBucket::Evidence || !is_attempt {
                continue;
            }
            let record = read(&object.body);
            let ends = [Kind::Intent, Kind::Outcome].map(|kind| usize::from(record.kind == kind));
            if let (Some(attempt), true) = (record.attempt, ends != [0, 0]) {
                let (intents, outcomes) = counts.entry(attempt).or_default();
                *intents += ends[0];
                *outcomes += ends[1];
            }
        }
        for (attempt, (intents, outcomes)) in counts {
            if (intents, outcomes) != (1, 1) {
                let how = format!("attempt {attempt} has {intents} intents and {outcomes} outcomes");
                self.broke(Invariant::Concluded, how);
            }
        }
    }

    fn check_converged(&mut self, resource: usize, control: usize) {
        let (made, rules) = (&MADE[control], self.rules_in_force());
        let target = &self.resources[resource].target;
        let mode = rules.settings.mode(made.id, &target.account, Mode::Observe);
        let is_ours = mode == Mode::Enforce && rules.settings.protected.pattern_for(target).is_none();
        let setting = self.resources[resource].versions(made.attribute).last().setting;
        let is_flapping = self.repairs_on_file(resource, control) >= rules.settings.parameters.flap_limit;
        let is_given_up = self.in_vain(resource, control) >= IN_VAIN || self.was_refused(resource, control);
        if is_ours
            && !is_flapping
            && !is_given_up
            && !self.is_exempt(resource, control, self.now, Until::MayBe)
            && !made.is_right(&setting)
        {
            self.broke(Invariant::Converged, format!("{} of bucket-{resource} is still {:?}", made.id, setting.0));
        }
    }
}
