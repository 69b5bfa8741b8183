//! Asking: for undo, exemptions, settings and releases; and putting holds on, which needs nobody else.

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::{
    PlanId, Timestamp,
    ask::{self, Ask, Proposal, Subject},
    canonical,
    evidence::StoredPlan,
    exemption::{self, Exemption, Terms},
    guard::Purpose,
    hold::{self, Hold, HoldScope, Switch},
    outcome::Alarm,
    renamed,
    request::{Document, Revert, Turn},
    settings::{self, Difference},
};
use remedy_engine::{
    LedgerBucket, Put, account,
    asks::{self, Noted, Which},
    ledger,
    outbox::{self, Posted},
    registry,
};
use serde_json::{Value, json};

use crate::{
    desk::{About, Desk, Office, done},
    refused::Refused,
};

/// More repairs than this are not looked at by a person one by one.
const MOST: usize = 20;
/// The number of asks that are read to count what an exemption covers.
const MOST_READ: usize = 200;

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

    /// The repairs that are meant, the latest first: they are reverted in that order.
    async fn named(&self, revert: &Revert) -> Result<Vec<(PlanId, StoredPlan)>, Refused> {
        if let Some(plan) = &revert.plan {
            let id = PlanId::parse(plan.clone()).map_err(|_| Refused::NothingToUndo)?;
            let stored = ledger::stored_plan(self.ports, &id).await?.filter(is_repair);
            return Ok(stored.map(|stored| (id, stored)).into_iter().collect());
        }
        let Some(resource) = &revert.resource else { return Err(Refused::NothingToUndo) };
        let is_meant = |stored: &StoredPlan| is_repair(stored) && is_named(stored, resource, revert);
        let stored = ledger::stored_plans(self.ports).await?.told(self.ports).await;
        let meant = stored.into_iter().filter(|(_, stored)| is_meant(stored));
        let mut found: Vec<_> = meant.filter_map(|(key, stored)| Some((ledger::plan_of(&key)?, stored))).collect();
        found.sort_by_key(|(_, stored)| std::cmp::Reverse(stored.at));
        Ok(found)
    }

    fn undo_terms(&self, revert: &Revert, stored: &StoredPlan) -> Terms {
        let most = self.settings.parameters.revert_exemption_days;
        let target = &stored.plan.target;
        Terms {
            control: renamed::filed(&stored.plan.control).to_owned(),
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
        let terms = &terms.filed();
        let name = exemption::name(&terms.control, &terms.account, &terms.resource);
        let on_file = registry::exemption(self.ports, &terms.control, &name).await?;
        if let Some(on_file) = on_file.filter(|on_file| self.goes_on(on_file, terms)) {
            return Ok(json!({"done": "nothing: it is on file", "until": on_file.until}));
        }
        let covered = self.covered(terms).await?;
        let mut answer = self.ask(Subject::Exemption { terms: terms.clone() }, &terms.reason, "").await?;
        if let Some(members) = answer.as_object_mut() {
            members.insert("covers".to_owned(), json!({"waiting": covered}));
        }
        Ok(answer)
    }

    /// The number of resources with waiting plans that the terms cover, among the latest drafts.
    pub(crate) async fn covered(&self, terms: &Terms) -> Result<usize, Refused> {
        let now = (self.ports.now(), &self.settings.people);
        let which = Which { control: Some(terms.control.clone()), account: Some(terms.account.clone()) };
        let open = asks::open_asks(self.ports, &which, now).await?;
        let pending = asks::read(self.ports, open.get(..MOST_READ).unwrap_or(&open), now).await?;
        let waits = pending.asks.iter().filter_map(|on_file| match &on_file.ask.subject {
            Subject::Plan { plan } => Some(&plan.plan),
            _ => None,
        });
        let targets = waits.filter(|plan| terms.cover(&plan.control, &plan.target)).map(|plan| plan.target.hash());
        Ok(targets.collect::<BTreeSet<_>>().len())
    }

    /// Whether an exemption says the same and no reminder of its end is due yet.
    fn goes_on(&self, on_file: &Exemption, terms: &Terms) -> bool {
        let now = self.ports.now();
        let said = [&on_file.owner, &on_file.ticket, &on_file.alternative].map(|text| text.as_deref().unwrap_or(""));
        let same = on_file.reason == terms.reason && said == [&terms.owner, &terms.ticket, &terms.alternative];
        same && now < on_file.until && on_file.reminder_due(now).is_none()
    }

    /// Of whatever kind the differences are. The ask is for this change of the settings now in force, and for no other.
    pub(crate) async fn ask_for_settings(&self, document: &Document) -> Result<Value, Refused> {
        let written = document.written().map_err(Refused::Settings)?;
        if *self.settings == written.settings {
            return Ok(json!({"done": "nothing: these settings are in force"}));
        }
        let proposal = Proposal::new(written, self.settings, self.environment);
        let subject = Subject::Settings(Box::new(proposal));
        let shown = shown(&subject);
        let mut answer = self.ask(subject, &document.reason, "").await?;
        if let Some(members) = answer.as_object_mut() {
            members.insert("differences".to_owned(), shown.get("differences").cloned().unwrap_or_default());
        }
        Ok(answer)
    }

    /// Stopping needs one person, going on needs two. An existing hold is put on anew: a release that was asked for
    /// before is then of another hold.
    pub(crate) async fn hold(&self, turn: &Turn) -> Result<Value, Refused> {
        if !turn.scope.is_plausible() {
            return Err(Refused::NoControl);
        }
        let scope = turn.scope.filed();
        let about = About { subject: "hold", ask: None, shown: json!(scope.current()), reason: Some(&turn.reason) };
        let evidence = self.record("holds", about).await?;
        let hold = Hold {
            format: hold::FORMAT,
            scope: scope.clone().into(),
            switch: Switch::Held.into(),
            reason: turn.reason.clone(),
            by: Some(self.actor.clone()),
            at: self.ports.now(),
        };
        registry::hold(self.ports, &hold).await?;
        self.tell(Alarm::Alarm, &format!("{} was put on hold by {}", hold.scope, self.actor.arn)).await;
        let mut answer = done("held", None, &evidence);
        if let (Some(doubt), Some(members)) = (self.doubt(&scope).await?, answer.as_object_mut()) {
            members.insert("but".to_owned(), json!(doubt));
        }
        Ok(answer)
    }

    /// The reason why a hold may stop nothing. It is put on nevertheless: a brake must not refuse.
    async fn doubt(&self, scope: &HoldScope) -> Result<Option<&'static str>, Refused> {
        Ok(match scope {
            HoldScope::All => None,
            HoldScope::Account(account) => {
                let is_known = *account == self.actor.account || self.settings.accounts.contains(account);
                (!is_known).then_some("the settings name no such account: check its number")
            }
            HoldScope::Control(control) => {
                let swept =
                    self.ports.list(LedgerBucket::State, &format!("baseline/{}/", renamed::filed(control))).await?;
                let is_known =
                    !swept.is_empty() || self.settings.modes.controls.contains_key(renamed::current(control));
                (!is_known).then_some("no sweep of such a control is recorded: check its id with docs/controls.md")
            }
        })
    }

    pub(crate) async fn ask_for_release(&self, turn: &Turn) -> Result<Value, Refused> {
        let scope = turn.scope.filed();
        let last = registry::switch(self.ports, &scope).await?.map(|last| last.hold);
        let since = last.filter(Hold::is_on).ok_or(Refused::NoHold)?.at;
        self.ask(Subject::Release { scope, since }, &turn.reason, "").await
    }

    async fn ask(&self, subject: Subject, reason: &str, function: &str) -> Result<Value, Refused> {
        let id = asks::id(&subject)?;
        let about = About { subject: subject.word(), ask: Some(&id), shown: listed(&subject), reason: Some(reason) };
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
        let asked = asks::open(self.ports, &ask, &self.settings.people).await?;
        if asked.noted.is_none() {
            asks::enter(self.ports, &asked, Noted::Each).await?;
        }
        if asked.put == Put::Created {
            let what = asked_in_words(&ask.subject);
            let text = format!("{} asks for: {what}; decide: remedy approve {id}", self.actor.arn);
            self.tell(Alarm::Notice, &text).await;
        }
        let what = if asked.put == Put::Created { "asked" } else { "this is asked already" };
        Ok(done(what, Some(&id), &evidence))
    }

    pub(crate) async fn tell(&self, alarm: Alarm, text: &str) {
        // One request may ask for several things.
        let id = format!("operator-{}", canonical::sha256_hex(format!("{} {text}", self.request).as_bytes()));
        self.tell_as(&id, alarm, text).await;
    }

    /// Notifies once under this id, whoever asks.
    pub(crate) async fn tell_as(&self, id: &str, alarm: Alarm, text: &str) -> Posted {
        let notice = account::notice("operator", &self.actor.account, alarm, text);
        outbox::tell(self.ports, id, &notice).await
    }
}

