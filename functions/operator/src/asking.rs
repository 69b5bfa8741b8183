//! Asking: for undo, exemptions, settings and releases; and putting holds on, which needs nobody else.

use std::collections::BTreeMap;

use remedy_domain::{
    Fault, PlanId, Settings, Timestamp,
    ask::{self, Ask, Subject},
    canonical,
    evidence::StoredPlan,
    exemption::{self, Exemption, Terms},
    guard::Purpose,
    hold::{self, Hold, Switch},
    outcome::Alarm,
    request::{Document, Revert, Turn},
    settings::loosened,
};
use remedy_engine::{Put, account, asks, four_eyes, ledger, outbox, registry};
use serde_json::{Value, json};

use crate::{
    desk::{About, Desk, Office, done},
    refused::Refused,
};

/// More repairs than this are not looked at by a person one by one.
const MOST: usize = 20;

impl<P: Office> Desk<'_, P> {
    pub(crate) async fn ask_for_undo(&self, revert: &Revert) -> Result<Value, Refused> {
        let named = self.named(revert).await?;
        if named.is_empty() {
            return Err(Refused::NothingToUndo);
        }
        if named.len() > MOST {
            return Err(Refused::TooMany(named.len()));
        }
        let mut answers = Vec::new();
        for (plan, stored) in named {
            let terms = self.undo_terms(revert, &stored);
            terms.check().map_err(Refused::Terms)?;
            let subject = Subject::Undo { plan, function: stored.function.clone(), terms };
            answers.push(self.ask(subject, &revert.reason, &stored.function).await?);
        }
        Ok(json!({"asks": answers}))
    }

    /// The repairs that are meant, the latest first: they are taken back in that order.
    async fn named(&self, revert: &Revert) -> Result<Vec<(PlanId, StoredPlan)>, Refused> {
        if let Some(plan) = &revert.plan {
            let id = PlanId::parse(plan.clone()).map_err(|_| Refused::NothingToUndo)?;
            let stored = ledger::stored_plan(self.ports, &id).await?.filter(is_repair);
            return Ok(stored.map(|stored| (id, stored)).into_iter().collect());
        }
        let Some(resource) = &revert.resource else { return Err(Refused::NothingToUndo) };
        let is_meant = |stored: &StoredPlan| is_repair(stored) && is_named(stored, resource, revert);
        let mut found: Vec<_> = ledger::stored_plans(self.ports).await?;
        found.retain(|(_, stored)| is_meant(stored));
        found.sort_by_key(|(_, stored)| std::cmp::Reverse(stored.at));
        Ok(found)
    }

    fn undo_terms(&self, revert: &Revert, stored: &StoredPlan) -> Terms {
        let most = self.settings.parameters.revert_exemption_days;
        let target = &stored.plan.target;
        Terms {
            control: stored.plan.control.clone(),
            account: target.account.clone(),
            resource: target.id.clone(),
            owner: revert.owner.clone(),
            reason: revert.reason.clone(),
            ticket: revert.ticket.clone(),
            alternative: revert.alternative.clone(),
            days: revert.days.map_or(most, |days| days.min(most)),
        }
    }

    pub(crate) async fn ask_for_exemption(&self, terms: &Terms) -> Result<Value, Refused> {
        terms.check().map_err(Refused::Terms)?;
        let name = exemption::name(&terms.control, &terms.account, &terms.resource);
        let on_file = registry::exemption(self.ports, &terms.control, &name).await?;
        if let Some(on_file) = on_file.filter(|on_file| self.goes_on(on_file, terms)) {
            return Ok(json!({"done": "nothing: it is on file", "until": on_file.until}));
        }
        self.ask(Subject::Exemption { terms: terms.clone() }, &terms.reason, "").await
    }

    /// Whether an exemption says the same and no reminder of its end is due yet.
    fn goes_on(&self, on_file: &Exemption, terms: &Terms) -> bool {
        let now = self.ports.now();
        let said = [&on_file.owner, &on_file.ticket, &on_file.alternative].map(|text| text.as_deref().unwrap_or(""));
        let same = on_file.reason == terms.reason && said == [&terms.owner, &terms.ticket, &terms.alternative];
        same && now < on_file.until && on_file.reminder_due(now).is_none()
    }

    /// What only tightens takes effect when it is deployed, and needs nobody.
    pub(crate) async fn ask_for_settings(&self, document: &Document) -> Result<Value, Refused> {
        let settings = document.settings().map_err(Refused::Settings)?;
        let current = self.in_force().await?;
        let loosens = loosened(&current, &settings, self.environment);
        if current == settings {
            return Ok(json!({"done": "nothing: these settings are in force"}));
        }
        self.ask(Subject::Settings { settings: Box::new(settings), loosens }, &document.reason, "").await
    }

    /// The settings in force, as far as they are on file.
    pub(crate) async fn in_force(&self) -> Result<Settings, Fault> {
        let on_file = four_eyes::on_file(self.ports).await?;
        Ok(on_file.map_or_else(|| self.settings.clone(), |on_file| on_file.settings))
    }

    /// Stopping needs one person, going on needs two.
    pub(crate) async fn hold(&self, turn: &Turn) -> Result<Value, Refused> {
        let about = About { subject: "hold", ask: None, shown: json!(turn.scope), reason: Some(&turn.reason) };
        let evidence = self.record("holds", about).await?;
        let hold = Hold {
            format: hold::FORMAT,
            scope: turn.scope.clone(),
            switch: Switch::Held,
            reason: turn.reason.clone(),
            by: self.actor.clone(),
            at: self.ports.now(),
        };
        registry::turn(self.ports, &hold).await?;
        self.tell(Alarm::Alarm, &format!("{} was put on hold by {}", hold.scope, self.actor.arn)).await;
        Ok(done("held", None, &evidence))
    }

    pub(crate) async fn ask_for_release(&self, turn: &Turn) -> Result<Value, Refused> {
        let holds = registry::holds(self.ports).await?;
        let held = holds.into_iter().find(|hold| hold.scope == turn.scope && hold.switch == Switch::Held);
        let since = held.ok_or(Refused::NoHold)?.at;
        self.ask(Subject::Release { scope: turn.scope.clone(), since }, &turn.reason, "").await
    }

    async fn ask(&self, subject: Subject, reason: &str, function: &str) -> Result<Value, Refused> {
        let id = asks::id(&subject)?;
        let about = About { subject: subject.word(), ask: Some(&id), shown: shown(&subject), reason: Some(reason) };
        let evidence = self.record("asks", about).await?;
        let at = self.ports.now();
        let ask = Ask {
            format: ask::FORMAT,
            reason: reason.to_owned(),
            by: Some(self.actor.clone()),
            function: function.to_owned(),
            at,
            until: ask::lasts(at, self.settings.parameters.approval_hours),
            subject,
        };
        let asked = asks::open(self.ports, &ask).await?;
        if asked.put == Put::Created {
            let text = format!("{} asks for: {}; decide: remedy approve {id}", self.actor.arn, ask.subject.word());
            self.tell(Alarm::Notice, &text).await;
        }
        let what = if asked.put == Put::Created { "asked" } else { "this is asked already" };
        Ok(done(what, Some(&id), &evidence))
    }

    pub(crate) async fn tell(&self, alarm: Alarm, text: &str) {
        let notice = account::notice("operator", &self.actor.account, alarm, text);
        // One request may ask for several things.
        let id = format!("operator-{}", canonical::sha256_hex(format!("{} {text}", self.request).as_bytes()));
        outbox::tell(self.ports, &id, &notice).await;
    }
}

