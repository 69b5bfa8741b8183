//! Access control lists of S3: whom a grant to a group lets in.
//!
//! Source: S3 User Guide, "Access control list (ACL) overview", under "Amazon S3 predefined groups".

/// Anybody on the internet, signed in or not.
pub const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";

/// Anybody with an AWS account, of whatever owner.
pub const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

/// The public, as a grant can name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Public {
    /// [`ALL_USERS`].
    Everyone,
    /// [`AUTHENTICATED_USERS`].
    EveryAccount,
}

impl Public {
    /// The public that a group is, if it is.
    #[must_use]
    pub fn of_group(uri: &str) -> Option<Self> {
        let is = |group: &str| uri.trim_end_matches('/').eq_ignore_ascii_case(group);
        if is(ALL_USERS) {
            Some(Self::Everyone)
        } else if is(AUTHENTICATED_USERS) {
            Some(Self::EveryAccount)
        } else {
            None
        }
    }
}

impl std::fmt::Display for Public {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Everyone => "everyone",
            Self::EveryAccount => "every AWS account",
        })
    }
}
