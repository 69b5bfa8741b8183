//! The one test binary of the workspace: contracts, components on the emulator, real processes end to end.

mod e2e;
