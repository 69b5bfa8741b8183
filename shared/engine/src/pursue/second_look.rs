//! The second look, directly before the first write, and the door behind it.

use futures_util::future::join;
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
        if let Task::Revert(_) = self.task {
            self.exempt(lease).await?;
        }
        let place = Place::of(self.target);
        let again = Box::pin(draft_again::<R>(self.task, &self.client, self.target, self.context, self.ports));
        // Side by side: each takes a round trip.
        let (writer, again) = join(self.ports.writer(permit, &place), again).await;
        let writer = writer?;
        match again? {
            Draft::Course(again) if self.course.still_holds(&again) => Ok(Some(writer)),
            Draft::Course(_) | Draft::Settled(_) => Ok(None),
        }
    }

    /// An undo stores its exemption first; the next sweep would repair it again.
    async fn exempt(&self, lease: &Lease) -> Result<(), Fault> {
        let Some(approved) = self.dossier.approved() else { return Err(exempting::not_two_people()) };
        let undo = self.course.report(self.target, Outcome::Exempt);
        let made = (lease.lock.since, &lease.lock.attempt);
        exempting::exempt::<R>(self.ports, undo, approved, made, self.context).await.map(|_| ())
    }
}
