//! Taking a repair back: with an exemption, and with respect for what others did.

use remedy_domain::Setting as _;
use std::{rc::Rc, time::Duration};

use remedy_domain::{
    Outcome,
    exemption::{Exemption, FORMAT},
};
use remedy_engine::{LedgerBucket, registry};

use super::{
    Bearing, Case, Environment, Lawful, Scenario, WayBack,
    elements::{crossed, elements, merged},
};
use crate::people::person;

const DAY: Duration = Duration::from_secs(86_400);

/// An undo stores its exemption before it writes, and the next repair honours it until it expires.
pub(super) async fn exempts<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    if scenario.drift().await.is_none() || C::WAY_BACK == WayBack::Refused {
        return Bearing::Moot;
    }
    let plan = scenario.repair().await.expect("a repair").plan.expect("a repair has a plan");
    let mark = scenario.mark();
    assert_eq!(scenario.revert(&plan).await.expect("an undo").outcome, Outcome::Reverted);
    let undo = scenario.since(mark);
    let on_file = undo.ledger.iter().find(|entry| entry.is_write() && entry.key.starts_with("exemption/"));
    let on_file = on_file.expect("an exemption is on file").number;
    let written = undo.writes::<C>();
    assert!(written.iter().all(|write| on_file < write.number), "the exemption comes first: {written:?}");
    exempted(&scenario).await;
    let days = C::parameters(&case.world).revert_exemption_days;
    scenario.ports.time().advance(DAY * days);
    let report = scenario.repair().await.expect("a repair after the exemption");
    assert!(matches!(report.outcome, Outcome::Repaired | Outcome::Contained), "{report:?}");
    Box::pin(exempts_in_time(case, environment)).await;
    Box::pin(exempts_what_others_put_back(case, environment)).await;
    Bearing::Held
}

/// An exemption that is stored after the first ruling and before the lock is honoured: another run may have had the
/// lock.
async fn exempts_in_time<C: Lawful>(case: &Case<C>, environment: &dyn Environment) {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return };
    let (ports, target, now) = (Rc::clone(&scenario.ports), scenario.target.clone(), scenario.ports.time().now());
    let exemption = Exemption {
        format: FORMAT,
        control: C::CONTROL.id.0.to_owned(),
        account: target.account.clone(),
        resource: target.id.clone(),
        reason: "meanwhile".to_owned(),
        since: now,
        until: now + DAY,
        owner: None,
        ticket: None,
        alternative: None,
        requested_by: Some(person("ann")),
        approved_by: Some(person("bob")),
        renewals: 0,
    };
    let meanwhile = async move { registry::exempt(&*ports, &exemption).await.expect("it is put on file") };
    scenario.ports.after_creating("budget/", meanwhile);
    let mark = scenario.mark();
    let report = scenario.repair().await.expect("a run under exemption");
    assert_eq!(report.outcome, Outcome::Exempt, "{report:?}");
    scenario.since(mark).assert_only_read::<C>();
    super::released(&scenario.ports);
}

/// An undo that comes too late, because somebody else put the drift back, is exempted all the same.
async fn exempts_what_others_put_back<C: Lawful>(case: &Case<C>, environment: &dyn Environment) {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return };
    let before = scenario.setting().await;
    let plan = scenario.repair().await.expect("a repair").plan.expect("a repair has a plan");
    if !scenario.put(&scenario.setting().await, &before).await {
        return;
    }
    let mark = scenario.mark();
    for _ in 0..2 {
        let report = scenario.revert(&plan).await.expect("an undo");
        assert_eq!(report.outcome, Outcome::Reverted, "{report:?}");
    }
    let undo = scenario.since(mark);
    undo.assert_only_read::<C>();
    let on_file = undo.ledger.iter().filter(|entry| entry.is_write() && entry.key.starts_with("exemption/")).count();
    assert_eq!(on_file, 1, "once: {undo:?}");
    exempted(&scenario).await;
}

/// Two runs while the exemption lasts: nothing is written at AWS, and one record says so.
async fn exempted<C: Lawful>(scenario: &Scenario<C>) {
    let mark = scenario.mark();
    for _ in 0..2 {
        scenario.ports.time().advance(Duration::from_secs(1));
        assert_eq!(scenario.repair().await.expect("a run under exemption").outcome, Outcome::Exempt);
    }
    let exempt = scenario.since(mark);
    exempt.assert_only_read::<C>();
    let records = exempt.ledger.iter().filter(|entry| entry.is_write() && entry.shelf == LedgerBucket::Evidence);
    assert_eq!(records.count(), 1, "recorded once: {exempt:?}");
}

/// An undo takes back only our own difference; where somebody else changed the same element, nothing.
pub(super) async fn shares<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let Some((before, _)) = scenario.drift().await else { return Bearing::Moot };
    let plan = scenario.repair().await.expect("a repair").plan.expect("a repair has a plan");
    let ours = scenario.setting().await;
    let theirs = crossed::<C>(&ours, &case.other, case.mask);
    if C::Setting::agrees(&ours, &theirs)
        || C::cut_short(&ours, &before, &theirs)
        || !scenario.put(&ours, &theirs).await
    {
        return Bearing::Moot;
    }
    let mark = scenario.mark();
    let report = scenario.revert(&plan).await.expect("an undo");
    let seen = elements::<C>(&scenario.setting().await);
    match merged::<C>(&ours, &before, &theirs) {
        Some(merged) => {
            assert_eq!(report.outcome, Outcome::Reverted, "{report:?}");
            assert_eq!(seen, merged, "only our own difference is reverted from {theirs:?}");
        }
        None => {
            assert_eq!(report.outcome, Outcome::Blocked, "{report:?}");
            assert_eq!(seen, elements::<C>(&theirs), "theirs stays");
            scenario.since(mark).assert_only_read::<C>();
        }
    }
    super::conserved(&C::CONTROL, &scenario.ports, &scenario.since(mark).calls);
    super::released(&scenario.ports);
    Bearing::Held
}
