//! The kinds of principals that hold policies.

use remedy_domain::Target;
use serde::{Deserialize, Serialize};

/// The kind of a principal that holds policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrincipalKind {
    /// A user.
    User,
    /// A group of users.
    Group,
    /// A role.
    Role,
}

impl PrincipalKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::User, Self::Group, Self::Role];

    /// The AWS Config resource type.
    #[must_use]
    pub const fn resource_type(self) -> &'static str {
        match self {
            Self::User => "AWS::IAM::User",
            Self::Group => "AWS::IAM::Group",
            Self::Role => "AWS::IAM::Role",
        }
    }

    /// As ARNs have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    /// Of a target; a control that has other targets asks for none.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        let known = Self::ALL.into_iter().find(|kind| kind.resource_type() == target.resource_type);
        known.unwrap_or(Self::User)
    }

    /// The one of three calls that is about this kind.
    #[must_use]
    pub const fn pick<T: Copy>(self, of_each: &[T; 3]) -> T {
        let [user, group, role] = of_each;
        match self {
            Self::User => *user,
            Self::Group => *group,
            Self::Role => *role,
        }
    }
}
