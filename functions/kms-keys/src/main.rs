//! The Lambda function `kms-keys`: keeps KMS keys rotating and alive.

fn main() -> std::process::ExitCode {
    remedy_aws::host::main("kms-keys", kms_keys::controls)
}
