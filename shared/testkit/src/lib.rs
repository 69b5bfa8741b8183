//! What the tests of Remedy stand on: an AWS emulator behind a recording fault proxy, a real Lambda Runtime API server,
//! queues, and a world that puts them together for one account.

pub mod emulator;
pub mod lambda;
pub mod proxy;
pub mod queue;
pub mod world;
