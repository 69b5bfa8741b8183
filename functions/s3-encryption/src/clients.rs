//! The clients of this function.

use remedy_aws::{Connect, Session};

/// A client for buckets.
#[derive(Debug, Clone)]
pub struct Buckets(pub aws_sdk_s3::Client);

/// Clients for buckets and for the keys that encrypt them.
#[derive(Debug, Clone)]
pub struct Vaults {
    /// For buckets.
    pub buckets: aws_sdk_s3::Client,
    session: Session,
}

impl Vaults {
    /// A client for keys, made when it is needed: a bucket that is as it should be needs none.
    #[must_use]
    pub fn keys(&self) -> aws_sdk_kms::Client {
        aws_sdk_kms::Client::new(self.session.config())
    }
}

impl Connect for Buckets {
    fn connect(session: &Session) -> Self {
        Self(Connect::connect(session))
    }
}

impl Connect for Vaults {
    fn connect(session: &Session) -> Self {
        Self { buckets: Connect::connect(session), session: session.clone() }
    }
}
