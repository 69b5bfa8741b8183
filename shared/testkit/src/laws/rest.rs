//! If there is nothing to do, nothing is done.

use remedy_domain::{Outcome, Verdict};
use remedy_engine::Glance;

use super::{Bearing, Case, Lawful, Mark, Scene, Theatre};

/// The outcome of a run that has nothing to do.
fn at_rest<S>(verdict: &Verdict<S>) -> Option<Outcome> {
    match verdict {
        Verdict::Compliant => Some(Outcome::AlreadyCompliant),
        Verdict::Contained(_) => Some(Outcome::Contained),
        Verdict::Dormant(_) => Some(Outcome::Dormant),
        Verdict::OutOfScope(_) => Some(Outcome::OutOfScope),
        Verdict::Drifted(_) | Verdict::NeedsHuman { .. } => None,
    }
}

/// A compliant, contained or out-of-scope target is left alone: the calls of one look, no write, no access to the
/// ledger.
pub(super) async fn rests<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    let Some(outcome) = at_rest(&scene.verdict().await) else { return Bearing::Moot };
    let (mark, looked) = calls_of_a_look(&scene).await;
    assert_eq!(scene.ask().await.expect("a run").outcome, outcome);
    assert_eq!(scene.since(mark).operations(), looked, "nothing else is asked");
    scene.since(mark).assert_only_read::<C>();
    scene.since(mark).assert_ledger_untouched::<C>();
    assert!(scene.ports.notices().is_empty(), "nobody is told");
    Bearing::Held
}

/// The operations of a glance and, if it does not decide, of one look; and the time after them.
async fn calls_of_a_look<C: Lawful>(scene: &Scene<C>) -> (Mark, Vec<String>) {
    let mark = scene.mark();
    let glance = C::at_a_glance(&scene.stage.client(), &scene.target).await.expect("a glance");
    if glance == Glance::Unclear {
        let _ = scene.observe().await;
    }
    (scene.mark(), scene.since(mark).operations())
}

/// A second run after a repair finds nothing to do.
pub(super) async fn repeats<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    if scene.drift().await.is_none() {
        return Bearing::Moot;
    }
    let repaired = scene.repair().await.expect("a repair");
    let verdict = scene.verdict().await;
    let outcome = at_rest(&verdict).unwrap_or_else(|| panic!("after {repaired:?}: {verdict:?}"));
    let mark = scene.mark();
    assert_eq!(scene.repair().await.expect("a second run").outcome, outcome);
    scene.since(mark).assert_only_read::<C>();
    scene.since(mark).assert_ledger_untouched::<C>();
    super::released(&scene.ports);
    Bearing::Held
}

/// An evaluation writes nothing anywhere, and makes the calls of one look.
pub(super) async fn evaluates<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let Some(scene) = Scene::<C>::open(case, theatre).await else { return Bearing::Moot };
    let expected = match scene.verdict().await {
        Verdict::Drifted(_) => Outcome::Drifted,
        Verdict::NeedsHuman { .. } => Outcome::NeedsHuman,
        other => at_rest(&other).expect("everything else rests"),
    };
    let (mark, looked) = calls_of_a_look(&scene).await;
    assert_eq!(scene.evaluate().await.expect("an evaluation").outcome, expected);
    assert_eq!(scene.since(mark).operations(), looked, "nothing else is asked");
    scene.since(mark).assert_only_read::<C>();
    scene.since(mark).assert_ledger_untouched::<C>();
    assert!(scene.ports.notices().is_empty(), "nobody is told");
    Bearing::Held
}
