//! Playing cases until a law has held often enough.

use std::{cell::Cell, collections::BTreeSet, future::Future};

use proptest::{
    prelude::{Strategy, any},
    strategy::ValueTree,
    test_runner::{Config, TestError, TestRunner},
};

use super::{Bearing, Case, Environment, FakeEnvironment, Law, Lawful, bounds};

/// A law applies to one case in so many, at least.
const PATIENCE: usize = 40;

pub(super) fn cases<C: Lawful>() -> impl Strategy<Value = Case<C>> {
    // One element in most cases: changing one is what tells most.
    let mask = proptest::prop_oneof![3 => (0_u32..16).prop_map(|bit| 1_u16 << bit), 1 => any::<u16>()];
    (C::worlds(), C::settings(), mask).prop_map(|(world, other, mask)| Case { world, other, mask })
}

pub(super) fn runner() -> TestRunner {
    TestRunner::new(Config { failure_persistence: None, max_shrink_iters: 200, ..Config::default() })
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(future)
}

/// Checks a law over random worlds on the fake, until it has held often enough. A failing case is shrunk.
///
/// # Panics
///
/// If the law is broken, if it applies to no case at all, and if it does although the control calls it moot.
pub(super) fn check<C: Lawful>(law: Law) {
    let is_moot = C::MOOT.contains(&law);
    let (mut runner, held) = (runner(), Cell::new(0));
    let rounds = if is_moot { PATIENCE } else { PATIENCE * law.cases() };
    for _ in 0..rounds {
        play::<C>(&mut runner, law.name(), |case| {
            if block_on(law.judge(case, &FakeEnvironment::of::<C>())) == Bearing::Held {
                held.set(held.get() + 1);
            }
        });
        if held.get() >= law.cases() || (is_moot && held.get() > 0) {
            break;
        }
    }
    let says = format!("{law:?} bears upon {} of the worlds of {}", held.get(), C::CONTROL.id);
    assert_eq!(held.get() == 0, is_moot, "{says}");
}

/// Plays one random case; where it panics, the smallest that does.
fn play<C: Lawful>(runner: &mut TestRunner, law: &str, scenario: impl Fn(&Case<C>)) {
    let tree = cases::<C>().new_tree(runner).expect("the strategy makes cases");
    let played = runner.run_one(tree, |case| {
        scenario(&case);
        Ok(())
    });
    match played {
        Ok(_) => {}
        Err(TestError::Fail(why, case)) => panic!("{} breaks `{law}`: {why}\nin {case:#?}", C::CONTROL.id),
        Err(TestError::Abort(why)) => panic!("{}, `{law}`: aborted: {why}", C::CONTROL.id),
    }
}

/// Checks that all calls of a control are declared, and that each call that is declared is made in some world.
///
/// # Panics
///
/// Where one is not.
pub(super) fn check_reach<C: Lawful>() {
    let declared: BTreeSet<_> =
        C::CONTROL.all_reads().chain(C::CONTROL.all_writes()).map(|call| call.operation).collect();
    let (mut runner, reached) = (runner(), std::cell::RefCell::new(BTreeSet::new()));
    for round in 0..400 {
        play::<C>(&mut runner, "stays_inside_and_reaches_every_call", |case| {
            let made = block_on(bounds::calls_of_a_tour::<C>(case, &FakeEnvironment::of::<C>()));
            let beyond: Vec<_> = made.iter().filter(|call| !declared.contains(call.as_str())).collect();
            assert!(beyond.is_empty(), "calls that are not declared: {beyond:?}");
            reached.borrow_mut().extend(made);
        });
        if round >= 8 && reached.borrow().len() == declared.len() {
            return;
        }
    }
    let reached = reached.into_inner();
    let unused: Vec<_> = declared.iter().filter(|call| !reached.contains(**call)).collect();
    panic!("{}: declared, but made in no world: {unused:?}", C::CONTROL.id);
}

/// What needs faults of AWS in hundreds of runs, or answers out of the past, is the fake's business.
const ON_THE_FAKE: [Law; 5] =
    [Law::SurvivesCrashes, Law::SurvivesFaults, Law::SurvivesUndone, Law::Verifies, Law::SeesThroughOldAnswers];

/// The laws that can apply to a control elsewhere than on the fake.
pub(super) fn elsewhere<C: Lawful>() -> impl Iterator<Item = Law> {
    Law::ALL.iter().copied().filter(|law| !ON_THE_FAKE.contains(law) && !C::MOOT.contains(law))
}

/// Plays cases of a law in another environment, such as an emulator, until it has held once, but at most `most`. They are cases
/// to which the law applies on the fake, where looking for one costs next to nothing. Each law has a environment of its own:
/// lists with the remains of other laws take ever longer. Returns whether it has held.
///
/// # Panics
///
/// If the law is broken; the case is printed, not shrunk.
pub(super) async fn holds_elsewhere<C: Lawful, T: Environment>(
    law: Law,
    open: impl AsyncFn() -> T,
    most: usize,
) -> bool {
    let mut environment = None;
    for _ in 0..most {
        let Some(case) = bearing::<C>(law).await else { break };
        let _told_if_it_panics = Telling(format!("{law:?} of {} in {case:#?}", C::CONTROL.id));
        let environment = match &environment {
            Some(environment) => environment,
            None => environment.insert(open().await),
        };
        if law.judge(&case, environment).await == Bearing::Held {
            return true;
        }
    }
    false
}

/// A case to which a law applies on the fake.
async fn bearing<C: Lawful>(law: Law) -> Option<Case<C>> {
    let mut runner = runner();
    for _ in 0..PATIENCE {
        let case = cases::<C>().new_tree(&mut runner).expect("the strategy makes cases").current();
        if law.judge(&case, &FakeEnvironment::of::<C>()).await == Bearing::Held {
            return Some(case);
        }
    }
    None
}

/// Tells what was under way when a test panics.
pub(super) struct Telling(pub(super) String);

impl Drop for Telling {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}
