//! Deciding: an approval carries out an ask, a refusal ends it. Nobody decides their own ask.

use remedy_aws::Sent;
use remedy_domain::{
    Actor, Timestamp,
    ask::{self, Answer, ApprovalStatus, Decision, Proposal, Subject},
    exemption::{self, Exemption, Terms},
    hold::{self, Hold, HoldScope, Switch},
    outcome::Alarm,
    redact, renamed,
    request::Decide,
    settings::Written,
};
use remedy_engine::{
    Put,
    asks::{self, OnFile},
    four_eyes::{self, Agreement},
    outbox::Posted,
    registry::{self, Turned},
};
use serde_json::{Value, json};

use crate::{
    asking::listed,
    desk::{About, Desk, Office, done},
    refused::Refused,
};

impl<P: Office> Desk<'_, P> {
    pub(crate) async fn reject(&self, decide: &Decide) -> Result<Value, Refused> {
        let on_file = self.open_ask(&decide.id).await?;
        let evidence = self.decide(&on_file, Answer::Rejected, decide).await?;
        let mut answer = done("rejected", Some(&on_file.id), &evidence);
        if let (Some(next), Some(members)) = (self.rejected(&on_file).await, answer.as_object_mut()) {
            members.insert("next".to_owned(), json!(next));
        }
        Ok(answer)
    }

    /// A person who rejects a repair is responsible for the violation that stays, and people are notified. The second
    /// time, whoever rejects and whatever the plan was, somebody is paged: a violation that is to stay for longer is
    /// exempted, by two people. Returns what to do.
    async fn rejected(&self, on_file: &OnFile) -> Option<&'static str> {
        let Subject::Plan { plan } = &on_file.ask.subject else { return None };
        let (control, target) = (renamed::current(&plan.plan.control), &plan.plan.target);
        let what = format!("the repair of {} by {control} in {}", redact::text(&target.id), target.account);
        let name = format!("rejected-{}-{}", renamed::filed(control), target.hash());
        let text = format!("{what} was rejected by {}, who answers for the violation that stays", self.actor.arn);
        if self.tell_as(&name, Alarm::Notice, &text).await == Posted::Ours {
            return Some("put it right by hand, or ask for an exemption: remedy exempt request");
        }
        let text = format!(
            "{what} was rejected again, by {}: the violation stays without an exemption. Put it right, or ask for one: \
             remedy exempt request",
            self.actor.arn
        );
        self.tell_as(&format!("{name}-again-{}", on_file.ask.at.as_second()), Alarm::Page, &text).await;
        Some("this was rejected before, and somebody is paged: ask for an exemption: remedy exempt request")
    }

    /// A stored decision whose effect was lost is completed by the same person's second try.
    pub(crate) async fn approve(&self, decide: &Decide) -> Result<Value, Refused> {
        let on_file = self.open_ask(&decide.id).await?;
        self.still_holds(&on_file).await?;
        let evidence = self.decide(&on_file, Answer::Approved, decide).await?;
        let next = self.take_effect(&on_file).await?;
        let mut answer = done("approved", Some(&on_file.id), &evidence);
        if let (Some(next), Some(members)) = (next, answer.as_object_mut()) {
            members.insert("next".to_owned(), next);
        }
        Ok(answer)
    }

    fn standing(&self, on_file: &OnFile) -> ApprovalStatus {
        on_file.standing(self.ports.now(), &self.settings.people, &[])
    }

    /// Whether the ask would still have the same effect. If not, it can no longer be approved.
    async fn still_holds(&self, on_file: &OnFile) -> Result<(), Refused> {
        match &on_file.ask.subject {
            Subject::Settings(proposal) => self.next_settings(proposal).map(drop),
            Subject::Release { scope, since } => self.held(scope, *since).await.map(drop),
            Subject::Plan { .. } | Subject::Undo { .. } | Subject::Exemption { .. } => Ok(()),
            Subject::Other(_) => Err(Refused::NotKnown),
        }
    }

    /// The proposed settings, if they still differ from those in force as they did. None: they are in force, as after
    /// an approval whose effect was lost half-way.
    fn next_settings(&self, proposal: &Proposal) -> Result<Option<Written>, Refused> {
        if proposal.from.is_empty() || proposal.text.is_empty() {
            return Err(Refused::Outdated("it was asked for in a former version"));
        }
        let written = Written::read(proposal.text.as_bytes()).map_err(Refused::Settings)?;
        if written.settings == *self.settings {
            return Ok(None);
        }
        let anew = Proposal::new(written.clone(), self.settings, self.environment);
        if anew.from != proposal.from || anew.differences != proposal.differences {
            return Err(Refused::Outdated("the settings in force are others by now"));
        }
        Ok(Some(written))
    }

    async fn held(&self, scope: &HoldScope, since: Timestamp) -> Result<Turned, Refused> {
        let last = registry::switch(self.ports, scope).await?;
        let is_meant = |last: &Turned| last.hold.is_on() && last.hold.at == since;
        last.filter(is_meant).ok_or(Refused::Outdated("the hold is another"))
    }

    async fn open_ask(&self, id: &str) -> Result<OnFile, Refused> {
        let on_file = asks::latest(self.ports, id).await?.ok_or(Refused::NothingWaits)?;
        if on_file.is_superseded() {
            return Err(Refused::Outdated("a newer plan for the same resource waits in its place"));
        }
        match self.standing(&on_file) {
            ApprovalStatus::Unasked | ApprovalStatus::Rejected(_) => Err(Refused::NothingWaits),
            ApprovalStatus::Approved(decision) if !decision.by.same_person(self.actor) => Err(Refused::AlreadyDecided),
            ApprovalStatus::Approved(_) | ApprovalStatus::Open => self.not_own(on_file),
        }
    }

    fn not_own(&self, on_file: OnFile) -> Result<OnFile, Refused> {
        let is_own = on_file.ask.by.as_ref().is_some_and(|asker| asker.same_person(self.actor));
        if is_own { Err(Refused::OwnAsk) } else { Ok(on_file) }
    }

    async fn decide(&self, on_file: &OnFile, answer: Answer, decide: &Decide) -> Result<String, Refused> {
        let subject = &on_file.ask.subject;
        let deed = if answer == Answer::Approved { "approves" } else { "rejects" };
        let reason = decide.reason.as_deref();
        let about = About { subject: subject.word(), ask: Some(&on_file.id), shown: listed(subject), reason };
        let evidence = self.record(deed, about).await?;
        let decision = Decision {
            format: ask::FORMAT,
            answer: answer.into(),
            by: self.actor.clone(),
            reason: decide.reason.clone(),
            at: self.ports.now(),
        };
        let is_own_second_try =
            matches!(self.standing(on_file), ApprovalStatus::Approved(_)) && answer == Answer::Approved;
        if !is_own_second_try && asks::decide(self.ports, on_file, &decision).await? == Put::Exists {
            return Err(Refused::AlreadyDecided);
        }
        Ok(evidence)
    }

    /// Carries out what was approved. Returns what is left to do by hand, if anything.
    async fn take_effect(&self, on_file: &OnFile) -> Result<Option<Value>, Refused> {
        match &on_file.ask.subject {
            Subject::Plan { .. } => return self.send(on_file, json!({"approved": {"plan": on_file.id}})).await,
            Subject::Undo { plan, .. } => return self.send(on_file, json!({"revert": {"plan": plan}})).await,
            Subject::Exemption { terms } => self.exempt(on_file, terms).await?,
            Subject::Settings(proposal) => self.put_in_force(on_file, proposal).await?,
            Subject::Release { scope, since } => self.release(on_file, scope, *since).await?,
            Subject::Other(_) => return Err(Refused::NotKnown),
        }
        Ok(None)
    }

    /// The function that drafted the plan carries it out; the stored approval is what counts.
    async fn send(&self, on_file: &OnFile, event: Value) -> Result<Option<Value>, Refused> {
        let function = &on_file.ask.function;
        let sent = self.ports.send(function, &event).await?;
        Ok((sent == Sent::Nowhere).then(|| json!({"invoke": function, "with": event})))
    }

    async fn exempt(&self, on_file: &OnFile, terms: &Terms) -> Result<(), Refused> {
        let asker = asker(on_file)?;
        let name = exemption::name(&terms.control, &terms.account, &terms.resource);
        let last = registry::exemption(self.ports, &terms.control, &name).await?;
        let granted = Exemption::granted(terms, (asker, self.actor), self.ports.now(), last.as_ref());
        registry::exempt(self.ports, &granted).await?;
        self.spend(on_file).await
    }

    async fn put_in_force(&self, on_file: &OnFile, proposal: &Proposal) -> Result<(), Refused> {
        let ApprovalStatus::Approved(decision) = self.standing(&self.anew(on_file).await?) else {
            return Err(Refused::NothingWaits);
        };
        if let Some(written) = self.next_settings(proposal)? {
            let people = (asker(on_file)?, &decision.by);
            let agreement = Agreement { people, ask: &on_file.id, at: decision.at };
            four_eyes::put(self.ports, (proposal, &written), &agreement).await?;
        }
        self.spend(on_file).await
    }

    /// The ask as it stands now.
    async fn anew(&self, on_file: &OnFile) -> Result<OnFile, Refused> {
        asks::latest(self.ports, &on_file.id).await?.ok_or(Refused::NothingWaits)
    }

    async fn release(&self, on_file: &OnFile, scope: &HoldScope, since: Timestamp) -> Result<(), Refused> {
        let held = self.held(scope, since).await?;
        let released = Hold {
            format: hold::FORMAT,
            switch: Switch::Released.into(),
            by: Some(self.actor.clone()),
            at: self.ports.now(),
            ..held.hold
        };
        if registry::turn(self.ports, &released, held.next).await? == Put::Exists {
            return Err(Refused::Outdated("the hold is another"));
        }
        self.tell(Alarm::Alarm, &format!("{scope} was released by {}", self.actor.arn)).await;
        self.spend(on_file).await
    }

    async fn spend(&self, on_file: &OnFile) -> Result<(), Refused> {
        asks::spend(self.ports, on_file, &self.ports.attempt()?, &[]).await?;
        Ok(())
    }
}

fn asker(on_file: &OnFile) -> Result<&Actor, Refused> {
    on_file.ask.by.as_ref().ok_or(Refused::Outdated("nobody asked for it"))
}
