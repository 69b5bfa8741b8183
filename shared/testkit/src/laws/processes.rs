//! A control in its real function, which runs as a process on the emulator: repair, rest, undo, and stay undone.
//!
//! Whether its function knows the control, whether the settings reach it, and whether its calls are declared for the role
//! that makes them, no law on a fake can tell.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use proptest::strategy::{Strategy as _, ValueTree as _};
use remedy_domain::{Setting as _, Verdict};
use serde_json::{Value, json};

use super::{
    Case, EmulatedEnvironment, Environment, FakeEnvironment, Lawful, Scenario, WayBack,
    runner::{Telling, cases, runner},
};
use crate::{
    depth::Depth,
    lambda::Lambda,
    world::{TIMEOUT, World, done, only_run},
};

/// So many worlds are looked through, on the fake, for one in which the control makes a call that its function has not made yet.
const WORLDS: usize = 250;

/// A control in its function, and one resource.
struct Deployed<C: Lawful> {
    world: Rc<World>,
    scenario: Scenario<C>,
    lambda: Lambda,
    /// The calls that the function made.
    made: RefCell<BTreeSet<String>>,
}

impl<C: Lawful> Deployed<C> {
    async fn open(case: &Case<C>, function: &str) -> Option<Self> {
        let environment = EmulatedEnvironment::new().await;
        let world = environment.world();
        let scenario = Scenario::<C>::on(case, environment.open()).await?;
        let parameters = C::parameters(&case.world);
        let settings = world.settings_with(&json!({"modes": {"default": "enforce"}, "parameters": parameters}));
        let mut environment = world.environment("observe");
        environment.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&settings));
        let lambda = world.deploy_with(function, environment, TIMEOUT);
        world.proxy.clear();
        Some(Self { world, scenario, lambda, made: RefCell::default() })
    }

    /// Looks at the resource by one of its names, and does what is due.
    async fn run(&self, name: &str) -> Value {
        let event = json!({"control": C::CONTROL.id, "resource": name}).to_string();
        only_run(self.lambda.invoke(event.as_bytes()).await)
    }

    /// Clears the journal, and keeps which calls the function made.
    fn clear(&self) {
        let calls = self.world.proxy.calls().into_iter().filter(|call| call.function.is_some());
        self.made.borrow_mut().extend(calls.map(|call| call.name()));
        self.world.proxy.clear();
    }

    /// Repairs, with a person's leave where it asks.
    async fn repair(&self) -> Value {
        let run = self.run(&self.scenario.target.id).await;
        if run["outcome"] == "awaiting-approval" { self.world.approve(&self.lambda, &run).await } else { run }
    }

    /// Another look finds nothing to do, and nothing is written anywhere.
    async fn rests(&self, outcomes: &[&str]) {
        self.clear();
        let run = self.run(self.scenario.target.arn.as_ref().unwrap_or(&self.scenario.target.id)).await;
        assert!(outcomes.iter().any(|outcome| run["outcome"] == *outcome), "it rests: {run:#}");
        let effects = self.world.proxy.effects();
        assert!(effects.is_empty(), "a second run writes nothing: {effects:?}");
    }

    /// A repair is reverted and stays reverted. An undo that would destroy data is refused.
    async fn returns(&self, run: &Value, before: &C::Setting) {
        let undone = self.world.undo(&self.lambda, run).await;
        if C::WAY_BACK == WayBack::Refused {
            assert_eq!(undone["outcome"], "blocked", "{undone:#}");
            return;
        }
        assert_eq!(undone["outcome"], "reverted", "{undone:#}");
        assert!(C::Setting::agrees(&self.scenario.setting().await, before), "as before: {undone:#}");
        let again = self.run(&self.scenario.target.id).await;
        assert_eq!(again["outcome"], "exempt", "it stays undone: {again:#}");
        assert!(C::Setting::agrees(&self.scenario.setting().await, before), "still as before: {again:#}");
    }

    async fn sweeps(&self) {
        done(self.lambda.invoke(json!({"sweep": {"control": C::CONTROL.id}}).to_string().as_bytes()).await);
    }
}

/// Repairs, rests, undoes; or tells a person, once, and writes nothing. Returns the calls that the function made; nothing where
/// the emulator shows another world than the fake.
async fn play<C: Lawful>(case: &Case<C>, function: &str) -> Option<BTreeSet<String>> {
    let deployed = Deployed::<C>::open(case, function).await?;
    let before = deployed.scenario.setting().await;
    let run = deployed.repair().await;
    match run["outcome"].as_str() {
        Some("repaired" | "contained") if writes::<C>() => {
            deployed.world.assert_conserved().await;
            deployed.rests(&["already-compliant", "contained", "dormant"]).await;
            deployed.returns(&run, &before).await;
        }
        Some("needs-human") if !writes::<C>() => {
            deployed.rests(&["needs-human"]).await;
            assert!(deployed.world.repairs().is_empty(), "nothing is written");
        }
        _ => return None,
    }
    deployed.sweeps().await;
    deployed.clear();
    Some(deployed.made.take())
}

fn writes<C: Lawful>() -> bool {
    C::CONTROL.all_writes().next().is_some()
}

/// The calls of the same on the fake; nothing where there is nothing to repair, or to tell.
async fn rehearse<C: Lawful>(case: &Case<C>) -> BTreeSet<String> {
    let Some(scenario) = Scenario::<C>::open(case, &FakeEnvironment::of::<C>()).await else { return BTreeSet::new() };
    let is_due = match scenario.verdict().await {
        Verdict::Drifted(_) => writes::<C>(),
        Verdict::NeedsHuman { .. } => !writes::<C>(),
        _ => false,
    };
    if !is_due {
        return BTreeSet::new();
    }
    let mark = scenario.mark();
    let plan = scenario.repair().await.expect("a repair").plan;
    if let Some(plan) = plan.filter(|_| writes::<C>()) {
        let _ = scenario.revert(&plan).await.expect("an undo");
    }
    scenario.since(mark).operations().into_iter().collect()
}

/// Plays worlds until the function has made each call that its control declares, but a few at most: at least one is repaired,
/// rests, and is undone.
///
/// # Panics
///
/// If it is not so.
pub(super) async fn holds_as_a_process<C: Lawful>(function: &str) {
    let mut missing: BTreeSet<_> = C::CONTROL.all_reads().chain(C::CONTROL.all_writes()).map(|c| c.operation).collect();
    let (mut runner, mut played, most) = (runner(), 0, Depth::asked().of(6, 20));
    for _ in 0..WORLDS {
        let case = cases::<C>().new_tree(&mut runner).expect("the strategy makes cases").current();
        if rehearse::<C>(&case).await.iter().any(|call| missing.contains(call.as_str())) {
            let _told_if_it_panics = Telling(format!("{} as a process in {case:#?}", C::CONTROL.id));
            let Some(made) = play::<C>(&case, function).await else { continue };
            missing.retain(|call| !made.contains(*call));
            played += 1;
        }
        if missing.is_empty() || played == most {
            break;
        }
    }
    assert!(played > 0, "no world of {} that drifts on the fake is repaired by {function}", C::CONTROL.id);
    eprintln!("{} was played in {played} worlds; calls that its function did not make: {missing:?}", C::CONTROL.id);
}
