//! The Lambda function `s3-encryption`: keeps what S3 holds encrypted, on the way and at rest.

fn main() -> std::process::ExitCode {
    remedy_aws::host::main("s3-encryption", s3_encryption::controls)
}
