//! The claims of a run before it may write: its share of the budgets, the approval that it was given, the account's
//! shared lock.

use std::time::Duration;

use futures_util::future::join_all;
use remedy_domain::{
    AttemptId, Control, Fault, Outcome,
    evidence::Lock,
    guard::{self, Age, Objection},
};

use super::{ATTEMPT, RESERVE, Run};
use crate::{
    asks,
    held::Per,
    ledger::{Budget, Extent, Lease, Slot},
    outcomes::{exhausted, over_budget, over_part, over_shared_budget, over_target, over_wave, refused_before},
    ports::{Clients, Ports, Put},
    remediation::{Client, Remediation},
    run_context::Reach,
    shared_lock::{self, SharedLock},
};

/// The number of failed attempts of a control at one target within 24 hours.
pub const IN_VAIN: usize = 10;
/// The number of attempts of a control at one target within an hour, whatever the budget is.
pub const OF_TARGET: usize = 5;
/// The maximum if stopping would do harm: no more attempts are read.
const OF_TARGET_MOST: usize = 60;
/// The number of shares of an organisation's budget, at least and at most: an account takes one, and leaves the others.
const PARTS: (usize, usize) = (2, 4);

/// The number of attempts of a control at one target within an hour, for a `budget` of all targets: five, or a quarter
/// of the budget if stopping would do harm and that is more. An attacker who opens a bucket once more than that has it
/// open for the rest of the hour; one who has one target repaired all the time leaves three quarters to the others.
#[must_use]
pub fn share(control: &Control, budget: u32) -> usize {
    let quarter = usize::try_from(budget / 4).unwrap_or(OF_TARGET_MOST);
    if guard::goes_on(control) { quarter.clamp(OF_TARGET, OF_TARGET_MOST) } else { OF_TARGET }
}

