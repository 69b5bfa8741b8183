//! How far a control goes: it finds its targets, and makes no call that it does not declare.

use remedy_engine::Client;
use remedy_engine::Resource as _;
use std::collections::BTreeSet;

use remedy_domain::{Observed, Target};

use remedy_engine::Tags;

use super::{Bearing, Case, Environment, Lawful, Scenario, TestAccount};

/// A target is listed once, page by page, and found by each of its names.
pub(super) async fn finds<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let (stage, ports) = environment.open();
    stage.backstage.pages_of_one();
    let bystander = C::arrange(&case.world, &stage).await;
    let Some(scenario) = Scenario::<C>::on(case, (stage, ports)).await else { return Bearing::Moot };
    let all = list::<C>(&scenario.stage).await;
    let listed = |id: &str| all.iter().filter(|target| target.id == id).count();
    assert_eq!(listed(&scenario.target.id), 1, "{} is listed once in {all:?}", scenario.target);
    assert_eq!(bystander.as_deref().map(listed), Some(1), "so is the other one");
    assert!(all.contains(&scenario.target), "found and listed are the same: {:?} in {all:?}", scenario.target);
    let target = &scenario.target;
    for name in [Some(&target.id), target.arn.as_ref(), target.unique_id.as_ref()].into_iter().flatten() {
        let found = find::<C>(&scenario.stage, name).await;
        assert_eq!(found, std::slice::from_ref(target), "found as `{name}`");
    }
    for stranger in find::<C>(&scenario.stage, "00000000-0000-4000-8000-ffffffffffff").await {
        let seen = C::observe(&scenario.stage.client(), &stranger).await.expect("it can be looked at");
        assert!(matches!(seen, Observed::Absent), "nobody is called that: {stranger:?}");
    }
    Bearing::Held
}

async fn list<C: Lawful>(stage: &TestAccount) -> Vec<Target> {
    let (client, place) = (stage.client::<Client<C>>(), stage.place(C::CONTROL.kind.scope));
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let page = C::On::list(&client, &place, from).await.expect("targets can be listed");
        all.extend(page.targets);
        from = page.next;
        if from.is_none() {
            return all;
        }
    }
}

async fn find<C: Lawful>(stage: &TestAccount, name: &str) -> Vec<Target> {
    let (client, place) = (stage.client::<Client<C>>(), stage.place(C::CONTROL.kind.scope));
    C::On::find(&client, &place, name).await.expect("targets can be looked for")
}

/// The tags of a target are read whole, page by page; where nobody has tagged it, there are none.
pub(super) async fn tells_tags<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> Bearing {
    let (stage, ports) = environment.open();
    stage.backstage.pages_of_one();
    let Some(scenario) = Scenario::<C>::on(case, (stage, ports)).await else { return Bearing::Moot };
    let client = scenario.stage.client();
    let read = || async { C::On::tags(&client, &scenario.target).await.expect("tags can be read") };
    assert_eq!(read().await, Tags::new(), "nobody has tagged {}", scenario.target);
    let tags =
        [("team", "ward 3"), ("owner", ""), ("project", "phi")].map(|(key, value)| (key.into(), value.into())).into();
    if !C::tag(&scenario.stage, &scenario.target, &tags).await {
        return Bearing::Moot;
    }
    assert_eq!(read().await, tags, "the tags of {}", scenario.target);
    Bearing::Held
}

/// Every call that a control makes when it is asked for everything it can do.
pub(super) async fn calls_of_a_tour<C: Lawful>(case: &Case<C>, environment: &dyn Environment) -> BTreeSet<String> {
    let (stage, ports) = environment.open();
    let begin = stage.clone();
    let Some(scenario) = Scenario::<C>::on(case, (stage, ports)).await else { return BTreeSet::new() };
    let mark = scenario.mark();
    list::<C>(&begin).await;
    for name in [Some(&scenario.target.id), scenario.target.arn.as_ref()].into_iter().flatten() {
        find::<C>(&begin, name).await;
    }
    let report = scenario.repair().await.expect("a run");
    if let Some(plan) = report.plan.filter(|_| !report.performed.is_empty()) {
        let _ = scenario.revert(&plan).await.expect("an undo");
    }
    if scenario.drift().await.is_some() {
        let now = scenario.setting().await;
        if scenario.put(&now, &case.other).await {
            scenario.put(&case.other, &now).await;
        }
    }
    // The door is the engine's, not the control's.
    let calls = scenario.since(mark).calls.into_iter().map(|call| call.operation);
    calls.filter(|call| call != "sts:AssumeRole").collect()
}
