//! `remedy`: Remedy from a terminal.

mod policy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
}

fn main() -> ExitCode {
    let Command::Policy(command) = Arguments::parse().command;
    policy::run(&command)
}
