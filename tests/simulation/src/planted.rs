//! Bugs that are planted, so that it is known that they would be found.

use crate::Invariant;

macro_rules! planted {
    ($($(#[$doc:meta])* $bug:ident => $invariant:ident,)*) => {
        /// A bug that is planted in the ports, the doors or the simulated controls. Each breaks one protection.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Planted {
            $($(#[$doc])* $bug,)*
        }

        impl Planted {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$bug),*];

            /// The invariant that finds it.
            #[must_use]
            pub fn breaks(self) -> Invariant {
                match self {
                    $(Self::$bug => Invariant::$invariant,)*
                }
            }
        }
    };
}

planted! {
    /// The store creates a lock that is there already.
    LockShared => Locked,
    /// A lock ends while its worker still runs.
    LeaseTooShort => Locked,
    /// A lock is taken over as if all clocks were the same.
    ClocksTrusted => Locked,
    /// The turn at a document that several controls write is given to everybody who asks.
    TurnShared => Shared,
    /// An intent is accepted and not kept.
    IntentLost => Intended,
    /// A step makes its write twice.
    WrittenTwice => Counted,
    /// A client shows every look what the first one saw.
    SecondLookRemembered => Spared,
    /// A write leaves out what the control does not own.
    OthersLeftOut => Spared,
    /// An undo puts the whole old document back.
    RebaseWhole => Spared,
    /// A client shows what was written, whether or not it arrived.
    WriteBelieved => Honest,
    /// An outcome is kept under a second key as well.
    OutcomeTwice => Concluded,
    /// A listing of all locks of a control is empty: the sweep sees no crashed worker.
    OrphansUnlisted => Concluded,
    /// Exemptions are not found.
    ExemptionUnread => Exempted,
    /// An exemption is accepted and not kept.
    ExemptionLost => Exempted,
    /// The slots of the hour are not exclusive.
    BudgetShared => Budgeted,
    /// Slots count as given back although their attempts wrote.
    SlotsReturned => Budgeted,
    /// The end of a failed attempt counts as one that tried nothing.
    AttemptsForgotten => Attempted,
    /// A fault of the ledger counts as the end of a run.
    LedgerForgiven => Stored,
    /// A delivery always counts as the first.
    RedeliveryUnseen => Stored,
    /// The settings of the first delivery are used for ever.
    SettingsRemembered => Allowed,
    /// The record of other settings is accepted and not kept.
    SettingsUnrecorded => Agreed,
    /// The sealer's listing leaves records out.
    RecordUnlisted => Sealed,
    /// Holds are not found.
    HoldsUnlisted => Allowed,
    /// How the last attempts ended is not found: nothing is counted, nothing cools down.
    ReleaseUnread => Budgeted,
    /// A held plan is new every time, and so is its notice: either of the two alone would prevent a second notice.
    HeldAnew => ToldOnce,
}
