//! From a look at the account to a course of action, without acting.

use futures_util::future::join;
use remedy_domain::{
    Consent, Drift, Fault, Harm, Impact, Observed, Outcome, Plan, PlanId, Reason, Route, Setting as _, Step as _,
    Target, Verdict, Violation, ask::Subject, canonical::NotCanonical, evidence::StoredPlan, guard::Purpose,
    outcome::Alarm,
};
use serde_json::Value;

use crate::{
    asks::OnFile,
    ports::{Clock, Store},
    remediation::{Client, Glance, Remediation},
    report::Report,
    run_context::RunContext,
    seen,
};

/// The task of a run.
#[derive(Debug, Clone, Copy)]
pub enum Task<'a> {
    /// Judge, and write nothing.
    Evaluate,
    /// The same, and say what would come of it if the control were enforced.
    Forecast,
    /// The same, for a person who looks with credentials of their own: the setting is shown as it is, policies in full.
    Preview,
    /// Put drift right.
    Repair,
    /// Carry out a plan that a person agreed to, if it still holds.
    Approved(&'a OnFile),
    /// Take an earlier repair back.
    Revert(&'a StoredPlan),
}

impl Task<'_> {
    /// Whether nothing is to be written, whatever comes of it.
    pub(crate) fn only_looks(self) -> bool {
        matches!(self, Self::Evaluate | Self::Forecast | Self::Preview)
    }

    pub(crate) fn purpose(self) -> Purpose {
        match self {
            Self::Evaluate | Self::Forecast | Self::Preview | Self::Repair | Self::Approved(_) => Purpose::Repair,
            Self::Revert(_) => Purpose::Revert,
        }
    }
}

/// The result of drafting.
pub(crate) enum Draft<R: Remediation> {
    /// There is nothing to do.
    Settled(Box<Report>),
    /// This is what to do.
    Course(Box<Course<R>>),
}

/// A plan, with everything the loop needs to carry it out.
pub(crate) struct Course<R: Remediation> {
    pub(crate) plan: Plan,
    pub(crate) id: PlanId,
    pub(crate) before: R::Setting,
    pub(crate) after: R::Setting,
    pub(crate) route: Route<R::Step>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) urgency: Alarm,
    pub(crate) consent: Consent,
    pub(crate) note: Option<Reason>,
    pub(crate) impact: Option<Impact>,
}

impl<R: Remediation> Course<R> {
    /// Whether `other`, drafted later, still says the same, also of what it takes away: what was ruled on must hold.
    pub(crate) fn still_holds(&self, other: &Self) -> bool {
        let same = R::Setting::agrees(&self.before, &other.before) && R::Setting::agrees(&self.after, &other.after);
        same && self.impact == other.impact
    }

    /// A report on this course.
    pub(crate) fn report(&self, target: &Target, outcome: Outcome) -> Report {
        Report {
            plan: Some(self.id.clone()),
            before: Some(remedy_domain::redact::value(&R::Setting::show(&self.before))),
            after: Some(remedy_domain::redact::value(&R::Setting::show(&self.after))),
            urgency: self.urgency,
            calls: self.route.steps.iter().map(|step| step.call().operation).collect(),
            ..Report::settled(&R::CONTROL, target, outcome).with_violations(self.violations.clone())
        }
    }

    /// The same for [`Task::Preview`], which nothing logs or stores.
    pub(crate) fn preview(&self, target: &Target) -> Report {
        let whole = |setting: &Value| Some(remedy_domain::redact::in_full(setting));
        let (before, after) = (whole(&self.plan.before), whole(&self.plan.after));
        Report { before, after, ..self.report(target, Outcome::Drifted) }
    }
}

/// Reads the live setting and everything that affects the decision.
pub(crate) async fn look<R: Remediation>(
    client: &Client<R>,
    target: &Target,
    context: &RunContext<'_>,
    store: &impl Store,
) -> Result<Observed<R::Facts, R::Setting>, Fault> {
    // In parallel: each read takes a round trip.
    let (observed, last) = join(R::observe(client, target), seen::last::<R>(store, target)).await;
    let (facts, setting) = match observed? {
        Observed::Present { facts, setting } => (facts, setting),
        nothing => return Ok(nothing),
    };
    let facts = R::recalled(facts, last?);
    let facts = R::consult(client, target, facts, &setting, &context.settings.parameters).await?;
    Ok(Observed::Present { facts, setting })
}

