//! People in the loop, from their terminals through the operator function to the functions that repair: real processes all.

mod attackers;
mod deciding;
mod deployments;
mod settings;
mod stopping;
mod terminal;
