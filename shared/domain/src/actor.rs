//! Who acts: a principal whose identity AWS itself has confirmed.

use serde::{Deserialize, Serialize};

use crate::ids::AccountId;

/// A principal whose identity was proven by a signed call, never taken from a payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The account of the principal.
    pub account: AccountId,
    /// The id that AWS never gives twice; for roles of IAM Identity Center with the session, which is the person.
    pub id: String,
    /// The ARN, for display and for the patterns of the settings.
    pub arn: String,
}

impl Actor {
    /// Whether both are the same person.
    #[must_use]
    pub fn same_person(&self, other: &Self) -> bool {
        self.account == other.account && self.id == other.id
    }
}
