//! The ways between settings: they arrive, and they lead back.

use remedy_domain::Setting as _;
use remedy_domain::{Outcome, Verdict};
use remedy_engine::LedgerBucket;

use super::{Bearing, Case, Environment, Lawful, Scenario, WayBack};

/// Steps from one setting to another bring the other about, and those back the first.
pub(super) async fn arrives<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if matches!(scenario.verdict().await, Verdict::OutOfScope(_) | Verdict::NeedsHuman { .. }) {
        return Bearing::Moot;
    }
    let (here, there) = (scenario.setting().await, &case.other);
    if C::Setting::agrees(&here, there) || !scenario.put(&here, there).await {
        return Bearing::Moot;
    }
    let seen = scenario.setting().await;
    assert!(C::Setting::agrees(&seen, there), "from {here:?} to {there:?}, but arrived at {seen:?}");
    if scenario.put(there, &here).await {
        let seen = scenario.setting().await;
        assert!(C::Setting::agrees(&seen, &here), "from {there:?} back to {here:?}, but arrived at {seen:?}");
    }
    Bearing::Held
}

/// A reverted repair leaves the setting as it was, except what cannot be restored: then it is refused.
pub(super) async fn returns<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let Some((before, drift)) = scenario.drift().await else { return Bearing::Moot };
    let plan = scenario.repair().await.expect("a repair").plan.expect("a repair has a plan");
    assert!(C::Setting::agrees(&scenario.setting().await, &drift.desired), "the repair arrives");
    let mark = scenario.mark();
    let undone = scenario.revert(&plan).await.expect("an undo");
    let (outcome, seen) = match C::WAY_BACK {
        WayBack::Open => (Outcome::Reverted, &before),
        WayBack::Refused => (Outcome::Blocked, &drift.desired),
    };
    assert_eq!(undone.outcome, outcome, "{undone:?}");
    assert!(C::Setting::agrees(&scenario.setting().await, seen), "{:?}, not {seen:?}", scenario.setting().await);
    if C::WAY_BACK == WayBack::Refused {
        scenario.since(mark).assert_only_read::<C>();
        let held = scenario
            .since(mark)
            .ledger
            .into_iter()
            .filter(|entry| entry.is_write() && entry.shelf == LedgerBucket::Evidence);
        assert_eq!(held.count(), 1, "that it cannot be reverted is recorded");
    }
    super::conserved(&C::CONTROL, &scenario.ports, &scenario.since(mark).calls);
    super::released(&scenario.ports);
    Bearing::Held
}

/// A reverted repair can be reverted in turn.
pub(super) async fn returns_twice<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let Some((before, drift)) = scenario.drift().await else { return Bearing::Moot };
    let mark = scenario.mark();
    let mut plan = scenario.repair().await.expect("a repair").plan.expect("a repair has a plan");
    for wanted in [&before, &drift.desired, &before] {
        let undone = scenario.revert(&plan).await.expect("an undo");
        if C::WAY_BACK == WayBack::Refused {
            return Bearing::Moot;
        }
        assert_eq!(undone.outcome, Outcome::Reverted, "{undone:?}");
        assert!(
            C::Setting::agrees(&scenario.setting().await, wanted),
            "{:?}, not {wanted:?}",
            scenario.setting().await
        );
        plan = undone.plan.expect("an undo has a plan");
    }
    super::conserved(&C::CONTROL, &scenario.ports, &scenario.since(mark).calls);
    super::released(&scenario.ports);
    Bearing::Held
}
