//! What the organization is, beside a covered entity or business associate.

use serde::{Deserialize, Serialize};

/// An organization that some paragraphs of the HIPAA Security Rule are only for. It decides what is shown, and no repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Organization {
    /// A health care clearinghouse, or a larger organization that one is part of: 45 CFR 164.308(a)(4)(ii)(A).
    #[serde(rename = "health-care-clearinghouse")]
    Clearinghouse,
    /// A group health plan: 45 CFR 164.314(b).
    GroupHealthPlan,
}

impl Organization {
    /// The words, as in JSON.
    pub(super) const WORDS: [&str; 2] = [Self::Clearinghouse.word(), Self::GroupHealthPlan.word()];

    /// The word, as in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clearinghouse => "health-care-clearinghouse",
            Self::GroupHealthPlan => "group-health-plan",
        }
    }
}
