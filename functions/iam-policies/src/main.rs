//! The Lambda function `iam-policies`: keeps IAM policies from giving more than is needed.

fn main() -> std::process::ExitCode {
    remedy_aws::host::main("iam-policies", iam_policies::controls)
}
