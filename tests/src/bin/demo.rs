//! `make demo`: breaks two accounts of an emulated AWS, lets Remedy repair them, and has the result checked.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    remedy_tests::demo::run().await
}
