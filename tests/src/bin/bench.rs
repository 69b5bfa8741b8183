//! `make bench`: the release binaries beside equivalent boto3 handlers, on the same emulator in the same run.

#[tokio::main]
async fn main() {
    remedy_tests::bench::run().await;
}
