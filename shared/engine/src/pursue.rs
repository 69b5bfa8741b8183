//! Carrying a course out: guard, lock, intent, second look, writes, verification, outcome.

mod claims;
mod dossier;
mod opening;
mod verify;

use std::time::Duration;

use remedy_domain::{
    Fault, Outcome, Step as _, Target,
    evidence::{FORMAT, Kind, Lock, Record, Released, StoredPlan},
    guard::{self, Objection, Permit, Purpose, Ruling},
};

use crate::{
    draft::{Course, Draft, Task, draft, verbatim},
    ending::{self, Performed, conclude, fail},
    ledger::{self, Claim, Lease},
    notes::{Per, ask, hold_report, notice, record, settle},
    outbox,
    ports::{Doors, Place, Ports, Put},
    remediation::Remediation,
    report::Report,
    sweep::{Author, close},
    turn,
    visit::Visit,
    writer::Writer,
};
use dossier::{Dossier, gather};
use verify::Looks;

/// What one AWS call may take, retries not counted.
const ATTEMPT: Duration = Duration::from_secs(3);
/// What is kept back to write the outcome and give the lock back.
const RESERVE: Duration = Duration::from_secs(2);
/// How long the same plan is held back after it was carried out: what is seen then may be an old answer.
const COOL_DOWN: Duration = Duration::from_secs(5);

/// One run: a target is looked at and, where the guard agrees, put right or put back.
pub async fn run<R, P>(ports: &P, target: &Target, task: Task<'_>, visit: &Visit<'_>) -> Result<Report, Fault>
where
    R: Remediation,
    P: Ports + Doors<R::Client>,
{
    let client = ports.reader(&Place::of(target)).await?;
    let course = match draft::<R>(task, &client, target, visit, ports).await? {
        Draft::Settled(report) => return settle::<R>(ports, *report, task, visit).await,
        Draft::Course(course) => course,
    };
    if matches!(task, Task::Evaluate) {
        return Ok(course.report(target, Outcome::Drifted));
    }
    let dossier = Box::pin(gather::<R, P>(ports, (target, task, visit), &client, &course, None)).await?;
    let run = Run { ports, target, task, visit, client, course, dossier };
    if matches!(task, Task::Forecast) {
        let forecast = Some(guard::forecast(&run.snapshot()));
        return Ok(Report { forecast, ..run.course.report(target, Outcome::Drifted) });
    }
    match guard::rule(&run.snapshot()) {
        Ruling::Go(_) => Box::pin(run.carry_out()).await,
        Ruling::Stop(objection) => Box::pin(run.hold(objection)).await,
    }
}

