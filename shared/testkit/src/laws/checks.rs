//! The tests of a control. Each checks its laws one after the other, in one process: a broken law hides no other.

use std::{env, future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt as _;

use super::{
    Law, Lawful, Part, costs,
    emulated::{block_on, holds_on_the_emulator},
    forms::check_forms,
    processes::holds_as_a_process,
    representatives::{check_represented, depth_of},
    runner::{check, check_reach, elsewhere},
};
use crate::depth::Depth;

/// The variable that names one law, the only one to be checked then: at standard depth also where it would not be.
const VARIABLE: &str = "REMEDY_TEST_LAW";

/// What is checked beside the laws.
const REACH: &str = "stays_inside_and_reaches_every_call";
const FORMS: &str = "loads_what_was_stored";
const REPRESENTED: &str = "is_represented";
const PROCESS: &str = "holds_as_a_process";

/// One test of a control under way.
struct Checks {
    control: &'static str,
    test: &'static str,
    only: Option<String>,
    broken: Vec<&'static str>,
}

impl Checks {
    fn of<C: Lawful>(test: &'static str) -> Self {
        let only = env::var(VARIABLE).ok().filter(|name| !name.is_empty());
        let mut names = Law::ALL.iter().map(|law| law.name()).chain([REACH, FORMS, REPRESENTED, PROCESS]);
        let is_known = only.as_deref().is_none_or(|only| names.any(|name| name == only));
        assert!(is_known, "{VARIABLE} is {only:?}: no law is called so (shared/testkit/src/laws/list.rs)");
        let checks = Self { control: C::CONTROL.id.0, test, only, broken: Vec::new() };
        costs::tell(checks.control, test, "start", costs::processor_seconds());
        checks
    }

    /// Whether a law was asked for by its name.
    fn is_named(&self, law: Law) -> bool {
        self.only.as_deref() == Some(law.name())
    }

    /// Checks one, unless another was asked for.
    async fn check(&mut self, name: &'static str, law: impl Future<Output = ()>) {
        if self.only.as_deref().is_some_and(|only| only != name) {
            return;
        }
        let begin = costs::processor_seconds();
        if AssertUnwindSafe(law).catch_unwind().await.is_err() {
            self.broken.push(name);
        }
        costs::tell(self.control, self.test, name, costs::processor_seconds() - begin);
    }

    fn check_now(&mut self, name: &'static str, law: impl FnOnce()) {
        self.check(name, async { law() }).now_or_never().expect("nothing is waited for");
    }

    fn end(self) {
        let Self { control, test, broken, .. } = self;
        let Some(first) = broken.first() else { return };
        panic!("{control} breaks {broken:?}, told above; to check one alone in `{test}`: {VARIABLE}={first}");
    }
}

/// Plays as a function does, on the main thread of a process, which has a stack of 8 MiB; that of a test is a quarter of it,
/// and SDKs that are compiled without optimisation need most of that.
fn as_a_function(play: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(8 << 20);
    let named = thread.name(std::thread::current().name().unwrap_or("laws").to_owned());
    let player = named.spawn(play).expect("a thread starts");
    player.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// Checks the laws of the control, that it makes the calls that it declares and no others, and that it loads what earlier
/// versions stored.
///
/// # Panics
///
/// If one is broken.
pub fn check_control<C: Lawful>() {
    as_a_function(|| {
        let mut checks = Checks::of::<C>("laws");
        for law in Law::of(Part::Control) {
            checks.check_now(law.name(), || check::<C>(law));
        }
        checks.check_now(REACH, check_reach::<C>);
        checks.check_now(FORMS, check_forms::<C>);
        checks.end();
    });
}

/// Checks the laws of runs that are cut short.
///
/// # Panics
///
/// If one is broken.
pub fn check_survival<C: Lawful>() {
    as_a_function(|| {
        let mut checks = Checks::of::<C>("survival");
        for law in Law::of(Part::Survival) {
            checks.check_now(law.name(), || check::<C>(law));
        }
        checks.end();
    });
}

/// Checks that the control's form of repair has a representative, and the laws of the loop: on the representative, and at full
/// depth on every control.
///
/// # Panics
///
/// If one is broken.
pub fn check_loop<C: Lawful>() {
    as_a_function(|| {
        let (mut checks, depth) = (Checks::of::<C>("laws_of_the_loop"), depth_of::<C>());
        checks.check_now(REPRESENTED, check_represented::<C>);
        for law in Law::of(Part::Loop) {
            if depth == Depth::Full || checks.is_named(law) {
                checks.check_now(law.name(), || check::<C>(law));
            }
        }
        checks.end();
    });
}

/// What SDK, emulator and control make of each other in requests and answers; the rest of the laws is the fake's business, but
/// at full depth.
const OF_THE_WIRE: [Law; 6] = [Law::Finds, Law::TellsTags, Law::TouchesLittle, Law::Arrives, Law::Returns, Law::Rests];

/// Checks laws on the emulator, each once: those that are about the wire, and at full depth all that can apply there.
///
/// # Panics
///
/// If one is broken, or if a quarter of them applies to nothing that was run.
pub fn check_on_emulator<C: Lawful>() {
    as_a_function(|| {
        let (mut checks, mut held) = (Checks::of::<C>("holds_on_the_emulator"), Vec::new());
        let is_due = |law: &Law| OF_THE_WIRE.contains(law) || checks.is_named(*law) || Depth::asked() == Depth::Full;
        let laws: Vec<_> = elsewhere::<C>().filter(is_due).collect();
        block_on(async {
            for law in laws.iter().copied() {
                let play = async {
                    if holds_on_the_emulator::<C>(law).await {
                        held.push(law);
                    }
                };
                checks.check(law.name(), play).await;
            }
        });
        let is_enough = checks.only.is_some() || held.len() >= laws.len() * 3 / 4;
        checks.end();
        assert!(is_enough, "of {laws:?}, only these bear upon what was played: {held:?}");
    });
}

/// Checks the control in its function, as a process on the emulator.
///
/// # Panics
///
/// If it does there what it must not, or not what it must.
pub fn check_process<C: Lawful>(function: &'static str) {
    as_a_function(move || {
        let mut checks = Checks::of::<C>(PROCESS);
        block_on(checks.check(PROCESS, holds_as_a_process::<C>(function)));
        checks.end();
    });
}