/// Looks, at a glance first, and decides what to do about it.
pub(crate) async fn draft<R: Remediation>(
    task: Task<'_>,
    client: &Client<R>,
    target: &Target,
    context: &RunContext<'_>,
    ports: &(impl Clock + Store),
) -> Result<Draft<R>, Fault> {
    if !matches!(task, Task::Revert(_)) && R::at_a_glance(client, target).await? == Glance::Compliant {
        return Ok(settled::<R>(target, Outcome::AlreadyCompliant));
    }
    Box::pin(draft_again(task, client, target, context, ports)).await
}

/// The same where a glance has shown already that the target is not compliant.
pub(crate) async fn draft_again<R: Remediation>(
    task: Task<'_>,
    client: &Client<R>,
    target: &Target,
    context: &RunContext<'_>,
    ports: &(impl Clock + Store),
) -> Result<Draft<R>, Fault> {
    let (facts, setting) = match look::<R>(client, target, context, ports).await? {
        Observed::Absent => return Ok(settled::<R>(target, Outcome::Gone)),
        Observed::Settling => return Err(Fault::transient("observe", "settling")),
        Observed::Present { facts, setting } => (facts, setting),
    };
    match task {
        Task::Revert(stored) => Box::pin(draft_revert(stored, setting, &facts, client, target)).await,
        Task::Evaluate | Task::Forecast | Task::Preview | Task::Repair => {
            let verdict = R::judge(&facts, &setting, &context.judging(target, ports.now()));
            if matches!(verdict, Verdict::Compliant) && !task.only_looks() {
                seen::keep::<R>(ports, target, &facts).await?;
            }
            draft_repair(setting, &facts, verdict, target)
        }
        Task::Approved(on_file) => {
            let verdict = R::judge(&facts, &setting, &context.judging(target, ports.now()));
            let still_meant = still_meant::<R>(on_file, &setting, &verdict)?;
            if still_meant { draft_repair(setting, &facts, verdict, target) } else { Ok(outdated::<R>(target)) }
        }
    }
}

fn settled<R: Remediation>(target: &Target, outcome: Outcome) -> Draft<R> {
    Draft::Settled(Box::new(Report::settled(&R::CONTROL, target, outcome)))
}

/// Whether what was agreed to is still what would be done: the same difference, applied to what is there now.
fn still_meant<R: Remediation>(
    on_file: &OnFile,
    now: &R::Setting,
    verdict: &Verdict<R::Setting>,
) -> Result<bool, Fault> {
    let (Subject::Plan { plan }, Verdict::Drifted(drift)) = (&on_file.ask.subject, verdict) else { return Ok(true) };
    let (before, after): (R::Setting, R::Setting) = (restore(&plan.plan.before)?, restore(&plan.plan.after)?);
    let rebased = R::Setting::rebase(&before, &after, now);
    Ok(rebased.is_ok_and(|rebased| R::Setting::agrees(&rebased, &drift.desired)))
}

fn outdated<R: Remediation>(target: &Target) -> Draft<R> {
    let reason = "the resource changed since the plan was approved; nothing was written, and a new plan is asked for";
    let reason = Reason::new("changed-since-approval", reason);
    Draft::Settled(Box::new(Report::settled(&R::CONTROL, target, Outcome::Superseded).because(reason)))
}

fn draft_repair<R: Remediation>(
    setting: R::Setting,
    facts: &R::Facts,
    verdict: Verdict<R::Setting>,
    target: &Target,
) -> Result<Draft<R>, Fault> {
    let report = |outcome| Report::settled(&R::CONTROL, target, outcome);
    let report = match verdict {
        Verdict::Compliant => report(Outcome::AlreadyCompliant),
        Verdict::Contained(violations) => told(report(Outcome::Contained), violations),
        Verdict::Dormant(violations) => told(report(Outcome::Dormant), violations),
        Verdict::OutOfScope(reason) => report(Outcome::OutOfScope).because(reason),
        Verdict::NeedsHuman { violations, reason } => told(report(Outcome::NeedsHuman).because(reason), violations),
        Verdict::Drifted(drift) => return course::<R>(setting, facts, drift, target),
    };
    Ok(Draft::Settled(Box::new(report)))
}

