//! How far the suite goes.

use std::env;

/// The variable that asks for a depth.
pub const VARIABLE: &str = "REMEDY_TEST_DEPTH";

/// How far the suite goes, where that is a matter of numbers and not of what is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Every kind of case, so that a person can wait for it.
    Standard,
    /// Every case.
    Full,
}

impl Depth {
    /// What was asked for by `REMEDY_TEST_DEPTH`: `full`, or nothing.
    pub fn asked() -> Self {
        match env::var(VARIABLE).as_deref() {
            Ok("full") => Self::Full,
            Ok("" | "standard") | Err(_) => Self::Standard,
            Ok(other) => panic!("{VARIABLE} is `{other}`: write `full`, `standard`, or leave it out"),
        }
    }

    /// One of two numbers.
    pub fn of(self, standard: usize, full: usize) -> usize {
        match self {
            Self::Standard => standard,
            Self::Full => full,
        }
    }
}
