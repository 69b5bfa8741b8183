//! The list of the laws, and what each is a law of.

use super::{
    Bearing, Case, Environment, Lawful, approval, bounds, decisions, interference, names, people, refusals, rest,
    survival, travel, undo, verification,
};

/// What a law says something of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Of the control: it is checked for every one.
    Control,
    /// Of runs of the control that are cut short: likewise, at the effects of its writes.
    Survival,
    /// Of the loop, whatever control runs in it: it is checked for one control of each form of repair.
    Loop,
}

macro_rules! all_laws {
    ($($(#[$doc:meta])* $law:ident $name:ident = $cases:literal by $module:ident of $part:ident,)*) => {
        /// The laws.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Law {
            $($(#[$doc])* $law,)*
        }

        impl Law {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$law),*];

            /// In how many cases it is to hold.
            #[must_use]
            pub fn cases(self) -> usize {
                match self {
                    $(Self::$law => $cases,)*
                }
            }

            /// What it says something of.
            #[must_use]
            pub fn part(self) -> Part {
                match self {
                    $(Self::$law => Part::$part,)*
                }
            }

            /// Its name, by which it is asked for alone.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$law => stringify!($name),)*
                }
            }

            /// Whether it holds in a case. It panics where it does not.
            pub async fn judge<C: Lawful>(self, case: &Case<C>, environment: &dyn Environment) -> Bearing {
                match self {
                    $(Self::$law => Box::pin($module::$name::<C>(case, environment)).await,)*
                }
            }
        }
    };
}

impl Law {
    /// Those of one part.
    pub fn of(part: Part) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |law| law.part() == part)
    }

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
}

all_laws! {
    /// The desired setting is judged compliant or contained, and there is a way to it.
    Settles settles = 24 by decisions of Control,
    /// From a setting to itself there are no steps.
    StandsStill stands_still = 24 by decisions of Control,
    /// Elements without a violation are unchanged by a repair, and so is everything else in the account.
    TouchesLittle touches_little = 10 by decisions of Control,
    /// A target is listed once, page by page, and found by each of its names.
    Finds finds = 6 by bounds of Control,
    /// The tags of a target are read whole, page by page; where nobody has tagged it, there are none.
    TellsTags tells_tags = 3 by bounds of Control,
    /// No name hides a resource.
    NoNameHides no_name_hides = 4 by names of Control,
    /// An evaluation writes nothing anywhere, and makes the calls of one look.
    Evaluates evaluates = 10 by rest of Control,
    /// A compliant, contained or out-of-scope target is left alone: the calls of one look, no write, no access to the
    /// ledger.
    Rests rests = 8 by rest of Control,
    /// A second run after a repair finds nothing to do.
    Repeats repeats = 6 by rest of Control,
    /// Steps from one setting to another bring the other about, and those back the first.
    Arrives arrives = 12 by travel of Control,
    /// A reverted repair leaves the setting as it was, except what cannot be restored: then it is refused.
    Returns returns = 8 by travel of Control,
    /// A reverted repair can be reverted in turn.
    ReturnsTwice returns_twice = 5 by travel of Control,
    /// An undo stores its exemption before it writes, and the next repair honours it until it expires.
    Exempts exempts = 5 by undo of Control,
    /// An undo reverts only our own difference; if somebody else changed the same element, nothing.
    Shares shares = 14 by undo of Control,
    /// A plan that asks a person is held, recorded and notified once.
    Asks asks = 5 by approval of Control,
    /// A resource that changed after it was planned is left alone.
    Supersedes supersedes = 6 by interference of Control,
    /// A worker may be gone after any effect of a repair: the next ones bring it to its end.
    SurvivesCrashes survives_crashes = 1 by survival of Survival,
    /// Any effect of a repair may fail, or its answer be lost.
    SurvivesFaults survives_faults = 1 by survival of Survival,
    /// The same for an undo.
    SurvivesUndone survives_undone = 1 by survival of Survival,
    /// Of several workers at once, one writes.
    OneAtATime one_at_a_time = 6 by survival of Loop,
    /// In mode `observe`, and without a write role, nothing is written at AWS.
    ObservesOnly observes_only = 6 by approval of Loop,
    /// In mode `approve` every plan asks.
    AsksAlways asks_always = 4 by approval of Loop,
    /// The same plan again, directly after it was carried out, waits out an old answer.
    CoolsDown cools_down = 4 by interference of Loop,
    /// A write that shows late is waited for; one that never shows is unverified, and somebody is called.
    Verifies verifies = 4 by verification of Loop,
    /// An old answer, directly after a repair or an undo, does not lead to another write.
    SeesThroughOldAnswers sees_through_old_answers = 4 by verification of Loop,
    /// A denied door, and a denied write, leave one outcome and no lock.
    TakesNo takes_no = 4 by refusals of Loop,
    /// An undo that two people have not agreed to waits.
    WaitsForTwo waits_for_two = 3 by people of Loop,
    /// An approved plan is carried out, once.
    SpendsApprovals spends_approvals = 4 by people of Loop,
    /// While a hold stands, nothing is written.
    MindsHolds minds_holds = 3 by people of Loop,
    /// A target that drifts again and again is repaired so often a day, then somebody is paged, once.
    StopsFlapping stops_flapping = 2 by people of Loop,
    /// Drift from before the first sweep waits for a person.
    MindsTheBacklog minds_the_backlog = 3 by people of Loop,
    /// With too little time left nothing is begun.
    MindsTheDeadline minds_the_deadline = 4 by refusals of Loop,
}
