//! AWS plumbing: what a function's `main` starts, and the ports of the engine on AWS.

mod answer;
mod baseline;
pub mod clock;
mod config_rules;
pub mod describe;
mod doors;
mod emulator;
pub mod environment;
mod errand;
mod faults;
mod gentle;
pub mod host;
pub mod identity;
mod notices;
pub mod objects;
pub mod onlooker;
pub mod own;
mod ports;
mod raw_body;
mod routing;
pub mod service;
mod session;
mod settings;
mod store;
mod sweeping;
pub mod telemetry;
mod undone;

pub use faults::{Reading, absent, fault, is_throttled};
pub use own::bucket_arn;
pub use ports::AwsPorts;
pub use session::{Connect, Patient, Session, http_client_for};
pub use sweeping::Sent;
pub use undone::Undone;

/// A function's list of controls, as its `main` hands it to the host.
pub type Roster<P = AwsPorts> = Vec<Box<dyn remedy_engine::Runnable<P>>>;
