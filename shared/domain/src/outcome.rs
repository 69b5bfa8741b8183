//! How a run ended, and what follows for AWS Config, the queue and the people on call.

use serde::{Deserialize, Deserializer, Serialize};

use crate::stored::Word;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing was wrong.
    AlreadyCompliant,
    /// Still in violation, but contained by Remedy's own measure.
    Contained,
    /// In violation, and in effect for nobody: a policy that is attached to nobody.
    Dormant,
    /// In violation; this was an evaluation, which never repairs.
    Drifted,
    /// A plan was drafted; the mode says to observe only.
    Planned,
    /// A plan waits for a person.
    AwaitingApproval,
    /// In violation, and exempted by a record.
    Exempt,
    /// In violation, and something keeps Remedy from acting.
    Blocked,
    /// Repaired, and read again: compliant.
    Repaired,
    /// Written, but not seen to be right.
    Unverified,
    /// Some of the steps were carried out.
    Partial,
    /// Nothing was changed, because a call failed.
    Failed,
    /// The resource changed between planning and writing; nothing was written.
    Superseded,
    /// The repair of a crashed worker turned out to have arrived.
    Recovered,
    /// An earlier repair was reverted.
    Reverted,
    /// Only a person can put this right.
    NeedsHuman,
    /// Not a matter for this control.
    OutOfScope,
    /// The resource does not exist.
    Gone,
}

/// The compliance that AWS Config gets. `INSUFFICIENT_DATA` cannot be reported by `PutEvaluations`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Compliance {
    /// Nothing to say about this resource.
    NotApplicable,
    /// As it should be.
    Compliant,
    /// Not as it should be. An exempt, contained or dormant resource stays so: the violation is kept visible.
    NonCompliant,
}

/// The class of a notification, by how soon people must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alarm {
    /// Nothing to report.
    None,
    /// Worth a notice: something was changed, or waits for a decision.
    Notice,
    /// Somebody must look today.
    Alarm,
    /// Somebody must look now.
    Page,
}

impl Alarm {
    /// Reads a stored one. Another word counts as the most urgent one.
    pub fn at_worst<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Word::<Self>::deserialize(deserializer)?.known().copied().unwrap_or(Self::Page))
    }

    /// The bare word, as in JSON and in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Notice => "notice",
            Self::Alarm => "alarm",
            Self::Page => "page",
        }
    }
}

impl Outcome {
    /// The compliance that AWS Config gets.
    #[must_use]
    pub fn compliance(self) -> Compliance {
        match self {
            Self::AlreadyCompliant | Self::Repaired | Self::Recovered => Compliance::Compliant,
            Self::OutOfScope | Self::Gone => Compliance::NotApplicable,
            Self::Contained
            | Self::Dormant
            | Self::Drifted
            | Self::Planned
            | Self::AwaitingApproval
            | Self::Exempt
            | Self::Blocked
            | Self::Unverified
            | Self::Partial
            | Self::Failed
            | Self::Superseded
            | Self::Reverted
            | Self::NeedsHuman => Compliance::NonCompliant,
        }
    }

    /// The class of the notification.
    #[must_use]
    pub fn alarm(self) -> Alarm {
        match self {
            Self::AlreadyCompliant | Self::Drifted | Self::Exempt | Self::OutOfScope | Self::Gone => Alarm::None,
            Self::Contained
            | Self::Dormant
            | Self::Planned
            | Self::AwaitingApproval
            | Self::Repaired
            | Self::Superseded
            | Self::Recovered
            | Self::Reverted => Alarm::Notice,
            Self::Blocked | Self::Partial | Self::Failed | Self::NeedsHuman => Alarm::Alarm,
            Self::Unverified => Alarm::Page,
        }
    }

    /// The bare word, as in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::AlreadyCompliant => "already-compliant",
            Self::Contained => "contained",
            Self::Dormant => "dormant",
            Self::Drifted => "drifted",
            Self::Planned => "planned",
            Self::AwaitingApproval => "awaiting-approval",
            Self::Exempt => "exempt",
            Self::Blocked => "blocked",
            Self::Repaired => "repaired",
            Self::Unverified => "unverified",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
            Self::Recovered => "recovered",
            Self::Reverted => "reverted",
            Self::NeedsHuman => "needs-human",
            Self::OutOfScope => "out-of-scope",
            Self::Gone => "gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_json() {
        let some = [Outcome::AlreadyCompliant, Outcome::Dormant, Outcome::AwaitingApproval, Outcome::NeedsHuman];
        for outcome in some {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.word());
        }
    }

    #[test]
    fn an_exempt_contained_or_dormant_resource_stays_visible() {
        for outcome in [Outcome::Exempt, Outcome::Contained, Outcome::Dormant] {
            assert_eq!(outcome.compliance(), Compliance::NonCompliant);
        }
    }
}
