//! What the tests of Remedy stand on.

pub mod fake;
pub mod laws;
pub mod memory;
