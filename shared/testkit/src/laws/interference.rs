//! Others who change the resource meanwhile, or directly afterwards.

use remedy_domain::Setting as _;
use remedy_domain::Step as _;
use std::time::Duration;

use remedy_domain::{Outcome, Verdict};

use super::{Bearing, Case, Lawful, Scene, Theatre, scene::put};

/// A resource that changed after it was planned is left alone.
pub(super) async fn supersedes<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    let Some((before, _)) = scene.drift().await else { return Bearing::Moot };
    let (other, mark) = (case.other.clone(), scene.mark());
    let way = C::Step::route(&before, &other);
    if C::Setting::agrees(&before, &other) || !way.lost.is_empty() {
        return Bearing::Moot;
    }
    let (stage, target) = (scene.stage.clone(), scene.target.clone());
    let meanwhile = async move {
        assert!(put::<C>(&stage, &target, &before, &other).await, "there is a way");
    };
    scene.ports.after_creating("-intent-", meanwhile);
    let report = scene.repair().await.expect("a run");
    assert_eq!(report.outcome, Outcome::Superseded, "{report:?}");
    assert!(report.performed.is_empty(), "{report:?}");
    assert!(C::Setting::agrees(&scene.setting().await, &case.other), "theirs stays");
    let ours = scene.since(mark);
    assert!(ours.writes::<C>().iter().all(|write| write.session.is_none()), "only they wrote: {ours:?}");
    super::conserved(&C::CONTROL, &scene.ports, &ours.calls);
    super::released(&scene.ports);
    Bearing::Held
}

/// The same plan again, directly after it was carried out, waits out an old answer; another plan does not, but where the
/// document is shared.
pub(super) async fn cools_down<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    let Some((before, _)) = scene.drift().await else { return Bearing::Moot };
    let first = scene.repair().await.expect("a repair");
    let repaired = scene.setting().await;
    if !scene.put(&repaired, &before).await {
        return Bearing::Moot;
    }
    assert_eq!(scene.ports.paused(), Duration::ZERO, "nothing to wait for");
    let again = scene.repair().await.expect("the same again");
    assert_eq!(again.outcome, first.outcome, "{again:?}");
    if again.plan != first.plan {
        // What AWS assigns, such as the id of a version, is in the plan: the same drift is another plan then.
        return Bearing::Moot;
    }
    assert_eq!(scene.ports.paused(), Duration::from_secs(5), "the same plan waits");
    another_plan(case, &scene, &before).await;
    Bearing::Held
}

async fn another_plan<C: Lawful>(case: &Case<C>, scene: &Scene<C>, before: &C::Setting) {
    let repaired = scene.setting().await;
    if C::Setting::agrees(before, &case.other) || !scene.put(&repaired, &case.other).await {
        return;
    }
    let paused = scene.ports.paused();
    if matches!(scene.verdict().await, Verdict::Drifted(_)) {
        let _ = scene.repair().await.expect("another repair");
        let waits = if C::CONTROL.elements.is_empty() { Duration::ZERO } else { Duration::from_secs(5) };
        assert_eq!(scene.ports.paused(), paused + waits, "another plan waits only for its turn");
    }
}
