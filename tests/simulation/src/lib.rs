//! Whole histories of Remedy in a simulated world, each of which follows from one number.
//!
//! The loop, the guard, the ledger, the sweep, the operator's desk, the settings in force and the sealer are the real
//! ones. The world under their ports is not: time is virtual, each worker has a clock of its own, the two buckets and
//! the account are in memory. At every call other workers may go first, and it may be refused, be made without an
//! answer, see an old state, or be the worker's last. Messages are lost, doubled and disordered; outsiders change what
//! was just repaired; people ask, decide, hold, exempt, undo and change the settings through the operator.
//!
//! In the end nothing goes wrong any more and sweeps come by. What must be true of every history is in [`Invariant`].
//! Bugs that are [`Planted`] show that a breach is found.

mod account;
mod acts;
mod chance;
mod check_record;
mod check_write;
mod controls;
mod invariant;
mod objects;
mod offices;
mod people;
mod planted;
mod ports;
mod queue;
mod resource;
mod stage;
mod tally;
mod weather;
mod world;

pub use invariant::{Broken, Invariant};
pub use planted::Planted;
pub use tally::Tally;

/// Runs the history of a seed. Returns the events in it, or the first invariant that it broke.
pub fn play(seed: u64, planted: Option<Planted>) -> Result<Tally, Broken> {
    let world = stage::played(seed, planted, None);
    world.broken.map_or(Ok(world.tally), Err)
}

/// Runs the history of a seed again, and prints it.
#[must_use]
pub fn tell(seed: u64, planted: Option<Planted>) -> String {
    stage::played(seed, planted, Some(Vec::new())).trace.unwrap_or_default().join("\n")
}
