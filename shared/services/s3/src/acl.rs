//! The access control list of a bucket.

use aws_sdk_s3::{Client, operation::get_bucket_acl::GetBucketAclOutput};
use remedy_aws::Reading as _;
use remedy_domain::{Call, Fault, Target};

use crate::GONE;

/// The call that reads the list.
pub const ACL: Call = Call::same("s3:GetBucketAcl");

/// Reads the list of a bucket; none where there is no such bucket.
pub async fn acl(client: &Client, target: &Target) -> Result<Option<GetBucketAclOutput>, Fault> {
    let request = client.get_bucket_acl().bucket(&target.id).expected_bucket_owner(target.account.as_str());
    ACL.found(&[GONE], request.send().await)
}
