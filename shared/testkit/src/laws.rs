//! The laws that every control keeps.
