//! What a scan of accounts found, and the formats it is written in.
//!
//! Everything here is data and text: nothing asks AWS. All formats say the same, and none calls compliant what was not looked at.

pub mod asff;
pub mod csv;
pub mod ocsf;
pub mod oscal;
pub mod page;
pub mod requirements;
mod results;
mod said;
#[cfg(test)]
mod sample;
mod tally;
pub mod xlsx;

pub use results::{
    About, Cell, Clue, Exempted, FORMAT, Finding, Gone, Policies, PolicyFinding, Repair, Scan, Seen, State, Subject,
    Unread, Would,
};
