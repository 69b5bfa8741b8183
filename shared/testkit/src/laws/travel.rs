//! The ways between settings: they arrive, and they lead back.

use remedy_domain::Setting as _;
use remedy_domain::{Outcome, Verdict};
use remedy_engine::Shelf;

use super::{Bearing, Case, Lawful, Scene, Theatre, WayBack};

/// Steps from one setting to another bring the other about, and those back the first.
pub(super) async fn arrives<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    if matches!(scene.verdict().await, Verdict::OutOfScope(_) | Verdict::NeedsHuman { .. }) {
        return Bearing::Moot;
    }
    let (here, there) = (scene.setting().await, &case.other);
    if C::Setting::agrees(&here, there) || !scene.put(&here, there).await {
        return Bearing::Moot;
    }
    let seen = scene.setting().await;
    assert!(C::Setting::agrees(&seen, there), "from {here:?} to {there:?}, but arrived at {seen:?}");
    if scene.put(there, &here).await {
        let seen = scene.setting().await;
        assert!(C::Setting::agrees(&seen, &here), "from {there:?} back to {here:?}, but arrived at {seen:?}");
    }
    Bearing::Held
}

/// A reverted repair leaves the setting as it was, except what cannot be restored: then it is refused.
pub(super) async fn returns<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    let Some((before, drift)) = scene.drift().await else { return Bearing::Moot };
    let plan = scene.repair().await.expect("a repair").plan.expect("a repair has a plan");
    assert!(C::Setting::agrees(&scene.setting().await, &drift.desired), "the repair arrives");
    let mark = scene.mark();
    let undone = scene.revert(&plan).await.expect("an undo");
    let (outcome, seen) = match C::WAY_BACK {
        WayBack::Open => (Outcome::Reverted, &before),
        WayBack::Refused => (Outcome::Blocked, &drift.desired),
    };
    assert_eq!(undone.outcome, outcome, "{undone:?}");
    assert!(C::Setting::agrees(&scene.setting().await, seen), "{:?}, not {seen:?}", scene.setting().await);
    if C::WAY_BACK == WayBack::Refused {
        scene.since(mark).assert_only_read::<C>();
        let held =
            scene.since(mark).ledger.into_iter().filter(|entry| entry.is_write() && entry.shelf == Shelf::Evidence);
        assert_eq!(held.count(), 1, "that it cannot be taken back is recorded");
    }
    super::conserved(&C::CONTROL, &scene.ports, &scene.since(mark).calls);
    super::released(&scene.ports);
    Bearing::Held
}

/// A reverted repair can be reverted in turn.
pub(super) async fn returns_twice<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    let Some((before, drift)) = scene.drift().await else { return Bearing::Moot };
    let mark = scene.mark();
    let mut plan = scene.repair().await.expect("a repair").plan.expect("a repair has a plan");
    for wanted in [&before, &drift.desired, &before] {
        let undone = scene.revert(&plan).await.expect("an undo");
        if C::WAY_BACK == WayBack::Refused {
            return Bearing::Moot;
        }
        assert_eq!(undone.outcome, Outcome::Reverted, "{undone:?}");
        assert!(C::Setting::agrees(&scene.setting().await, wanted), "{:?}, not {wanted:?}", scene.setting().await);
        plan = undone.plan.expect("an undo has a plan");
    }
    super::conserved(&C::CONTROL, &scene.ports, &scene.since(mark).calls);
    super::released(&scene.ports);
    Bearing::Held
}
