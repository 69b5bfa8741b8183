//! The Lambda function `iam-mfa`: keeps console users behind MFA.

fn main() -> std::process::ExitCode {
    remedy_aws::host::main("iam-mfa", iam_mfa::controls)
}
