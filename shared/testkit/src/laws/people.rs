//! People in the loop: what waits for them, what they agree to, and what they stop.

use remedy_domain::Setting as _;
use std::time::Duration;

use remedy_domain::{
    Mode, Outcome, Stops, Timestamp, guard,
    hold::{FORMAT, Hold, HoldScope, Switch},
    outcome::Alarm,
};
use remedy_engine::{LedgerBucket, Notice, backlog, registry};

use super::{Bearing, Case, Environment, Lawful, Scenario, WayBack};
use crate::people::person;

/// More drifts of one resource in a day than are repaired.
const FLAPS: u32 = 6;
/// A day's minutes.
const DAY: u32 = 24 * 60;
/// So many are.
const REPAIRED: usize = 3;

fn arrived(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Repaired | Outcome::Contained)
}

/// An undo that two people have not agreed to waits: nothing is written at AWS, and no exemption is stored.
pub(super) async fn waits_for_two<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if scenario.drift().await.is_none() || C::WAY_BACK == WayBack::Refused {
        return Bearing::Moot;
    }
    let plan = scenario.repair().await.expect("a repair").plan.expect("a repair has a plan");
    let mark = scenario.mark();
    let report = scenario.revert_unasked(&plan).await.expect("a request to undo");
    assert_eq!(report.outcome, Outcome::AwaitingApproval, "{report:?}");
    scenario.since(mark).assert_only_read::<C>();
    let exemptions = registry::all_exemptions(&*scenario.ports).await.expect("the registry reads");
    assert!(exemptions.is_empty(), "{exemptions:?}");
    Bearing::Held
}

/// An approved plan is carried out, once: the same drift again waits again.
pub(super) async fn spends_approvals<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let Some((before, _)) = scenario.drift().await else { return Bearing::Moot };
    scenario.mode.set(Mode::Approve);
    let asked = scenario.ask().await.expect("a run");
    assert_eq!(asked.outcome, Outcome::AwaitingApproval, "{asked:?}");
    scenario.agree_to(&asked.plan.expect("what waits has a plan")).await.expect("a person agrees");
    let report = scenario.ask().await.expect("a run with leave");
    assert!(arrived(report.outcome), "{report:?}");
    let outcome = scenario.ports.shelf(LedgerBucket::Evidence).into_iter().find(|(key, _)| key.contains("-outcome-"));
    let outcome = String::from_utf8(outcome.expect("an outcome").1).expect("a record is JSON");
    assert!(outcome.contains(r#""approved_by":{"#), "who agreed is on record: {outcome}");
    let ours = scenario.setting().await;
    if !scenario.put(&ours, &before).await || scenario.drift().await.is_none() {
        return Bearing::Held;
    }
    let again = scenario.ask().await.expect("a run after it drifted again");
    assert_eq!(again.outcome, Outcome::AwaitingApproval, "an approval is good for one repair: {again:?}");
    Bearing::Held
}

/// While a hold stands, nothing is written; once it is released, repairs go on.
pub(super) async fn minds_holds<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if scenario.drift().await.is_none() {
        return Bearing::Moot;
    }
    let scopes = [
        HoldScope::All,
        HoldScope::Account(scenario.target.account.clone()),
        HoldScope::Control(C::CONTROL.id.0.to_owned()),
    ];
    for scope in scopes {
        turn(&scenario, &scope, Switch::Held).await;
        let mark = scenario.mark();
        let report = scenario.repair().await.expect("a run on hold");
        assert_eq!(report.outcome, Outcome::Blocked, "{report:?}");
        scenario.since(mark).assert_only_read::<C>();
        turn(&scenario, &scope, Switch::Released).await;
    }
    let report = scenario.repair().await.expect("a run after the release");
    assert!(arrived(report.outcome), "{report:?}");
    Bearing::Held
}

async fn turn<C: Lawful>(scenario: &Scenario<C>, scope: &HoldScope, switch: Switch) {
    let (reason, at): (_, Timestamp) = ("a clinic lost its images".to_owned(), scenario.ports.time().now());
    let (scope, switch, by) = (scope.clone().into(), switch.into(), Some(person("ann")));
    let hold = Hold { format: FORMAT, scope, switch, reason, by, at };
    registry::hold(&*scenario.ports, &hold).await.expect("the switch turns");
}

/// A target that drifts again and again is repaired so often a day, then somebody is paged, once. If stopping would do
/// harm, somebody is paged each time and the repairs go on.
pub(super) async fn stops_flapping<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    flaps(case, environment, FLAPS).await
}

/// The same for a resource that drifts so many times within a day.
pub async fn flaps<C: Lawful>(case: &Case<C>, environment: &dyn Environment, times: u32) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let Some((before, _)) = scenario.drift().await else { return Bearing::Moot };
    let (mut outcomes, between) = (Vec::new(), Duration::from_mins(10) * FLAPS / times);
    for _ in 0..times {
        outcomes.push(scenario.repair().await.expect("a run").outcome);
        scenario.ports.time().advance(between.max(Duration::from_secs(30)));
        let ours = scenario.setting().await;
        if !C::Setting::agrees(&ours, &before) && !scenario.put(&ours, &before).await
            || scenario.drift().await.is_none()
        {
            return Bearing::Moot;
        }
    }
    let (repaired, after) = outcomes.split_at(REPAIRED);
    assert!(repaired.iter().all(|outcome| arrived(*outcome)), "{outcomes:?}");
    let told = scenario.ports.notices();
    let is_page = |notice: &&Notice| {
        let tells = ["within 24 hours", "not told one by one"];
        notice.alarm == Alarm::Page && tells.iter().any(|words| notice.text.contains(words))
    };
    let pages = told.iter().filter(is_page).count();
    if guard::goes_on(&C::CONTROL) {
        assert!(after.iter().all(|outcome| arrived(*outcome)), "to stop would be the harm: {outcomes:?}");
        assert_eq!(pages, after.len(), "one page for each, the last of them the digest: {told:?}");
        return Bearing::Held;
    }
    assert!(after.iter().all(|outcome| *outcome == Outcome::Blocked), "{outcomes:?}");
    assert_eq!(pages, 1, "one page: {told:?}");
    scenario.ports.time().advance(Duration::from_mins(1) * DAY);
    let later = scenario.repair().await.expect("a run a day later").outcome;
    assert!(arrived(later), "{later:?}");
    Bearing::Held
}

/// Drift from before the first sweep waits for a person, unless only destruction is stopped; once repaired, it is
/// fresh.
pub(super) async fn minds_the_backlog<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if scenario.drift().await.is_none() {
        return Bearing::Moot;
    }
    let (id, ports) = (C::CONTROL.id.0, &*scenario.ports);
    backlog::enter(ports, id, &scenario.target, ports.time().now()).await.expect("it enters the backlog");
    if C::CONTROL.stops != Stops::Destruction {
        let mark = scenario.mark();
        let report = scenario.repair().await.expect("a run");
        assert_eq!(report.outcome, Outcome::AwaitingApproval, "{report:?}");
        scenario.since(mark).assert_only_read::<C>();
        scenario.agree_to(&report.plan.expect("what waits has a plan")).await.expect("a person agrees");
    }
    let report = scenario.repair().await.expect("a run with leave");
    assert!(arrived(report.outcome), "{report:?}");
    let place = remedy_engine::Place::of(&scenario.target);
    let waiting = backlog::waiting(ports, id, &place, &[&scenario.target.hash()]).await.expect("the backlog reads");
    assert!(waiting.is_empty(), "it has left the backlog");
    Bearing::Held
}
