//! Runs that end before their time, and runs that meet.

use std::collections::BTreeSet;

use remedy_domain::Setting as _;
use remedy_domain::{Fault, Outcome, PlanId, Verdict, guard::Purpose};
use remedy_engine::{Report, Shelf};

use super::{Bearing, Case, Lawful, Mark, Scene, Theatre, WayBack, representatives};
use crate::{
    depth::Depth,
    fake::{Mishap, Moment},
};

/// After so many deliveries a message is dead.
const DELIVERIES: usize = 5;
/// No run has as many effects.
const EFFECTS: usize = 200;

/// A worker may be gone after any effect of a repair: the next ones bring it to its end. (Gone after one effect is gone
/// before the next: nothing outlives the worker in between.) Most effects are the loop's: its representatives are gone after
/// each of them at any depth.
pub(super) async fn survives_crashes<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    survives(case, theatre, representatives::depth_of::<C>(), &[(Moment::After, Mishap::Crash)]).await
}

/// Any effect of a repair may fail, or its answer be lost.
pub(super) async fn survives_faults<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let mishaps =
        [(Moment::Before, Mishap::Throttled), (Moment::After, Mishap::Unavailable), (Moment::After, Mishap::Dropped)];
    survives(case, theatre, Depth::asked(), &mishaps).await
}

async fn survives<C: Lawful>(
    case: &Case<C>,
    theatre: &dyn Theatre,
    depth: Depth,
    mishaps: &[(Moment, Mishap)],
) -> Bearing {
    let Some(due) = due::<C>(case, theatre, depth, Purpose::Repair).await else { return Bearing::Moot };
    let mut bearing = Bearing::Moot;
    for (moment, mishap) in mishaps {
        for nth in due.iter().copied() {
            let Some(scene) = hurt::<C>(case, theatre, *mishap).await else { return Bearing::Moot };
            let mark = scene.mark();
            scene.ports.fate().fail_at(nth, *moment, *mishap);
            let first = scene.ports.until_crash(scene.repair()).await;
            if scene.ports.fate().spare() {
                break;
            }
            busy(&scene, first.as_ref()).await;
            recovered(&scene, mark, &format!("{mishap:?} {moment:?} effect {nth}")).await;
            bearing = Bearing::Held;
        }
    }
    bearing
}

/// The effects of a run, counted from its start, at which something is to go wrong: all of them, or at standard depth those
/// of the control's own writes, and the one before and after each. Nothing where there is no drift.
async fn due<C: Lawful>(
    case: &Case<C>,
    theatre: &dyn Theatre,
    depth: Depth,
    purpose: Purpose,
) -> Option<BTreeSet<usize>> {
    let scene = Scene::<C>::open(case, theatre).await?;
    scene.drift().await?;
    match depth {
        Depth::Full => Some((0..EFFECTS).collect()),
        Depth::Standard => {
            let writes = rehearsed(&scene, purpose).await;
            Some(writes.into_iter().flat_map(|nth| nth.saturating_sub(1)..=nth + 1).collect())
        }
    }
}

/// The control's own writes in a run in which nothing goes wrong, each by its place among the effects of the run.
async fn rehearsed<C: Lawful>(scene: &Scene<C>, purpose: Purpose) -> Vec<usize> {
    let start = || (scene.mark(), scene.ports.fate().effects());
    let (mut mark, mut begin) = start();
    let report = scene.repair().await.expect("a repair");
    if purpose == Purpose::Revert {
        (mark, begin) = start();
        let _ = scene.revert(&report.plan.expect("a repair has a plan")).await.expect("an undo");
    }
    scene.since(mark).writes::<C>().into_iter().map(|write| write.number - begin).collect()
}

/// A scene in which something will go wrong. A lost answer is tried again by the SDK; everything else is seen by the engine.
async fn hurt<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre, mishap: Mishap) -> Option<Scene<C>> {
    let stage = if mishap == Mishap::Dropped { theatre.open_patient() } else { theatre.open() };
    Scene::<C>::on(case, stage).await
}

