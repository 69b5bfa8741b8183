//! Following one trigger: to one resource, to all of them, or back to an earlier plan.

use remedy_domain::{
    Fault, Outcome, PlanId, Target,
    ask::{ApprovalStatus, Subject},
    evidence::StoredPlan,
    guard::Purpose,
    trigger::{Carried, Cause, Cursor, Hint, Refusal, RefusalKind, Scope, Selector, Trigger},
};
use remedy_engine::{
    Clock as _, Place, Report, RunContext, Runnable,
    asks::{self, OnFile},
    controls, damage,
    draft::Task,
    held, ledger,
};

use crate::{
    answer::InvocationAnswer,
    host::Host,
    invocation_error::InvocationError,
    ports::AwsPorts,
    routing,
    sweep::{self, Sweep},
    sweeping, telemetry,
};

/// One trigger, with everything needed to follow it.
pub(crate) struct Dispatch<'a> {
    pub(crate) host: &'a Host,
    pub(crate) ports: &'a AwsPorts,
    pub(crate) trigger: &'a Trigger,
    pub(crate) place: Place,
    pub(crate) context: RunContext<'a>,
}

pub(crate) type Control<'a> = &'a dyn Runnable<AwsPorts>;

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

    /// The places of a sweep by these controls, which are about one kind of resource.
    fn places_for(&self, controls: &[Control<'_>]) -> Vec<Place> {
        let (accounts, environment) = (&self.context.settings.accounts, &self.ports.environment);
        let places = |first: &Control<'_>| {
            routing::places_for(first.control(), &self.place, self.trigger, accounts, environment)
        };
        controls.first().map(places).unwrap_or_default()
    }

    /// Each control that is meant looks at the resource, and one that fails does not stop the others.
    async fn named(&self, hint: &Hint) -> Result<Vec<Report>, InvocationError> {
        let (mut reports, mut failed) = (Vec::new(), None);
        let sharing = self.ports.sharing();
        for control in self.selected(&hint.selector).await? {
            if !routing::fits(control.control(), hint) {
                continue;
            }
            let run = self.look(control, hint).await;
            if run.as_ref().map_or(true, Report::may_have_written) {
                sharing.ask_again();
            }
            match run {
                Ok(report) => reports.push(report),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(reports), Err)
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

    pub(crate) async fn run_one(&self, control: Control<'_>, target: &Target) -> Result<Report, InvocationError> {
        let run = control.run(self.ports, target, self.task(), &self.context).await;
        self.finish(control, target, run).await
    }

    /// The end of a run, logged and counted. A fault gives the delivery back if a retry may help, or if nothing could
    /// be stored; otherwise it ends the run, and is stored.
    pub(crate) async fn finish(
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

    /// Sweeps each kind of resource in each place: by messages of their own, where there are several and a queue, for one alone
    /// may take all the time of an invocation.
    async fn sweep_controls(
        &self,
        selector: &Selector,
        tally: &mut InvocationAnswer,
    ) -> Result<Vec<Report>, InvocationError> {
        let groups = sweep::by_kind(self.selected(selector).await?);
        if groups.len() > 1 && self.goes_on() {
            return Err(unknown("`from` and `after` are a place in one listing, and the controls have several").into());
        }
        let parts: usize = groups.iter().map(|group| self.places_for(group).len()).sum();
        let queue = self.queue().filter(|_| parts > 1);
        let (mut reports, mut failed) = (Vec::new(), None);
        for group in &groups {
            match self.sweep_kind(group, queue, tally).await {
                Ok(more) => reports.extend(more),
                Err(undone) => failed = Some(undone),
            }
        }
        failed.map_or(Ok(reports), Err)
    }

    fn goes_on(&self) -> bool {
        matches!(&self.trigger.scope, Scope::All { at, .. } if *at != Cursor::BEGINNING)
    }

    /// The queue that takes what a sweep sends, if it sends anything.
    pub(crate) fn queue(&self) -> Option<&str> {
        self.ports.environment.queue_url.as_deref().filter(|_| !self.only_evaluates())
    }

    /// Sends `queue` a message for each place, or closes what lost workers left, and sweeps them.
    async fn sweep_kind(
        &self,
        controls: &[Control<'_>],
        queue: Option<&str>,
        tally: &mut InvocationAnswer,
    ) -> Result<Vec<Report>, InvocationError> {
        let places = self.places_for(controls);
        if let Some(queue) = queue {
            tally.sent(sweeping::spread(self.ports, queue, &sweep::ids(controls), &places).await?);
            return Ok(Vec::new());
        }
        let (mut reports, mut failed) = (Vec::new(), None);
        for control in controls {
            match self.close_orphans(*control).await {
                Ok(closed) => reports.extend(closed),
                // The attempt of one crashed worker does not stop a sweep.
                Err(undone) => failed = Some(undone),
            }
        }
        for place in &places {
            match Box::pin(Sweep::new(self, controls, place).run(tally)).await {
                Ok(more) => reports.extend(more),
                Err(undone) => failed = Some(undone),
            }
        }
        failed.map_or(Ok(reports), Err)
    }

    pub(crate) fn only_evaluates(&self) -> bool {
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
