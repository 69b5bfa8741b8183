//! `s3-encryption`: S3 buckets whose data travels or rests in plain text.

mod bucket_plaintext;
mod bucket_unencrypted_put;
mod clients;
mod document;
#[cfg(test)]
mod laws;
mod logs;
mod policy;
mod upload_policy;

pub use bucket_plaintext::{BucketPlaintext, Facts};
pub use bucket_unencrypted_put::{BucketUnencryptedPut, Uploads};
pub use clients::Buckets;
pub use document::Step;
pub use logs::Logs;
pub use policy::{BucketPolicy, Obstacle};
use remedy_aws::Roster;
use remedy_engine::enlist;
pub use upload_policy::UploadPolicy;

/// The function's controls.
#[must_use]
pub fn controls() -> Roster {
    vec![enlist::<BucketPlaintext, _>(), enlist::<BucketUnencryptedPut, _>()]
}
