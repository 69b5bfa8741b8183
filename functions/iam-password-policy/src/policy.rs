//! The account password policy, element by element.
//!
//! Source: IAM User Guide, "Set an account password policy for IAM users". `UpdateAccountPasswordPolicy` replaces the
//! whole policy: an element that is left out is reset, so all of them are mirrored and sent.

use remedy_domain::{Parameters, Reason, Violation, settings::FirstExpiry};
use serde::{Deserialize, Serialize};

/// Passwords remembered, at most and at least: 24.
const REUSE: u32 = 24;

/// The policy, mirrored whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "it mirrors the structure of the API")]
pub struct PasswordPolicy {
    /// `MinimumPasswordLength`: 6 to 128.
    pub minimum_length: u32,
    /// `RequireSymbols`.
    pub symbols: bool,
    /// `RequireNumbers`.
    pub numbers: bool,
    /// `RequireUppercaseCharacters`.
    pub uppercase: bool,
    /// `RequireLowercaseCharacters`.
    pub lowercase: bool,
    /// `AllowUsersToChangePassword`.
    pub users_may_change: bool,
    /// `MaxPasswordAge` in days; none: passwords never expire.
    pub max_age_days: Option<u32>,
    /// `PasswordReusePrevention`; none: passwords may be used again.
    pub reuse_prevention: Option<u32>,
    /// `HardExpiry`: an expired password can only be reset by an administrator.
    pub hard_expiry: bool,
}

impl PasswordPolicy {
    /// The value to which AWS resets an element that is left out.
    pub(crate) const RESET: Self = Self {
        minimum_length: 6,
        symbols: false,
        numbers: false,
        uppercase: false,
        lowercase: false,
        users_may_change: false,
        max_age_days: None,
        reuse_prevention: None,
        hard_expiry: false,
    };

    /// The elements that are weaker than required.
    pub(crate) fn violations(&self, asked: &Parameters) -> Vec<Violation> {
        let (length, age) = (asked.password_minimum_length, asked.password_max_age_days);
        let found = [
            (
                self.minimum_length < length,
                Violation::new("minimum-length", format!("passwords may be shorter than {length} characters")),
            ),
            (!self.uppercase, Violation::new("uppercase", "no upper-case letter is asked for")),
            (!self.lowercase, Violation::new("lowercase", "no lower-case letter is asked for")),
            (!self.numbers, Violation::new("numbers", "no digit is asked for")),
            (!self.symbols, Violation::new("symbols", "no symbol is asked for")),
            (
                self.max_age_days.is_none_or(|days| days > age),
                Violation::new("max-age", format!("passwords live longer than {age} days")),
            ),
            (
                self.reuse_prevention.is_none_or(|last| last < REUSE),
                Violation::new("reuse-prevention", format!("fewer than {REUSE} passwords are remembered")),
            ),
        ];
        found.into_iter().filter(|(weak, _)| *weak).map(|(_, violation)| violation).collect()
    }

    /// The nearest policy that is strong enough: each element keeps a stricter value.
    ///
    /// If passwords begin to expire, or expire sooner, users must be able to change them, or they are locked out.
    pub(crate) fn strengthened(&self, asked: &Parameters) -> Self {
        let age = asked.password_max_age_days;
        let max_age_days = Some(self.max_age_days.map_or(age, |days| days.min(age)));
        Self {
            minimum_length: self.minimum_length.max(asked.password_minimum_length),
            symbols: true,
            numbers: true,
            uppercase: true,
            lowercase: true,
            users_may_change: self.users_may_change || max_age_days != self.max_age_days,
            max_age_days,
            reuse_prevention: Some(self.reuse_prevention.map_or(REUSE, |last| last.max(REUSE))),
            hard_expiry: self.hard_expiry,
        }
    }

    /// The reason why a person must agree to strengthening: passwords that are valid today would have expired, and
    /// their users be locked out or surprised. For a first expiry whose users may change theirs, only if the settings
    /// say so.
    pub(crate) fn asks(&self, asked: &Parameters) -> Option<Reason> {
        let after = self.strengthened(asked);
        if after.max_age_days == self.max_age_days {
            return None;
        }
        match (self.max_age_days, self.hard_expiry, asked.password_first_expiry) {
            (_, true, _) => Some(Reason::new(
                "hard-expiry",
                "hard expiry is on: whoever's password is older than that is locked out until an administrator resets it",
            )),
            (Some(_), false, _) => {
                Some(Reason::new("shorter-life", "passwords would live shorter than they do: give notice first"))
            }
            (None, false, FirstExpiry::Ask) => {
                Some(Reason::new("first-expiry", "passwords would expire for the first time: give notice first"))
            }
            (None, false, FirstExpiry::Auto) => None,
        }
    }
}
