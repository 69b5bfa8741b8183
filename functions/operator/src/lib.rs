//! `operator`: people in the loop. They approve, reject, take back, exempt, change settings, and hold everything.

mod asking;
mod deciding;
mod desk;
mod looking;
mod refused;
mod request;

pub use desk::{Courier, Desk, Office};
pub use refused::Refused;
pub use request::{Decide, Document, Named, Request, Revert, Turn};
