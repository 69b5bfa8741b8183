//! The client of this function.

use remedy_aws::{Connect, Session};

/// A client for IAM.
#[derive(Debug, Clone)]
pub struct Iam(pub aws_sdk_iam::Client);

impl Connect for Iam {
    fn connect(session: &Session) -> Self {
        Self(aws_sdk_iam::Client::new(session.config()))
    }
}
