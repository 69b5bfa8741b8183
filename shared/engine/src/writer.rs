//! The door that only a permit opens.

use remedy_domain::{PlanId, guard::Permit};

/// A client that may write. It cannot be had without a [`Permit`], and the guard alone makes those.
#[derive(Debug)]
pub struct Writer<Client> {
    client: Client,
    plan: PlanId,
}

impl<Client> Writer<Client> {
    /// Opens the door, using the permit up.
    pub fn open(permit: &Permit, client: Client) -> Self {
        Self { client, plan: permit.plan().clone() }
    }

    /// The client that may write.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The plan it was opened for.
    pub fn plan(&self) -> &PlanId {
        &self.plan
    }
}
