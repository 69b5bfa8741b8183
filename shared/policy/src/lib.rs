//! The AWS IAM policy language: parse, match, analyse, decide and edit policies, without calling AWS.
#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod acl;
mod callers;
pub mod catalogue;
mod condition;
mod covered;
mod denies;
pub mod document;
pub mod edit;
pub mod escalation;
pub mod evaluate;
pub mod explain;
pub mod glob;
mod identity;
mod ip;
pub mod json;
#[cfg(test)]
mod laws;
mod public;
mod reach;
mod rebase;
#[cfg(test)]
mod reference;
mod resources;
#[cfg(test)]
mod rules;
mod time;
mod transport;
mod uploads;
mod variable;
pub mod work;
mod world;

pub use document::{Kind, Malformed, Policy};
pub use identity::Identity;
pub use public::Resource;
pub use reach::Holder;
pub use transport::requires_tls;
pub use uploads::{Upload, denies_customer_provided_keys, denies_uploads};
pub use work::TooMuchWork;

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not.
    No,
    /// It depends on something unknown.
    Unknown,
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}