fn is_repair(stored: &StoredPlan) -> bool {
    stored.purpose.is(&Purpose::Repair) && stored.attempt.is_some()
}

fn is_named(stored: &StoredPlan, resource: &str, revert: &Revert) -> bool {
    let target = &stored.plan.target;
    let is_resource = target.id == resource || target.arn.as_deref() == Some(resource);
    let is_control = revert.control.as_ref().is_none_or(|control| renamed::is_same(control, &stored.plan.control));
    let is_account = revert.account.as_ref().is_none_or(|account| *account == target.account);
    is_resource && is_control && is_account && is_within(stored.at, revert)
}

fn is_within(at: Timestamp, revert: &Revert) -> bool {
    revert.since.is_none_or(|since| since <= at) && revert.until.is_none_or(|until| at < until)
}

/// The subject in words. For settings, the differences: `remedy plan` shows all of it.
fn asked_in_words(subject: &Subject) -> String {
    match subject {
        Subject::Settings(proposal) => format!("settings ({})", settings::told(&proposal.differences)),
        subject => subject.word().to_owned(),
    }
}

/// A subject as answers show it: never a setting of a resource verbatim.
pub(crate) fn shown(subject: &Subject) -> Value {
    match subject {
        Subject::Plan { plan } => json!({"control": renamed::current(&plan.plan.control), "target": plan.plan.target}),
        Subject::Undo { plan, function, terms } => {
            json!({"plan": plan, "function": function, "terms": terms.current()})
        }
        Subject::Exemption { terms } => json!(terms.current()),
        Subject::Settings(proposal) => {
            let differences: Vec<_> = proposal.differences.iter().map(Difference::shown).collect();
            json!({"from": proposal.from, "sha256": proposal.to, "differences": differences})
        }
        Subject::Other(_) => json!({"known": false}),
        Subject::Release { scope, since } => {
            json!(BTreeMap::from([("scope", json!(scope.current())), ("since", json!(since))]))
        }
    }
}

/// The same as records list it: the first of very many differences, digests of long values.
pub(crate) fn listed(subject: &Subject) -> Value {
    match subject {
        Subject::Settings(proposal) => {
            let (count, differences) = (proposal.differences.len(), settings::listed(&proposal.differences));
            json!({"from": proposal.from, "sha256": proposal.to, "count": count, "differences": differences})
        }
        subject => shown(subject),
    }
}
