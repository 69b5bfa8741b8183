//! The account, as far as S3 is concerned, and the client for it: no other function speaks to S3 Control.

use std::ops::Deref;

use remedy_aws::{Connect, Session};
use remedy_domain::Identities;
use remedy_engine::account::{self, OfAccount};

/// A client for account-wide settings of S3.
#[derive(Debug, Clone)]
pub struct Accounts(pub aws_sdk_s3control::Client);

impl Connect for Accounts {
    fn connect(session: &Session) -> Self {
        Self(aws_sdk_s3control::Client::new(session.config()))
    }
}

impl Deref for Accounts {
    type Target = aws_sdk_s3control::Client;

    fn deref(&self) -> &aws_sdk_s3control::Client {
        &self.0
    }
}

impl OfAccount for Accounts {
    const SOURCE: &'static str = "s3.amazonaws.com";
    const IDENTITIES: Identities = Identities::Untouched;
}

/// The account, as far as S3 is concerned.
pub type Account = account::Account<Accounts>;
