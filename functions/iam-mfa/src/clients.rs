//! The client of this function.

use aws_sdk_iam::Client;
use remedy_aws::{Connect, Patient, Session};
use remedy_domain::fence;

/// Clients for IAM.
#[derive(Debug, Clone)]
pub struct Iam {
    /// For one user.
    pub client: Client,
    /// For lists of users: these answers take long.
    pub patient: Patient<Client>,
    /// The name of the MFA-deny policy that the templates make, the same in every account.
    pub policy: String,
    /// Whether a template has made that policy. Where none was deployed, on an emulator, the function makes it.
    pub is_deployed: bool,
}

impl Connect for Iam {
    fn connect(session: &Session) -> Self {
        Self {
            client: Client::new(session.config()),
            patient: Patient::new(session, Client::new),
            policy: fence::managed_name(session.stack()),
            is_deployed: session.is_deployed(),
        }
    }
}
