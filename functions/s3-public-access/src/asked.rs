//! What S3 is asked about a bucket: its flags, its policy, its ACL.

use aws_sdk_s3::{Client, types::PublicAccessBlockConfiguration};
use remedy_aws::{absent, fault, found};
use remedy_domain::{Call, Fault, Target};

use crate::{acl::Acl, block::PublicAccessBlock};

pub(crate) const BLOCK: Call = Call::new("s3:GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock");
pub(crate) const POLICY: Call = Call::same("s3:GetBucketPolicy");
pub(crate) const ACL: Call = Call::same("s3:GetBucketAcl");

/// The flags. None: there is no such bucket; so it is with the other reads.
pub(crate) async fn block_of(client: &Client, target: &Target) -> Result<Option<Option<PublicAccessBlock>>, Fault> {
    let request = client.get_public_access_block().bucket(&target.id);
    match request.expected_bucket_owner(target.account.as_str()).send().await {
        Ok(answer) => Ok(Some(answer.public_access_block_configuration().map(mirror))),
        Err(error) if absent(&error, &["NoSuchPublicAccessBlockConfiguration"]) => Ok(Some(None)),
        Err(error) if absent(&error, &["NoSuchBucket"]) => Ok(None),
        Err(error) => Err(fault(BLOCK.operation, &error)),
    }
}

/// The policy.
pub(crate) async fn policy_of(client: &Client, target: &Target) -> Result<Option<Option<String>>, Fault> {
    let request = client.get_bucket_policy().bucket(&target.id);
    match request.expected_bucket_owner(target.account.as_str()).send().await {
        Ok(answer) => Ok(Some(answer.policy)),
        Err(error) if absent(&error, &["NoSuchBucketPolicy"]) => Ok(Some(None)),
        Err(error) if absent(&error, &["NoSuchBucket"]) => Ok(None),
        Err(error) => Err(fault(POLICY.operation, &error)),
    }
}

/// The list. One that could not be written back is not read either.
pub(crate) async fn acl_of(client: &Client, target: &Target) -> Result<Option<Acl>, Fault> {
    let request = client.get_bucket_acl().bucket(&target.id).expected_bucket_owner(target.account.as_str());
    let Some(answer) = found(ACL.operation, &["NoSuchBucket"], request.send().await)? else { return Ok(None) };
    let acl = Acl::mirror(answer.owner(), answer.grants());
    acl.map(Some).ok_or_else(|| Fault::defect(ACL.operation, "unknown-grantee"))
}

fn mirror(configuration: &PublicAccessBlockConfiguration) -> PublicAccessBlock {
    PublicAccessBlock {
        block_public_acls: configuration.block_public_acls().unwrap_or_default(),
        ignore_public_acls: configuration.ignore_public_acls().unwrap_or_default(),
        block_public_policy: configuration.block_public_policy().unwrap_or_default(),
        restrict_public_buckets: configuration.restrict_public_buckets().unwrap_or_default(),
    }
}
