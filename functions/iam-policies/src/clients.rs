//! The client of this function.

use aws_sdk_iam::Client;
use remedy_aws::{Connect, Patient, Session};

/// Clients for IAM.
#[derive(Debug, Clone)]
pub struct Iam {
    /// For one principal, or one policy.
    pub client: Client,
    /// For lists, and for everybody's permissions: these answers take long.
    pub patient: Patient<Client>,
}

impl Connect for Iam {
    fn connect(session: &Session) -> Self {
        Self { client: Client::new(session.config()), patient: Patient::new(session, Client::new) }
    }
}
