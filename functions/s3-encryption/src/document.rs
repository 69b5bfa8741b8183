//! Reading and writing a bucket policy: what the controls of its statements share.

use aws_sdk_s3::Client;
use remedy_aws::{absent, fault};
use remedy_domain::{Call, Fault, Harm, Target};

pub(crate) const GET: Call = Call::same("s3:GetBucketPolicy");
pub(crate) const PUT: Call = Call::same("s3:PutBucketPolicy");
pub(crate) const DELETE: Call = Call::same("s3:DeleteBucketPolicy");

/// The text of a bucket policy; none where there is none.
pub(crate) type Text = Option<String>;

/// The writes of a bucket policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The whole document, with what is not ours as it was.
    PutBucketPolicy(String),
    /// The policy goes.
    DeleteBucketPolicy,
}

impl remedy_domain::Step for Step {
    fn call(&self) -> Call {
        match self {
            Self::PutBucketPolicy(_) => PUT,
            Self::DeleteBucketPolicy => DELETE,
        }
    }

    /// Where a statement may stop somebody, its control asks, whatever is written.
    fn harm(&self) -> Harm {
        Harm::None
    }
}

impl Step {
    /// The write that brings a document about.
    pub(crate) fn to(text: Text) -> Self {
        text.map_or(Self::DeleteBucketPolicy, Self::PutBucketPolicy)
    }

    /// Makes the call.
    pub(crate) async fn make(&self, client: &Client, target: &Target) -> Result<(), Fault> {
        let owner = target.account.as_str();
        match self {
            Self::PutBucketPolicy(text) => {
                let request = client.put_bucket_policy().bucket(&target.id).expected_bucket_owner(owner);
                request.policy(text).send().await.map(|_| ()).map_err(|error| fault(PUT.operation, &error))
            }
            Self::DeleteBucketPolicy => {
                let request = client.delete_bucket_policy().bucket(&target.id).expected_bucket_owner(owner);
                request.send().await.map(|_| ()).map_err(|error| fault(DELETE.operation, &error))
            }
        }
    }
}

/// Reads the policy of a bucket; none where there is no such bucket.
pub(crate) async fn read(client: &Client, target: &Target) -> Result<Option<Text>, Fault> {
    let request = client.get_bucket_policy().bucket(&target.id);
    match request.expected_bucket_owner(target.account.as_str()).send().await {
        Ok(answer) => Ok(Some(answer.policy)),
        Err(error) if absent(&error, &["NoSuchBucketPolicy"]) => Ok(Some(None)),
        Err(error) if absent(&error, &["NoSuchBucket"]) => Ok(None),
        Err(error) => Err(fault(GET.operation, &error)),
    }
}
