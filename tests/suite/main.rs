//! The one test binary of the workspace: contracts, and real processes on the emulator.

mod batches;
mod buckets;
mod canaries;
mod config_rule;
mod contracts;
mod controls;
mod crash;
mod deliveries;
mod differential;
mod drift;
mod encryption;
mod formats;
mod identities;
mod keys;
mod metrics;
mod operator;
mod proof;
mod refusals;
mod seal;
mod settings;
mod simulation;
mod takeover;
mod tidy;
mod triggers;
mod worm;
