//! The stored objects of an attempt: its plan, its intent, its outcome, and its notice.

use futures_util::future::{join, try_join};
use remedy_domain::{
    Fault, Outcome, Step as _,
    evidence::{Kind, Record, StoredPlan, Tried},
};

use super::{Claims, Run};
use crate::{
    draft::verbatim,
    ledger::{self, Ending, Lease},
    outbox::{self, Letter},
    outcomes::Wrote,
    ports::{Clients, Ports},
    records::{NOTED, digest_notice, notice, record},
    remediation::{Client, Remediation},
    report::Report,
    shared_lock,
};

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    pub(super) fn stored(&self, lease: &Lease, realized: Option<&R::Setting>) -> Result<StoredPlan, Fault> {
        Ok(StoredPlan {
            plan: self.course.plan.clone(),
            purpose: self.task.purpose().into(),
            realized: realized.map(verbatim).transpose()?,
            function: self.context.function.to_owned(),
            attempt: Some(lease.lock.attempt.clone()),
            at: self.ports.now(),
        })
    }

    /// The plan with what came of it, where that is not exactly what was planned.
    pub(super) fn realized(&self, lease: &Lease, seen: Option<&R::Setting>) -> Result<Option<StoredPlan>, Fault> {
        let differs = seen.is_some_and(|seen| *seen != self.course.after);
        differs.then(|| self.stored(lease, seen)).transpose()
    }

    /// Makes the plan and the intent durable. Until both are, nothing is written. Returns the intent's key.
    pub(super) async fn intend(&self, lease: &Lease) -> Result<String, Fault> {
        let stored = self.stored(lease, None)?;
        let planned = self.course.route.steps.iter().map(|step| step.call().operation).collect();
        let report = Report { performed: planned, ..self.course.report(self.target, Outcome::Planned) };
        let record = self.record(&report, Kind::Intent, lease);
        let key = lease.lock.intent_key();
        let kept = ledger::keep_plan(self.ports, &self.course.id, &stored);
        try_join(kept, ledger::intend(self.ports, &record, &key)).await?;
        Ok(key)
    }

    fn record(&self, report: &Report, kind: Kind, lease: &Lease) -> Record {
        let at = if kind == Kind::Intent { lease.lock.since } else { self.ports.now() };
        let record = record(report, &self.course.id, kind, at, self.task.purpose(), self.context);
        let (asked_by, approved_by) = self.inputs.people().unzip();
        Record { attempt: Some(lease.lock.attempt.clone()), asked_by: asked_by.flatten(), approved_by, ..record }
    }

    /// Stores how the attempt ended, notifies people, and gives back the claims: the slots only if nothing was written. What
    /// does not depend on each other is done side by side.
    pub(super) async fn finish(
        &self,
        claims: &Claims,
        mut report: Report,
        wrote: Wrote,
        realized: Option<StoredPlan>,
    ) -> Result<Report, Fault> {
        let Claims { lease, slots, turns } = claims;
        let key = lease.lock.outcome_key();
        let record = self.record(&report, Kind::Outcome, lease);
        let (letter, kept) = join(Box::pin(self.post(lease, &report)), Box::pin(self.keep(realized))).await;
        kept?;
        let (stored, told) = join(ledger::record(self.ports, &record, &key), letter.tell(self.ports)).await;
        stored?;
        report.evidence.push(key);
        self.leave_backlog(report.outcome).await?;
        let is_refused = report.fault.as_ref().is_some_and(Fault::is_refusal);
        let tried = Some(if is_refused { Tried::Refused } else { Tried::Intended });
        let ending = Ending { outcome: report.outcome, tried, settings: Some(self.context.digest) };
        let unused = if wrote == Wrote::Nothing { slots.as_slice() } else { &[] };
        let released = ledger::release(self.ports, lease, ending, self.ports.now());
        let returned = shared_lock::give_back(self.ports, turns, report.outcome);
        let rest = join(self.give_back(unused, &lease.lock.attempt), letter.mark(told, self.ports));
        let ((released, returned), _) = join(join(released, returned), rest).await;
        released.and(returned).map(|()| report)
    }

    async fn keep(&self, realized: Option<StoredPlan>) -> Result<(), Fault> {
        match realized {
            Some(realized) => ledger::keep_plan(self.ports, &self.course.id, &realized).await,
            None => Ok(()),
        }
    }

    /// Stores the notice of an outcome. Repeated outcomes of one resource are notified one by one so often, then once.
    async fn post(&self, lease: &Lease, report: &Report) -> Letter {
        let Some(notice) = notice(report, self.task.purpose()) else { return Letter::None };
        if self.inputs.recent.tried < NOTED {
            return outbox::post(self.ports, lease.lock.attempt.as_str(), notice).await;
        }
        let (id, digest) = digest_notice(report, notice.alarm, self.ports.now());
        outbox::post(self.ports, &id, digest).await
    }
}
