//! The Lambda function `iam-password-policy`: keeps the account password policy strong.

fn main() -> std::process::ExitCode {
    remedy_aws::host::main("iam-password-policy", iam_password_policy::controls)
}
