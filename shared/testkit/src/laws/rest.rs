//! If there is nothing to do, nothing is done.

use remedy_domain::{Outcome, Verdict};
use remedy_engine::Glance;

use super::{Bearing, Case, Environment, Lawful, Mark, Scenario};

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
pub(super) async fn rests<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let Some(outcome) = at_rest(&scenario.verdict().await) else { return Bearing::Moot };
    let (mark, looked) = calls_of_a_look(&scenario).await;
    assert_eq!(scenario.ask().await.expect("a run").outcome, outcome);
    assert_eq!(scenario.since(mark).operations(), looked, "nothing else is asked");
    scenario.since(mark).assert_only_read::<C>();
    scenario.since(mark).assert_ledger_untouched::<C>();
    assert!(scenario.ports.notices().is_empty(), "nobody is notified");
    Bearing::Held
}

/// The operations of a glance and, if it does not decide, of one look; and the time after them.
async fn calls_of_a_look<C: Lawful>(scenario: &Scenario<C>) -> (Mark, Vec<String>) {
    let mark = scenario.mark();
    let glance = C::at_a_glance(&scenario.stage.client(), &scenario.target).await.expect("a glance");
    if glance == Glance::Unclear {
        let _ = scenario.observe().await;
    }
    (scenario.mark(), scenario.since(mark).operations())
}

/// A second run after a repair finds nothing to do.
pub(super) async fn repeats<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if scenario.drift().await.is_none() {
        return Bearing::Moot;
    }
    let repaired = scenario.repair().await.expect("a repair");
    let verdict = scenario.verdict().await;
    let outcome = at_rest(&verdict).unwrap_or_else(|| panic!("after {repaired:?}: {verdict:?}"));
    let mark = scenario.mark();
    assert_eq!(scenario.repair().await.expect("a second run").outcome, outcome);
    scenario.since(mark).assert_only_read::<C>();
    scenario.since(mark).assert_ledger_untouched::<C>();
    super::released(&scenario.ports);
    Bearing::Held
}

/// An evaluation writes nothing anywhere, and makes the calls of one look.
pub(super) async fn evaluates<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let expected = match scenario.verdict().await {
        Verdict::Drifted(_) => Outcome::Drifted,
        Verdict::NeedsHuman { .. } => Outcome::NeedsHuman,
        other => at_rest(&other).expect("everything else rests"),
    };
    let (mark, looked) = calls_of_a_look(&scenario).await;
    assert_eq!(scenario.evaluate().await.expect("an evaluation").outcome, expected);
    assert_eq!(scenario.since(mark).operations(), looked, "nothing else is asked");
    scenario.since(mark).assert_only_read::<C>();
    scenario.since(mark).assert_ledger_untouched::<C>();
    assert!(scenario.ports.notices().is_empty(), "nobody is notified");
    Bearing::Held
}
