//! A repair is called one only once it is seen, and what is seen may be old.

use std::time::Duration;

use remedy_domain::{FaultKind, Outcome, PlanId, outcome::Alarm};
use remedy_engine::Report;

use super::{Bearing, Case, Environment, Lawful, Mark, Scenario, WayBack};

const FOR_EVER: Duration = Duration::from_secs(86_400);

/// A write that shows late is waited for; one that never shows is unverified, and somebody is called.
pub(super) async fn verifies<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    for (lag, shows) in [(Duration::from_secs(5), true), (FOR_EVER, false)] {
        let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
        if scenario.drift().await.is_none() || !scenario.stage.backstage.lag(lag) {
            return Bearing::Moot;
        }
        let mark = scenario.mark();
        let report = scenario.repair().await.expect("a run");
        let (paused, told) = (scenario.ports.paused(), scenario.ports.notices());
        if shows {
            assert!(matches!(report.outcome, Outcome::Repaired | Outcome::Contained), "{report:?}");
            assert!((lag..lag * 2).contains(&paused), "it waits until it shows: {paused:?}");
        } else {
            let kind = report.fault.as_ref().map(|fault| fault.kind);
            assert_eq!((report.outcome, kind), (Outcome::Unverified, Some(FaultKind::Unverified)), "{report:?}");
            assert!(paused < Duration::from_secs(30), "it gives up: {paused:?}");
            assert_eq!(told.last().map(|notice| notice.alarm), Some(Alarm::Page), "somebody is called: {told:?}");
        }
        super::conserved(&C::CONTROL, &scenario.ports, &scenario.since(mark).calls);
        super::released(&scenario.ports);
    }
    Bearing::Held
}

/// An old answer, directly after a repair or an undo, does not lead to another write.
pub(super) async fn sees_through_old_answers<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if scenario.drift().await.is_none() {
        return Bearing::Moot;
    }
    let repaired = scenario.repair().await.expect("a repair");
    let plan = repaired.plan.as_ref().expect("a repair has a plan");
    if !scenario.stage.backstage.relapse(Duration::from_secs(4)) {
        return Bearing::Moot;
    }
    let mark = scenario.mark();
    unmoved(&scenario, mark, &scenario.repair().await.expect("a run on an old answer"), plan);
    if C::WAY_BACK == WayBack::Open {
        let undone = scenario.revert(plan).await.expect("an undo");
        scenario.stage.backstage.relapse(Duration::from_secs(4));
        let (mark, back) = (scenario.mark(), undone.plan.as_ref().expect("an undo has a plan"));
        unmoved(&scenario, mark, &scenario.revert(plan).await.expect("an undo on an old answer"), back);
    }
    Bearing::Held
}

/// The same plan was drafted, and dropped.
fn unmoved<C: Lawful>(scenario: &Scenario<C>, since: Mark, again: &Report, plan: &PlanId) {
    assert_eq!((again.outcome, again.plan.as_ref()), (Outcome::Superseded, Some(plan)), "{again:?}");
    let ours = scenario.since(since);
    assert!(ours.writes::<C>().is_empty(), "nothing is written twice: {ours:?}");
    super::conserved(&C::CONTROL, &scenario.ports, &ours.calls);
    super::released(&scenario.ports);
}
