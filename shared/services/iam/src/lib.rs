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
use remedy_domain::{Call, Identities, Service};
use remedy_engine::account::{self, OfAccount};

/// The `eventSource` of the events of IAM.
const SOURCE: &str = "iam.amazonaws.com";
const SERVICE: Service = Service {
    name: "iam",
    resources: &[
        ("User", "iam::{account}:user/*"),
        ("Group", "iam::{account}:group/*"),
        ("Role", "iam::{account}:role/*"),
        ("", "iam::{account}:policy/*"),
    ],
    of_the_account: &["iam:DeleteAccountPasswordPolicy", "iam:UpdateAccountPasswordPolicy"],
    ..Service::PLAIN
};
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

impl OfAccount for Iam {
    const SOURCE: &'static str = SOURCE;
    const IDENTITIES: Identities = Identities::Touched;
}

/// The account, as far as IAM is concerned.
pub type Account = account::Account<Iam>;
