//! Behaviour of AWS that the emulator lacks, one difference for each file. Each describes AWS's real behaviour.
//!
//! One difference needs no code: S3 Control requests go to the host `<account>.<endpoint>`; the proxy routes by path and
//! never looks at the host, so a client only has to be told to leave that prefix away, or to resolve it to loopback.

pub mod account_regions;
pub mod account_summary;
pub mod bucket_encryption;
pub mod bucket_owner;
mod bucket_pages;
mod database_ids;
mod database_offers;
pub mod database_sign_in;
mod documents;
pub mod evaluations;
pub mod functions;
pub mod gap;
mod gone_principals;
pub mod key_rotation;
mod policies_of_aws;
mod policy_quotas;
mod public_access;
pub mod rule_evaluation;
pub mod seniority;
pub mod service_credentials;
pub mod signatures;
pub mod user_boundary;

use super::Front;
use super::call::Call;
use super::wire::{Ask, Reply};

/// The state of all shims.
#[derive(Default)]
pub struct Shims {
    /// The Regions that accounts have enabled.
    pub account_regions: account_regions::AccountRegions,
    /// Figures of `GetAccountSummary`.
    pub account_summary: account_summary::AccountSummary,
    /// The encryptions that buckets block.
    pub bucket_encryption: bucket_encryption::BucketEncryption,
    /// The owner of each bucket.
    pub bucket_owner: bucket_owner::BucketOwner,
    /// The databases to which people may sign in by IAM.
    pub database_sign_in: database_sign_in::DatabaseSignIn,
    /// The evaluations reported to AWS Config.
    pub evaluations: evaluations::Evaluations,
    /// The functions that can be invoked.
    pub functions: functions::Functions,
    /// Rotation periods of KMS keys.
    pub key_rotation: key_rotation::KeyRotation,
    /// Rules that were asked to evaluate again.
    pub rule_evaluation: rule_evaluation::RuleEvaluation,
    /// The ages of principals in an account.
    pub seniority: seniority::Seniority,
    /// Service-specific credentials of IAM users.
    pub service_credentials: service_credentials::ServiceCredentials,
    /// Secrets of access keys, and whether signatures are checked.
    pub signatures: signatures::Signatures,
    /// Permissions boundaries of IAM users.
    pub user_boundaries: user_boundary::UserBoundaries,
}

/// Has a call carried out, by a shim where there is one and else by the emulator.
pub(super) async fn carry_out(front: &Front, call: &Call, ask: &Ask) -> Reply {
    let Shims {
        account_regions,
        account_summary,
        bucket_encryption,
        bucket_owner,
        database_sign_in,
        evaluations,
        functions,
        key_rotation,
        rule_evaluation,
        seniority,
        service_credentials,
        signatures,
        user_boundaries,
    } = &front.shims;
    if let Some(refusal) = bucket_owner.refusal(front, call, ask).await {
        return refusal;
    }
    if let Some(refusal) = public_access::refusal(front, call, ask).await {
        return refusal;
    }
    let refusals = [gone_principals::refusal, policies_of_aws::refusal, policy_quotas::refusal];
    if let Some(refusal) = refusals.iter().find_map(|refusal| refusal(call)) {
        return refusal;
    }
    match call.name().as_str() {
        "account:ListRegions" => account_regions.list(call),
        "iam:GetAccountSummary" => account_summary.corrected(call, front.forward(call, ask).await),
        "iam:ListServiceSpecificCredentials" => service_credentials.list(front, call, ask).await,
        "iam:UpdateServiceSpecificCredential" => service_credentials.update(call),
        "iam:DeleteServiceSpecificCredential" => service_credentials.delete(call),
        "iam:PutUserPermissionsBoundary" => user_boundaries.put(call),
        "iam:DeleteUserPermissionsBoundary" => user_boundaries.delete(call),
        "iam:GetAccountAuthorizationDetails" => {
            seniority.told(call, user_boundaries.told(call, front.forward(call, ask).await))
        }
        "kms:EnableKeyRotation" => key_rotation.enable(front, call, ask).await,
        "kms:GetKeyRotationStatus" => key_rotation.status(front, call, ask).await,
        "s3:ListBuckets" => bucket_pages::page(front, call, ask).await,
        "s3:PutBucketEncryption" | "s3:DeleteBucketEncryption" => bucket_encryption.keep(front, call, ask).await,
        "s3:GetBucketEncryption" => bucket_encryption.completed(call, front.forward(call, ask).await),
        "config:PutEvaluations" => evaluations.put(call),
        "config:StartConfigRulesEvaluation" => rule_evaluation.start(call),
        "rds:DescribeOrderableDBInstanceOptions" => database_offers::offered(call),
        name if name.starts_with("rds:") => {
            database_sign_in.shown(call, database_ids::corrected(front, call, ask).await)
        }
        "lambda:Invoke" => functions.invoke(call, ask).await,
        "sts:GetCallerIdentity" => match signatures.refusal(call, ask) {
            Some(refusal) => refusal,
            None => front.forward(call, ask).await,
        },
        _ => front.forward(call, ask).await,
    }
}
