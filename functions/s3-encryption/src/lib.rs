//! `s3-encryption`: S3 buckets whose data travels or rests in plain text.

mod bucket_plaintext;
mod clients;
#[cfg(test)]
mod laws;
mod policy;

pub use bucket_plaintext::{BucketPlaintext, Facts, Obstacle, Step};
pub use clients::Buckets;
pub use policy::BucketPolicy;
use remedy_aws::Roster;
use remedy_engine::enlist;

/// The function's controls.
#[must_use]
pub fn controls() -> Roster {
    vec![enlist::<BucketPlaintext, _>()]
}
