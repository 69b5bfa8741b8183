//! The programs behind `make demo`, `make bench` and `make skew`.

pub mod bench;
pub mod clinic;
pub mod cloudwatch;
pub mod demo;
pub mod drift;
pub mod fixtures;
pub mod history;
mod megabyte;
pub mod round_trips;
pub mod simulate;
pub mod skew;
mod workspace;

pub use megabyte::megabyte;
