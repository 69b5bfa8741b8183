//! `s3-encryption`: S3 buckets that accept requests without TLS, or objects without SSE-KMS.

mod bucket_default_key;
mod bucket_policy;
mod bucket_ssec_allowed;
mod bucket_unencrypted_put;
mod bucket_without_tls;
mod clients;
mod default_encryption;
mod facts;
mod key;
#[cfg(test)]
mod laws;
mod logs;
mod upload_policy;

pub use bucket_default_key::BucketDefaultKey;
pub use bucket_policy::{BucketPolicy, Obstacle};
pub use bucket_ssec_allowed::{BucketSsecAllowed, Saying, Taken};
pub use bucket_unencrypted_put::{BucketUnencryptedPut, Uploads};
pub use bucket_without_tls::{BucketWithoutTls, Facts};
pub use clients::S3AndKms;
pub use default_encryption::{Cipher, DefaultEncryption, Rules};
pub use facts::EncryptionFacts;
pub use key::{Key, Manager};
pub use logs::Logs;
use remedy_aws::Controls;
use remedy_engine::{Clients, Ports, control};
use remedy_s3::Buckets;
pub use upload_policy::UploadPolicy;

/// The function's controls.
#[must_use]
pub fn controls<P: Ports + Clients<Buckets> + Clients<S3AndKms>>() -> Controls<P> {
    vec![
        control::<BucketWithoutTls, _>(),
        control::<BucketUnencryptedPut, _>(),
        control::<BucketDefaultKey, _>(),
        control::<BucketSsecAllowed, _>(),
    ]
}
