//! The Lambda function `rds`: keeps databases from being deleted, opened, or left behind.

fn main() -> std::process::ExitCode {
    remedy_aws::host::main("rds", rds::controls)
}
