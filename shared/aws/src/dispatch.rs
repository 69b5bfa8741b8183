//! Following one trigger: to one resource, to all of them, or back to an earlier plan.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use remedy_domain::{
    Fault, Outcome, PlanId, Target,
    ask::{ApprovalStatus, Subject},
    evidence::StoredPlan,
    guard::Purpose,
    trigger::{Carried, Cause, Hint, Refusal, RefusalKind, Scope, Selector, Trigger},
};
use remedy_engine::{
    Clock as _, Place, Report, RunContext, Runnable,
    asks::{self, OnFile},
    backlog, controls, damage,
    draft::Task,
    held, ledger,
};

use crate::{
    answer::InvocationAnswer,
    baseline::{self, Pass},
    host::Host,
    invocation_error::InvocationError,
    ports::AwsPorts,
    routing,
    sweeping::{self, Pace},
    telemetry,
};

/// So many targets are looked at side by side for a rule of AWS Config.
const AT_ONCE: usize = 4;

/// One trigger, with everything needed to follow it.
pub(crate) struct Dispatch<'a> {
    pub(crate) host: &'a Host,
    pub(crate) ports: &'a AwsPorts,
    pub(crate) trigger: &'a Trigger,
    pub(crate) place: Place,
    pub(crate) context: RunContext<'a>,
}

type Control<'a> = &'a dyn Runnable<AwsPorts>;

