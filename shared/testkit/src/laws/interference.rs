//! Others who change the resource meanwhile, or directly afterwards.

use remedy_domain::Setting as _;
use remedy_domain::Step as _;
use std::time::Duration;

use remedy_domain::{Outcome, Verdict};

use super::{Bearing, Case, Environment, Lawful, Scenario, scenario::put};

/// A resource that changed after it was planned is left alone.
pub(super) async fn supersedes<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let Some((before, _)) = scenario.drift().await else { return Bearing::Moot };
    let (other, mark) = (case.other.clone(), scenario.mark());
    let way = C::Step::route(&before, &other);
    if C::Setting::agrees(&before, &other) || !way.lost.is_empty() {
        return Bearing::Moot;
    }
    let (stage, target) = (scenario.stage.clone(), scenario.target.clone());
    let meanwhile = async move {
        assert!(put::<C>(&stage, &target, &before, &other).await, "there is a way");
    };
    scenario.ports.after_creating("-intent-", meanwhile);
    let report = scenario.repair().await.expect("a run");
    assert_eq!(report.outcome, Outcome::Superseded, "{report:?}");
    assert!(report.performed.is_empty(), "{report:?}");
    assert!(C::Setting::agrees(&scenario.setting().await, &case.other), "theirs stays");
    let ours = scenario.since(mark);
    assert!(ours.writes::<C>().iter().all(|write| write.session.is_none()), "only they wrote: {ours:?}");
    super::conserved(&C::CONTROL, &scenario.ports, &ours.calls);
    super::released(&scenario.ports);
    Bearing::Held
}

/// The same plan again, directly after it was carried out, waits out an old answer; another plan does not, but where the
/// document is shared.
pub(super) async fn cools_down<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let Some((before, _)) = scenario.drift().await else { return Bearing::Moot };
    let first = scenario.repair().await.expect("a repair");
    let repaired = scenario.setting().await;
    if !scenario.put(&repaired, &before).await {
        return Bearing::Moot;
    }
    assert_eq!(scenario.ports.paused(), Duration::ZERO, "nothing to wait for");
    let again = scenario.repair().await.expect("the same again");
    assert_eq!(again.outcome, first.outcome, "{again:?}");
    if again.plan != first.plan {
        // What AWS assigns, such as the id of a version, is in the plan: the same drift is another plan then.
        return Bearing::Moot;
    }
    assert_eq!(scenario.ports.paused(), Duration::from_secs(5), "the same plan waits");
    another_plan(case, &scenario, &before).await;
    Bearing::Held
}

async fn another_plan<C: Lawful>(case: &Case<C>, scenario: &Scenario<C>, before: &C::Setting) {
    let repaired = scenario.setting().await;
    if C::Setting::agrees(before, &case.other) || !scenario.put(&repaired, &case.other).await {
        return;
    }
    let paused = scenario.ports.paused();
    if matches!(scenario.verdict().await, Verdict::Drifted(_)) {
        let _ = scenario.repair().await.expect("another repair");
        let waits = if C::CONTROL.elements.is_empty() { Duration::ZERO } else { Duration::from_secs(5) };
        assert_eq!(scenario.ports.paused(), paused + waits, "another plan waits only for its turn");
    }
}
