//! The second look, directly before the first write, and the door behind it.

use remedy_domain::{
    Fault, Outcome,
    evidence::{Kind, StoredPlan},
    guard::Permit,
};

use super::Run;
use crate::{
    draft::{Draft, Task, draft},
    ledger::{self, Lease},
    ports::{Doors, Place, Ports},
    registry,
    remediation::Remediation,
    writer::Writer,
};

/// What came of the second look.
pub(super) enum Opening<C> {
    /// The course still holds: the door is open.
    Open(Writer<C>),
    /// It holds no longer.
    Changed,
    /// A hold was put on.
    Held,
}

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Doors<R::Client>,
{
    /// Looks a second time, at the kill switch too, and opens the door where the course still holds.
    pub(super) async fn open(&self, permit: Permit, lease: &Lease) -> Result<Opening<R::Client>, Fault> {
        let writer = self.ports.writer(permit, &Place::of(self.target)).await?;
        if registry::holds(self.ports).await?.iter().any(|hold| hold.stops(&R::CONTROL, self.target)) {
            return Ok(Opening::Held);
        }
        if let Task::Revert(stored) = self.task {
            self.exempt(stored, lease).await?;
        }
        match draft::<R>(self.task, &self.client, self.target, self.visit, self.ports).await? {
            Draft::Course(again) if self.course.still_holds(&again) => Ok(Opening::Open(writer)),
            Draft::Course(_) | Draft::Settled(_) => Ok(Opening::Changed),
        }
    }

    /// An undo stores its exemption first; the next sweep would repair it again. Its terms are those that two people agreed to.
    async fn exempt(&self, stored: &StoredPlan, lease: &Lease) -> Result<(), Fault> {
        let id = stored.plan.id().map_err(|_| Fault::defect("revert", "plan-not-canonical"))?;
        let exemption = self.dossier.undo_terms(R::CONTROL.id.0, self.target, lease.lock.since)?;
        registry::exempt(self.ports, &exemption).await?;
        let why = format!("plan {id} is taken back: {}", exemption.reason);
        let report = self.course.report(self.target, Outcome::Exempt).because(&why);
        let record = self.record(&report, Kind::Exemption, lease);
        let key = ledger::exemption_record_key(lease.lock.since, R::CONTROL.id.0, &lease.lock.attempt);
        ledger::record(self.ports, &record, &key).await.map(|_| ())
    }
}
