//! Runs that end before their time, and runs that meet.

use std::collections::BTreeSet;

use remedy_domain::Setting as _;
use remedy_domain::{Fault, Outcome, PlanId, Verdict, guard::Purpose};
use remedy_engine::{LedgerBucket, Report};

use super::{Bearing, Case, Environment, Lawful, Mark, Scenario, WayBack, representatives};
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
pub(super) async fn survives_crashes<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    survives(case, environment, representatives::depth_of::<C>(), &[(Moment::After, Mishap::Crash)]).await
}

/// Any effect of a repair may fail, or its answer be lost.
pub(super) async fn survives_faults<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let mishaps =
        [(Moment::Before, Mishap::Throttled), (Moment::After, Mishap::Unavailable), (Moment::After, Mishap::Dropped)];
    survives(case, environment, Depth::asked(), &mishaps).await
}

async fn survives<C: Lawful>(
    case: &Case<C>,
    environment: &dyn Environment,
    depth: Depth,
    mishaps: &[(Moment, Mishap)],
) -> Bearing {
    let Some(due) = due::<C>(case, environment, depth, Purpose::Repair).await else { return Bearing::Moot };
    let mut bearing = Bearing::Moot;
    for (moment, mishap) in mishaps {
        for nth in due.iter().copied() {
            let Some(scenario) = hurt::<C>(case, environment, *mishap).await else { return Bearing::Moot };
            let mark = scenario.mark();
            scenario.ports.fate().fail_at(nth, *moment, *mishap);
            let first = scenario.ports.until_crash(scenario.repair()).await;
            if scenario.ports.fate().spare() {
                break;
            }
            busy(&scenario, first.as_ref()).await;
            recovered(&scenario, mark, &format!("{mishap:?} {moment:?} effect {nth}")).await;
            bearing = Bearing::Held;
        }
    }
    bearing
}

/// The effects of a run, counted from its start, at which something is to go wrong: all of them, or at standard depth those
/// of the control's own writes, and the one before and after each. Nothing where there is no drift.
async fn due<C: Lawful>(
    case: &Case<C>,
    environment: &dyn Environment,
    depth: Depth,
    purpose: Purpose,
) -> Option<BTreeSet<usize>> {
    let scenario = Scenario::<C>::open(case, environment).await?;
    scenario.drift().await?;
    match depth {
        Depth::Full => Some((0..EFFECTS).collect()),
        Depth::Standard => {
            let writes = rehearsed(&scenario, purpose).await;
            Some(writes.into_iter().flat_map(|nth| nth.saturating_sub(1)..=nth + 1).collect())
        }
    }
}

/// The control's own writes in a run in which nothing goes wrong, each by its place among the effects of the run.
async fn rehearsed<C: Lawful>(scenario: &Scenario<C>, purpose: Purpose) -> Vec<usize> {
    let start = || (scenario.mark(), scenario.ports.fate().effects());
    let (mut mark, mut begin) = start();
    let report = scenario.repair().await.expect("a repair");
    if purpose == Purpose::Revert {
        (mark, begin) = start();
        let _ = scenario.revert(&report.plan.expect("a repair has a plan")).await.expect("an undo");
    }
    scenario.since(mark).writes::<C>().into_iter().map(|write| write.number - begin).collect()
}

/// A scenario in which something will go wrong. A lost answer is tried again by the SDK; everything else is seen by the engine.
async fn hurt<C: Lawful>(case: &Case<C>, environment: &dyn Environment, mishap: Mishap) -> Option<Scenario<C>> {
    let stage = if mishap == Mishap::Dropped { environment.open_patient() } else { environment.open() };
    Scenario::<C>::on(case, stage).await
}

/// While a crashed worker's lease runs, nobody else writes.
async fn busy<C: Lawful>(scenario: &Scenario<C>, first: Option<&Result<Report, Fault>>) {
    let state = scenario.ports.shelf(LedgerBucket::State);
    let is_locked = state.keys().any(|key| key.starts_with("lock/") && !state.contains_key(&format!("{key}.done")));
    let is_held = is_locked && !state.keys().any(|key| key.ends_with(".done"));
    if !is_held {
        return;
    }
    let mark = scenario.mark();
    let second = scenario.repair().await;
    let is_refused = match &second {
        Err(fault) => fault.is_transient(),
        // The write had arrived.
        Ok(report) => matches!(report.outcome, Outcome::AlreadyCompliant | Outcome::Contained | Outcome::Dormant),
    };
    assert!(is_refused, "after {first:?}, with the lock held: {second:?}");
    scenario.since(mark).assert_only_read::<C>();
}

