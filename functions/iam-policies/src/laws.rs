//! The worlds of this function's controls, and the laws in all of them.
