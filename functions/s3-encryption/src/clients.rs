//! The client of this function.

use remedy_aws::{Connect, Session};

/// A client for buckets.
#[derive(Debug, Clone)]
pub struct Buckets(pub aws_sdk_s3::Client);

impl Connect for Buckets {
    fn connect(session: &Session) -> Self {
        Self(Connect::connect(session))
    }
}