fn is_repair(stored: &StoredPlan) -> bool {
    stored.purpose == Purpose::Repair && stored.attempt.is_some()
}

fn is_named(stored: &StoredPlan, resource: &str, revert: &Revert) -> bool {
    let target = &stored.plan.target;
    let is_resource = target.id == resource || target.arn.as_deref() == Some(resource);
    let is_control = revert.control.as_ref().is_none_or(|control| *control == stored.plan.control);
    let is_account = revert.account.as_ref().is_none_or(|account| *account == target.account);
    is_resource && is_control && is_account && is_within(stored.at, revert)
}

fn is_within(at: Timestamp, revert: &Revert) -> bool {
    revert.since.is_none_or(|since| since <= at) && revert.until.is_none_or(|until| at < until)
}

/// A subject as records and answers show it: never a setting verbatim.
pub(crate) fn shown(subject: &Subject) -> Value {
    match subject {
        Subject::Plan { plan } => json!({"control": plan.plan.control, "target": plan.plan.target}),
        Subject::Undo { plan, function, terms } => json!({"plan": plan, "function": function, "terms": terms}),
        Subject::Exemption { terms } => json!(terms),
        Subject::Settings { settings, loosens } => {
            json!({"sha256": canonical::digest(settings).unwrap_or_default(), "loosens": loosens})
        }
        Subject::Release { scope, since } => json!(BTreeMap::from([("scope", json!(scope)), ("since", json!(since))])),
    }
}
