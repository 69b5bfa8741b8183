//! The clients of this function.

use aws_sdk_s3::Client;
use remedy_aws::{Connect, Session};
use remedy_kms::Keys;

/// Clients for buckets and for the keys that encrypt them.
#[derive(Debug, Clone)]
pub struct S3AndKms {
    /// For buckets.
    pub buckets: Client,
    session: Session,
}

impl S3AndKms {
    /// A client for keys, made when it is needed: a bucket that is as it should be needs none.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Connect::connect(&self.session)
    }
}

impl Connect for S3AndKms {
    fn connect(session: &Session) -> Self {
        Self { buckets: Connect::connect(session), session: session.clone() }
    }
}

impl AsRef<Client> for S3AndKms {
    fn as_ref(&self) -> &Client {
        &self.buckets
    }
}