struct Run<'a, R: Remediation, P> {
    ports: &'a P,
    target: &'a Target,
    task: Task<'a>,
    visit: &'a Visit<'a>,
    client: R::Client,
    course: Box<Course<R>>,
    dossier: Dossier,
}

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Doors<R::Client>,
{
    async fn hold(self, objection: Objection) -> Result<Report, Fault> {
        let asks = objection.outcome == Outcome::AwaitingApproval && self.task.purpose() == Purpose::Repair;
        let per = if objection.check == guard::FLAP { Per::Episode(self.dossier.recent.last) } else { Per::Plan };
        let forecast = Some(guard::forecast(&self.snapshot()));
        let report = self.course.report(self.target, objection.outcome).objected(objection);
        let mut report = Report { forecast, owner: self.dossier.owner.clone(), ..report };
        if asks {
            ask(self.ports, &mut report, self.course.plan, self.visit).await?;
        } else {
            hold_report(self.ports, &mut report, self.course.plan, (self.task.purpose(), per), self.visit).await?;
        }
        Ok(report)
    }

    async fn carry_out(mut self) -> Result<Report, Fault> {
        self.enough_time()?;
        let lock = self.lock()?;
        if let Some(objection) = self.over(&lock).await? {
            return self.hold(objection).await;
        }
        let Claim::Held { lease, lost, last } = ledger::claim(self.ports, lock, self.ports.now()).await? else {
            return Err(Fault::transient("lock", "held-by-another-run"));
        };
        let spent = self.spend(&lease, &lost).await?;
        self.close_lost(&lost).await?;
        self.cool_down(last).await;
        let turns = self.take_turns(&lease).await?;
        let permit = match self.rule_again(&lease, spent).await? {
            Ruling::Go(permit) => permit,
            Ruling::Stop(objection) => {
                turn::give_back(self.ports, &turns, Outcome::Superseded).await?;
                ledger::release(self.ports, &lease, objection.outcome, self.ports.now()).await?;
                return self.hold(objection).await;
            }
        };
        let acted = self.intend_and_act(permit, &lease).await;
        let outcome = acted.as_ref().map_or(Outcome::Failed, |report| report.outcome);
        turn::give_back(self.ports, &turns, outcome).await?;
        let report = acted?;
        if let Some(notice) = notice(&report, self.task.purpose()) {
            outbox::send(self.ports, lease.lock.attempt.as_str(), &notice).await;
        }
        Ok(report)
    }

    /// Others may have had the lock since the first ruling: an undo puts its exemption on file under it. Holds, too, may be new.
    async fn rule_again(&mut self, lease: &Lease, spent: Put) -> Result<Ruling, Fault> {
        if spent == Put::Exists {
            return Ok(Ruling::Stop(ending::spent()));
        }
        let about = (self.target, self.task, self.visit);
        let own = Some(&lease.lock.attempt);
        self.dossier = Box::pin(gather::<R, P>(self.ports, about, &self.client, &self.course, own)).await?;
        Ok(guard::rule(&self.snapshot()))
    }

    async fn intend_and_act(&self, permit: Permit, lease: &Lease) -> Result<Report, Fault> {
        let intent = self.intend(lease).await?;
        self.act(permit, lease, intent).await
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
            purpose: self.task.purpose(),
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

    /// An answer that shows again what was just put right, or back, may be an old one: wait it out before looking again.
    async fn cool_down(&self, last: Option<Released>) {
        let arrived = |outcome| matches!(outcome, Outcome::Repaired | Outcome::Contained | Outcome::Reverted);
        let Some(last) = last.filter(|last| last.plan == self.course.id && arrived(last.outcome)) else { return };
        let since = Duration::try_from(self.ports.now().duration_since(last.at)).unwrap_or_default();
        let wait = COOL_DOWN.saturating_sub(since);
        if !wait.is_zero() && self.ports.remaining() > wait + ATTEMPT + RESERVE {
            self.ports.pause(wait).await;
        }
    }

    fn stored(&self, lease: &Lease, realized: Option<&R::Setting>) -> Result<StoredPlan, Fault> {
        Ok(StoredPlan {
            plan: self.course.plan.clone(),
            purpose: self.task.purpose(),
            realized: realized.map(verbatim).transpose()?,
            function: self.visit.function.to_owned(),
            attempt: Some(lease.lock.attempt.clone()),
            at: self.ports.now(),
        })
    }

    /// Makes the plan and the intent durable. Until both are, nothing is written. Answers the intent's key.
    async fn intend(&self, lease: &Lease) -> Result<String, Fault> {
        ledger::keep_plan(self.ports, &self.course.id, &self.stored(lease, None)?).await?;
        let planned = self.course.route.steps.iter().map(|step| step.call().operation).collect();
        let report = Report { performed: planned, ..self.course.report(self.target, Outcome::Planned) };
        let record = self.record(&report, Kind::Intent, lease);
        let key = lease.lock.intent_key();
        ledger::record(self.ports, &record, &key).await?;
        Ok(key)
    }

    fn record(&self, report: &Report, kind: Kind, lease: &Lease) -> Record {
        let at = if kind == Kind::Intent { lease.lock.since } else { self.ports.now() };
        let record = record(report, &self.course.id, kind, at, self.task.purpose(), self.visit);
        let (asked_by, approved_by) = self.dossier.people().unzip();
        Record { attempt: Some(lease.lock.attempt.clone()), asked_by: asked_by.flatten(), approved_by, ..record }
    }

    /// The second look, the writes, the verification and the outcome.
    async fn act(&self, permit: Permit, lease: &Lease, intent: String) -> Result<Report, Fault> {
        let mut report = self.course.report(self.target, Outcome::Superseded);
        report.evidence.push(intent);
        report.owner.clone_from(&self.dossier.owner);
        match self.open(permit, lease).await {
            Err(fault) => fail(&mut report, fault),
            Ok(None) => {
                report.reason = Some("the resource changed after it was planned; nothing was written".to_owned());
            }
            Ok(Some(writer)) => {
                let performed = self.perform(&writer).await;
                let looks = if performed.fault.is_some() { Looks::One } else { Looks::UntilSeen };
                let seen = self.verify(looks).await?;
                if seen.outcome != Outcome::Unverified {
                    let realized = self.stored(lease, seen.setting.as_ref())?;
                    ledger::keep_plan(self.ports, &self.course.id, &realized).await?;
                }
                conclude(&mut report, performed, seen.outcome, self.course.note.as_deref());
            }
        }
        self.finish(lease, report).await
    }

    async fn perform(&self, writer: &Writer<R::Client>) -> Performed {
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

    async fn finish(&self, lease: &Lease, mut report: Report) -> Result<Report, Fault> {
        let key = lease.lock.outcome_key();
        let record = self.record(&report, Kind::Outcome, lease);
        if let Some(notice) = notice(&report, self.task.purpose()) {
            outbox::post(self.ports, lease.lock.attempt.as_str(), &notice).await;
        }
        ledger::record(self.ports, &record, &key).await?;
        report.evidence.push(key);
        self.leave_backlog(report.outcome).await?;
        ledger::release(self.ports, lease, report.outcome, self.ports.now()).await?;
        Ok(report)
    }
}
