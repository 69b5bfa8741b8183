//! The policy of a bucket, as a text: which of its statements belong to whom is for those who write them.

use aws_sdk_s3::Client;
use remedy_aws::{Reading as _, absent};
use remedy_domain::{Call, Fault, Target};

use crate::GONE;

/// The call that reads it.
pub const GET: Call = Call::same("s3:GetBucketPolicy");
/// The call that replaces it.
pub const PUT: Call = Call::same("s3:PutBucketPolicy");
/// The call that deletes it.
pub const DELETE: Call = Call::same("s3:DeleteBucketPolicy");

/// Reads the policy of a bucket, which may have none; nothing where there is no such bucket.
pub async fn read(client: &Client, target: &Target) -> Result<Option<Option<String>>, Fault> {
    let request = client.get_bucket_policy().bucket(&target.id);
    match request.expected_bucket_owner(target.account.as_str()).send().await {
        Ok(answer) => Ok(Some(answer.policy)),
        Err(error) if absent(&error, &["NoSuchBucketPolicy"]) => Ok(Some(None)),
        Err(error) if absent(&error, &[GONE]) => Ok(None),
        Err(error) => Err(GET.fault(&error)),
    }
}

/// The call that makes this text, or none, the policy of a bucket.
#[must_use]
pub const fn write_call(text: Option<&str>) -> Call {
    if text.is_some() { PUT } else { DELETE }
}

/// Makes this text the policy of a bucket. Without one, the policy is deleted.
pub async fn write(client: &Client, target: &Target, text: Option<&str>) -> Result<(), Fault> {
    let (bucket, owner) = (&target.id, target.account.as_str());
    match text {
        Some(text) => {
            let request = client.put_bucket_policy().bucket(bucket).expected_bucket_owner(owner);
            PUT.done(request.policy(text).send().await)
        }
        None => DELETE.done(client.delete_bucket_policy().bucket(bucket).expected_bucket_owner(owner).send().await),
    }
}
