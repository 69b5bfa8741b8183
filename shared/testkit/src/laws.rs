//! The laws that every control keeps, for all worlds that its strategy can think of.
//!
//! A control defines, in its test module, the worlds and how to create one by genuine SDK calls ([`Lawful`]);
//! [`laws!`](crate::laws!) makes one test of each law. The same laws run against an emulator by [`on_emulator`]: only
//! those that need internals (the journal of all calls, faults of AWS) are moot there.
//!
//! A law to which no world applies fails, unless the control names it in [`Lawful::MOOT`]: a law that cannot fail is
//! none.

mod agreed;
mod approval;
mod bounds;
mod conservation;
mod decisions;
mod elements;
mod emulated;
mod forms;
mod interference;
mod names;
mod people;
mod refusals;
mod rest;
mod runner;
mod scene;
mod stage;
mod survival;
mod travel;
mod undo;
mod verification;

use remedy_engine::Resource;
use std::{
    fmt::{self, Debug, Formatter},
    time::Duration,
};

pub use agreed::Agreed;
pub use conservation::{conserved, released};
pub use elements::merged_whole;
pub use emulated::{EmulatedTheatre, check_on_emulator};
pub use forms::check_forms;
pub use people::flaps;
pub use proptest;
use proptest::strategy::BoxedStrategy;
use remedy_aws::Connect;
use remedy_domain::{Parameters, Target};
use remedy_engine::{Remediation, Tags};
pub use runner::{check, check_reach, on_emulator};
pub use scene::{Activity, Mark, Scene};
use serde_json::Value;
pub use stage::{Backstage, FakeTheatre, Prop, Stage, Theatre};

/// A control whose laws can be tested.
#[expect(async_fn_in_trait, reason = "the laws run on one thread; no future crosses to another")]
pub trait Lawful: Remediation<On: Resource<Client: Connect>> + Sized {
    /// A state of the account: facts and setting.
    type World: Debug + Clone + 'static;

    /// The result of a request to revert a repair.
    const WAY_BACK: WayBack = WayBack::Open;
    /// Laws that apply to no world of this control.
    const MOOT: &'static [Law] = &[];
    /// How the paths in [`FakeAws::dump`](crate::fake::FakeAws::dump) end that its writes may change, or their branches:
    /// below `/attached`, a policy may come or go.
    const TOUCHES: &'static [&'static str];

    /// All worlds: absent, partial and complete settings, every kind that is out of scope, everything that asks a person.
    fn worlds() -> BoxedStrategy<Self::World>;

    /// Settings that somebody may bring about.
    fn settings() -> BoxedStrategy<Self::Setting>;

    /// Creates a world by genuine SDK calls. Returns the id of the resource; nothing if this stage cannot show it.
    async fn arrange(world: &Self::World, stage: &Stage) -> Option<String>;

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
    async fn tag(_stage: &Stage, _target: &Target, _tags: &Tags) -> bool {
        false
    }

    /// Words, one of which stands in a violation whenever a repair changes this element.
    fn grounds(element: &str) -> &'static [&'static str];
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

macro_rules! all_laws {
    ($d:tt $($(#[$doc:meta])* $law:ident $name:ident = $cases:literal by $module:ident,)*) => {
        /// The laws.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Law {
            $($(#[$doc])* $law,)*
        }

        impl Law {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$law),*];

            /// Those that say nothing of a control that writes nothing.
            pub const OF_WRITES: &'static [Self] = &[
                Self::Settles,
                Self::TellsTags,
                Self::TouchesLittle,
                Self::Repeats,
                Self::Arrives,
                Self::Returns,
                Self::ReturnsTwice,
                Self::Exempts,
                Self::Shares,
                Self::SurvivesCrashes,
                Self::SurvivesFaults,
                Self::SurvivesUndone,
                Self::OneAtATime,
                Self::ObservesOnly,
                Self::AsksAlways,
                Self::Supersedes,
                Self::CoolsDown,
                Self::Verifies,
                Self::SeesThroughOldAnswers,
                Self::TakesNo,
                Self::WaitsForTwo,
                Self::SpendsApprovals,
                Self::MindsHolds,
                Self::StopsFlapping,
                Self::MindsTheBacklog,
                Self::MindsTheDeadline,
            ];

            /// In how many cases it is to hold.
            #[must_use]
            pub fn cases(self) -> usize {
                match self {
                    $(Self::$law => $cases,)*
                }
            }

            /// Whether it holds in a case. It panics where it does not.
            pub async fn judge<C: Lawful>(self, case: &Case<C>, theatre: &dyn Theatre) -> Bearing {
                match self {
                    $(Self::$law => Box::pin($module::$name::<C>(case, theatre)).await,)*
                }
            }
        }

        /// One test for each law of a control: `remedy_testkit::laws!(bucket_public: BucketPublic);`
        #[macro_export]
        macro_rules! laws {
            ($d module:ident: $d control:ty) => {
                mod $d module {
                    use super::*;

                    $(
                        #[test]
                        fn $name() {
                            $d crate::laws::check::<$d control>($d crate::laws::Law::$law);
                        }
                    )*

                    #[test]
                    fn holds_on_the_emulator() {
                        $d crate::laws::check_on_emulator::<$d control>();
                    }

                    #[test]
                    fn loads_what_was_stored() {
                        $d crate::laws::check_forms::<$d control>();
                    }

                    #[test]
                    fn stays_inside_and_reaches_every_call() {
                        $d crate::laws::check_reach::<$d control>();
                    }
                }
            };
        }
    };
}

