//! Deciding: an approval does what was asked, a refusal ends it. Whoever asks does not decide.

use remedy_aws::Sent;
use remedy_domain::{
    Actor, Timestamp,
    ask::{self, Answer, Decision, Standing, Subject},
    exemption::{self, Exemption, Terms},
    hold::{self, Hold, HoldScope, Switch},
    outcome::Alarm,
    request::Decide,
    settings::Settings,
};
use remedy_engine::{
    Put,
    asks::{self, OnFile},
    four_eyes, registry,
};
use serde_json::{Value, json};

use crate::{
    asking::shown,
    desk::{About, Desk, Office, done},
    refused::Refused,
};

impl<P: Office> Desk<'_, P> {
    pub(crate) async fn reject(&self, decide: &Decide) -> Result<Value, Refused> {
        let on_file = self.open_ask(&decide.id).await?;
        let evidence = self.decide(&on_file, Answer::Rejected, decide).await?;
        Ok(done("rejected", Some(&on_file.id), &evidence))
    }

    /// A decision that was put on file and whose effect was lost is completed by the same person's second try.
    pub(crate) async fn approve(&self, decide: &Decide) -> Result<Value, Refused> {
        let on_file = self.open_ask(&decide.id).await?;
        let evidence = self.decide(&on_file, Answer::Approved, decide).await?;
        let next = self.take_effect(&on_file).await?;
        let mut answer = done("approved", Some(&on_file.id), &evidence);
        if let (Some(next), Some(members)) = (next, answer.as_object_mut()) {
            members.insert("next".to_owned(), next);
        }
        Ok(answer)
    }

    fn standing(&self, on_file: &OnFile) -> Standing {
        on_file.standing(self.ports.now(), &[])
    }

    async fn open_ask(&self, id: &str) -> Result<OnFile, Refused> {
        let on_file = asks::latest(self.ports, id).await?.ok_or(Refused::NothingWaits)?;
        match self.standing(&on_file) {
            Standing::Unasked | Standing::Rejected(_) => Err(Refused::NothingWaits),
            Standing::Approved(decision) if !decision.by.same_person(self.actor) => Err(Refused::AlreadyDecided),
            Standing::Approved(_) | Standing::Open => self.not_own(on_file),
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
        let about = About { subject: subject.word(), ask: Some(&on_file.id), shown: shown(subject), reason };
        let evidence = self.record(deed, about).await?;
        let decision = Decision {
            format: ask::FORMAT,
            answer,
            by: self.actor.clone(),
            reason: decide.reason.clone(),
            at: self.ports.now(),
        };
        let is_own_second_try = matches!(self.standing(on_file), Standing::Approved(_)) && answer == Answer::Approved;
        if !is_own_second_try && asks::decide(self.ports, on_file, &decision).await? == Put::Exists {
            return Err(Refused::AlreadyDecided);
        }
        Ok(evidence)
    }

    /// Does what was approved. Answers what is left to do by hand, if something is.
    async fn take_effect(&self, on_file: &OnFile) -> Result<Option<Value>, Refused> {
        match &on_file.ask.subject {
            Subject::Plan { .. } => return self.send(on_file, json!({"approved": {"plan": on_file.id}})).await,
            Subject::Undo { plan, .. } => return self.send(on_file, json!({"revert": {"plan": plan}})).await,
            Subject::Exemption { terms } => self.exempt(on_file, terms).await?,
            Subject::Settings { settings, .. } => self.put_in_force(on_file, settings).await?,
            Subject::Release { scope, since } => self.release(on_file, scope, *since).await?,
        }
        Ok(None)
    }

    /// The function that drafted the plan carries it out; the approval on file is what counts.
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

    async fn put_in_force(&self, on_file: &OnFile, settings: &Settings) -> Result<(), Refused> {
        let people = Some((asker(on_file)?.clone(), self.actor.clone()));
        four_eyes::put(self.ports, settings, people).await?;
        self.tell(Alarm::Notice, "other settings are in force").await;
        self.spend(on_file).await
    }

    async fn release(&self, on_file: &OnFile, scope: &HoldScope, since: Timestamp) -> Result<(), Refused> {
        let holds = registry::holds(self.ports).await?;
        let held = holds.into_iter().find(|hold| hold.scope == *scope && hold.switch == Switch::Held);
        let held = held.filter(|hold| hold.at == since).ok_or(Refused::Outdated("the hold is another"))?;
        let released = Hold {
            format: hold::FORMAT,
            switch: Switch::Released,
            by: self.actor.clone(),
            at: self.ports.now(),
            ..held
        };
        registry::turn(self.ports, &released).await?;
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
