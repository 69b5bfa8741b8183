//! The client of this function.

use remedy_aws::{Connect, Session};

/// A client for keys.
#[derive(Debug, Clone)]
pub struct Keys(pub aws_sdk_kms::Client);

impl Connect for Keys {
    fn connect(session: &Session) -> Self {
        Self(aws_sdk_kms::Client::new(session.config()))
    }
}
