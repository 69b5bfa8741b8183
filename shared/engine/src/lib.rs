//! The one loop of Remedy, and the ports through which it reaches the world.
//!
//! observe → judge → draft → guard → lock → intent → observe again → perform → verify → outcome. Every repair, every
//! undo and every evaluation of every control goes through this crate; nothing else decides or writes.

pub mod account;
pub mod asks;
pub mod backlog;
pub mod controls;
pub mod damage;
pub mod draft;
mod exempting;
pub mod four_eyes;
pub mod held;
pub mod ledger;
pub mod outbox;
mod outcomes;
pub mod ports;
pub mod prelude;
pub mod pursue;
#[cfg(test)]
mod quiet;
mod records;
pub mod registry;
pub mod remediation;
pub mod report;
pub mod resource;
pub mod run_context;
mod seen;
mod shared_lock;
pub mod sweep;
pub mod writer;

pub use controls::{Runnable, control};
pub use ports::{Clients, Clock, GONE_AFTER, LedgerBucket, Notice, Notices, Notified, Own, Place, Ports, Put, Store};
pub use remediation::{Client, Glance, Recall, Remediation};
pub use report::Report;
pub use resource::{Page, Resource, Tags};
pub use run_context::{Reach, RunContext};
pub use writer::Writer;