fn course<R: Remediation>(
    before: R::Setting,
    facts: &R::Facts,
    drift: Drift<R::Setting>,
    target: &Target,
) -> Result<Draft<R>, Fault> {
    let route = R::Step::route(&before, &drift.desired);
    let consent = match (drift.consent, route.harm(), one_way::<R>(&before, &drift.desired)) {
        (Consent::Ask(reason), _, _) => Consent::Ask(reason),
        (Consent::Auto, Harm::None, None) => Consent::Auto,
        (Consent::Auto, Harm::None, Some(lost)) => {
            Consent::ask("one-way", format!("it cannot be reverted: {lost} would be lost"))
        }
        (Consent::Auto, Harm::Disruptive, _) => Consent::ask("disruptive", "it may stop a workload"),
        (Consent::Auto, Harm::DataLoss, _) => Consent::ask("data-loss", "it would destroy data"),
    };
    let (urgency, violations) = (urgency(&drift.violations), drift.violations);
    let impact = R::impact(facts, &before, &drift.desired);
    complete(
        Way { before, after: drift.desired, route, violations, urgency, consent, note: drift.note, impact },
        target,
    )
}

/// The parts that could not be restored if `after` were undone.
fn one_way<R: Remediation>(before: &R::Setting, after: &R::Setting) -> Option<String> {
    let back = R::Step::route(after, before);
    (!back.lost.is_empty()).then(|| back.lost.join(", "))
}

/// A course without its plan.
struct Way<R: Remediation> {
    before: R::Setting,
    after: R::Setting,
    route: Route<R::Step>,
    violations: Vec<Violation>,
    urgency: Alarm,
    consent: Consent,
    note: Option<Reason>,
    impact: Option<Impact>,
}

fn complete<R: Remediation>(way: Way<R>, target: &Target) -> Result<Draft<R>, Fault> {
    let Way { before, after, route, violations, urgency, consent, note, impact } = way;
    let plan = Plan::new(R::CONTROL.id.0, target, verbatim(&before)?, verbatim(&after)?);
    let id = plan.id().map_err(|error| not_canonical(&error))?;
    Ok(Draft::Course(Box::new(Course { plan, id, before, after, route, violations, urgency, consent, note, impact })))
}

async fn draft_revert<R: Remediation>(
    stored: &StoredPlan,
    now: R::Setting,
    facts: &R::Facts,
    client: &Client<R>,
    target: &Target,
) -> Result<Draft<R>, Fault> {
    let ours: R::Setting = restore(stored.realized.as_ref().unwrap_or(&stored.plan.after))?;
    let wanted: R::Setting = restore(&stored.plan.before)?;
    let blocked =
        |reason| Draft::Settled(Box::new(Report::settled(&R::CONTROL, target, Outcome::Blocked).because(reason)));
    let cannot = |why: &str| format!("the repair cannot be reverted: {why}");
    let desired = match R::Setting::rebase(&ours, &wanted, &now) {
        Ok(desired) => desired,
        Err(conflict) => return Ok(blocked(Reason::new("changed-since-repair", cannot(&conflict.to_string())))),
    };
    let route = R::Step::route(&now, &desired);
    // What agrees may still hold something that an undo which was cut short would have removed.
    if R::Setting::agrees(&desired, &now) && route.steps.is_empty() {
        return Ok(settled::<R>(target, Outcome::Reverted));
    }
    if route.harm() == Harm::DataLoss {
        return Ok(blocked(Reason::new("data-loss", "taking this repair back would destroy data")));
    }
    if !route.lost.is_empty() {
        let lost = format!("{} would be lost", route.lost.join(", "));
        return Ok(blocked(Reason::new("no-way-back", cannot(&lost))));
    }
    if let Some(reason) = R::hindrance(client, target, &now, &desired).await? {
        return Ok(blocked(reason.reworded(cannot)));
    }
    let violations = vec![Violation::new("repair", "a repair is reverted on request")];
    let impact = R::impact(facts, &now, &desired);
    let (consent, urgency) = (Consent::Auto, Alarm::None);
    let way = Way { before: now, after: desired, route, violations, urgency, consent, note: None, impact };
    complete(way, target)
}

fn told(report: Report, violations: Vec<Violation>) -> Report {
    Report { urgency: urgency(&violations), ..report.with_violations(violations) }
}

/// How soon somebody must look at the worst of them.
fn urgency(violations: &[Violation]) -> Alarm {
    violations.iter().map(|violation| violation.urgency).max().unwrap_or(Alarm::None)
}

pub(crate) fn verbatim(setting: &impl serde::Serialize) -> Result<Value, Fault> {
    serde_json::to_value(setting).map_err(|_| Fault::defect("draft", "setting-not-json"))
}

pub(crate) fn restore<S: serde::de::DeserializeOwned>(value: &Value) -> Result<S, Fault> {
    serde_json::from_value(value.clone())
        .map_err(|_| Fault::ledger("unreadable-plan", "the stored setting is of an unknown form: revert it by hand"))
}

fn not_canonical(_: &NotCanonical) -> Fault {
    Fault::defect("draft", "setting-not-canonical")
}
