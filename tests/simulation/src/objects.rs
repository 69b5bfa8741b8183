//! The ledger's two buckets, strongly consistent as on S3, and the bugs that are planted in them.

use std::rc::Rc;

use remedy_domain::{Outcome, PlanId, evidence::Released, settings::Written};
use remedy_engine::{LedgerBucket, Put, four_eyes::InForce};

use crate::{
    Planted,
    ports::IN_FORCE,
    world::{Object, Rules, World},
};

impl World {
    /// Creates an object that must not exist yet.
    pub(crate) fn put_new(&mut self, shelf: LedgerBucket, key: &str, body: &[u8]) -> Put {
        if let Some(answer) = self.planted_put(key) {
            return answer;
        }
        let there = self.objects.get(&(shelf, key.to_owned()));
        if let Some(there) = there {
            let ours = there.body == body;
            if let Some(answer) = self.planted_exists(key) {
                return answer;
            }
            return if ours { Put::Created } else { Put::Exists };
        }
        self.say(|| format!("{key} is created"));
        self.objects.insert((shelf, key.to_owned()), Object { at: self.now, body: body.to_vec() });
        self.check_created(shelf, key, body);
        if self.planted == Some(Planted::OutcomeTwice) && key.contains("-outcome-") {
            self.objects.insert((shelf, format!("{key}.json")), Object { at: self.now, body: body.to_vec() });
        }
        Put::Created
    }

    /// The result of a planted bug that stores nothing.
    fn planted_put(&self, key: &str) -> Option<Put> {
        let accepted = match self.planted? {
            Planted::IntentLost => key.contains("-intent-"),
            Planted::SettingsUnrecorded => key.contains("-settings-settings-"),
            Planted::BudgetShared => key.starts_with("budget/"),
            Planted::TurnShared => key.starts_with("lock/document"),
            _ => false,
        };
        accepted.then_some(Put::Created)
    }

    /// The result of a planted bug although there is another object.
    fn planted_exists(&self, key: &str) -> Option<Put> {
        let accepted = match self.planted? {
            Planted::LockShared => key.starts_with("lock/"),
            Planted::HeldAnew => key.starts_with("held/") || key.starts_with("notice/"),
            _ => false,
        };
        accepted.then_some(Put::Created)
    }

    /// Creates or replaces an object of the state bucket.
    pub(crate) fn put(&mut self, key: &str, body: &[u8]) {
        if self.planted == Some(Planted::ExemptionLost) && key.starts_with("exemption/") {
            return;
        }
        self.say(|| format!("{key} is put"));
        if key == IN_FORCE {
            self.comes_into_force(body);
        }
        let plan = key.strip_prefix("plan/").and_then(|plan| PlanId::parse(plan).ok());
        self.plans.extend(plan.filter(|plan| !self.plans.contains(plan)));
        let entry = (LedgerBucket::State, key.to_owned());
        // An exemption that is renewed has been stored since it was first granted.
        let at = self.objects.get(&entry).map_or(self.now, |there| there.at);
        self.objects.insert(entry, Object { at, body: body.to_vec() });
    }

    /// Other settings come into force.
    fn comes_into_force(&mut self, body: &[u8]) {
        let form: InForce = serde_json::from_slice(body).expect("settings in force");
        let text = form.text.clone().expect("this version stores the text");
        let rules = Rules::of(Written::stored(text).expect("settings that were asked for").settings);
        if rules.digest != self.rules_in_force().digest {
            self.say(|| format!("settings {} are in force", rules.digest));
            self.tally.settings += 1;
            self.rules.push(Rc::new(rules));
            self.check_agreed(&form);
        }
    }

    /// Reads an object.
    pub(crate) fn get(&self, shelf: LedgerBucket, key: &str) -> Option<Vec<u8>> {
        if self.planted == Some(Planted::AttemptsForgotten) && key.ends_with(".done") {
            return self.objects.get(&(shelf, key.to_owned())).map(|object| forgotten(&object.body));
        }
        let unread = match self.planted {
            Some(Planted::ExemptionUnread) => key.starts_with("exemption/"),
            Some(Planted::ReleaseUnread) => key.ends_with(".done"),
            Some(Planted::HeldAnew) => key.starts_with("held/"),
            _ => false,
        };
        if unread { None } else { self.objects.get(&(shelf, key.to_owned())).map(|object| object.body.clone()) }
    }

    /// The keys of a bucket under a prefix.
    pub(crate) fn list(&self, shelf: LedgerBucket, prefix: &str) -> Vec<String> {
        let unlisted = match self.planted {
            Some(Planted::HoldsUnlisted) => prefix.starts_with("hold/"),
            Some(Planted::BudgetShared) => prefix.starts_with("budget/"),
            Some(Planted::OrphansUnlisted) => prefix.starts_with("lock/") && prefix.matches('/').count() == 2,
            _ => false,
        };
        if unlisted {
            return vec![];
        }
        let mut keys: Vec<_> = self.on(shelf, prefix).map(str::to_owned).collect();
        if self.planted == Some(Planted::SlotsReturned) && prefix.starts_with("budget/") {
            keys = keys.into_iter().flat_map(|key| [format!("{key}.unused"), key]).collect();
        }
        keys
    }

    /// The same of the state bucket, as it is.
    pub(crate) fn keys(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.on(LedgerBucket::State, prefix)
    }

    /// The same of any bucket.
    pub(crate) fn on(&self, shelf: LedgerBucket, prefix: &str) -> impl Iterator<Item = &str> {
        let listed = self.objects.range((shelf, prefix.to_owned())..).map(|((on, key), _)| (*on, key.as_str()));
        listed.take_while(move |(on, key)| *on == shelf && key.starts_with(prefix)).map(|(_, key)| key)
    }
}

/// A lock's end without the failed attempt.
fn forgotten(body: &[u8]) -> Vec<u8> {
    let mut released: Released = serde_json::from_slice(body).expect("a released lock");
    if matches!(released.counts_as(), Outcome::Failed | Outcome::Partial | Outcome::Superseded) {
        (released.outcome, released.tried) = (Outcome::Superseded.into(), None);
    }
    serde_json::to_vec(&released).expect("a released lock")
}
