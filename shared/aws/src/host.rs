//! The host: what a function's `main` starts.

use std::{cell::RefCell, collections::BTreeMap, process::ExitCode, rc::Rc};

use lambda_runtime::{Context, Diagnostic, LambdaEvent, Runtime, service_fn};
use remedy_domain::{
    AccountId, Fault, Mode, Settings, canonical,
    evidence::{self, FORMAT},
    guard::Means,
    trigger::{self, Cause, Delivery, Message, Refusal, Scope, Selector, Trigger},
};
use remedy_engine::{Clock as _, Report, Shelf, Store as _, Visit};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::{
    Roster,
    answer::Tally,
    config_rules, describe,
    environment::{BadEnvironment, Environment},
    errand::Errand,
    ports::AwsPorts,
    raw_body::RawBody,
    routing::{self, Rule},
    session::Session,
    telemetry,
    undone::Undone,
};

/// Runs a function: `--describe` prints what it is, otherwise it serves the Lambda Runtime API.
#[must_use]
pub fn main(function: &str, roster: fn() -> Roster) -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("--describe") {
        return print(&describe::describe(function, &roster()));
    }
    telemetry::begin();
    match serve(function, roster) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(function = function, error = %error, "the function cannot start");
            ExitCode::FAILURE
        }
    }
}

