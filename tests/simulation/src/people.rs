//! What people ask of the operator, and that they agree to what others ask.

use std::{rc::Rc, time::Duration};

use remedy_domain::{
    Mode, PlanId, canonical,
    exemption::Terms,
    hold::{self, Hold, HoldScope, Switch},
    request::{Decide, Document, Request, Revert, Turn},
};
use remedy_engine::LedgerBucket;
use remedy_testkit::people;
use serde_json::value::to_raw_value;

use crate::{
    acts::Act,
    controls::MADE,
    queue::Dispatch,
    world::{Due, Object, World},
};

/// Who asks.
const ASKER: &str = "ann";
/// Who decides, most of the time; the asker may not, and neither may somebody whom the settings do not name.
const DECIDERS: [&str; 10] = ["bob", "bob", "bob", "bob", "bob", "bob", "bob", "bob", ASKER, "carl"];
/// So soon after an ask, somebody decides.
const DECIDED: Duration = Duration::from_secs(20);
const REASON: &str = "an operator says so";

impl World {
    fn ask(&mut self, request: Request) {
        self.operate(ASKER, request);
        // Twice: somebody may decide something else first.
        for _ in 0..2 {
            if !self.chance.per_mille(100) {
                let at = Duration::from_secs(2) + self.chance.up_to(DECIDED);
                self.after(at, Due::Act(Act::Agree));
            }
        }
    }

    fn operate(&mut self, by: &'static str, request: Request) {
        self.send(Dispatch::Operate { by, request: Rc::new(request) }, Duration::from_secs(1));
    }

    /// Somebody asks for the undo of the nth plan from the last; now and then somebody sends it although nobody agreed.
    pub(crate) fn undo(&mut self, back: usize) {
        let unknown = || PlanId::parse("0".repeat(64)).expect("a plan id");
        let plan = self.plans.iter().rev().nth(back).cloned().unwrap_or_else(unknown);
        if self.chance.per_mille(100) {
            return self.send(Dispatch::Undo { plan }, Duration::from_secs(1));
        }
        self.ask(Request::Revert(Revert {
            plan: Some(plan.to_string()),
            resource: None,
            control: None,
            account: None,
            since: None,
            until: None,
            owner: ASKER.to_owned(),
            reason: REASON.to_owned(),
            ticket: "CHG-1".to_owned(),
            alternative: "a daily review".to_owned(),
            days: None,
        }));
    }

    pub(crate) fn ask_to_exempt(&mut self, control: usize, resource: usize) {
        let target = &self.resources[resource].target;
        self.ask(Request::Exempt(Terms {
            control: MADE[control].id.to_owned(),
            account: target.account.clone(),
            resource: target.id.clone(),
            owner: ASKER.to_owned(),
            reason: REASON.to_owned(),
            ticket: "CHG-2".to_owned(),
            alternative: "a daily review".to_owned(),
            days: 1,
        }));
    }

    pub(crate) fn ask_for_mode(&mut self, control: usize, mode: Mode) {
        let mut settings = self.rules_in_force().settings.clone();
        settings.modes.controls.insert(MADE[control].id.to_owned(), mode);
        let document = to_raw_value(&settings).expect("settings are JSON");
        self.ask(Request::Settings(Document { document, reason: REASON.to_owned() }));
    }

    /// One person holds; to release takes two.
    pub(crate) fn turn(&mut self, control: usize, switch: Switch) {
        let scope = HoldScope::Control(MADE[control].id.to_owned());
        let turn = Turn { scope, reason: REASON.to_owned() };
        match switch {
            Switch::Held => self.operate(ASKER, Request::Hold(turn)),
            Switch::Released => self.ask(Request::Release(turn)),
        }
    }

    /// Two people release a control, where it is held: without a message that may be lost.
    pub(crate) fn release(&mut self, control: usize) {
        let scope = HoldScope::Control(MADE[control].id.to_owned());
        let turns = self.turns(&scope);
        if !turns.last().is_some_and(|(_, is_on)| *is_on) {
            return;
        }
        let key = format!("hold/{}/{:010}", scope.path(), turns.len());
        let (by, reason, at) = (Some(people::person("bob")), REASON.to_owned(), self.now);
        let hold = Hold { format: hold::FORMAT, scope: scope.into(), switch: Switch::Released.into(), reason, by, at };
        let body = canonical::to_bytes(&hold).expect("a hold is canonical");
        self.say(|| format!("{key} is stored"));
        self.objects.insert((LedgerBucket::State, key), Object { at: self.now, body });
    }

    /// Somebody agrees to something that waits: most of the time, to what was asked for last.
    pub(crate) fn agree(&mut self) {
        let is_open = |key: &&str| {
            let has = |end: &str| self.objects.contains_key(&(LedgerBucket::State, format!("{key}{end}")));
            !key.contains('.') && !has(".decision")
        };
        let mut open: Vec<_> = self.keys("ask/").filter(is_open).map(str::to_owned).collect();
        open.sort_by_key(|key| self.objects[&(LedgerBucket::State, key.clone())].at);
        let chosen = if self.chance.per_mille(800) { open.pop() } else { open.into_iter().next() };
        if let Some(id) = chosen.as_deref().and_then(|key| key.split('/').nth(1)) {
            let (by, decide) = (self.chance.pick(&DECIDERS), Decide { id: id.to_owned(), reason: None });
            self.operate(by, Request::Approve(decide));
        }
    }
}
