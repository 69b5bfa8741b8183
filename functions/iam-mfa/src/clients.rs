//! The client of this function.

use std::ops::Deref;

use remedy_aws::{Connect, Session};
use remedy_domain::fence;
use remedy_iam::Iam;

/// Clients for IAM, and the MFA-deny policy of the stack.
#[derive(Debug, Clone)]
pub struct IamAndDeny {
    iam: Iam,
    /// The name of the MFA-deny policy that the templates make, the same in every account.
    pub policy: String,
    /// Whether a template has made that policy. Where none was deployed, on an emulator, the function makes it.
    pub is_deployed: bool,
}

impl Connect for IamAndDeny {
    fn connect(session: &Session) -> Self {
        Self {
            iam: Connect::connect(session),
            policy: fence::managed_name(session.stack()),
            is_deployed: session.is_deployed(),
        }
    }
}

impl Deref for IamAndDeny {
    type Target = Iam;

    fn deref(&self) -> &Iam {
        &self.iam
    }
}

impl AsRef<Iam> for IamAndDeny {
    fn as_ref(&self) -> &Iam {
        &self.iam
    }
}
