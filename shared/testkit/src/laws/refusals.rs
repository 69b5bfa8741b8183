//! AWS says no, or there is no time.

use remedy_domain::Step as _;
use std::time::Duration;

use remedy_domain::{Fault, FaultKind, Outcome, evidence::Kind};

use super::{Bearing, Case, Environment, Lawful, Scenario, conservation::records};

/// A denied client, and a denied write, leave one outcome and no lock, and are not tried again on the same day; with
/// the permission back, a run of the next day repairs.
pub(super) async fn takes_no<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let Some((before, drift)) = scenario.drift().await else { return Bearing::Moot };
    let route = C::Step::route(&before, &drift.desired);
    let first = remedy_domain::Step::call(route.steps.first().expect("a drift has steps")).operation;
    let mark = scenario.mark();
    for (count, denied) in ["sts:AssumeRole", first].into_iter().enumerate() {
        if !scenario.stage.backstage.refuse(denied, true) {
            return Bearing::Moot;
        }
        let report = scenario.repair().await.expect("a run that is denied");
        let kind = report.fault.as_ref().map(|fault| fault.kind);
        assert_eq!((report.outcome, kind), (Outcome::Blocked, Some(FaultKind::Denied)), "{report:?}");
        assert_eq!(scenario.setting().await, before, "nothing has changed");
        let ends = records(&scenario.ports).into_values().filter(|record| record.kind == Kind::Outcome).count();
        assert_eq!(ends, count + 1, "one outcome each");
        super::released(&scenario.ports);
        scenario.stage.backstage.refuse(denied, false);
        let again = scenario.repair().await.expect("the same again");
        let check = again.objection.as_ref().map(|objection| objection.check);
        assert_eq!((again.outcome, check), (Outcome::Blocked, Some("attempts")), "not tried again: {again:?}");
        assert!(scenario.since(mark).writes::<C>().len() <= count, "no write more");
        let intents = records(&scenario.ports).into_values().filter(|record| record.kind == Kind::Intent).count();
        assert_eq!(intents, count + 1, "no intent more");
        scenario.ports.time().advance(Duration::from_hours(24));
    }
    let report = scenario.repair().await.expect("a repair");
    assert!(matches!(report.outcome, Outcome::Repaired | Outcome::Contained), "{report:?}");
    super::conserved(&C::CONTROL, &scenario.ports, &scenario.since(mark).calls);
    Bearing::Held
}

/// With too little time left nothing is begun, and the message comes back.
pub(super) async fn minds_the_deadline<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if scenario.drift().await.is_none() {
        return Bearing::Moot;
    }
    for left in [0, 1, 4] {
        let mark = scenario.mark();
        scenario.ports.begin(Duration::from_secs(left));
        let run = scenario.go_on().await;
        assert!(run.as_ref().is_err_and(Fault::is_transient), "with {left} s left: {run:?}");
        scenario.since(mark).assert_only_read::<C>();
        scenario.since(mark).assert_nothing_recorded();
    }
    Bearing::Held
}
