//! AWS IAM: how its users, groups, roles and customer-managed policies are found, and their tags.

mod asked;
mod kind;
mod policy;
mod principal;

use aws_sdk_iam::Client;
pub use kind::PrincipalKind;
pub use policy::CustomerPolicy;
pub use principal::{Principal, User};
use remedy_aws::{Connect, Patient, Session};
use remedy_domain::{Call, Fault, Identities, ResourceKind, Scope, Target};
use remedy_engine::{Page, Place, Resource, account};

/// The `eventSource` of the events of IAM.
const SOURCE: &str = "iam.amazonaws.com";
/// The call that reads a user.
pub const GET_USER: Call = Call::same("iam:GetUser");
/// The call that reads a customer-managed policy.
pub const GET_POLICY: Call = Call::same("iam:GetPolicy");
/// The codes for what is not there. The second is of the emulator.
pub const NO_SUCH: [&str; 2] = ["NoSuchEntity", "NoSuchEntityException"];

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

impl AsRef<Self> for Iam {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// The account, as far as IAM is concerned.
#[derive(Debug)]
pub struct Account;

impl Resource for Account {
    const KIND: ResourceKind = ResourceKind {
        types: &[account::TYPE],
        scope: Scope::Global,
        source: SOURCE,
        reads: &[],
        tags: &[],
        identities: Identities::Touched,
    };
    type Client = Iam;

    async fn list(_: &Iam, place: &Place, _: Option<String>) -> Result<Page, Fault> {
        Ok(account::page(place))
    }

    async fn find(_: &Iam, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        Ok(account::named(place, id))
    }
}
