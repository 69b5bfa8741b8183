//! `make bench`.
