//! Parameters that are one of a few words.

use serde::{Deserialize, Serialize};

use super::{
    change::Way::{self, Looser, Stricter, Weaker},
    kinds::Choice,
};

/// A choice: its words from the most careful one on, the one where nothing is said, and the ways of a later and of an earlier
/// word.
macro_rules! choice {
    ($(#[doc = $about:literal])* $name:ident = $default:ident, $later:expr, $earlier:expr; {
        $($(#[doc = $what:literal])* $variant:ident = $word:literal,)*
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[doc = $what])* #[serde(rename = $word)] $variant,)*
        }

        impl Choice for $name {
            const WORDS: &'static [&'static str] = &[$($word),*];
            const LATER: &'static [Way] = &$later;
            const EARLIER: &'static [Way] = &$earlier;
        }

        impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        }
    };
}

choice! {
    /// What becomes of what was broken before the first sweep of a control in an account.
    Backlog = Ask, [Looser], [Weaker]; {
        /// Each repair waits for a person.
        Ask = "ask",
        /// It is worked off, so many a day.
        Waves = "waves",
    }
}

choice! {
    /// What happens when the account's passwords would expire for the first time.
    FirstExpiry = Auto, [Looser], [Weaker]; {
        /// The plan waits for a person.
        Ask = "ask",
        /// It is set like every other element.
        Auto = "auto",
    }
}

choice! {
    /// Whether repairs of what identities may do wait for a person.
    IdentityRepairs = Ask, [Looser], [Weaker]; {
        /// They do.
        Ask = "ask",
        /// They do not, where nothing else asks.
        Auto = "auto",
    }
}

choice! {
    /// What is done about a customer-managed policy that makes administrators.
    AdminPolicyRepair = Narrow, [Looser, Stricter], [Looser, Stricter]; {
        /// A new default version without the offending grant.
        Narrow = "narrow",
        /// The policy stays, and nobody has it attached.
        Detach = "detach",
        /// The policy stays, and everybody who has it attached is bounded by `permissions_boundary`.
        Boundary = "boundary",
    }
}

choice! {
    /// What uploads must say about encryption.
    PutEncryption = Compatible, [Stricter], [Looser]; {
        /// An upload that names an encryption must name SSE-KMS; one that names none gets the bucket's default.
        Compatible = "compatible",
        /// Every upload must name SSE-KMS.
        Strict = "strict",
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_words_of_a_choice_are_those_it_is_written_with() {
        fn check<C: Choice + DeserializeOwned>() {
            for word in C::WORDS {
                let read: C = serde_json::from_value(json!(word)).unwrap();
                assert_eq!(serde_json::to_value(read).unwrap(), json!(word));
            }
        }
        check::<Backlog>();
        check::<FirstExpiry>();
        check::<IdentityRepairs>();
        check::<AdminPolicyRepair>();
        check::<PutEncryption>();
    }
}
