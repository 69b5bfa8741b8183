//! The account, as far as S3 is concerned, and the client for it: no other function speaks to S3 Control.

use std::ops::Deref;

use remedy_aws::{Connect, Session};
use remedy_domain::{Fault, Identities, ResourceKind, Scope, Target};
use remedy_engine::{Page, Place, Resource, account};

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

/// The account.
#[derive(Debug)]
pub struct Account;

impl Resource for Account {
    const KIND: ResourceKind = ResourceKind {
        types: &[account::TYPE],
        scope: Scope::Global,
        source: "s3.amazonaws.com",
        reads: &[],
        tags: &[],
        identities: Identities::Untouched,
    };
    type Client = Accounts;

    async fn list(_: &Accounts, place: &Place, _: Option<String>) -> Result<Page, Fault> {
        Ok(account::page(place))
    }

    async fn find(_: &Accounts, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(account::named(place, id))
    }
}