/// A counted budget, with the objection if nothing is left of it.
type Counted = (Budget, fn() -> Objection);

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    /// The objection to a plan that was tried at this target in the last 24 hours, and is not tried again before the
    /// day, the plan or the settings change; a person who approves the plan may still try.
    pub(super) fn tried_enough(&self) -> Option<(Objection, Per)> {
        let recent = &self.inputs.recent;
        if self.inputs.approved().is_some() {
            return None;
        }
        if recent.was_refused(&self.course.id, self.context.digest) {
            return Some((refused_before(), Per::Notified("attempts", recent.last)));
        }
        let is_too_much = recent.of_day == Extent::Unread && !guard::goes_on(&R::CONTROL);
        if recent.in_vain >= IN_VAIN || is_too_much {
            return Some((exhausted(), Per::Episode("attempts", recent.last)));
        }
        let is_over = recent.of_hour == Extent::Unread || recent.within_hour >= share(&R::CONTROL, self.hourly());
        is_over.then(|| (over_target(), Per::Episode("budget", recent.last)))
    }

    /// The account's budget of an hour, for all targets of the control.
    fn hourly(&self) -> u32 {
        let parameters = &self.context.settings.parameters;
        match self.context.reach {
            Reach::Account => parameters.hourly_budget,
            Reach::Organization => parameters.hourly_budget.min(self.part_of(parameters.organization_hourly_budget)),
        }
    }

    /// The budgets that count this run: one of the hour's repairs, here and in all accounts, and, for the backlog, one
    /// of the day's wave.
    fn counted(&self, lock: &Lock) -> Vec<Counted> {
        let parameters = &self.context.settings.parameters;
        let (hourly, all) = (self.hourly(), parameters.organization_hourly_budget);
        let in_wave = self.inputs.age == Age::Wave && self.inputs.approved().is_none();
        let of = |budget, over: fn() -> Objection| (budget, over);
        let mut counted = match self.context.reach {
            Reach::Account => vec![of(Budget::account(lock, hourly), over_budget)],
            Reach::Organization => {
                let over = if hourly < parameters.hourly_budget { over_part } else { over_budget };
                vec![of(Budget::account(lock, hourly), over), of(Budget::organization(lock, all), over_shared_budget)]
            }
        };
        if in_wave {
            counted.push(of(Budget::wave(lock, parameters.backlog_wave), over_wave));
        }
        counted
    }

    /// One account's share of the organisation's budget.
    fn part_of(&self, all: u32) -> u32 {
        let (least, most) = PARTS;
        let parts = (self.context.settings.accounts.len() + 1).clamp(least, most);
        all.div_ceil(u32::try_from(parts).unwrap_or(1)).max(1)
    }

    /// Takes one slot of every counted budget, or none.
    pub(super) async fn take_slots(&self, lock: &Lock) -> Result<Result<Vec<Slot>, Objection>, Fault> {
        let (budgets, objections): (Vec<_>, Vec<_>) = self.counted(lock).into_iter().unzip();
        let taken = budgets.into_iter().map(|budget| budget.take(self.ports, &lock.attempt));
        let taken = join_all(taken).await;
        let missing = taken.iter().zip(objections).find(|(slot, _)| !matches!(slot, Ok(Some(_))));
        let missing = missing.map(|(_, over)| over());
        let (mut slots, mut failed) = (Vec::new(), None);
        for slot in taken {
            match slot {
                Ok(slot) => slots.extend(slot),
                Err(fault) => failed = Some(fault),
            }
        }
        let Some(objection) = missing else { return Ok(Ok(slots)) };
        self.give_back(&slots, &lock.attempt).await;
        failed.map_or(Ok(Err(objection)), Err)
    }

    /// Gives slots back: nothing was written. One that cannot be given back stays used, which only leaves less than
    /// allowed.
    pub(super) async fn give_back(&self, slots: &[Slot], attempt: &AttemptId) {
        join_all(slots.iter().map(|slot| slot.give_back(self.ports, attempt))).await;
    }

    /// An approval is good for one attempt, and for the one that takes it over.
    pub(super) async fn spend(&self, lease: &Lease, lost: &[Lease]) -> Result<Put, Fault> {
        let Some(approved) = self.inputs.approved() else { return Ok(Put::Created) };
        let lost: Vec<_> = lost.iter().map(|lost| lost.lock.attempt.clone()).collect();
        asks::spend(self.ports, approved, &lease.lock.attempt, &lost).await
    }

    /// The shared locks that this plan needs.
    pub(super) async fn turns(&self, lock: &Lock) -> Result<Vec<shared_lock::Wanted>, Fault> {
        let lost = self.course.impact.as_ref().map_or(0, |impact| impact.administrators_lost);
        let administrators = (lost > 0).then_some(SharedLock::Administrators);
        let document = (!R::CONTROL.elements.is_empty()).then_some(SharedLock::Document);
        let turns: Vec<_> = administrators.into_iter().chain(document).collect();
        shared_lock::lines(self.ports, &turns, lock).await
    }

    /// Acquires them; without them the lock and all other claims are given back, and so is the delivery.
    pub(super) async fn take_turns(
        &self,
        wanted: Vec<shared_lock::Wanted>,
        lease: &Lease,
        slots: &[Slot],
    ) -> Result<(Vec<Lease>, Duration), Fault> {
        let taken = shared_lock::take(self.ports, wanted, ATTEMPT + RESERVE).await;
        if taken.is_err() {
            self.step_back(lease, slots, Outcome::Superseded).await?;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use remedy_domain::Stops;

    use super::*;
    use crate::quiet::CONTROL;

    #[test]
    fn a_target_has_five_attempts_an_hour_and_where_to_stop_would_be_the_harm_a_quarter_of_the_budget() {
        let closing = Control { stops: Stops::Exposure, ..CONTROL };
        let rescue = Control { stops: Stops::Destruction, ..CONTROL };
        let shares = [(1, 5), (12, 5), (24, 6), (100, 25), (1000, 60)];
        for (budget, quarter) in shares {
            assert_eq!(share(&CONTROL, budget), 5);
            assert_eq!([&closing, &rescue].map(|control| share(control, budget)), [quarter; 2], "of {budget}");
        }
    }
}
