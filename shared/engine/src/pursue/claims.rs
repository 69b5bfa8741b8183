//! What a run claims before it may write: its share of the budgets, the approval it was given, the account's turn.

use remedy_domain::{
    Fault, Outcome,
    evidence::Lock,
    guard::{Age, Objection},
};

use super::{ATTEMPT, RESERVE, Run};
use crate::{
    asks,
    ending::{over_budget, over_shared_budget, over_wave},
    ledger::{self, Lease, Slot},
    ports::{Doors, Ports, Put},
    remediation::Remediation,
    turn::{self, Turn},
    visit::Reach,
};

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Doors<R::Client>,
{
    /// Claims what is counted: one of the hour's repairs, here and in all accounts, and, of the backlog, one of the day's wave.
    pub(super) async fn over(&self, lock: &Lock) -> Result<Option<Objection>, Fault> {
        let parameters = &self.visit.settings.parameters;
        if ledger::claim_slot(self.ports, lock, parameters.hourly_budget).await? == Slot::None {
            return Ok(Some(over_budget()));
        }
        let is_shared = self.visit.reach == Reach::Organization;
        let limit = parameters.organization_hourly_budget;
        if is_shared && ledger::claim_shared_slot(self.ports, lock, limit).await? == Slot::None {
            return Ok(Some(over_shared_budget()));
        }
        let in_wave = self.dossier.age == Age::Wave && self.dossier.approved().is_none();
        if in_wave && ledger::claim_wave(self.ports, lock, parameters.backlog_wave).await? == Slot::None {
            return Ok(Some(over_wave()));
        }
        Ok(None)
    }

    /// An approval is good for one attempt, and for the one that takes it over.
    pub(super) async fn spend(&self, lease: &Lease, lost: &[Lease]) -> Result<Put, Fault> {
        let Some(approved) = self.dossier.approved() else { return Ok(Put::Created) };
        let lost: Vec<_> = lost.iter().map(|lost| lost.lock.attempt.clone()).collect();
        asks::spend(self.ports, approved, &lease.lock.attempt, &lost).await
    }

    /// The turns that this plan must take; without them the lock goes back, and so does the delivery.
    pub(super) async fn take_turns(&self, lease: &Lease) -> Result<Vec<Lease>, Fault> {
        let lost = self.course.impact.as_ref().map_or(0, |impact| impact.administrators_lost);
        let administrators = (lost > 0).then_some(Turn::Administrators);
        let document = (!R::CONTROL.elements.is_empty()).then_some(Turn::Document);
        let turns: Vec<_> = administrators.into_iter().chain(document).collect();
        let taken = turn::take(self.ports, &turns, &lease.lock, ATTEMPT + RESERVE).await;
        if taken.is_err() {
            ledger::release(self.ports, lease, Outcome::Superseded, self.ports.now()).await?;
        }
        taken
    }
}
