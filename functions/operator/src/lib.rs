//! The Lambda function `operator`: people in the loop. They approve, reject, revert, exempt, change settings, and hold
//! everything. A call to AWS STS proves who asks, never the payload.

mod asking;
mod deciding;
mod desk;
mod looking;
mod refused;
mod reminding;
mod service;
#[cfg(test)]
mod tests;

pub use desk::{Courier, Desk, Office};
pub use refused::Refused;
pub use service::Operator;
