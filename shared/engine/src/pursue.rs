//! Carrying a course out: guard, lock, intent, second look, writes, verification, outcome.

mod claims;
mod dossier;
mod finish;
mod opening;
mod verify;

use std::time::Duration;

use futures_util::future::join;
use remedy_domain::{
    Fault, Outcome, Step as _, Target,
    ask::Forecast,
    evidence::{FORMAT, Lock, Released},
    guard::{self, Objection, Permit, Purpose, Ruling},
    outcome::Alarm,
    redact,
    trigger::Carried,
};

use crate::{
    draft::{Course, Draft, Task, draft},
    ending::{self, Performed, Wrote, conclude, fail},
    held::{Per, ask, hold_report, settle},
    ledger::{self, Claim, Lease, Slot},
    outbox,
    ports::{Doors, Place, Ports, Put, still_to_wait},
    remediation::{Client, Remediation},
    report::Report,
    sweep::{self, Author, close},
    turn,
    visit::Visit,
    writer::Writer,
};
pub use claims::{IN_VAIN, OF_TARGET, share};
use dossier::{Dossier, gather};
use verify::Looks;

/// The time limit of one AWS call, retries not counted.
const ATTEMPT: Duration = Duration::from_secs(3);
/// The time reserved to write the outcome and release the lock.
const RESERVE: Duration = Duration::from_secs(2);
/// How long the same plan is held back after it was carried out: what is seen then may be an old answer.
const COOL_DOWN: Duration = Duration::from_secs(5);

