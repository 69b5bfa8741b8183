//! The host of controls: what the `main` of a function with controls starts.

use std::{cell::RefCell, collections::BTreeMap, process::ExitCode};

use lambda_runtime::Diagnostic;
use remedy_domain::{
    Fault, Mode, Settings,
    guard::WriteAccess,
    trigger::{self, Carried, Cause, Delivery, Message, Scope, Selector, Trigger},
};
use remedy_engine::{Clock as _, Place, Reach, Report, RunContext};
use serde_json::{Value, json};

use crate::{
    Controls,
    answer::InvocationAnswer,
    config_rules, describe,
    dispatch::Dispatch,
    invocation_error::InvocationError,
    ports::AwsPorts,
    routing::{self, Rule},
    service::{self, Request, Service},
    telemetry,
};

/// Runs a function with controls: `--describe` prints what it is, otherwise it serves the Lambda Runtime API.
#[must_use]
pub fn main(function: &str, roster: fn() -> Controls) -> ExitCode {
    service::main(function, Host { function: function.to_owned(), roster: roster(), rules: RefCell::default() })
}

/// The number of AWS Config rules that are cached: each takes some hundred bytes. A Region of an account has at most
/// 1,000.
const MOST_RULES: usize = 1_000;

/// The controls of one function instance.
pub(crate) struct Host {
    pub(crate) function: String,
    pub(crate) roster: Controls,
    /// The rules as AWS Config described them; each place has its own names.
    rules: RefCell<BTreeMap<(Place, String), Rule>>,
}

/// One invocation.
struct Invocation<'a> {
    host: &'a Host,
    ports: &'a AwsPorts,
    request: &'a Request<'a>,
}

impl Service for Host {
    fn describe(&self) -> Value {
        describe::describe(&self.function, &self.roster)
    }

    async fn invoked(&self, request: &Request<'_>) -> Result<Value, InvocationError> {
        let invocation = Invocation { host: self, ports: request.ports, request };
        match trigger::parse(request.payload) {
            Ok(Delivery::Direct(triggers)) => invocation.direct(&triggers).await,
            Ok(Delivery::Batch(messages)) => Ok(invocation.batch(messages).await),
            Ok(Delivery::Notifications(messages)) => invocation.notifications(messages).await,
            Err(refusal) => Err(request.refuse(refusal, "").await),
        }
    }
}

impl Host {
    /// The AWS Config rule behind a selector; read once by each process.
    pub(crate) async fn rule(&self, ports: &AwsPorts, place: &Place, selector: &Selector) -> Result<Rule, Fault> {
        let Selector::ConfigRule { name } = selector else { return Ok(Rule::Named) };
        let key = (place.clone(), name.clone());
        if let Some(known) = self.rules.borrow().get(&key) {
            return Ok(known.clone());
        }
        let rule = config_rules::rule(ports, place, name).await?;
        remember(&mut self.rules.borrow_mut(), key, rule.clone());
        Ok(rule)
    }
}

/// The answer to an event that is answered as a whole: an error if one of its runs must be given back.
fn answered(tally: &InvocationAnswer) -> Result<Value, InvocationError> {
    let failed = tally.reports.iter().find(|report| report.wants_redelivery());
    match failed.and_then(|report| report.fault.clone()) {
        Some(fault) => Err(fault.into()),
        None => Ok(tally.to_json()),
    }
}

/// Events name rules, and a sender of events can invent names: if there are too many, the known ones are forgotten, and
/// read again.
fn remember(rules: &mut BTreeMap<(Place, String), Rule>, key: (Place, String), rule: Rule) {
    if rules.len() >= MOST_RULES {
        rules.clear();
    }
    rules.insert(key, rule);
}

