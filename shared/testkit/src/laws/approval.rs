//! Plans that are not carried out: they are held, recorded and notified once.

use std::time::Duration;

use remedy_domain::{Consent, Mode, Outcome, Verdict, guard::WriteAccess, outcome::Alarm};
use remedy_engine::{LedgerBucket, Report};

use super::{Bearing, Case, Environment, Lawful, Scenario};

/// In mode `observe`, and without a write role, nothing is written at AWS.
pub(super) async fn observes_only<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if scenario.drift().await.is_none() {
        return Bearing::Moot;
    }
    scenario.mode.set(Mode::Observe);
    held_once(&scenario, Outcome::Planned).await;
    scenario.mode.set(Mode::Enforce);
    scenario.means.set(WriteAccess::None);
    let agreed = scenario.repair().await.expect("a run");
    assert_eq!(agreed.outcome, Outcome::Blocked, "{agreed:?}");
    Bearing::Held
}

/// A plan that asks a person is held, recorded and notified once. So is a violation that only a person can repair.
pub(super) async fn asks<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let outcome = match scenario.verdict().await {
        Verdict::Drifted(drift) if matches!(drift.consent, Consent::Ask(_)) => Outcome::AwaitingApproval,
        Verdict::NeedsHuman { .. } => Outcome::NeedsHuman,
        _ => return Bearing::Moot,
    };
    held_once(&scenario, outcome).await;
    Bearing::Held
}

/// In mode `approve` every plan asks.
pub(super) async fn asks_always<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if scenario.drift().await.is_none() {
        return Bearing::Moot;
    }
    scenario.mode.set(Mode::Approve);
    held_once(&scenario, Outcome::AwaitingApproval).await;
    Bearing::Held
}

/// Two runs, one record, one notice; no lock, no slot, no write at AWS.
async fn held_once<C: Lawful>(scenario: &Scenario<C>, outcome: Outcome) {
    let (mark, before) = (scenario.mark(), scenario.setting().await);
    let first = scenario.ask().await.expect("a run");
    scenario.ports.time().advance(Duration::from_secs(1));
    let second = scenario.ask().await.expect("a second run");
    let says = |report: &Report| (report.outcome, report.plan.clone(), report.evidence.clone());
    assert_eq!(first.outcome, outcome, "{first:?}");
    assert_eq!(says(&first), says(&second), "the second run says the same");
    let records = scenario.ports.shelf(LedgerBucket::Evidence);
    assert_eq!(records.keys().collect::<Vec<_>>(), first.evidence.iter().collect::<Vec<_>>(), "recorded once");
    let state = scenario.ports.shelf(LedgerBucket::State);
    assert!(
        state
            .keys()
            .all(|key| ["held/", "ask/", "notice/", "noted/", "open/"].iter().any(|folder| key.starts_with(folder))),
        "no lock, no slot: {:?}",
        state.keys()
    );
    let told = scenario.ports.notices();
    assert_eq!(told.len(), usize::from(outcome.alarm() != Alarm::None), "told once: {told:?}");
    scenario.since(mark).assert_only_read::<C>();
    assert_eq!(scenario.setting().await, before, "nothing has changed");
}
