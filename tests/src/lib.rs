//! What the demo and the benchmark share.
