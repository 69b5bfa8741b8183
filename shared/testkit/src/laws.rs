//! The laws that every control keeps, for all worlds that its strategy can think of.
//!
//! A control defines, in its test module, the worlds and how to create one by genuine SDK calls ([`Lawful`]);
//! [`laws!`](crate::laws!) makes five tests of them: the laws of the control, those of its runs that are cut short, those of
//! the loop, the emulator, and a real process there. Those of the loop are checked for one control of each form of repair
//! ([`representatives()`]), or for all at full depth (ADR 0053). `REMEDY_TEST_LAW` names one law to check alone. What needs
//! internals (the journal of all calls, faults of AWS) is moot on the emulator.
//!
//! A law to which no world applies fails, unless the control names it in [`Lawful::MOOT`]: a law that cannot fail is
//! none.

mod agreed;
mod approval;
mod bounds;
mod checks;
mod conservation;
pub mod costs;
mod decisions;
mod declared;
mod elements;
mod emulated;
mod forms;
mod interference;
mod list;
mod names;
mod people;
mod processes;
mod refusals;
mod representatives;
mod rest;
mod runner;
mod scenario;
mod survival;
mod test_account;
mod travel;
mod undo;
mod verification;

use remedy_engine::Resource;
use std::{
    fmt::{self, Debug, Formatter},
    time::Duration,
};

pub use agreed::Agreed;
pub use checks::{check_control, check_loop, check_on_emulator, check_process, check_survival};
pub use conservation::{conserved, released};
pub use elements::merged_whole;
pub use emulated::EmulatedEnvironment;
pub use list::{Law, Part};
pub use people::flaps;
pub use proptest;
use proptest::strategy::BoxedStrategy;
use remedy_aws::Connect;
use remedy_domain::{Parameters, Target};
use remedy_engine::{Remediation, Tags};
pub use representatives::representatives;
pub use scenario::{Activity, Mark, Scenario};
use serde_json::Value;
pub use test_account::{Environment, FakeEnvironment, Inspector, Prop, TestAccount};

use crate::fake::Service;

/// A control whose laws can be tested.
#[expect(async_fn_in_trait, reason = "the laws run on one thread; no future crosses to another")]
pub trait Lawful: Remediation<On: Resource<Client: Connect>> + Sized {
    /// A state of the account: facts and setting.
    type World: Debug + Clone + 'static;

    /// The services of the fake that it needs beside IAM and STS: `&[&remedy_rds_testing::RDS]`.
    const FAKES: &'static [&'static Service] = &[];
    /// The result of a request to revert a repair.
    const WAY_BACK: WayBack = WayBack::Open;
    /// Laws that apply to no world of this control.
    const MOOT: &'static [Law] = &[];
    /// The changes that a repair makes for a violation of each element. A control that writes nothing has none.
    const TOUCHES: &'static [Touch] = &[];

    /// All worlds: absent, partial and complete settings, every kind that is out of scope, everything that asks a person.
    fn worlds() -> BoxedStrategy<Self::World>;

    /// Settings that somebody may bring about.
    fn settings() -> BoxedStrategy<Self::Setting>;

    /// Creates a world by genuine SDK calls. Returns the id of the resource; nothing if this stage cannot show it.
    async fn arrange(world: &Self::World, stage: &TestAccount) -> Option<String>;

    /// The organisation's parameters in this world.
    fn parameters(_: &Self::World) -> Parameters {
        Parameters::default()
    }

    /// How long ago the world came about.
    fn age(_: &Self::World) -> Duration {
        Duration::ZERO
    }

    /// The meaning of an absent setting, if a setting is made of elements; nothing if it is a single one.
    fn blank() -> Option<Self::Setting> {
        None
    }

    /// A setting as the laws compare it, element by element: without what AWS assigns.
    fn told(setting: &Self::Setting) -> Value {
        serde_json::to_value(setting).expect("a setting is JSON")
    }

    /// The result of reverting an element of `ours` to `wanted` in the present state `now`; nothing if it cannot be. It
    /// says more than [`merged_whole`] about an element that holds smaller ones, such as a document of statements.
    fn merged(_element: &str, ours_wanted_now: [&Value; 3]) -> Option<Value> {
        merged_whole(ours_wanted_now)
    }

    /// Whether `now` may be an interrupted step of ours from `ours` to `wanted`: then no difference is somebody else's.
    fn cut_short(_ours: &Self::Setting, _wanted: &Self::Setting, _now: &Self::Setting) -> bool {
        false
    }

    /// Gives a target tags by genuine SDK calls. Returns whether it could.
    async fn tag(_stage: &TestAccount, _target: &Target, _tags: &Tags) -> bool {
        false
    }
}

/// The changes that a repair may make only if a violation names an element.
#[derive(Debug, Clone, Copy)]
pub struct Touch {
    element: &'static str,
    members: &'static [&'static str],
    paths: &'static [&'static str],
}

impl Touch {
    /// For this element: these members of the setting (`setting` where it is a single one), and the paths in
    /// [`FakeAws::dump`](crate::fake::FakeAws::dump) that end so, or their branches: below `/attached`, a policy may come or go.
    #[must_use]
    pub const fn of(element: &'static str, members: &'static [&'static str], paths: &'static [&'static str]) -> Self {
        Self { element, members, paths }
    }
}

/// The result of a request to revert a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayBack {
    /// It is reverted.
    Open,
    /// It is refused: taking it back would destroy data.
    Refused,
}

/// Whether a law applies to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing {
    /// It does, and it held.
    Held,
    /// It says nothing about this case.
    Moot,
}

/// One case: a world, another setting, which of its elements somebody else changes, and an order of turns.
pub struct Case<C: Lawful> {
    /// The world.
    pub world: C::World,
    /// Another setting.
    pub other: C::Setting,
    /// Which of its elements, bit by bit.
    pub mask: u16,
}

impl<C: Lawful> Debug for Case<C> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { world, other, mask } = self;
        f.debug_struct("Case").field("world", world).field("other", other).field("mask", mask).finish()
    }
}

/// The laws of a control, in five tests: `remedy_testkit::laws!(bucket_public: BucketPublic);`
#[macro_export]
macro_rules! laws {
    ($module:ident: $control:ty) => {
        mod $module {
            use super::*;

            #[test]
            fn laws() {
                $crate::laws::check_control::<$control>();
            }

            #[test]
            fn survival() {
                $crate::laws::check_survival::<$control>();
            }

            #[test]
            fn laws_of_the_loop() {
                $crate::laws::check_loop::<$control>();
            }

            #[test]
            fn holds_on_the_emulator() {
                $crate::laws::check_on_emulator::<$control>();
            }

            #[test]
            fn holds_as_a_process() {
                $crate::laws::check_process::<$control>(env!("CARGO_PKG_NAME"));
            }
        }
    };
}
