//! What a verification answers.

use std::fmt;

use remedy_domain::Timestamp;
use serde::Serialize;

use crate::hour::Hour;

/// What is wrong with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It was sealed, or must have been there, and is gone.
    Deleted,
    /// Its bytes are not those that were sealed or signed.
    Changed,
    /// It is where a seal says that there was nothing.
    Inserted,
    /// It holds what was sealed in another place.
    Reordered,
    /// The chain ends before it should.
    CutOff,
    /// Its signature is missing.
    Unsigned,
    /// Its signature is not that of a key that was given.
    BadSignature,
    /// It does not follow the one before it.
    ChainBroken,
    /// An anchor tells another history.
    Rewritten,
    /// It is dated at a time when it cannot have been made.
    ClockSkew,
    /// It contradicts itself, though its signature holds.
    Contradictory,
    /// The manifest that would prove or disprove it cannot be relied on.
    Unproven,
    /// It should be sealed by now.
    Unsealed,
    /// An attempt has more than one outcome.
    DuplicateOutcome,
    /// An intent has no outcome, though its worker is long gone.
    IntentWithoutOutcome,
    /// An outcome has no intent.
    OutcomeWithoutIntent,
}

impl Kind {
    /// The words, as a person reads them.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Changed => "changed",
            Self::Inserted => "inserted",
            Self::Reordered => "reordered",
            Self::CutOff => "cut off",
            Self::Unsigned => "unsigned",
            Self::BadSignature => "bad signature",
            Self::ChainBroken => "chain broken",
            Self::Rewritten => "rewritten",
            Self::ClockSkew => "clock skew",
            Self::Contradictory => "contradictory",
            Self::Unproven => "unproven",
            Self::Unsealed => "unsealed",
            Self::DuplicateOutcome => "duplicate outcome",
            Self::IntentWithoutOutcome => "intent without outcome",
            Self::OutcomeWithoutIntent => "outcome without intent",
        }
    }
}

/// One thing that is wrong: what, with which object, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// The key of the object.
    pub object: String,
    /// How that is known.
    pub detail: String,
}

impl Finding {
    pub(crate) fn new(kind: Kind, object: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, object: object.into(), detail: detail.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.kind.words(), self.object, self.detail)
    }
}

/// What a verification answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The time it holds for.
    pub at: Timestamp,
    /// The bucket that was sealed, by the first manifest that can be relied on.
    pub origin: Option<String>,
    /// The first hour sealed.
    pub from: Option<Hour>,
    /// The last hour sealed.
    pub to: Option<Hour>,
    /// How many manifests can be relied on.
    pub manifests: usize,
    /// How many objects they list.
    pub sealed: usize,
    /// How many seals of an anchor agree.
    pub anchored: usize,
    /// What is wrong; sorted, and complete.
    pub findings: Vec<Finding>,
    /// What is newer than the last seal, and in no way suspicious.
    pub unsealed: Vec<String>,
    /// What was sealed and is no record; it was found like that.
    pub invalid: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }
}
