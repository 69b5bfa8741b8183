//! The base of Remedy's tests: an AWS emulator behind a recording fault proxy, a real Lambda Runtime API server,
//! queues, and a world that combines them for one account; and, in one process, an AWS at the level of the wire, the
//! engine's ports in memory, and the laws that every control keeps.

pub mod depth;
pub mod emulator;
pub mod fake;
pub mod forms;
pub mod lambda;
pub mod laws;
pub mod memory;
pub mod people;
pub mod proxy;
pub mod queue;
pub mod world;
