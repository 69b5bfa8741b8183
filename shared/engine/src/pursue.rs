//! Carrying a course out: guard, lock, intent, second look, writes, verification, outcome.

mod claims;
mod finish;
mod guard_inputs;
mod locking;
mod second_look;
mod verify;

use std::time::Duration;

use futures_util::future::join;
use remedy_domain::{
    Fault, Outcome, Reason, Step as _, Target,
    ask::Forecast,
    guard::{self, Objection, Permit, Purpose, Ruling},
    outcome::Alarm,
    trigger::Carried,
};

use crate::{
    draft::{Course, Draft, Task, draft},
    held::{Per, ask, hold_report, settle},
    outcomes::{Performed, Wrote, conclude, fail},
    ports::{Clients, Place, Ports, still_to_wait},
    remediation::{Client, Remediation},
    report::Report,
    run_context::RunContext,
    shared_lock, sweep,
    writer::Writer,
};
pub use claims::{IN_VAIN, OF_TARGET, share};
use guard_inputs::{GuardInputs, load};
use locking::Claims;
use verify::Looks;

/// The time limit of one AWS call, retries not counted.
const ATTEMPT: Duration = Duration::from_secs(3);
/// The time reserved to write the outcome and release the lock.
const RESERVE: Duration = Duration::from_secs(2);
/// How long the same plan is held back after it was carried out: what is seen then may be an old answer.
const COOL_DOWN: Duration = Duration::from_secs(5);

/// One run: a target is read and, if the guard agrees, repaired or reverted.
pub async fn run<R, P>(ports: &P, target: &Target, task: Task<'_>, context: &RunContext<'_>) -> Result<Report, Fault>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    let place = Place::of(target);
    let first = ports.first_reader(&place).await?;
    let course = match draft::<R>(task, &first, target, context, ports).await? {
        Draft::Settled(report) => return Box::pin(rest::<R, P>(ports, *report, task, context)).await,
        Draft::Course(course) => course,
    };
    if matches!(task, Task::Evaluate) {
        return Ok(course.report(target, Outcome::Drifted));
    }
    let inputs = Box::pin(load::<R, P>(ports, (target, task, context), &first, &course)).await?;
    let client = ports.reader(&place).await?;
    let run = Run { ports, target, task, context, client, course, inputs };
    if task.only_looks() {
        let foreseen = guard::foreseen(&run.snapshot());
        let forecast = Some(Forecast::of(foreseen.as_ref().map(|objection| objection.outcome)));
        let reason = foreseen.map(|objection| objection.why.redacted());
        let is_preview = matches!(task, Task::Preview);
        let report = if is_preview { run.course.preview(target) } else { run.course.report(target, Outcome::Drifted) };
        return Ok(Report { reason, forecast, ..report });
    }
    match guard::rule(&run.snapshot()) {
        Ruling::Go(_) => Box::pin(run.carry_out()).await,
        Ruling::Stop(objection) => {
            let (objection, per) = run.once(objection);
            Box::pin(run.hold_per(objection, per)).await
        }
    }
}

/// Ends a run that has nothing to do. A repeated delivery may be that of a worker that crashed after its write, or
/// whose outcome could not be stored: then the state seen now is the outcome.
async fn rest<R, P>(ports: &P, report: Report, task: Task<'_>, context: &RunContext<'_>) -> Result<Report, Fault>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    let mut report = settle::<R>(ports, report, task, context).await?;
    if context.carried == Carried::Again && !task.only_looks() {
        let left = Box::pin(sweep::close_left::<R, P>(ports, &report.target, context)).await?;
        report.evidence.extend(left);
    }
    Ok(report)
}

/// An attempt that the guard stopped after its intent was stored.
struct Stopped {
    objection: Objection,
    /// How the attempt ended.
    attempted: Report,
}

