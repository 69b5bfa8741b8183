//! The host: what a function's `main` starts.

use std::{cell::RefCell, collections::BTreeMap, process::ExitCode, rc::Rc};

use lambda_runtime::{Context, Diagnostic, LambdaEvent, Runtime, service_fn};
use remedy_domain::{
    AccountId, Fault, FaultKind, Mode, Outcome, PlanId, Settings, Target, canonical,
    evidence::FORMAT,
    guard::Means,
    trigger::{self, Cause, Delivery, Hint, Message, Refusal, RefusalKind, Scope, Selector, Trigger},
};
use remedy_engine::{Clock as _, Place, Report, Runnable, Shelf, Store as _, Visit, draft::Task, ledger};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::{
    Roster,
    answer::Tally,
    config_rules, describe,
    environment::Environment,
    ports::AwsPorts,
    raw_body::RawBody,
    routing::{self, Rule},
    session::Session,
    sweeping, telemetry,
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
    let environment = Environment::from_process()?;
    let host = Rc::new(Host {
        function: function.to_owned(),
        session: Session::own(&environment),
        environment,
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
struct Host {
    function: String,
    environment: Environment,
    session: Session,
    roster: Roster,
    /// Opened at the first invocation, which tells the account.
    ports: RefCell<Option<Rc<AwsPorts>>>,
    /// What AWS Config said of rules.
    rules: RefCell<BTreeMap<String, Rule>>,
}

/// Why a delivery, or one message of it, is not done.
#[derive(Debug)]
pub(crate) enum Undone {
    /// It was refused.
    Refused(Refusal),
    /// It failed.
    Failed(Fault),
}

impl From<Refusal> for Undone {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Undone {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<Undone> for Diagnostic {
    /// The typed body of an invocation error: a stable kind, and what failed, on what, and what to do next.
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Refused(refusal) => {
                Self { error_type: refusal.kind().to_string(), error_message: refusal.to_string() }
            }
            Undone::Failed(fault) => {
                Self { error_type: kind_word(fault.kind).to_owned(), error_message: fault.to_string() }
            }
        }
    }
}

fn kind_word(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Transient => "transient",
        FaultKind::Denied => "denied",
        FaultKind::Rejected => "rejected",
        FaultKind::Untrusted => "untrusted",
        FaultKind::Unverified => "unverified",
        FaultKind::Defect => "defect",
    }
}

impl Host {
    async fn invoked(&self, payload: &[u8], context: &Context) -> Result<Value, Undone> {
        let ports = self.ports(&context.invoked_function_arn).await?;
        ports.deadline.begin(context.deadline());
        match trigger::parse(payload) {
            Ok(Delivery::Direct(triggers)) => self.direct(&ports, &triggers, context).await,
            Ok(Delivery::Batch(messages)) => Ok(self.batch(&ports, messages, context).await),
            Ok(Delivery::Notifications(messages)) => self.notifications(&ports, messages, context).await,
            Err(refusal) => {
                self.reject(&ports, &refusal, payload).await;
                Err(refusal.into())
            }
        }
    }

    /// The account comes from the function's ARN; where an emulator sends none, STS is asked.
    async fn ports(&self, arn: &str) -> Result<Rc<AwsPorts>, Fault> {
        if let Some(ports) = self.ports.borrow().as_ref() {
            return Ok(Rc::clone(ports));
        }
        let named = arn.split(':').nth(4).and_then(|account| AccountId::parse(account).ok());
        let account = match named {
            Some(account) => account,
            None => self.caller().await?,
        };
        let ports = Rc::new(AwsPorts::open(self.environment.clone(), self.session.clone(), account));
        self.ports.replace(Some(Rc::clone(&ports)));
        Ok(ports)
    }

    async fn caller(&self) -> Result<AccountId, Fault> {
        let sts = aws_sdk_sts::Client::new(self.session.config());
        let answer = sts.get_caller_identity().send().await;
        let answer = answer.map_err(|error| crate::fault("sts:GetCallerIdentity", &error))?;
        let account = answer.account().unwrap_or_default();
        AccountId::parse(account).map_err(|_| Fault::transient("sts:GetCallerIdentity", "no-account"))
    }

    async fn direct(&self, ports: &AwsPorts, triggers: &[Trigger], context: &Context) -> Result<Value, Undone> {
        let tally = self.all(ports, triggers, context).await?;
        let failed = tally.reports.iter().find(|report| report.wants_redelivery());
        match failed.and_then(|report| report.fault.clone()) {
            Some(fault) => Err(fault.into()),
            None => Ok(tally.to_json()),
        }
    }

    /// Each message on its own: a bad one does not hold up its neighbours.
    async fn batch(&self, ports: &AwsPorts, messages: Vec<Message>, context: &Context) -> Value {
        let mut failures = Vec::new();
        for message in messages {
            if !self.message(ports, &message, context).await {
                failures.push(json!({"itemIdentifier": message.id}));
            }
        }
        json!({"batchItemFailures": failures})
    }

    /// Notifications cannot be given back one by one: one that failed gives all of them back.
    async fn notifications(
        &self,
        ports: &AwsPorts,
        messages: Vec<Message>,
        context: &Context,
    ) -> Result<Value, Undone> {
        let (mut tally, mut undone) = (Tally::default(), None);
        for message in messages {
            match self.triggers(ports, &message, context).await {
                Ok(more) => tally.reports.extend(more.reports),
                Err(error) => undone = Some(error),
            }
        }
        undone.map_or_else(|| Ok(tally.to_json()), Err)
    }

    async fn message(&self, ports: &AwsPorts, message: &Message, context: &Context) -> bool {
        match self.triggers(ports, message, context).await {
            Ok(tally) => !tally.reports.iter().any(Report::wants_redelivery),
            Err(undone) => {
                let diagnostic = Diagnostic::from(undone);
                tracing::warn!(message.id = %message.id, error.kind = %diagnostic.error_type, "a message is given back");
                false
            }
        }
    }

    async fn triggers(&self, ports: &AwsPorts, message: &Message, context: &Context) -> Result<Tally, Undone> {
        match &message.triggers {
            Ok(triggers) => self.all(ports, triggers, context).await,
            Err(refusal) => {
                self.reject(ports, refusal, message.id.as_bytes()).await;
                Err(Undone::Refused(refusal.clone()))
            }
        }
    }

    async fn all(&self, ports: &AwsPorts, triggers: &[Trigger], context: &Context) -> Result<Tally, Undone> {
        let mut tally = Tally::default();
        let mut settings = None;
        for trigger in triggers {
            let one = self.one(ports, trigger, &mut settings, context, &mut tally).await;
            if let Err(Undone::Refused(refusal)) = &one {
                self.reject(ports, refusal, context.request_id.as_bytes()).await;
            }
            one?;
        }
        Ok(tally)
    }

    async fn one(
        &self,
        ports: &AwsPorts,
        trigger: &Trigger,
        settings: &mut Option<Settings>,
        context: &Context,
        tally: &mut Tally,
    ) -> Result<(), Undone> {
        let place = routing::place(trigger, ports)?;
        if let Scope::Nothing(idle) = &trigger.scope {
            tally.idle.push(*idle);
            return Ok(answer_rule(ports, trigger, &[], tally).await?);
        }
        if settings.is_none() {
            *settings = Some(ports.settings().await?);
        }
        let settings = settings.get_or_insert_with(Settings::default);
        let (digest, own, cause) = (settings.digest(), own(ports), trigger.cause.to_string());
        let visit = Visit {
            settings,
            digest: &digest,
            environment: ports.environment.mode,
            ceiling: trigger.mode_ceiling.as_deref().and_then(Mode::named),
            own: &own,
            means: if ports.environment.write_role.is_some() { Means::WriteRole } else { Means::None },
            cause: &cause,
            invocation: &context.request_id,
        };
        let errand = Errand { host: self, ports, trigger, place, visit };
        let reports = errand.run(tally).await?;
        for report in &reports {
            telemetry::run(&self.function, report, ports.now());
        }
        answer_rule(ports, trigger, &reports, tally).await?;
        tally.reports.extend(reports);
        Ok(())
    }

    /// Notes a refusal: in the log, in the metrics, and once an hour for the same bytes in the evidence. Never the payload itself.
    async fn reject(&self, ports: &AwsPorts, refusal: &Refusal, payload: &[u8]) {
        let digest = canonical::sha256_hex(payload);
        let now = ports.now();
        telemetry::refused(&self.function, refusal, &digest, payload.len(), now);
        let hour = remedy_domain::evidence::hour_path(now);
        let key = format!("{hour}/rejected-{}-{digest}.json", self.function);
        let record = json!({
            "format": FORMAT,
            "kind": "rejected",
            "at": now,
            "function": self.function,
            "refusal": refusal.kind(),
            "detail": refusal.detail(),
            "payload_sha256": digest,
            "payload_bytes": payload.len(),
        });
        let Ok(body) = canonical::to_bytes(&record) else { return };
        if let Err(fault) = ports.put_new(Shelf::Evidence, &key, &body).await {
            tracing::error!(fault.code = %fault.code, "a refusal could not be recorded");
        }
    }

    async fn rule(&self, ports: &AwsPorts, selector: &Selector) -> Result<Rule, Fault> {
        let Selector::ConfigRule { name } = selector else { return Ok(Rule::Named) };
        if let Some(known) = self.rules.borrow().get(name) {
            return Ok(known.clone());
        }
        let rule = config_rules::rule(ports, name).await?;
        self.rules.borrow_mut().insert(name.clone(), rule.clone());
        Ok(rule)
    }
}

/// Remedy's own resources, which it never changes.
fn own(ports: &AwsPorts) -> Vec<String> {
    vec![ports.environment.evidence_bucket.clone(), ports.environment.state_bucket.clone()]
}

async fn answer_rule(ports: &AwsPorts, trigger: &Trigger, reports: &[Report], tally: &mut Tally) -> Result<(), Fault> {
    if let Some(reply) = &trigger.reply_to {
        let sent = config_rules::answer(ports, reply, reports).await?;
        tally.evaluations = Some(tally.evaluations.unwrap_or(0) + sent);
    }
    Ok(())
}

/// One trigger, with everything needed to follow it.
struct Errand<'a> {
    host: &'a Host,
    ports: &'a AwsPorts,
    trigger: &'a Trigger,
    place: Place,
    visit: Visit<'a>,
}

type Control<'a> = &'a dyn Runnable<AwsPorts>;

impl Errand<'_> {
    async fn run(&self, tally: &mut Tally) -> Result<Vec<Report>, Undone> {
        match &self.trigger.scope {
            Scope::Nothing(_) => Ok(Vec::new()),
            Scope::One(hint) => self.named(hint).await,
            Scope::All { selector } => self.everything(selector, tally).await,
            Scope::Revert { plan } => self.revert(plan).await,
        }
    }

    /// A Config rule only evaluates: the violation stays visible until something else repairs it.
    fn task(&self) -> Task<'static> {
        if self.trigger.cause == Cause::ConfigRule { Task::Evaluate } else { Task::Repair }
    }

    async fn selected(&self, selector: &Selector) -> Result<Vec<Control<'_>>, Undone> {
        let rule = self.host.rule(self.ports, selector).await?;
        Ok(routing::select(&self.host.roster, selector, &rule)?)
    }

    fn place_for(&self, control: Control<'_>) -> Place {
        routing::place_for(control.control(), &self.place, &self.ports.environment.region)
    }

    async fn named(&self, hint: &Hint) -> Result<Vec<Report>, Undone> {
        let mut reports = Vec::new();
        for control in self.selected(&hint.selector).await? {
            if routing::fits(control.control(), hint) {
                reports.push(self.look(control, &hint.id).await?);
            }
        }
        Ok(reports)
    }

    /// Looks the named resource up in the live account: none is gone, more than one is refused.
    async fn look(&self, control: Control<'_>, id: &str) -> Result<Report, Undone> {
        let place = self.place_for(control);
        let named = routing::named(control.control(), &place, id);
        let found = match control.find(self.ports, &place, id).await {
            Ok(found) => found,
            Err(fault) => return terminal(control, &named, fault),
        };
        match found.as_slice() {
            [] => Ok(Report::settled(control.control(), &named, Outcome::Gone)),
            [target] => self.visit(control, target).await,
            _ => Err(ambiguous(found.len()).into()),
        }
    }

    async fn visit(&self, control: Control<'_>, target: &Target) -> Result<Report, Undone> {
        match control.run(self.ports, target, self.task(), &self.visit).await {
            Ok(report) => Ok(report),
            Err(fault) => terminal(control, target, fault),
        }
    }

    async fn everything(&self, selector: &Selector, tally: &mut Tally) -> Result<Vec<Report>, Undone> {
        let (mut reports, mut failed) = (Vec::new(), None);
        for control in self.selected(selector).await? {
            match self.sweep(control, tally).await {
                Ok(more) => reports.extend(more),
                Err(undone) => failed = Some(undone),
            }
        }
        failed.map_or(Ok(reports), Err)
    }

    /// Closes what lost workers left, then goes through every target. One that fails does not stop the others.
    async fn sweep(&self, control: Control<'_>, tally: &mut Tally) -> Result<Vec<Report>, Undone> {
        let evaluates = matches!(self.task(), Task::Evaluate);
        let mut reports = if evaluates { Vec::new() } else { control.close_orphans(self.ports, &self.visit).await? };
        let place = self.place_for(control);
        let targets = match control.discover(self.ports, &place).await {
            Ok(targets) => targets,
            Err(fault) => {
                let account = routing::named(control.control(), &place, place.account.as_str());
                reports.push(terminal(control, &account, fault)?);
                return Ok(reports);
            }
        };
        if let (false, Some(queue)) = (evaluates, &self.ports.environment.queue_url) {
            let sent = sweeping::enqueue(self.ports, queue, control.control().id.0, &targets).await?;
            tally.enqueued = Some(tally.enqueued.unwrap_or(0) + sent);
            return Ok(reports);
        }
        let mut failed = None;
        for target in &targets {
            match self.visit(control, target).await {
                Ok(report) => reports.push(report),
                Err(undone) => failed = Some(undone),
            }
        }
        failed.map_or(Ok(reports), Err)
    }

    async fn revert(&self, plan: &str) -> Result<Vec<Report>, Undone> {
        let unknown = |what: &str| Refusal::new(RefusalKind::WrongShape, what);
        let id = PlanId::parse(plan).map_err(|_| unknown("the plan is not 64 lower-case hex digits"))?;
        let stored = ledger::stored_plan(self.ports, &id).await?;
        let stored = stored.ok_or_else(|| unknown("no plan of this id was ever carried out here"))?;
        let control = remedy_engine::roster::drafted_by(&self.host.roster, &stored);
        let control = control.ok_or_else(|| unknown("the plan was drafted by a control of another function"))?;
        if stored.plan.target.account != self.place.account {
            return Err(Refusal::new(RefusalKind::ForeignAccount, "the plan is about another account").into());
        }
        match control.run(self.ports, &stored.plan.target, Task::Revert(&stored), &self.visit).await {
            Ok(report) => Ok(vec![report]),
            Err(fault) => Ok(vec![terminal(control, &stored.plan.target, fault)?]),
        }
    }
}

fn ambiguous(count: usize) -> Refusal {
    let detail = format!("{count} live resources go by this name; name one by its id or ARN");
    Refusal::new(RefusalKind::WrongShape, &detail)
}

/// A fault before anything was planned: given back where that can help, else the honest end of the run.
fn terminal(control: Control<'_>, target: &Target, fault: Fault) -> Result<Report, Undone> {
    if fault.is_transient() {
        return Err(fault.into());
    }
    let outcome = if fault.kind == FaultKind::Denied { Outcome::Blocked } else { Outcome::Failed };
    let mut report = Report::settled(control.control(), target, outcome).because(&fault.to_string());
    report.fault = Some(fault);
    Ok(report)
}