/// One run: a target is read and, if the guard agrees, repaired or reverted.
pub async fn run<R, P>(ports: &P, target: &Target, task: Task<'_>, visit: &Visit<'_>) -> Result<Report, Fault>
where
    R: Remediation,
    P: Ports + Doors<Client<R>>,
{
    let client = ports.reader(&Place::of(target)).await?;
    let course = match draft::<R>(task, &client, target, visit, ports).await? {
        Draft::Settled(report) => return Box::pin(rest::<R, P>(ports, *report, task, visit)).await,
        Draft::Course(course) => course,
    };
    if matches!(task, Task::Evaluate) {
        return Ok(course.report(target, Outcome::Drifted));
    }
    let dossier = Box::pin(gather::<R, P>(ports, (target, task, visit), &client, &course, None)).await?;
    let run = Run { ports, target, task, visit, client, course, dossier };
    if task.only_looks() {
        let foreseen = guard::foreseen(&run.snapshot());
        let forecast = Some(Forecast::of(foreseen.as_ref().map(|objection| objection.outcome)));
        let reason = foreseen.map(|objection| redact::text(&objection.why));
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
async fn rest<R, P>(ports: &P, report: Report, task: Task<'_>, visit: &Visit<'_>) -> Result<Report, Fault>
where
    R: Remediation,
    P: Ports + Doors<Client<R>>,
{
    let mut report = settle::<R>(ports, report, task, visit).await?;
    if visit.carried == Carried::Again && !task.only_looks() {
        let left = Box::pin(sweep::close_left::<R, P>(ports, &report.target, visit)).await?;
        report.evidence.extend(left);
    }
    Ok(report)
}

struct Run<'a, R: Remediation, P> {
    ports: &'a P,
    target: &'a Target,
    task: Task<'a>,
    visit: &'a Visit<'a>,
    client: Client<R>,
    course: Box<Course<R>>,
    dossier: Dossier,
}

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Doors<Client<R>>,
{
    /// The unit that people are notified of once for an objection of the guard.
    fn once(&self, objection: Objection) -> (Objection, Per) {
        let snapshot = self.snapshot();
        let per = match objection.check {
            guard::FLAP => Per::Episode(guard::FLAP, self.dossier.recent.last),
            guard::PROTECTED | guard::BY_NAME | guard::LOCKOUT if guard::is_spared_by_choice(&snapshot) => {
                Per::Month(self.ports.now())
            }
            _ => Per::Plan,
        };
        (objection, per)
    }

    async fn hold_per(self, objection: Objection, per: Per) -> Result<Report, Fault> {
        // A delivery that comes again may have left something open: it ends when that is closed, and not before.
        if !self.dossier.recent.lost.is_empty() || self.visit.carried == Carried::Again {
            Box::pin(sweep::close_left::<R, P>(self.ports, self.target, self.visit)).await?;
        }
        let asks = objection.outcome == Outcome::AwaitingApproval && self.task.purpose() == Purpose::Repair;
        let forecast = Some(guard::forecast(&self.snapshot()));
        let report = self.course.report(self.target, objection.outcome).objected(objection);
        let mut report = Report { forecast, owner: self.dossier.owner.clone(), ..report };
        if asks {
            Box::pin(ask(self.ports, &mut report, self.course.plan, self.visit)).await?;
        } else {
            let purpose = self.task.purpose();
            Box::pin(hold_report(self.ports, &mut report, self.course.plan, (purpose, per), self.visit)).await?;
        }
        Ok(report)
    }

    async fn carry_out(mut self) -> Result<Report, Fault> {
        self.enough_time()?;
        if let Some((objection, per)) = self.tried_enough() {
            return Box::pin(self.hold_per(objection, per)).await;
        }
        let lock = self.lock()?;
        let rooms = match self.rooms(&lock).await? {
            Ok(rooms) => rooms,
            Err(objection) => return Box::pin(self.hold_per(objection, Per::Plan)).await,
        };
        let Claim::Held { lease, lost, last } = ledger::claim(self.ports, lock, self.ports.now()).await? else {
            return Err(Fault::transient("lock", "held-by-another-run"));
        };
        self.close_lost(&lost).await?;
        let slots = match self.take_slots(&rooms, &lease).await? {
            Ok(slots) => slots,
            Err(objection) => {
                self.step_back(&lease, &[], objection.outcome).await?;
                return Box::pin(self.hold_per(objection, Per::Plan)).await;
            }
        };
        let spent = self.spend(&lease, &lost).await?;
        let (turns, waited) = self.take_turns(&lease, &slots).await?;
        self.cool_down(last, waited).await;
        let permit = match self.rule_again(&lease, spent).await? {
            Ok(permit) => permit,
            Err((objection, per)) => {
                turn::give_back(self.ports, &turns, Outcome::Superseded).await?;
                self.step_back(&lease, &slots, objection.outcome).await?;
                return Box::pin(self.hold_per(objection, per)).await;
            }
        };
        let acted = Box::pin(self.intend_and_act(permit, &lease, &slots)).await;
        let outcome = acted.as_ref().map_or(Outcome::Failed, |(report, _)| report.outcome);
        turn::give_back(self.ports, &turns, outcome).await?;
        let (report, letter) = acted?;
        letter.send(self.ports).await;
        Ok(report)
    }

    /// Gives claims back before anything was intended.
    async fn step_back(&self, lease: &Lease, slots: &[Slot], outcome: Outcome) -> Result<(), Fault> {
        let released = ledger::release(self.ports, lease, outcome, self.ports.now());
        join(released, self.give_back(slots, lease)).await.0
    }

    /// Others may have had the lock since the first ruling: they tried, or an undo stored its exemption under it.
    /// Holds, too, may be new.
    async fn rule_again(&mut self, lease: &Lease, spent: Put) -> Result<Result<Permit, (Objection, Per)>, Fault> {
        if spent == Put::Exists {
            return Ok(Err((ending::spent(), Per::Plan)));
        }
        let about = (self.target, self.task, self.visit);
        let own = Some(&lease.lock.attempt);
        self.dossier = Box::pin(gather::<R, P>(self.ports, about, &self.client, &self.course, own)).await?;
        if let Some(enough) = self.tried_enough() {
            return Ok(Err(enough));
        }
        Ok(match guard::rule(&self.snapshot()) {
            Ruling::Go(permit) => Ok(permit),
            Ruling::Stop(objection) => Err(self.once(objection)),
        })
    }

    async fn intend_and_act(
        &self,
        permit: Permit,
        lease: &Lease,
        slots: &[Slot],
    ) -> Result<(Report, outbox::Letter), Fault> {
        let intent = self.intend(lease).await?;
        self.act(permit, (lease, slots), intent).await
    }

    fn enough_time(&self) -> Result<(), Fault> {
        let enough = self.ports.remaining() >= ATTEMPT + RESERVE;
        if enough { Ok(()) } else { Err(Fault::transient("perform", "too-little-time-left")) }
    }

    fn lock(&self) -> Result<Lock, Fault> {
        Ok(Lock {
            format: FORMAT,
            attempt: self.ports.attempt()?,
            control: R::CONTROL.id.0.to_owned(),
            target: self.target.clone(),
            plan: self.course.id.clone(),
            purpose: self.task.purpose().into(),
            since: self.ports.now(),
            until: self.ports.lease_until(),
        })
    }

    async fn close_lost(&self, lost: &[Lease]) -> Result<(), Fault> {
        for lease in lost {
            close(
                self.ports,
                lease,
                Outcome::Failed,
                "the worker was lost and the drift persists; taken over",
                &Author::of(self.visit),
            )
            .await?;
        }
        Ok(())
    }

    /// A read that shows again what was just repaired, or reverted, or ended in a way that this version does not know,
    /// may be stale: wait before reading again. The last attempt ended before this one waited for its turns: that wait counts.
    async fn cool_down(&self, last: Option<Released>, waited: Duration) {
        let arrived = |outcome| matches!(outcome, Outcome::Repaired | Outcome::Contained | Outcome::Reverted);
        let Some(last) =
            last.filter(|last| last.plan == self.course.id && last.outcome.known().copied().is_none_or(arrived))
        else {
            return;
        };
        let wait = still_to_wait(self.ports.now(), last.at, COOL_DOWN).saturating_sub(waited);
        if !wait.is_zero() && self.ports.remaining() > wait + ATTEMPT + RESERVE {
            self.ports.pause(wait).await;
        }
    }

    /// The second look, the writes, the verification and the outcome.
    async fn act(
        &self,
        permit: Permit,
        (lease, slots): (&Lease, &[Slot]),
        intent: String,
    ) -> Result<(Report, outbox::Letter), Fault> {
        let mut report = self.course.report(self.target, Outcome::Superseded);
        report.evidence.push(intent);
        report.owner.clone_from(&self.dossier.owner);
        let caution = guard::caution(&self.snapshot());
        let mut wrote = Wrote::Nothing;
        match Box::pin(self.open(permit, lease)).await {
            Err(fault) => fail(&mut report, fault),
            Ok(None) => {
                report.reason = Some("the resource changed after it was planned; nothing was written".to_owned());
            }
            Ok(Some(writer)) => {
                let performed = self.perform(&writer).await;
                wrote = performed.wrote();
                let looks = if performed.fault.is_some() { Looks::One } else { Looks::UntilSeen };
                let seen = self.verify(looks).await?;
                if seen.outcome != Outcome::Unverified {
                    let realized = self.stored(lease, seen.setting.as_ref())?;
                    ledger::keep_plan(self.ports, &self.course.id, &realized).await?;
                }
                conclude(&mut report, performed, seen.outcome, self.course.note.as_deref());
            }
        }
        if let Some(caution) = caution {
            let reason = report.reason.take().map(|reason| format!("{reason}; ")).unwrap_or_default();
            report.reason = Some(format!("{reason}{caution}"));
            report.urgency = Alarm::Page;
        }
        let unused = if wrote == Wrote::Nothing { slots } else { &[] };
        Box::pin(self.finish(lease, report, unused)).await
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