/// While a crashed worker's lease runs, nobody else writes.
async fn busy<C: Lawful>(scene: &Scene<C>, first: Option<&Result<Report, Fault>>) {
    let state = scene.ports.shelf(Shelf::State);
    let is_locked = state.keys().any(|key| key.starts_with("lock/") && !state.contains_key(&format!("{key}.done")));
    let is_held = is_locked && !state.keys().any(|key| key.ends_with(".done"));
    if !is_held {
        return;
    }
    let mark = scene.mark();
    let second = scene.repair().await;
    let is_refused = match &second {
        Err(fault) => fault.is_transient(),
        // The write had arrived.
        Ok(report) => matches!(report.outcome, Outcome::AlreadyCompliant | Outcome::Contained | Outcome::Dormant),
    };
    assert!(is_refused, "after {first:?}, with the lock held: {second:?}");
    scene.since(mark).assert_only_read::<C>();
}

/// The message is delivered again until a run ends quietly, and a sweep closes what is left.
async fn recovered<C: Lawful>(scene: &Scene<C>, mark: Mark, after: &str) {
    for _ in 0..DELIVERIES {
        scene.ports.outlive();
        let run = scene.repair().await;
        let Some(report) = run.ok().filter(|report| !report.wants_redelivery()) else { continue };
        if !report.performed.is_empty() {
            // Whoever takes over closes what it takes over. What needs no repair any more is left to the sweep.
            quiet(scene, mark);
        }
        break;
    }
    swept(scene).await;
    let verdict = scene.verdict().await;
    assert!(
        matches!(verdict, Verdict::Compliant | Verdict::Contained(_) | Verdict::Dormant(_)),
        "after {after}: {verdict:?}"
    );
    quiet(scene, mark);
}

async fn swept<C: Lawful>(scene: &Scene<C>) {
    scene.ports.outlive();
    let _ = scene.close_orphans().await.expect("a sweep");
    let again = scene.close_orphans().await.expect("a second sweep");
    assert!(again.is_empty(), "a sweep closes everything at once: {again:?}");
}

fn quiet<C: Lawful>(scene: &Scene<C>, mark: Mark) {
    super::conserved(&C::CONTROL, &scene.ports, &scene.since(mark).calls);
    super::released(&scene.ports);
}

/// The same for an undo: it is asked for again until it has ended.
pub(super) async fn survives_undone<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    if C::WAY_BACK == WayBack::Refused {
        return Bearing::Moot;
    }
    let Some(due) = due::<C>(case, theatre, Depth::asked(), Purpose::Revert).await else { return Bearing::Moot };
    let mut bearing = Bearing::Moot;
    let mishaps = [(Moment::After, Mishap::Crash), (Moment::After, Mishap::Throttled)];
    for (moment, mishap) in mishaps {
        for nth in due.iter().copied() {
            let Some(scene) = hurt::<C>(case, theatre, mishap).await else { return Bearing::Moot };
            let (before, mark) = (scene.setting().await, scene.mark());
            let plan = scene.repair().await.expect("a repair").plan.expect("a repair has a plan");
            scene.ports.fate().fail_at(nth, moment, mishap);
            let _ = scene.ports.until_crash(scene.revert(&plan)).await;
            if scene.ports.fate().spare() {
                break;
            }
            undone(&scene, &plan).await;
            let (seen, after) = (scene.setting().await, format!("{mishap:?} {moment:?} effect {nth}"));
            assert!(C::Setting::agrees(&seen, &before), "after {after}: {seen:?}, not {before:?}");
            quiet(&scene, mark);
            bearing = Bearing::Held;
        }
    }
    bearing
}

async fn undone<C: Lawful>(scene: &Scene<C>, plan: &PlanId) {
    for _ in 0..DELIVERIES {
        scene.ports.outlive();
        if scene.revert(plan).await.is_ok_and(|report| report.outcome == Outcome::Reverted) {
            return swept(scene).await;
        }
    }
    panic!("the undo of {plan} never ends");
}

/// Of several workers at once, one writes; the others must come again.
pub(super) async fn one_at_a_time<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    if scene.drift().await.is_none() {
        return Bearing::Moot;
    }
    let mark = scene.mark();
    scene.ports.fate().shuffle(usize::from(case.mask));
    let reports = tokio::join!(scene.repair(), scene.repair(), scene.repair());
    let carried_out = |run: &Result<Report, Fault>| run.as_ref().is_ok_and(|report| !report.performed.is_empty());
    let count = [&reports.0, &reports.1, &reports.2].into_iter().filter(|run| carried_out(run)).count();
    assert_eq!(count, 1, "one of them carries it out: {reports:?}");
    let verdict = scene.verdict().await;
    assert!(matches!(verdict, Verdict::Compliant | Verdict::Contained(_) | Verdict::Dormant(_)), "{verdict:?}");
    quiet(&scene, mark);
    Bearing::Held
}
