//! The decisions of a control: it settles, it stands still, it touches little.

use remedy_domain::Setting as _;
use remedy_domain::Step as _;
use std::collections::BTreeSet;

use remedy_domain::{Outcome, Verdict, Violation};
use remedy_engine::Report;
use serde_json::Value;

use super::{Bearing, Case, Environment, Lawful, Scenario, Touch, elements::elements};

/// Names that tests give are longer than this.
const SHORTEST: usize = 12;

/// The desired setting is judged compliant or contained, and there is a way to it.
pub(super) async fn settles<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    let (facts, setting) = scenario.observe().await;
    let Verdict::Drifted(drift) = scenario.judge(&facts, &setting) else { return Bearing::Moot };
    let settled = scenario.judge(&facts, &drift.desired);
    assert!(
        matches!(settled, Verdict::Compliant | Verdict::Contained(_) | Verdict::Dormant(_)),
        "{:?} is {settled:?}",
        drift.desired
    );
    assert!(!drift.violations.is_empty(), "a drift has a violation");
    let route = C::Step::route(&setting, &drift.desired);
    assert!(!route.steps.is_empty() && route.lost.is_empty(), "a way leads from {setting:?} to {:?}", drift.desired);
    assert!(!C::Setting::agrees(&setting, &drift.desired), "what agrees has not drifted: {setting:?}");
    Bearing::Held
}

/// From a setting to itself there are no steps, and a setting agrees with itself.
pub(super) async fn stands_still<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let Some(scenario) = Scenario::<C>::open(case, environment).await else { return Bearing::Moot };
    for setting in [&scenario.setting().await, &case.other] {
        let route = C::Step::route(setting, setting);
        assert!(route.steps.is_empty() && route.lost.is_empty(), "steps from {setting:?} to itself: {route:?}");
        assert!(C::Setting::agrees(setting, setting), "{setting:?} agrees with itself");
        let same = C::Setting::rebase(setting, setting, &case.other);
        assert_eq!(same.as_ref(), Ok(&case.other), "no difference changes nothing");
    }
    Bearing::Held
}

/// A repair changes nothing that no violation names, in the setting and in the account.
pub(super) async fn touches_little<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let (stage, ports) = environment.open();
    let bystander = C::arrange(&case.world, &stage).await;
    let Some(scenario) = Scenario::<C>::on(case, (stage, ports)).await else { return Bearing::Moot };
    let Some((before, drift)) = scenario.drift().await else { return Bearing::Moot };
    assert_grounds::<C>(&before, &drift.desired, &drift.violations);
    let unchanged = scenario.stage.backstage.dump();
    let report = scenario.repair().await.expect("a repair");
    assert!(matches!(report.outcome, Outcome::Repaired | Outcome::Contained), "{report:?}");
    assert_eq!(elements::<C>(&scenario.setting().await), elements::<C>(&drift.desired), "what was repaired");
    if let (Some(before), Some(after)) = (unchanged, scenario.stage.backstage.dump()) {
        let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for path in paths.into_iter().filter(|path| before.get(*path) != after.get(*path)) {
            let is_ours = named(&report).iter().any(|name| format!("{path}/").contains(&format!("/{name}/")));
            let is_there = |end: &&str| path.ends_with(end) || path.contains(&format!("{end}/"));
            let is_named = touched::<C>(&drift.violations).any(|touch| touch.paths.iter().any(is_there));
            let value = after.get(path);
            assert!(is_ours && is_named, "{path} was changed to {value:?}; bystander: {bystander:?}; {drift:?}");
        }
    }
    Bearing::Held
}

/// The changes that these violations permit.
fn touched<C: Lawful>(violations: &[Violation]) -> impl Iterator<Item = &'static Touch> {
    C::TOUCHES.iter().filter(|touch| violations.iter().any(|violation| violation.element() == touch.element))
}

/// Each member of the setting that is to change has a violation whose element it is.
fn assert_grounds<C: Lawful>(before: &C::Setting, after: &C::Setting, violations: &[Violation]) {
    let after = elements::<C>(after);
    for (name, element) in elements::<C>(before).into_iter().filter(|(name, element)| after[name] != *element) {
        let is_said = touched::<C>(violations).any(|touch| touch.members.contains(&name.as_str()));
        assert!(is_said, "`{name}` changes from {element} to {}, but {violations:?} do not say why", after[&name]);
    }
}

/// The names in a report: its target, and those in its settings.
fn named(report: &Report) -> Vec<String> {
    let mut names: Vec<_> =
        [Some(&report.target.id), report.target.arn.as_ref()].into_iter().flatten().cloned().collect();
    for setting in [&report.before, &report.after].into_iter().flatten() {
        words_of(setting, &mut names);
    }
    names
}

fn words_of(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(word) => words.push(word.clone()),
        Value::Array(items) => items.iter().for_each(|item| words_of(item, words)),
        Value::Object(members) => {
            for (name, value) in members {
                // The names of members are the control's own words, but for those that hold one resource each.
                if name.len() > SHORTEST {
                    words.push(name.clone());
                }
                words_of(value, words);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
