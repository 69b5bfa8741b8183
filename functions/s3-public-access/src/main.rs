//! The Lambda function `s3-public-access`: keeps S3 buckets and accounts from being public.

fn main() -> std::process::ExitCode {
    remedy_aws::host::main("s3-public-access", s3_public_access::controls)
}