fn print(value: &Value) -> ExitCode {
    use std::io::Write as _;
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    match writeln!(std::io::stdout().lock(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(function: &str, roster: fn() -> Roster) -> Result<(), lambda_runtime::Error> {
    let host = Rc::new(Host {
        function: function.to_owned(),
        environment: Environment::from_process(),
        roster: roster(),
        ports: RefCell::default(),
        rules: RefCell::default(),
    });
    let body = RawBody::default();
    let aside = body.clone();
    let handler = service_fn(move |event: LambdaEvent<IgnoredAny>| {
        let (host, payload) = (Rc::clone(&host), aside.take());
        async move { host.invoked(&payload, &event.context).await }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Runtime::new(handler).layer(body).run())
}

/// One function instance.
pub(crate) struct Host {
    pub(crate) function: String,
    /// A wrong one fails every invocation with a clear error, which is seen sooner than a process that will not start.
    environment: Result<Environment, BadEnvironment>,
    pub(crate) roster: Roster,
    /// Opened at the first invocation, which tells the account.
    ports: RefCell<Option<Rc<AwsPorts>>>,
    /// What AWS Config said of rules.
    rules: RefCell<BTreeMap<String, Rule>>,
}

/// One invocation.
struct Invocation<'a> {
    host: &'a Host,
    ports: &'a AwsPorts,
    request: &'a str,
    payload: &'a [u8],
}

impl Host {
    async fn invoked(&self, payload: &[u8], context: &Context) -> Result<Value, Undone> {
        let ports = self.ports(&context.invoked_function_arn).await?;
        ports.deadline.begin(context.deadline());
        let invocation = Invocation { host: self, ports: &ports, request: &context.request_id, payload };
        let answer = match trigger::parse(payload) {
            Ok(Delivery::Direct(triggers)) => invocation.direct(&triggers).await,
            Ok(Delivery::Batch(messages)) => Ok(invocation.batch(messages).await),
            Ok(Delivery::Notifications(messages)) => invocation.notifications(messages).await,
            Err(refusal) => Err(invocation.refuse(refusal, "").await),
        };
        if let Err(Undone::Failed(fault)) = &answer {
            tracing::error!(function = %self.function, fault.doing = %fault.doing, fault.code = %fault.code, "failed");
        }
        answer
    }

    /// The account comes from the function's ARN; where an emulator sends none, STS is asked.
    async fn ports(&self, arn: &str) -> Result<Rc<AwsPorts>, Fault> {
        if let Some(ports) = self.ports.borrow().as_ref() {
            return Ok(Rc::clone(ports));
        }
        let environment = self.environment.clone().map_err(|error| {
            Fault::rejected("start", "bad-environment", format!("{error}; mend the function's environment"))
        })?;
        let session = Session::own(&environment);
        let named = arn.split(':').nth(4).and_then(|account| AccountId::parse(account).ok());
        let account = match named {
            Some(account) => account,
            None => caller(&session).await?,
        };
        let ports = Rc::new(AwsPorts::open(environment, session, account));
        self.ports.replace(Some(Rc::clone(&ports)));
        Ok(ports)
    }

    /// What AWS Config knows of the rule behind a selector; asked once a process for each name.
    pub(crate) async fn rule(&self, ports: &AwsPorts, selector: &Selector) -> Result<Rule, Fault> {
        let Selector::ConfigRule { name } = selector else { return Ok(Rule::Named) };
        if let Some(known) = self.rules.borrow().get(name) {
            return Ok(known.clone());
        }
        let rule = config_rules::rule(ports, name).await?;
        self.rules.borrow_mut().insert(name.clone(), rule.clone());
        Ok(rule)
    }
}

/// The account of the function's own credentials.
async fn caller(session: &Session) -> Result<AccountId, Fault> {
    let answer = aws_sdk_sts::Client::new(session.config()).get_caller_identity().send().await;
    let answer = answer.map_err(|error| crate::fault("sts:GetCallerIdentity", &error))?;
    let account = answer.account().unwrap_or_default();
    AccountId::parse(account).map_err(|_| Fault::transient("sts:GetCallerIdentity", "no-account"))
}

impl Invocation<'_> {
    async fn direct(&self, triggers: &[Trigger]) -> Result<Value, Undone> {
        let tally = self.follow(triggers, "").await?;
        let failed = tally.reports.iter().find(|report| report.wants_redelivery());
        match failed.and_then(|report| report.fault.clone()) {
            Some(fault) => Err(fault.into()),
            None => Ok(tally.to_json()),
        }
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
            Ok(tally) => !tally.reports.iter().any(Report::wants_redelivery),
            Err(undone) => {
                let diagnostic = Diagnostic::from(undone);
                tracing::warn!(message.id = %message.id, error.kind = %diagnostic.error_type, "a message is given back");
                false
            }
        }
    }

    /// Notifications cannot be given back one by one: one that failed gives all of them back.
    async fn notifications(&self, messages: Vec<Message>) -> Result<Value, Undone> {
        let (mut tally, mut undone) = (Tally::default(), None);
        for message in messages {
            match self.triggers(&message).await {
                Ok(more) => tally.add(more),
                Err(error) => undone = Some(error),
            }
        }
        undone.map_or_else(|| Ok(tally.to_json()), Err)
    }

    async fn triggers(&self, message: &Message) -> Result<Tally, Undone> {
        match &message.triggers {
            Ok(triggers) => self.follow(triggers, &message.id).await,
            Err(refusal) => Err(self.refuse(refusal.clone(), &message.id).await),
        }
    }

    async fn follow(&self, triggers: &[Trigger], message: &str) -> Result<Tally, Undone> {
        let (mut tally, mut settings) = (Tally::default(), None);
        for trigger in triggers {
            match self.one(trigger, &mut settings, &mut tally).await {
                Ok(()) => {}
                Err(Undone::Refused(refusal)) => return Err(self.refuse(refusal, message).await),
                Err(failed) => return Err(failed),
            }
        }
        Ok(tally)
    }

    async fn one(&self, trigger: &Trigger, settings: &mut Option<Settings>, tally: &mut Tally) -> Result<(), Undone> {
        let place = routing::place(trigger, self.ports)?;
        let reports = if let Scope::Nothing(idle) = &trigger.scope {
            tally.idle.push(*idle);
            Vec::new()
        } else {
            if settings.is_none() {
                *settings = Some(self.ports.settings().await?);
            }
            let settings = settings.get_or_insert_default();
            let (digest, own, cause) = (settings.digest(), self.ports.own_resources(), trigger.cause.to_string());
            let visit = self.visit(settings, &digest, &own, &cause, trigger);
            Errand { host: self.host, ports: self.ports, trigger, place, visit }.run(tally).await?
        };
        self.answer_rule(trigger, &reports, tally).await?;
        if trigger.cause == Cause::Status {
            tally.count(&reports);
        }
        tally.reports.extend(reports);
        Ok(())
    }

    fn visit<'a>(
        &'a self,
        settings: &'a Settings,
        digest: &'a str,
        own: &'a [String],
        cause: &'a str,
        trigger: &Trigger,
    ) -> Visit<'a> {
        let environment = &self.ports.environment;
        Visit {
            function: &self.host.function,
            settings,
            digest,
            environment: environment.mode,
            ceiling: trigger.mode_ceiling.as_deref().and_then(Mode::named),
            own,
            means: if environment.write_role.is_some() { Means::WriteRole } else { Means::None },
            cause,
            invocation: self.request,
        }
    }

    async fn answer_rule(&self, trigger: &Trigger, reports: &[Report], tally: &mut Tally) -> Result<(), Fault> {
        if let Some(reply) = &trigger.reply_to {
            let sent = config_rules::answer(self.ports, reply, reports).await?;
            tally.evaluations = Some(tally.evaluations.unwrap_or(0) + sent);
        }
        Ok(())
    }

    /// Notes a refusal in the log, in the metrics, and in the evidence: once an hour for the same message of the same
    /// bytes. Never the payload itself.
    async fn refuse(&self, refusal: Refusal, message: &str) -> Undone {
        let (digest, now) = (canonical::sha256_hex(self.payload), self.ports.now());
        telemetry::refused(&self.host.function, &refusal, &digest, self.payload.len(), now);
        let record = json!({
            "format": FORMAT,
            "kind": "rejected",
            "at": now,
            "function": self.host.function,
            "refusal": refusal.kind(),
            "detail": refusal.detail(),
            "message": remedy_domain::redact::text(message),
            "payload_sha256": digest,
            "payload_bytes": self.payload.len(),
        });
        let which = canonical::sha256_hex(format!("{digest} {message}").as_bytes());
        let key = format!("{}/rejected-{}-{which}.json", evidence::hour_path(now), self.host.function);
        if let Ok(body) = canonical::to_bytes(&record)
            && let Err(fault) = self.ports.put_new(Shelf::Evidence, &key, &body).await
        {
            tracing::error!(fault.code = %fault.code, "a refusal could not be recorded");
        }
        refusal.into()
    }
}
