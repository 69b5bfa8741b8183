//! Databases of Amazon RDS, as the functions of Remedy find and read them.

use std::ops::Deref;

use remedy_aws::{Connect, Session};

/// A client for databases.
#[derive(Debug, Clone)]
pub struct Databases(pub aws_sdk_rds::Client);

impl Connect for Databases {
    fn connect(session: &Session) -> Self {
        Self(aws_sdk_rds::Client::new(session.config()))
    }
}

impl Deref for Databases {
    type Target = aws_sdk_rds::Client;

    fn deref(&self) -> &aws_sdk_rds::Client {
        &self.0
    }
}