/// The message is delivered again until a run ends quietly, and a sweep closes what is left.
async fn recovered<C: Lawful>(scenario: &Scenario<C>, mark: Mark, after: &str) {
    for _ in 0..DELIVERIES {
        scenario.ports.outlive();
        let run = scenario.repair().await;
        let Some(report) = run.ok().filter(|report| !report.wants_redelivery()) else { continue };
        if !report.performed.is_empty() {
            // Whoever takes over closes what it takes over. What needs no repair any more is left to the sweep.
            quiet(scenario, mark);
        }
        break;
    }
    swept(scenario).await;
    let verdict = scenario.verdict().await;
    assert!(
        matches!(verdict, Verdict::Compliant | Verdict::Contained(_) | Verdict::Dormant(_)),
        "after {after}: {verdict:?}"
    );
    quiet(scenario, mark);
}

async fn swept<C: Lawful>(scenario: &Scenario<C>) {
    scenario.ports.outlive();
    let _ = scenario.close_orphans().await.expect("a sweep");
    let again = scenario.close_orphans().await.expect("a second sweep");
    assert!(again.is_empty(), "a sweep closes everything at once: {again:?}");
}

fn quiet<C: Lawful>(scenario: &Scenario<C>, mark: Mark) {
    super::conserved(&C::CONTROL, &scenario.ports, &scenario.since(mark).calls);
    super::released(&scenario.ports);
}

/// The same for an undo: it is asked for again until it has ended.
pub(super) async fn survives_undone<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    if C::WAY_BACK == WayBack::Refused {
        return Bearing::Moot;
    }
    let Some(due) = due::<C>(case, environment, Depth::asked(), Purpose::Revert).await else { return Bearing::Moot };
    let mut bearing = Bearing::Moot;
    let mishaps = [(Moment::After, Mishap::Crash), (Moment::After, Mishap::Throttled)];
    for (moment, mishap) in mishaps {
        for nth in due.iter().copied() {
            let Some(scenario) = hurt::<C>(case, environment, mishap).await else { return Bearing::Moot };
            let (before, mark) = (scenario.setting().await, scenario.mark());
            let plan = scenario.repair().await.expect("a repair").plan.expect("a repair has a plan");
            scenario.ports.fate().fail_at(nth, moment, mishap);
            let _ = scenario.ports.until_crash(scenario.revert(&plan)).await;
            if scenario.ports.fate().spare() {
                break;
            }
            undone(&scenario, &plan).await;
            let (seen, after) = (scenario.setting().await, format!("{mishap:?} {moment:?} effect {nth}"));
            assert!(C::Setting::agrees(&seen, &before), "after {after}: {seen:?}, not {before:?}");
            quiet(&scenario, mark);
            bearing = Bearing::Held;
        }
    }
    bearing
}

async fn undone<C: Lawful>(scenario: &Scenario<C>, plan: &PlanId) {
    for _ in 0..DELIVERIES {
        scenario.ports.outlive();
        if scenario.revert(plan).await.is_ok_and(|report| report.outcome == Outcome::Reverted) {
            return swept(scenario).await;
        }
    }
    panic!("the undo of {plan} never ends");
}

/// Of several workers at once, one writes; the others must come again.
pub(super) async fn one_at_a_time<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if scenario.drift().await.is_none() {
        return Bearing::Moot;
    }
    let mark = scenario.mark();
    scenario.ports.fate().shuffle(usize::from(case.mask));
    let reports = tokio::join!(scenario.repair(), scenario.repair(), scenario.repair());
    let carried_out = |run: &Result<Report, Fault>| run.as_ref().is_ok_and(|report| !report.performed.is_empty());
    let count = [&reports.0, &reports.1, &reports.2].into_iter().filter(|run| carried_out(run)).count();
    assert_eq!(count, 1, "one of them carries it out: {reports:?}");
    let verdict = scenario.verdict().await;
    assert!(matches!(verdict, Verdict::Compliant | Verdict::Contained(_) | Verdict::Dormant(_)), "{verdict:?}");
    quiet(&scenario, mark);
    Bearing::Held
}
