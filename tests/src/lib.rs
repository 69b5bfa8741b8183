//! What `make demo` and `make bench` run.

pub mod bench;
pub mod clinic;
pub mod cloudwatch;
pub mod demo;
pub mod simulate;
mod workspace;
