//! The kill switch: a hold on everything, on an account, or on a control. While it stands, nothing is written.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    actor::Actor,
    control::Control,
    ids::{AccountId, Target},
};

/// The stored form of holds written by this version.
pub const FORMAT: u32 = 1;

/// What a hold stops.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldScope {
    /// Everything, everywhere.
    All,
    /// Everything in one account.
    Account(AccountId),
    /// One control, in every account.
    Control(String),
}

impl HoldScope {
    /// The path of the scope, as in the key that it is kept under.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Account(account) => format!("account/{account}"),
            Self::Control(control) => format!("control/{control}"),
        }
    }

    fn stops(&self, control: &Control, target: &Target) -> bool {
        match self {
            Self::All => true,
            Self::Account(account) => *account == target.account,
            Self::Control(id) => control.id.0 == id,
        }
    }
}

impl fmt::Display for HoldScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("everything"),
            Self::Account(account) => write!(f, "account {account}"),
            Self::Control(control) => write!(f, "control {control}"),
        }
    }
}

/// Whether a switch is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// Nothing is written.
    Held,
    /// It was released.
    Released,
}

/// The state of one switch, the last that was put on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// What it stops.
    pub scope: HoldScope,
    /// Whether it is on.
    pub switch: Switch,
    /// Why.
    pub reason: String,
    /// Who turned it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Hold {
    /// Whether it keeps this control from writing to this resource.
    #[must_use]
    pub fn stops(&self, control: &Control, target: &Target) -> bool {
        self.switch == Switch::Held && self.scope.stops(control, target)
    }
}
