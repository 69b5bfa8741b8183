//! How far a control goes: it finds its targets, and makes no call that it does not declare.

use remedy_engine::Client;
use remedy_engine::Resource as _;
use std::collections::BTreeSet;

use remedy_domain::{Observed, Target};

use remedy_engine::Tags;

use super::{Bearing, Case, Lawful, Scene, Stage, Theatre};

/// A target is listed once, page by page, and found by each of its names.
pub(super) async fn finds<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let (stage, ports) = theatre.open();
    stage.backstage.pages_of_one();
    let bystander = C::arrange(&case.world, &stage).await;
    let Some(scene) = Scene::<C>::on(case, (stage, ports)).await else { return Bearing::Moot };
    let all = list::<C>(&scene.stage).await;
    let listed = |id: &str| all.iter().filter(|target| target.id == id).count();
    assert_eq!(listed(&scene.target.id), 1, "{} is listed once in {all:?}", scene.target);
    assert_eq!(bystander.as_deref().map(listed), Some(1), "so is the other one");
    assert!(all.contains(&scene.target), "found and listed are the same: {:?} in {all:?}", scene.target);
    let target = &scene.target;
    for name in [Some(&target.id), target.arn.as_ref(), target.unique_id.as_ref()].into_iter().flatten() {
        let found = find::<C>(&scene.stage, name).await;
        assert_eq!(found, std::slice::from_ref(target), "found as `{name}`");
    }
    for stranger in find::<C>(&scene.stage, "00000000-0000-4000-8000-ffffffffffff").await {
        let seen = C::observe(&scene.stage.client(), &stranger).await.expect("it can be looked at");
        assert!(matches!(seen, Observed::Absent), "nobody is called that: {stranger:?}");
    }
    Bearing::Held
}

async fn list<C: Lawful>(stage: &Stage) -> Vec<Target> {
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

async fn find<C: Lawful>(stage: &Stage, name: &str) -> Vec<Target> {
    let (client, place) = (stage.client::<Client<C>>(), stage.place(C::CONTROL.kind.scope));
    C::On::find(&client, &place, name).await.expect("targets can be looked for")
}

/// The tags of a target are read whole, page by page; where nobody has tagged it, there are none.
pub(super) async fn tells_tags<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
    let (stage, ports) = theatre.open();
    stage.backstage.pages_of_one();
    let Some(scene) = Scene::<C>::on(case, (stage, ports)).await else { return Bearing::Moot };
    let client = scene.stage.client();
    let read = || async { C::On::tags(&client, &scene.target).await.expect("tags can be read") };
    assert_eq!(read().await, Tags::new(), "nobody has tagged {}", scene.target);
    let tags =
        [("team", "ward 3"), ("owner", ""), ("project", "phi")].map(|(key, value)| (key.into(), value.into())).into();
    if !C::tag(&scene.stage, &scene.target, &tags).await {
        return Bearing::Moot;
    }
    assert_eq!(read().await, tags, "the tags of {}", scene.target);
    Bearing::Held
}

/// Every call that a control makes when it is asked for everything it can do.
pub(super) async fn calls_of_a_tour<C: Lawful>(case: &Case<C>, theatre: &dyn Theatre) -> BTreeSet<String> {
    let (stage, ports) = theatre.open();
    let begin = stage.clone();
    let Some(scene) = Scene::<C>::on(case, (stage, ports)).await else { return BTreeSet::new() };
    let mark = scene.mark();
    list::<C>(&begin).await;
    for name in [Some(&scene.target.id), scene.target.arn.as_ref()].into_iter().flatten() {
        find::<C>(&begin, name).await;
    }
    let report = scene.repair().await.expect("a run");
    if let Some(plan) = report.plan.filter(|_| !report.performed.is_empty()) {
        let _ = scene.revert(&plan).await.expect("an undo");
    }
    if scene.drift().await.is_some() {
        let now = scene.setting().await;
        if scene.put(&now, &case.other).await {
            scene.put(&case.other, &now).await;
        }
    }
    // The door is the engine's, not the control's.
    let calls = scene.since(mark).calls.into_iter().map(|call| call.operation);
    calls.filter(|call| call != "sts:AssumeRole").collect()
}
