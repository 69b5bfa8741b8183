//! Carrying a course out: guard, lock, intent, second look, writes, verification, outcome.

mod verify;

use std::time::Duration;

use remedy_domain::{
    Fault, Outcome, Step as _, Target,
    evidence::{FORMAT, Kind, Lock, Record, Released, StoredPlan},
    guard::{self, Objection, Permit, Ruling, Snapshot},
};

use crate::{
    draft::{Course, Draft, Task, draft, verbatim},
    ending::{Performed, conclude, fail, over_budget},
    ledger::{self, Claim, Lease, Slot},
    notes::{hold_report, record, settle, tell},
    ports::{Doors, Place, Ports},
    remediation::Remediation,
    report::Report,
    sweep::close,
    turn,
    visit::Visit,
    writer::Writer,
};
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
    let run = Run { ports, target, task, visit, client, course };
    match run.rule().await? {
        Ruling::Go(permit) => run.carry_out(permit).await,
        Ruling::Stop(objection) => run.hold(objection).await,
    }
}

struct Run<'a, R: Remediation, P> {
    ports: &'a P,
    target: &'a Target,
    task: Task<'a>,
    visit: &'a Visit<'a>,
    client: R::Client,
    course: Box<Course<R>>,
}

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Doors<R::Client>,
{
    async fn rule(&self) -> Result<Ruling, Fault> {
        let exemption = ledger::exemption(self.ports, R::CONTROL.id.0, self.target).await?;
        let own = self.own().await?;
        Ok(guard::rule(&Snapshot {
            control: &R::CONTROL,
            target: self.target,
            plan: &self.course.id,
            purpose: self.task.purpose(),
            consent: &self.course.consent,
            impact: self.course.impact.as_ref(),
            mode: self.visit.mode(R::CONTROL.id.0, self.target),
            protected: &self.visit.settings.protected,
            own: &own,
            exemption: exemption.as_ref(),
            means: self.visit.means,
            now: self.ports.now(),
        }))
    }

    /// Remedy's own resources and, where principals are affected, the one that it runs as.
    async fn own(&self) -> Result<Vec<String>, Fault> {
        let mut own = self.visit.own.to_vec();
        if self.course.impact.as_ref().is_some_and(|impact| !impact.affected.is_empty()) {
            own.extend(self.ports.own_principal().await?);
        }
        Ok(own)
    }

    async fn hold(self, objection: Objection) -> Result<Report, Fault> {
        let mut report = self.course.report(self.target, objection.outcome).because(&objection.why);
        hold_report(self.ports, &mut report, self.course.plan, self.task.purpose(), self.visit).await?;
        Ok(report)
    }

    async fn carry_out(self, permit: Permit) -> Result<Report, Fault> {
        self.enough_time()?;
        let lock = self.lock()?;
        if ledger::claim_slot(self.ports, &lock, self.visit.settings.parameters.hourly_budget).await? == Slot::None {
            return self.hold(over_budget()).await;
        }
        let lease = match ledger::claim(self.ports, lock, self.ports.now()).await? {
            Claim::Busy => return Err(Fault::transient("lock", "held-by-another-run")),
            Claim::Held { lease, lost, last } => {
                self.close_lost(&lost).await?;
                self.cool_down(last).await;
                lease
            }
        };
        let turn = self.take_turn(&lease).await?;
        let acted = self.intend_and_act(permit, &lease).await;
        if let Some(turn) = turn {
            let outcome = acted.as_ref().map_or(Outcome::Failed, |report| report.outcome);
            ledger::release(self.ports, &turn, outcome, self.ports.now()).await?;
        }
        let report = acted?;
        tell(self.ports, &report).await;
        Ok(report)
    }

    /// Where administrators are taken away, the account's turn; without it the lock goes back, and so does the delivery.
    async fn take_turn(&self, lease: &Lease) -> Result<Option<Lease>, Fault> {
        let lost = self.course.impact.as_ref().map_or(0, |impact| impact.administrators_lost);
        if lost == 0 {
            return Ok(None);
        }
        match turn::take(self.ports, &lease.lock, ATTEMPT + RESERVE).await {
            Ok(turn) => Ok(Some(turn)),
            Err(fault) => {
                ledger::release(self.ports, lease, Outcome::Superseded, self.ports.now()).await?;
                Err(fault)
            }
        }
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
                self.visit,
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
        Record { attempt: Some(lease.lock.attempt.clone()), ..record }
    }

    /// The second look, the writes, the verification and the outcome.
    async fn act(&self, permit: Permit, lease: &Lease, intent: String) -> Result<Report, Fault> {
        let mut report = self.course.report(self.target, Outcome::Superseded);
        report.evidence.push(intent);
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

    /// Looks a second time and, where the course still holds, opens the door. None: it no longer holds.
    async fn open(&self, permit: Permit, lease: &Lease) -> Result<Option<Writer<R::Client>>, Fault> {
        let writer = self.ports.writer(permit, &Place::of(self.target)).await?;
        if let Task::Revert(stored) = self.task {
            self.exempt(stored, lease).await?;
        }
        match draft::<R>(self.task, &self.client, self.target, self.visit, self.ports).await? {
            Draft::Course(again) if self.course.still_holds(&again) => Ok(Some(writer)),
            Draft::Course(_) | Draft::Settled(_) => Ok(None),
        }
    }

    /// An undo stores its exemption first; the next sweep would repair it again.
    async fn exempt(&self, stored: &StoredPlan, lease: &Lease) -> Result<(), Fault> {
        let id = stored.plan.id().map_err(|_| Fault::defect("revert", "plan-not-canonical"))?;
        let why = format!("plan {id} was taken back on request");
        let exemption = self.visit.exemption_of(R::CONTROL.id.0, self.target, &why, lease.lock.since);
        ledger::exempt(self.ports, self.target, &exemption).await?;
        let report = self.course.report(self.target, Outcome::Exempt).because(&why);
        let record = self.record(&report, Kind::Exemption, lease);
        let key = ledger::exemption_record_key(lease.lock.since, R::CONTROL.id.0, &lease.lock.attempt);
        ledger::record(self.ports, &record, &key).await.map(|_| ())
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
        ledger::record(self.ports, &record, &key).await?;
        report.evidence.push(key);
        ledger::release(self.ports, lease, report.outcome, self.ports.now()).await?;
        Ok(report)
    }
}