all_laws! { $
    /// The desired setting is judged compliant or contained, and there is a way to it.
    Settles settles = 24 by decisions,
    /// From a setting to itself there are no steps.
    StandsStill stands_still = 24 by decisions,
    /// Elements without a violation are unchanged by a repair, and so is everything else in the account.
    TouchesLittle touches_little = 10 by decisions,
    /// A target is listed once, page by page, and found by each of its names.
    Finds finds = 6 by bounds,
    /// The tags of a target are read whole, page by page; where nobody has tagged it, there are none.
    TellsTags tells_tags = 3 by bounds,
    /// No name hides a resource.
    NoNameHides no_name_hides = 4 by names,
    /// An evaluation writes nothing anywhere, and makes the calls of one look.
    Evaluates evaluates = 10 by rest,
    /// A compliant, contained or out-of-scope target is left alone: the calls of one look, no write, no access to the
    /// ledger.
    Rests rests = 8 by rest,
    /// A second run after a repair finds nothing to do.
    Repeats repeats = 6 by rest,
    /// Steps from one setting to another bring the other about, and those back the first.
    Arrives arrives = 12 by travel,
    /// A reverted repair leaves the setting as it was, except what cannot be restored: then it is refused.
    Returns returns = 8 by travel,
    /// A reverted repair can be reverted in turn.
    ReturnsTwice returns_twice = 5 by travel,
    /// An undo stores its exemption before it writes, and the next repair honours it until it expires.
    Exempts exempts = 5 by undo,
    /// An undo reverts only our own difference; if somebody else changed the same element, nothing.
    Shares shares = 14 by undo,
    /// A worker may be gone after any effect of a repair: the next ones bring it to its end.
    SurvivesCrashes survives_crashes = 1 by survival,
    /// Any effect of a repair may fail, or its answer be lost.
    SurvivesFaults survives_faults = 1 by survival,
    /// The same for an undo.
    SurvivesUndone survives_undone = 1 by survival,
    /// Of several workers at once, one writes.
    OneAtATime one_at_a_time = 6 by survival,
    /// In mode `observe`, and without a write role, nothing is written at AWS.
    ObservesOnly observes_only = 6 by approval,
    /// A plan that asks a person is held, recorded and notified once.
    Asks asks = 5 by approval,
    /// In mode `approve` every plan asks.
    AsksAlways asks_always = 4 by approval,
    /// A resource that changed after it was planned is left alone.
    Supersedes supersedes = 6 by interference,
    /// The same plan again, directly after it was carried out, waits out an old answer.
    CoolsDown cools_down = 4 by interference,
    /// A write that shows late is waited for; one that never shows is unverified, and somebody is called.
    Verifies verifies = 4 by verification,
    /// An old answer, directly after a repair or an undo, does not lead to another write.
    SeesThroughOldAnswers sees_through_old_answers = 4 by verification,
    /// A denied door, and a denied write, leave one outcome and no lock.
    TakesNo takes_no = 4 by refusals,
    /// An undo that two people have not agreed to waits.
    WaitsForTwo waits_for_two = 3 by people,
    /// An approved plan is carried out, once.
    SpendsApprovals spends_approvals = 4 by people,
    /// While a hold stands, nothing is written.
    MindsHolds minds_holds = 3 by people,
    /// A target that drifts again and again is repaired so often a day, then somebody is paged, once.
    StopsFlapping stops_flapping = 2 by people,
    /// Drift from before the first sweep waits for a person.
    MindsTheBacklog minds_the_backlog = 3 by people,
    /// With too little time left nothing is begun.
    MindsTheDeadline minds_the_deadline = 4 by refusals,
}