impl Invocation<'_> {
    async fn direct(&self, triggers: &[Trigger]) -> Result<Value, InvocationError> {
        let tally = self.follow(triggers, ("", Carried::First)).await?;
        answered(&tally)
    }

    /// Each message on its own: a bad one does not hold up its neighbours.
    async fn batch(&self, messages: Vec<Message>) -> Value {
        let mut failures = Vec::new();
        for message in messages {
            if !self.message(&message).await {
                failures.push(json!({"itemIdentifier": message.id}));
            }
        }
        json!({"batchItemFailures": failures})
    }

    async fn message(&self, message: &Message) -> bool {
        match self.triggers(message).await {
            Ok(tally) => {
                if tally.is_empty() {
                    tracing::info!(message.id = %message.id, ignored = %json!(tally.idle), "a message is about nothing here");
                }
                !tally.reports.iter().any(Report::wants_redelivery)
            }
            Err(undone) => {
                if let InvocationError::Failed(fault) = &undone {
                    telemetry::failed(&self.host.function, fault, self.ports.now());
                }
                let diagnostic = Diagnostic::from(undone);
                tracing::warn!(message.id = %message.id, error.kind = %diagnostic.error_type, "a message is given back");
                false
            }
        }
    }

    /// Notifications cannot be given back one by one: one that failed gives all of them back.
    async fn notifications(&self, messages: Vec<Message>) -> Result<Value, InvocationError> {
        let (mut tally, mut undone) = (InvocationAnswer::default(), None);
        for message in messages {
            match self.triggers(&message).await {
                Ok(more) => tally.add(more),
                Err(error) => undone = Some(error),
            }
        }
        undone.map_or_else(|| answered(&tally), Err)
    }

    async fn triggers(&self, message: &Message) -> Result<InvocationAnswer, InvocationError> {
        match &message.triggers {
            Ok(triggers) => self.follow(triggers, (&message.id, message.carried)).await,
            Err(refusal) => Err(self.request.refuse(refusal.clone(), &message.id).await),
        }
    }

    async fn follow(
        &self,
        triggers: &[Trigger],
        (message, carried): (&str, Carried),
    ) -> Result<InvocationAnswer, InvocationError> {
        let (mut tally, mut settings, mut undone) = (InvocationAnswer::default(), None, None);
        // Each for itself: one of an account that is out of reach does not hold up its neighbours. A fault may pass, so it
        // says what becomes of the event.
        for trigger in triggers {
            undone = match (self.one((trigger, carried), &mut settings, &mut tally).await, undone) {
                (Ok(()), before) => before,
                (Err(InvocationError::Refused(refusal)), before) => {
                    let refused = self.request.refuse(refusal, message).await;
                    before.or(Some(refused))
                }
                (Err(failed), _) => Some(failed),
            };
        }
        undone.map_or(Ok(tally), Err)
    }

    async fn one(
        &self,
        (trigger, carried): (&Trigger, Carried),
        settings: &mut Option<Settings>,
        tally: &mut InvocationAnswer,
    ) -> Result<(), InvocationError> {
        let place = routing::place(trigger, self.ports)?;
        let at = place.clone();
        let reports = if let Scope::Nothing(idle) = &trigger.scope {
            tally.idle.push(*idle);
            Vec::new()
        } else {
            if settings.is_none() {
                *settings = Some(self.ports.settings().await?);
            }
            let settings = settings.get_or_insert_default();
            let (digest, own, cause) = (settings.digest(), self.ports.own_resources(), trigger.cause.to_string());
            let context = self.context((settings, &digest), &own, &cause, (trigger, carried));
            Dispatch { host: self.host, ports: self.ports, trigger, place, context }.run(tally).await?
        };
        self.answer_rule(trigger, &at, &reports, tally).await?;
        if trigger.cause == Cause::Status {
            tally.count(&reports);
        }
        tally.reports.extend(reports);
        Ok(())
    }

    fn context<'a>(
        &'a self,
        (settings, digest): (&'a Settings, &'a str),
        own: &'a [String],
        cause: &'a str,
        (trigger, carried): (&Trigger, Carried),
    ) -> RunContext<'a> {
        let environment = &self.ports.environment;
        RunContext {
            function: self.request.function,
            settings,
            digest,
            environment: environment.mode,
            ceiling: trigger.mode_ceiling.as_deref().and_then(Mode::named),
            own,
            means: if environment.write_role.is_some() { WriteAccess::WriteRole } else { WriteAccess::None },
            reach: if environment.read_role.is_some() { Reach::Organization } else { Reach::Account },
            carried,
            cause,
            invocation: self.request.id,
        }
    }

    async fn answer_rule(
        &self,
        trigger: &Trigger,
        place: &Place,
        reports: &[Report],
        tally: &mut InvocationAnswer,
    ) -> Result<(), Fault> {
        if let Some(reply) = &trigger.reply_to {
            let sent = config_rules::answer(self.ports, place, reply, reports).await?;
            tally.evaluations = Some(tally.evaluations.unwrap_or(0) + sent);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use remedy_domain::{AccountId, Region};

    use super::*;

    #[test]
    fn rules_with_made_up_names_do_not_fill_the_memory() {
        let (mut rules, account) = (BTreeMap::new(), AccountId::parse("111122223333").unwrap());
        let place = Place { account, region: Region::global() };
        for made_up in 0..10 * MOST_RULES {
            let key = (place.clone(), format!("rule-{made_up}"));
            remember(&mut rules, key.clone(), Rule::Named);
            assert!(rules.len() <= MOST_RULES && rules.contains_key(&key));
        }
    }
}
