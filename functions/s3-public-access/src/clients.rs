//! The clients of this function.

use remedy_aws::{Connect, Session};

/// A client for buckets.
#[derive(Debug, Clone)]
pub struct Buckets(pub aws_sdk_s3::Client);

/// A client for account-wide settings of S3.
#[derive(Debug, Clone)]
pub struct Accounts(pub aws_sdk_s3control::Client);

impl Connect for Buckets {
    fn connect(session: &Session) -> Self {
        Self(Connect::connect(session))
    }
}

impl Connect for Accounts {
    fn connect(session: &Session) -> Self {
        Self(aws_sdk_s3control::Client::new(session.config()))
    }
}
