//! Plans that are not carried out: they are held, recorded and notified once.

use std::time::Duration;

use remedy_domain::{Consent, Mode, Outcome, Verdict, guard::Means, outcome::Alarm};
use remedy_engine::{Report, Shelf};

use super::{Bearing, Case, Lawful, Scene, Theatre};

/// In mode `observe`, and without a write role, nothing is written at AWS.
pub(super) async fn observes_only<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    if scene.drift().await.is_none() {
        return Bearing::Moot;
    }
    scene.mode.set(Mode::Observe);
    held_once(&scene, Outcome::Planned).await;
    scene.mode.set(Mode::Enforce);
    scene.means.set(Means::None);
    let agreed = scene.repair().await.expect("a run");
    assert_eq!(agreed.outcome, Outcome::Blocked, "{agreed:?}");
    Bearing::Held
}

/// A plan that asks a person is held, recorded and notified once. So is a violation that only a person can repair.
pub(super) async fn asks<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    let outcome = match scene.verdict().await {
        Verdict::Drifted(drift) if matches!(drift.consent, Consent::Ask(_)) => Outcome::AwaitingApproval,
        Verdict::NeedsHuman { .. } => Outcome::NeedsHuman,
        _ => return Bearing::Moot,
    };
    held_once(&scene, outcome).await;
    Bearing::Held
}

/// In mode `approve` every plan asks.
pub(super) async fn asks_always<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    if scene.drift().await.is_none() {
        return Bearing::Moot;
    }
    scene.mode.set(Mode::Approve);
    held_once(&scene, Outcome::AwaitingApproval).await;
    Bearing::Held
}

/// Two runs, one record, one notice; no lock, no slot, no write at AWS.
async fn held_once<C: Lawful>(scene: &Scene<C>, outcome: Outcome) {
    let (mark, before) = (scene.mark(), scene.setting().await);
    let first = scene.ask().await.expect("a run");
    scene.ports.time().advance(Duration::from_secs(1));
    let second = scene.ask().await.expect("a second run");
    let says = |report: &Report| (report.outcome, report.plan.clone(), report.evidence.clone());
    assert_eq!(first.outcome, outcome, "{first:?}");
    assert_eq!(says(&first), says(&second), "the second run says the same");
    let records = scene.ports.shelf(Shelf::Evidence);
    assert_eq!(records.keys().collect::<Vec<_>>(), first.evidence.iter().collect::<Vec<_>>(), "recorded once");
    let state = scene.ports.shelf(Shelf::State);
    assert!(
        state
            .keys()
            .all(|key| ["held/", "ask/", "notice/", "noted/", "open/"].iter().any(|folder| key.starts_with(folder))),
        "no lock, no slot: {:?}",
        state.keys()
    );
    let told = scene.ports.notices();
    assert_eq!(told.len(), usize::from(outcome.alarm() != Alarm::None), "told once: {told:?}");
    scene.since(mark).assert_only_read::<C>();
    assert_eq!(scene.setting().await, before, "nothing has changed");
}