struct Run<'a, R: Remediation, P> {
    ports: &'a P,
    target: &'a Target,
    task: Task<'a>,
    context: &'a RunContext<'a>,
    client: Client<R>,
    course: Box<Course<R>>,
    inputs: GuardInputs,
}

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    /// The unit that people are notified of once for an objection of the guard.
    fn once(&self, objection: Objection) -> (Objection, Per) {
        let snapshot = self.snapshot();
        let per = match objection.check {
            guard::FLAP => Per::Episode(guard::FLAP, self.inputs.recent.last),
            guard::PROTECTED | guard::BY_NAME | guard::LOCKOUT if guard::is_spared_by_choice(&snapshot) => {
                Per::Month(self.ports.now())
            }
            _ => Per::Plan,
        };
        (objection, per)
    }

    async fn hold_per(self, objection: Objection, per: Per) -> Result<Report, Fault> {
        // A delivery that comes again may have left something open: it ends when that is closed, and not before.
        if !self.inputs.recent.lost.is_empty() || self.context.carried == Carried::Again {
            Box::pin(sweep::close_left::<R, P>(self.ports, self.target, self.context)).await?;
        }
        let asks = objection.outcome == Outcome::AwaitingApproval && self.task.purpose() == Purpose::Repair;
        let forecast = Some(guard::forecast(&self.snapshot()));
        let report = self.course.report(self.target, objection.outcome).objected(objection);
        let mut report = Report { forecast, owner: self.inputs.owner.clone(), ..report };
        if asks {
            Box::pin(ask(self.ports, &mut report, self.course.plan, self.context)).await?;
        } else {
            let purpose = self.task.purpose();
            Box::pin(hold_report(self.ports, &mut report, self.course.plan, (purpose, per), self.context)).await?;
        }
        Ok(report)
    }

    async fn carry_out(mut self) -> Result<Report, Fault> {
        self.enough_time()?;
        if self.tried_enough().is_some() && !self.inputs.recent.lost.is_empty() {
            // A crashed worker's attempt counts until somebody has looked how far it came: look before people are notified.
            Box::pin(sweep::close_left::<R, P>(self.ports, self.target, self.context)).await?;
            self.inputs.read_history(self.ports, R::CONTROL.id.0, self.target).await?;
        }
        if let Some((objection, per)) = self.tried_enough() {
            return Box::pin(self.hold_per(objection, per)).await;
        }
        let lock = self.lock()?;
        // Side by side: each takes a round trip. Whatever else is taken, only the holder of the target's lock takes turns.
        let (claimed, turns) = join(Box::pin(self.claim(&lock)), Box::pin(self.turns(&lock))).await;
        let (lease, lost, slots) = match claimed? {
            Ok(claimed) => claimed,
            Err(objection) => return Box::pin(self.hold_per(objection, Per::Plan)).await,
        };
        if let Some((objection, per)) = Box::pin(self.claimed(&lease, &lost)).await? {
            self.step_back(&lease, &slots, objection.outcome).await?;
            return Box::pin(self.hold_per(objection, per)).await;
        }
        let (turns, waited) = match turns {
            Ok(turns) => self.take_turns(turns, &lease, &slots).await?,
            Err(fault) => {
                self.step_back(&lease, &slots, Outcome::Superseded).await?;
                return Err(fault);
            }
        };
        self.cool_down(waited).await;
        let claims = Claims { lease, slots, turns };
        match Box::pin(self.intend_and_act(&claims)).await {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(Stopped { objection, attempted })) => {
                let (objection, per) = self.once(objection);
                let report = Box::pin(self.hold_per(objection, per)).await?;
                let evidence = [attempted.evidence, report.evidence].concat();
                Ok(Report { evidence, ..report })
            }
            Err(fault) => {
                shared_lock::give_back(self.ports, &claims.turns, Outcome::Failed).await?;
                Err(fault)
            }
        }
    }

    /// Stores the plan and the intent, asks the guard again, and acts. People may have turned a hold or an exemption since the
    /// first ruling: then nothing is written, and the attempt ends as superseded.
    async fn intend_and_act(&mut self, claims: &Claims) -> Result<Result<Report, Stopped>, Fault> {
        let (intent, again) = join(Box::pin(self.intend(&claims.lease)), Box::pin(self.read_again())).await;
        let intent = intent?;
        self.know(again?, &claims.lease.lock.attempt);
        match guard::rule(&self.snapshot()) {
            Ruling::Go(permit) => self.act(permit, claims, intent).await.map(Ok),
            Ruling::Stop(objection) => {
                let why = objection.why.clone().reworded(|why| format!("{why}; nothing was written"));
                let mut report = self.course.report(self.target, Outcome::Superseded).because(why);
                report.evidence.push(intent);
                let attempted = Box::pin(self.finish(claims, report, Wrote::Nothing, None)).await?;
                Ok(Err(Stopped { objection, attempted }))
            }
        }
    }

    fn enough_time(&self) -> Result<(), Fault> {
        let enough = self.ports.remaining() >= ATTEMPT + RESERVE;
        if enough { Ok(()) } else { Err(Fault::transient("perform", "too-little-time-left")) }
    }

    /// A read that shows again what was just repaired, or reverted, or ended in a way that this version does not know,
    /// may be stale: wait before reading again. The last attempt ended before this one waited for its turns: that wait counts.
    async fn cool_down(&self, waited: Duration) {
        let arrived = |outcome| matches!(outcome, Outcome::Repaired | Outcome::Contained | Outcome::Reverted);
        let last = self.inputs.line.last.as_ref().filter(|last| last.plan == self.course.id);
        let Some(last) = last.filter(|last| last.outcome.known().copied().is_none_or(arrived)) else { return };
        let wait = still_to_wait(self.ports.now(), last.at, COOL_DOWN).saturating_sub(waited);
        if !wait.is_zero() && self.ports.remaining() > wait + ATTEMPT + RESERVE {
            self.ports.pause(wait).await;
        }
    }

    /// The second look, the writes, the verification and the outcome.
    async fn act(&self, permit: Permit, claims: &Claims, intent: String) -> Result<Report, Fault> {
        let mut report = self.course.report(self.target, Outcome::Superseded);
        report.evidence.push(intent);
        report.owner.clone_from(&self.inputs.owner);
        let caution = guard::caution(&self.snapshot());
        let (mut wrote, mut realized) = (Wrote::Nothing, None);
        match Box::pin(self.open(permit, &claims.lease)).await {
            Err(fault) => fail(&mut report, fault),
            Ok(None) => {
                let changed = "the resource changed after it was planned; nothing was written";
                report.reason = Some(Reason::new("changed-since-plan", changed));
            }
            Ok(Some(writer)) => {
                let performed = self.perform(&writer).await;
                wrote = performed.wrote();
                let looks = if performed.fault.is_some() { Looks::One } else { Looks::UntilSeen };
                let seen = self.verify(looks).await?;
                if seen.outcome != Outcome::Unverified {
                    realized = self.realized(&claims.lease, seen.setting.as_ref())?;
                }
                conclude(&mut report, performed, seen.outcome, self.course.note.as_ref());
            }
        }
        if let Some(caution) = caution {
            let before = report.reason.take().map(|reason| format!("{reason}; ")).unwrap_or_default();
            report.reason = Some(caution.reworded(|caution| format!("{before}{caution}")));
            report.urgency = Alarm::Page;
        }
        Box::pin(self.finish(claims, report, wrote, realized)).await
    }

    async fn perform(&self, writer: &Writer<Client<R>>) -> Performed {
        let mut performed = Performed { calls: Vec::new(), fault: None };
        for step in &self.course.route.steps {
            let tried = match self.enough_time() {
                Ok(()) => R::perform(writer, self.target, step).await,
                Err(fault) => Err(fault),
            };
            if let Err(fault) = tried {
                performed.fault = Some(fault);
                break;
            }
            performed.calls.push(step.call().operation);
        }
        performed
    }
}
