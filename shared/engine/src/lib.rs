//! The one loop of Remedy, and the ports through which it reaches the world.
//!
//! observe → judge → draft → guard → lock → intent → observe again → perform → verify → outcome. Every repair, every
//! undo and every evaluation of every control goes through this crate; nothing else decides or writes.

pub mod account;
pub mod asks;
pub mod backlog;
pub mod damage;
pub mod draft;
mod ending;
mod exempting;
pub mod four_eyes;
pub mod held;
pub mod ledger;
mod notes;
pub mod outbox;
pub mod ports;
pub mod prelude;
pub mod pursue;
#[cfg(test)]
mod quiet;
pub mod registry;
pub mod remediation;
pub mod report;
pub mod resource;
pub mod roster;
mod seen;
pub mod sweep;
mod turn;
pub mod visit;
pub mod writer;

pub use ports::{Clock, Doors, GONE_AFTER, Notice, Notices, Own, Place, Ports, Put, Shelf, Store, Told};
pub use remediation::{Client, Glance, Recall, Remediation};
pub use report::Report;
pub use resource::{Page, Resource, Tags};
pub use roster::{Runnable, enlist};
pub use visit::{Reach, Visit};
pub use writer::Writer;
