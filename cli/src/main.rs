//! `remedy`: Remedy from a terminal.

mod dist;
mod operator;
mod policy;
mod scan;
mod sign;
mod surroundings;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Auto-remediation of HIPAA drift on AWS.
#[derive(Debug, Parser)]
#[command(name = "remedy", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// IAM and resource policies.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Show what drifts in an account, and what Remedy would do about it. Only reads.
    Scan(Box<scan::Arguments>),
    /// Sign a request to the operator function, and print the payload to invoke it with.
    Sign(sign::Command),
    #[command(flatten)]
    Operator(Box<operator::Command>),
    /// Verify sealed evidence, in a bucket or in a folder downloaded from it.
    Verify(verify::Arguments),
    /// Write completions and manual pages.
    #[command(hide = true)]
    Dist(dist::Arguments),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Policy(command) => policy::run(&command),
        Command::Scan(arguments) => scan::run(&arguments),
        Command::Sign(command) => sign::run(&command),
        Command::Operator(command) => operator::run(*command),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Dist(arguments) => dist::run(&arguments, Arguments::command()),
    }
}
