//! `make bench`: the release binaries beside equivalent boto3 handlers, on the same emulator in the same run. `make
//! bench-sweep`: sweeps over many resources, `bench sweep [SIZE ...]`, and of a large account behind a slow AWS IAM,
//! `bench iam [SHARE]`. `make bench-scan`: `remedy scan` of a large account, `bench scan [SHARE]`.

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
        Some("iam") => {
            remedy_tests::bench::large(share(arguments.next())).await;
        }
        Some("scan") => return remedy_tests::bench::scan(share(arguments.next())).await,
        Some(other) => panic!("`{other}`: nothing, or `sweep` and sizes, or `iam` or `scan` and a share"),
    }
    ExitCode::SUCCESS
}

fn share(said: Option<String>) -> f64 {
    said.map_or(1.0, |share| share.parse().expect("a share is a number, such as 0.1"))
}
