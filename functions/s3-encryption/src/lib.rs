//! `s3-encryption`: S3 buckets whose data travels or rests in plain text.

mod bucket_default_key;
mod bucket_plaintext;
mod bucket_ssec_allowed;
mod bucket_unencrypted_put;
mod clients;
mod default_encryption;
mod document;
mod key;
#[cfg(test)]
mod laws;
mod logs;
mod policy;
mod upload_policy;
mod vault;

pub use bucket_default_key::BucketDefaultKey;
pub use bucket_plaintext::{BucketPlaintext, Facts};
pub use bucket_ssec_allowed::{BucketSsecAllowed, Saying, Taken};
pub use bucket_unencrypted_put::{BucketUnencryptedPut, Uploads};
pub use clients::{Buckets, Vaults};
pub use default_encryption::{Cipher, DefaultEncryption, EncryptionStep, Rules};
pub use document::Step;
pub use key::{Key, Manager};
pub use logs::Logs;
pub use policy::{BucketPolicy, Obstacle};
use remedy_aws::Roster;
use remedy_engine::{Doors, Ports, enlist};
pub use upload_policy::UploadPolicy;
pub use vault::Vault;

/// The function's controls.
#[must_use]
pub fn controls<P: Ports + Doors<Buckets> + Doors<Vaults>>() -> Roster<P> {
    vec![
        enlist::<BucketPlaintext, _>(),
        enlist::<BucketUnencryptedPut, _>(),
        enlist::<BucketDefaultKey, _>(),
        enlist::<BucketSsecAllowed, _>(),
    ]
}
