//! The second look, directly before the first write, and the door behind it.

use remedy_domain::{Fault, Outcome, guard::Permit};

use super::Run;
use crate::{
    draft::{Draft, Task, draft_again},
    exempting,
    ledger::Lease,
    ports::{Clients, Place, Ports},
    remediation::{Client, Remediation},
    writer::Writer,
};

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    /// Looks a second time and, where the course still holds, opens the door. None: it no longer holds.
    pub(super) async fn open(&self, permit: Permit, lease: &Lease) -> Result<Option<Writer<Client<R>>>, Fault> {
        let writer = self.ports.writer(permit, &Place::of(self.target)).await?;
        if let Task::Revert(_) = self.task {
            self.exempt(lease).await?;
        }
        // Not beside the assumed role: what changes while AWS STS answers must be seen.
        let again = draft_again::<R>(self.task, &self.client, self.target, self.context, self.ports);
        match Box::pin(again).await? {
            Draft::Course(again) if self.course.still_holds(&again) => Ok(Some(writer)),
            Draft::Course(_) | Draft::Settled(_) => Ok(None),
        }
    }

    /// An undo stores its exemption first; the next sweep would repair it again.
    async fn exempt(&self, lease: &Lease) -> Result<(), Fault> {
        let Some(approved) = self.inputs.approved() else { return Err(exempting::not_two_people()) };
        let undo = self.course.report(self.target, Outcome::Exempt);
        let made = (lease.lock.since, &lease.lock.attempt);
        exempting::exempt::<R>(self.ports, undo, approved, made, self.context).await.map(|_| ())
    }
}
