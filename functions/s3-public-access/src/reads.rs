//! The reads of a bucket that no other function makes: its flags, and its ACL as it is written back.

use aws_sdk_s3::{Client, types::PublicAccessBlockConfiguration};
use remedy_aws::{Reading as _, absent};
use remedy_domain::{Call, Fault, Target};
use remedy_s3::{ACL, GONE, acl};

use crate::{
    acl::Acl,
    block::{Flags, PublicAccessBlock},
};

pub(crate) const BLOCK: Call = Call::new("s3:GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock");

/// The flags; none where there is no such bucket.
pub(crate) async fn block_of(client: &Client, target: &Target) -> Result<Option<Flags>, Fault> {
    let request = client.get_public_access_block().bucket(&target.id);
    match request.expected_bucket_owner(target.account.as_str()).send().await {
        Ok(answer) => Ok(Some(answer.public_access_block_configuration().map(mirror))),
        Err(error) if absent(&error, &["NoSuchPublicAccessBlockConfiguration"]) => Ok(Some(None)),
        Err(error) if absent(&error, &[GONE]) => Ok(None),
        Err(error) => Err(BLOCK.fault(&error)),
    }
}

/// The list; none where there is no such bucket. One that could not be written back is not read either.
pub(crate) async fn acl_of(client: &Client, target: &Target) -> Result<Option<Acl>, Fault> {
    let Some(answer) = acl(client, target).await? else { return Ok(None) };
    let mirrored = Acl::mirror(answer.owner(), answer.grants());
    mirrored.map(Some).ok_or_else(|| Fault::defect(ACL.operation, "unknown-grantee"))
}

fn mirror(configuration: &PublicAccessBlockConfiguration) -> PublicAccessBlock {
    PublicAccessBlock {
        block_public_acls: configuration.block_public_acls().unwrap_or_default(),
        ignore_public_acls: configuration.ignore_public_acls().unwrap_or_default(),
        block_public_policy: configuration.block_public_policy().unwrap_or_default(),
        restrict_public_buckets: configuration.restrict_public_buckets().unwrap_or_default(),
    }
}
