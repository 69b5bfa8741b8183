//! The lock of a run, and what it takes over with it.

use futures_util::future::join;
use remedy_domain::{
    Fault, Outcome, Reason,
    evidence::{FORMAT, Lock},
    guard::Objection,
};

use super::Run;
use crate::{
    held::Per,
    ledger::{self, Claim, Lease, Slot},
    outcomes,
    ports::{Clients, Ports, Put},
    remediation::{Client, Remediation},
    sweep::{Author, close},
};

/// Everything that an attempt holds while it acts.
pub(super) struct Claims {
    pub(super) lease: Lease,
    pub(super) slots: Vec<Slot>,
    pub(super) turns: Vec<Lease>,
}

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    /// Takes the lock and a slot of each budget, or neither. With the lock come those of crashed workers before it.
    pub(super) async fn claim(&self, lock: &Lock) -> Result<Result<(Lease, Vec<Lease>, Vec<Slot>), Objection>, Fault> {
        let claim = ledger::claim(self.ports, &self.inputs.line, lock.clone(), self.ports.now());
        // Side by side: each takes a round trip, and each can be given back.
        let (claim, slots) = join(claim, self.take_slots(lock)).await;
        match (claim, slots) {
            (Ok(Claim::Held { lease, lost }), Ok(Ok(slots))) => Ok(Ok((lease, lost, slots))),
            (Ok(Claim::Held { lease, lost }), slots) => {
                self.close_lost(&lost).await?;
                let outcome = slots.as_ref().map_or(Outcome::Superseded, |over| {
                    over.as_ref().err().map_or(Outcome::Superseded, |objection| objection.outcome)
                });
                self.step_back(&lease, &[], outcome).await?;
                slots.map(|slots| slots.map(|slots| (lease, lost, slots)))
            }
            (claim, slots) => {
                self.give_back(&slots.unwrap_or(Ok(vec![])).unwrap_or_default(), &lock.attempt).await;
                claim.and_then(|_| Err(Fault::transient("lock", "held-by-another-run")))
            }
        }
    }

    /// Closes the attempts that the lock was taken over from, and counts them; uses the approval up, if there is one.
    pub(super) async fn claimed(&mut self, lease: &Lease, lost: &[Lease]) -> Result<Option<(Objection, Per)>, Fault> {
        if !lost.is_empty() {
            self.close_lost(lost).await?;
            self.inputs.count_again(self.ports, &lease.lock, lost).await?;
            if let Some(enough) = self.tried_enough() {
                return Ok(Some(enough));
            }
        }
        let spent = self.spend(lease, lost).await?;
        Ok((spent == Put::Exists).then(|| (outcomes::spent(), Per::Plan)))
    }

    /// Gives claims back before anything was intended.
    pub(super) async fn step_back(&self, lease: &Lease, slots: &[Slot], outcome: Outcome) -> Result<(), Fault> {
        let released = ledger::release(self.ports, lease, outcome, self.ports.now());
        join(released, self.give_back(slots, &lease.lock.attempt)).await.0
    }

    pub(super) fn lock(&self) -> Result<Lock, Fault> {
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
                &Reason::new("lost-taken-over", "the worker was lost and the drift persists; taken over"),
                &Author::of(self.context),
            )
            .await?;
        }
        Ok(())
    }
}
