//! `make simulate`: plays histories of the production engine, or tells one: `simulate seeds [first]`, `simulate seed N`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    remedy_tests::simulate::run(&arguments)
}
