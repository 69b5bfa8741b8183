//! AWS plumbing: what a function's `main` starts, and the ports of the engine on AWS.

mod answer;
mod answers;
mod baseline;
mod clients;
pub mod clock;
mod config_rules;
pub mod describe;
mod dispatch;
mod emulator;
pub mod environment;
mod faults;
mod gentle;
pub mod host;
pub mod identity;
mod invocation_error;
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
mod sweep;
mod sweeping;
pub mod telemetry;

pub use faults::{Reading, absent, fault, is_throttled};
pub use invocation_error::InvocationError;
pub use own::{FUNCTIONS, bucket_arn};
pub use ports::AwsPorts;
pub use session::{Connect, Patient, Session, http_client_for};
pub use sweeping::Sent;

/// A function's list of controls, as its `main` hands it to the host.
pub type Controls<P = AwsPorts> = Vec<Box<dyn remedy_engine::Runnable<P>>>;
