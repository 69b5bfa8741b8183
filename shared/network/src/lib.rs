//! The exact addresses that rules of security groups let in.
//!
//! A rule alone says little: `0.0.0.0/1` beside `128.0.0.0/1` is everybody, and so is a prefix list that holds `0.0.0.0/0`. So
//! [`exposed`] adds up all rules that let a packet in, and gives the addresses of the public internet among their sources.

mod addresses;
mod ranges;
mod rule;

pub use addresses::Addresses;
pub use rule::{Protocol, Rule, Source, Unreadable, exposed};
