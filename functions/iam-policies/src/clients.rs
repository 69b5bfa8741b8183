//! The client of this function.

use remedy_aws::{Connect, Session};

/// Clients for IAM.
#[derive(Debug, Clone)]
pub struct Iam {
    /// For one principal, or one policy.
    pub client: aws_sdk_iam::Client,
    /// For lists, and for everybody's permissions: these answers take long.
    pub patient: aws_sdk_iam::Client,
}

impl Connect for Iam {
    fn connect(session: &Session) -> Self {
        let patient = aws_sdk_iam::Client::new(session.patient().config());
        Self { client: aws_sdk_iam::Client::new(session.config()), patient }
    }
}
