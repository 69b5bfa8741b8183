//! `make bench`: the release binaries beside equivalent boto3 handlers, on the same emulator in the same run. `make
//! bench-sweep`: sweeps over many resources; `bench sweep [SIZE ...]`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        None => return remedy_tests::bench::run().await,
        Some("sweep") => {
            let sizes: Result<Vec<usize>, _> = arguments.map(|size| size.parse()).collect();
            remedy_tests::bench::crowds(&sizes.expect("a size is a number of resources")).await;
        }
        Some(other) => panic!("`{other}`: nothing, or `sweep` and sizes"),
    }
    ExitCode::SUCCESS
}
