//! The kill switch: a hold on everything, on an account, or on a control. While it stands, nothing is written.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    actor::Actor,
    control::Control,
    ids::{AccountId, Target},
    renamed,
    stored::Word,
};

/// The stored form of holds written by this version.
pub const FORMAT: u32 = 1;

/// The scope that a hold stops.
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
    /// The same scope as it is stored: with the first id of its control, which every version knows.
    #[must_use]
    pub fn filed(&self) -> Self {
        self.called(renamed::filed)
    }

    /// The same scope as people see it: with the id that its control has now.
    #[must_use]
    pub fn current(&self) -> Self {
        self.called(renamed::current)
    }

    fn called(&self, by: fn(&str) -> &str) -> Self {
        match self {
            Self::Control(control) => Self::Control(by(control).to_owned()),
            Self::All | Self::Account(_) => self.clone(),
        }
    }

    /// The path of the scope, as in the key that it is kept under.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Account(account) => format!("account/{account}"),
            Self::Control(control) => format!("control/{}", renamed::filed(control)),
        }
    }

    /// The scope that is stored under this path, whatever follows it.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        match path.split('/').collect::<Vec<_>>().as_slice() {
            ["all", ..] => Some(Self::All),
            ["account", account, ..] => AccountId::parse(*account).ok().map(Self::Account),
            ["control", control, ..] => Some(Self::Control((*control).to_owned())),
            _ => None,
        }
    }

    /// The scopes that apply to this control and resource.
    #[must_use]
    pub fn of(control: &str, target: &Target) -> [Self; 3] {
        [Self::All, Self::Account(target.account.clone()), Self::Control(control.to_owned())]
    }

    /// Whether the scope is valid: a control's id is 1 to 64 lower-case letters, digits and hyphens, and begins with a
    /// letter.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        let Self::Control(id) = self else { return true };
        let plain = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        plain && id.len() <= 64 && id.starts_with(|first: char| first.is_ascii_lowercase())
    }

    fn stops(&self, control: &Control, target: &Target) -> bool {
        match self {
            Self::All => true,
            Self::Account(account) => *account == target.account,
            Self::Control(id) => control.is_called(id),
        }
    }
}

impl fmt::Display for HoldScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("everything"),
            Self::Account(account) => write!(f, "account {account}"),
            Self::Control(control) => write!(f, "control {}", renamed::current(control)),
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

/// The state of one switch, the last that was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// The scope that it stops. An unknown scope stops everything.
    pub scope: Word<HoldScope>,
    /// Whether it is on. It is, unless the entry says that it was released.
    pub switch: Word<Switch>,
    /// Why.
    pub reason: String,
    /// Who turned it; absent if the entry is damaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
    /// When.
    pub at: Timestamp,
}

impl Hold {
    /// Whether it keeps this control from writing to this resource.
    #[must_use]
    pub fn stops(&self, control: &Control, target: &Target) -> bool {
        self.is_on() && self.scope.known().is_none_or(|scope| scope.stops(control, target))
    }

    /// The same as people see it.
    #[must_use]
    pub fn current(self) -> Self {
        let scope = match self.scope {
            Word::Known(scope) => Word::Known(scope.current()),
            other @ Word::Other(_) => other,
        };
        Self { scope, ..self }
    }

    /// Whether it is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.switch.is(&Switch::Released)
    }

    /// The scope that a damaged entry stops: all of its path, because the entry may be a hold.
    #[must_use]
    pub fn damaged(path: &str) -> Self {
        let scope = HoldScope::of_path(path).map_or_else(|| Word::Other(path.into()), Word::Known);
        let reason = "its entry in the state bucket is damaged: put it on again, or have it released".to_owned();
        Self { format: FORMAT, scope, switch: Switch::Held.into(), reason, by: None, at: Timestamp::UNIX_EPOCH }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_hold_stops_what_its_path_says_and_one_of_another_scope_everything() {
        for scope in [HoldScope::All, HoldScope::Account(AccountId::parse("111122223333").unwrap())] {
            assert_eq!(Hold::damaged(&scope.path()).scope, Word::Known(scope.clone()));
            assert_eq!(Hold::damaged(&format!("{}/0000000007", scope.path())).scope, Word::Known(scope));
        }
        assert_eq!(
            Hold::damaged("control/kms-key-dying").scope,
            Word::Known(HoldScope::Control("kms-key-dying".into()))
        );
        for path in ["region/us-east-1", "account/1", "", "every"] {
            assert!(Hold::damaged(path).scope.known().is_none(), "{path}");
            assert!(Hold::damaged(path).is_on());
        }
    }

    #[test]
    fn a_control_that_was_renamed_has_one_switch() {
        let [old, new] = ["kms-key-dying", "kms-key-pending-deletion"].map(|id| HoldScope::Control(id.into()));
        assert_eq!((old.path(), new.path()), ("control/kms-key-dying".to_owned(), "control/kms-key-dying".to_owned()));
        assert_eq!([old.current(), new.current()], [new.clone(), new.clone()]);
        assert_eq!([old.filed(), new.filed()], [old.clone(), old.clone()]);
        assert_eq!([old.to_string(), new.to_string()], ["control kms-key-pending-deletion"; 2]);
        assert_eq!(HoldScope::of_path(&new.path()), Some(old));
        assert_eq!([HoldScope::All.current(), HoldScope::All.filed()], [HoldScope::All, HoldScope::All]);
    }
}
