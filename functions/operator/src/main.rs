//! The Lambda function `operator`: people in the loop.

fn main() -> std::process::ExitCode {
    remedy_aws::service::main("operator", operator::Operator)
}
