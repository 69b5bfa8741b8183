//! The Lambda function `sealer`: seals the evidence of every hour.

fn main() -> std::process::ExitCode {
    remedy_aws::service::main(sealer::NAME, sealer::Sealer)
}
