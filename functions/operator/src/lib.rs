//! The Lambda function `operator`: people in the loop. They approve, reject, take back, exempt, change settings, and hold
//! everything. Who asks is proven by a call that AWS STS answers, never taken from the payload.

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