impl Dispatch<'_> {
    pub(crate) async fn run(&self, tally: &mut InvocationAnswer) -> Result<Vec<Report>, InvocationError> {
        match &self.trigger.scope {
            Scope::Nothing(_) => Ok(Vec::new()),
            Scope::Refused(refusal) => Err(refusal.clone().into()),
            Scope::One(hint) => self.named(hint).await,
            Scope::All { selector, .. } => self.sweep_controls(selector, tally).await,
            Scope::Revert { plan } => self.revert(plan).await,
            Scope::Approved { plan } => self.approved(plan).await,
        }
    }

    /// A Config rule only evaluates: the violation stays visible until something else repairs it.
    fn task(&self) -> Task<'static> {
        match self.trigger.cause {
            Cause::ConfigRule => Task::Evaluate,
            Cause::Status => Task::Forecast,
            _ => Task::Repair,
        }
    }

    async fn selected(&self, selector: &Selector) -> Result<Vec<Control<'_>>, InvocationError> {
        let rule = self.host.rule(self.ports, &self.place, selector).await?;
        Ok(routing::select(&self.host.roster, selector, &rule)?)
    }

    fn place_for(&self, control: Control<'_>) -> Place {
        routing::place_for(control.control(), &self.place, &self.ports.environment.region)
    }

    fn places_for(&self, control: Control<'_>) -> Vec<Place> {
        let accounts = &self.context.settings.accounts;
        routing::places_for(control.control(), &self.place, self.trigger, accounts, &self.ports.environment)
    }

    async fn named(&self, hint: &Hint) -> Result<Vec<Report>, InvocationError> {
        let mut reports = Vec::new();
        for control in self.selected(&hint.selector).await? {
            if routing::fits(control.control(), hint) {
                reports.push(self.look(control, hint).await?);
            }
        }
        Ok(reports)
    }

    /// Looks the named resource up in the live account: none is gone, more than one is refused.
    async fn look(&self, control: Control<'_>, hint: &Hint) -> Result<Report, InvocationError> {
        let id = &hint.id;
        let place = routing::narrowed(self.place_for(control), id, self.trigger, self.ports)?;
        let named = routing::named(control.control(), &place, id);
        let found: Vec<_> = match control.find(self.ports, &place, id).await {
            Ok(found) => {
                found.into_iter().filter(|target| routing::may_mean(control.control(), hint, target)).collect()
            }
            Err(fault) => return self.finish(control, &named, Err(fault)).await,
        };
        match found.as_slice() {
            [] => self.finish(control, &named, Ok(Report::settled(control.control(), &named, Outcome::Gone))).await,
            [target] => self.run_one(control, target).await,
            _ => Err(ambiguous(found.len()).into()),
        }
    }

    async fn run_one(&self, control: Control<'_>, target: &Target) -> Result<Report, InvocationError> {
        let run = control.run(self.ports, target, self.task(), &self.context).await;
        self.finish(control, target, run).await
    }

    /// The end of a run, logged and counted. A fault gives the delivery back if a retry may help, or if nothing could
    /// be stored; otherwise it ends the run, and is stored.
    async fn finish(
        &self,
        control: Control<'_>,
        target: &Target,
        run: Result<Report, Fault>,
    ) -> Result<Report, InvocationError> {
        let purpose =
            if matches!(self.trigger.scope, Scope::Revert { .. }) { Purpose::Revert } else { Purpose::Repair };
        let report = match run {
            Ok(report) => report,
            Err(fault) if fault.gives_back() => return Err(fault.into()),
            Err(fault) => {
                let failed = held::failed(self.ports, control.control(), (target, purpose), fault, &self.context);
                Box::pin(failed).await?
            }
        };
        if !self.only_evaluates() && !report.is_stored() {
            return Err(Fault::defect("report", "nothing-stored").into());
        }
        telemetry::run(&self.host.function, &report, self.ports.now());
        Ok(report)
    }

    /// Sweeps each control in each place: by messages of their own, where there are several and a queue, for one alone may take
    /// all the time of an invocation.
    async fn sweep_controls(
        &self,
        selector: &Selector,
        tally: &mut InvocationAnswer,
    ) -> Result<Vec<Report>, InvocationError> {
        let controls = self.selected(selector).await?;
        let parts: usize = controls.iter().map(|control| self.places_for(*control).len()).sum();
        let queue = self.queue().filter(|_| parts > 1);
        let (mut reports, mut failed) = (Vec::new(), None);
        for control in controls {
            match self.sweep_control(control, queue, tally).await {
                Ok(more) => reports.extend(more),
                Err(undone) => failed = Some(undone),
            }
        }
        failed.map_or(Ok(reports), Err)
    }

    /// The queue that takes what a sweep sends, if it sends anything.
    fn queue(&self) -> Option<&str> {
        self.ports.environment.queue_url.as_deref().filter(|_| !self.only_evaluates())
    }

    /// The target where an earlier message of this sweep stopped.
    fn after(&self) -> Option<&str> {
        if let Scope::All { after, .. } = &self.trigger.scope { after.as_deref() } else { None }
    }

    /// Sends `queue` a message for each place, or closes what lost workers left, and sweeps them.
    async fn sweep_control(
        &self,
        control: Control<'_>,
        queue: Option<&str>,
        tally: &mut InvocationAnswer,
    ) -> Result<Vec<Report>, InvocationError> {
        let places = self.places_for(control);
        if let Some(queue) = queue {
            tally.sent(sweeping::spread(self.ports, queue, control.control(), &places).await?);
            return Ok(Vec::new());
        }
        let (mut reports, mut failed) = match self.close_orphans(control).await {
            Ok(closed) => (closed, None),
            // The attempt of one crashed worker does not stop a sweep.
            Err(undone) => (Vec::new(), Some(undone)),
        };
        for place in &places {
            match self.sweep_place(control, place, tally).await {
                Ok(more) => reports.extend(more),
                Err(undone) => failed = Some(undone),
            }
        }
        failed.map_or(Ok(reports), Err)
    }

    /// Goes through the targets of a place, in the order of their hashes.
    async fn sweep_place(
        &self,
        control: Control<'_>,
        place: &Place,
        tally: &mut InvocationAnswer,
    ) -> Result<Vec<Report>, InvocationError> {
        let targets = match control.discover(self.ports, place).await {
            Ok(targets) => targets,
            Err(fault) => {
                let account = routing::named(control.control(), place, place.account.as_str());
                return Ok(vec![self.finish(control, &account, Err(fault)).await?]);
            }
        };
        if self.only_evaluates() {
            return self.run_each(control, &targets).await;
        }
        let mut targets: Vec<_> = targets.into_iter().map(|target| (target.hash(), target)).collect();
        targets.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut pace = Pace::default();
        let drawn = baseline::draw(self.ports, (control, place), &targets, &self.context, &mut pace).await?;
        match (self.queue(), drawn) {
            (Some(_), Pass::Part) => {
                self.go_on((control, place), self.after(), Duration::ZERO, tally).await.map(|()| Vec::new())
            }
            (None, Pass::Part) => Err(baseline::not_finished().into()),
            (_, Pass::Whole) => {
                targets.retain(|(hash, _)| Some(hash.as_str()) > self.after());
                self.pass((control, place), &targets, pace, tally).await
            }
        }
    }

    async fn go_on(
        &self,
        (control, place): (Control<'_>, &Place),
        after: Option<&str>,
        delay: Duration,
        tally: &mut InvocationAnswer,
    ) -> Result<(), InvocationError> {
        if let Some(queue) = self.queue() {
            sweeping::go_on(self.ports, queue, (control.control(), place), after, delay).await?;
            tally.sent(1);
        }
        Ok(())
    }

    /// Sends each target a message, but those on the backlog, which are read here: one may be compliant by now, and then
    /// leaves the backlog. Without a queue, all are read here. A target that fails does not stop the others.
    async fn pass(
        &self,
        (control, place): (Control<'_>, &Place),
        targets: &[(String, Target)],
        mut pace: Pace,
        tally: &mut InvocationAnswer,
    ) -> Result<Vec<Report>, InvocationError> {
        let waiting = backlog::waiting(self.ports, control.control().id.0, place).await?;
        let (mut reports, mut failed, mut fresh) = (Vec::new(), None, Vec::new());
        let (mut last, mut sent) = (None, 0);
        for (hash, target) in targets {
            let began = self.ports.remaining();
            let is_full = fresh.len() >= sweeping::HANDFUL;
            if self.queue().is_some() && (is_full || !pace.has_time(self.ports)) {
                sent += fresh.len();
                self.send(control, &mut fresh, tally).await?;
                let is_enough = sent >= sweeping::PORTION;
                if is_enough || !pace.has_time(self.ports) {
                    let pause = if is_enough { sweeping::pause(self.host.roster.len()) } else { Duration::ZERO };
                    self.go_on((control, place), last, pause, tally).await?;
                    return Ok(reports);
                }
            }
            let is_waiting = waiting.contains(hash);
            if is_waiting || self.queue().is_none() {
                let run =
                    if is_waiting { self.waiting(control, target).await } else { self.run_one(control, target).await };
                match run {
                    Ok(report) => reports.push(report),
                    // Its own message has tries of its own.
                    Err(_) if self.queue().is_some() => fresh.push(target),
                    Err(undone) => failed = Some(undone),
                }
            } else {
                fresh.push(target);
            }
            last = Some(hash.as_str());
            pace.step(began, self.ports);
        }
        self.send(control, &mut fresh, tally).await?;
        failed.map_or(Ok(reports), Err)
    }

    async fn send(
        &self,
        control: Control<'_>,
        targets: &mut Vec<&Target>,
        tally: &mut InvocationAnswer,
    ) -> Result<(), InvocationError> {
        if let Some(queue) = self.queue() {
            tally.sent(sweeping::enqueue(self.ports, queue, control.control(), targets).await?);
        }
        targets.clear();
        Ok(())
    }

    /// Visits a target that waits on the backlog.
    async fn waiting(&self, control: Control<'_>, target: &Target) -> Result<Report, InvocationError> {
        let report = self.run_one(control, target).await?;
        baseline::see(self.ports, control.control().id.0, target, report.outcome).await?;
        Ok(report)
    }

    fn only_evaluates(&self) -> bool {
        matches!(self.task(), Task::Evaluate | Task::Forecast)
    }

    async fn close_orphans(&self, control: Control<'_>) -> Result<Vec<Report>, InvocationError> {
        if self.only_evaluates() {
            return Ok(Vec::new());
        }
        let closed = control.close_orphans(self.ports, &self.context).await?;
        for report in &closed {
            telemetry::run(&self.host.function, report, self.ports.now());
        }
        Ok(closed)
    }

    /// Only looks. A target that fails does not stop the others.
    async fn run_each(&self, control: Control<'_>, targets: &[Target]) -> Result<Vec<Report>, InvocationError> {
        // A rule waits for all of its answers, and nothing but time hurries a person who asks for the status.
        let at_once = if self.trigger.cause == Cause::ConfigRule { AT_ONCE } else { 1 };
        let visits = targets.iter().map(|target| self.run_one(control, target));
        let runs: Vec<_> = stream::iter(visits).buffered(at_once).collect().await;
        let (mut reports, mut failed) = (Vec::new(), None);
        for run in runs {
            match run {
                Ok(report) => reports.push(report),
                Err(undone) => failed = Some(undone),
            }
        }
        failed.map_or(Ok(reports), Err)
    }

    async fn revert(&self, plan: &str) -> Result<Vec<Report>, InvocationError> {
        let stored = ledger::stored_plan(self.ports, &plan_id(plan)?).await;
        let stored = damage::noticed(self.ports, stored).await?;
        let stored = stored.ok_or_else(|| unknown("no plan of this id was ever carried out here"))?;
        self.follow(&stored, Task::Revert(&stored)).await
    }

    /// Carries out an approved plan. The stored decision says whether it was approved, not the event.
    async fn approved(&self, plan: &str) -> Result<Vec<Report>, InvocationError> {
        let on_file = asks::latest(self.ports, plan_id(plan)?.as_str()).await;
        let on_file = damage::noticed(self.ports, on_file).await?;
        let nothing = || unknown("no plan of this id is approved and waits here");
        let on_file = on_file.ok_or_else(nothing)?;
        let is_approved = self.is_approved(&on_file);
        match &on_file.ask.subject {
            Subject::Plan { plan } if is_approved => self.follow(plan, Task::Approved(&on_file)).await,
            // An earlier delivery may have used the approval up and been lost: its attempt is closed by a look at the resource.
            Subject::Plan { plan } if self.context.carried == Carried::Again => self.follow(plan, Task::Repair).await,
            _ if is_approved => Err(unknown("what is approved under this id is not a plan").into()),
            _ => Err(nothing().into()),
        }
    }

    /// Whether somebody agreed. Whether that was used already is seen when it is to be used.
    fn is_approved(&self, on_file: &OnFile) -> bool {
        let lost: Vec<_> = on_file.spender().cloned().into_iter().collect();
        matches!(on_file.standing(self.ports.now(), &self.context.settings.people, &lost), ApprovalStatus::Approved(_))
    }

    async fn follow(&self, stored: &StoredPlan, task: Task<'_>) -> Result<Vec<Report>, InvocationError> {
        let control = controls::drafted_by(&self.host.roster, stored);
        let control = control.ok_or_else(|| unknown("the plan was drafted by a control of another function"))?;
        let account = &stored.plan.target.account;
        if !self.ports.reaches(account) {
            return Err(routing::foreign(account).into());
        }
        let run = control.run(self.ports, &stored.plan.target, task, &self.context).await;
        Ok(vec![self.finish(control, &stored.plan.target, run).await?])
    }
}

fn unknown(what: &str) -> Refusal {
    Refusal::new(RefusalKind::WrongShape, what)
}

fn plan_id(plan: &str) -> Result<PlanId, Refusal> {
    PlanId::parse(plan).map_err(|_| unknown("the plan is not 64 lower-case hex digits"))
}

fn ambiguous(count: usize) -> Refusal {
    let detail = format!("{count} live resources go by this name; name one by its ARN");
    Refusal::new(RefusalKind::WrongShape, &detail)
}
