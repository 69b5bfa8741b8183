//! The result of a verification.

use std::fmt;

use remedy_domain::Timestamp;
use serde::Serialize;

use crate::hour::Hour;

/// The kind of a finding.
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
    /// An anchor has another history.
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
    /// It is in the folder of an hour that had ended long before it was written.
    Belated,
    /// A delete marker was put over it.
    DeleteMarker,
    /// It has another version below the one that is seen.
    OtherVersion,
    /// It is a public key that was not given.
    ForeignKey,
    /// It is of another bucket than the one that was named.
    OtherOrigin,
    /// The chain does not begin where it should.
    OtherBeginning,
    /// It could not be read.
    Unreadable,
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
            Self::Belated => "belated",
            Self::DeleteMarker => "delete marker",
            Self::OtherVersion => "other version",
            Self::ForeignKey => "foreign key",
            Self::OtherOrigin => "other origin",
            Self::OtherBeginning => "other beginning",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One thing that is wrong: what, with which object, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Its kind.
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

/// The verdict of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything is as it was sealed.
    Intact,
    /// There are findings.
    Tampered,
    /// There are no findings, and not everything could be judged: nothing is sealed, or an object is unreadable or
    /// unknown.
    CannotSay,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The time it holds for.
    pub at: Timestamp,
    /// The bucket that was sealed, by the first manifest that can be relied on.
    pub origin: Option<String>,
    /// The SHA-256 of the first manifest, in hex: it distinguishes one history from every other.
    pub genesis: Option<String>,
    /// The fingerprints of the keys whose signatures can be relied on.
    pub keys: Vec<String>,
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
    /// The findings; sorted, and complete.
    pub findings: Vec<Finding>,
    /// Objects newer than the last seal, and in no way suspicious.
    pub unsealed: Vec<String>,
    /// Objects that were sealed and are no records; they were found like that.
    pub invalid: Vec<String>,
    /// Objects at a number that a signed manifest skips: they were never part of the chain.
    pub stepped_over: Vec<String>,
    /// Objects that may be of a later release, sealed or not: records of another kind or form, signed manifests of
    /// another form.
    pub unknown: Vec<String>,
    /// Objects that could not be read, when they were sealed or now, and why.
    pub unreadable: Vec<Finding>,
}

impl Report {
    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        // An object is unproven only because of another finding: that one counts.
        let is_tampered = self.findings.iter().any(|finding| finding.kind != Kind::Unproven);
        let is_judged = self.findings.is_empty() && self.unknown.is_empty() && self.unreadable.is_empty();
        match (is_tampered, is_judged && self.manifests > 0) {
            (true, _) => Verdict::Tampered,
            (false, true) => Verdict::Intact,
            (false, false) => Verdict::CannotSay,
        }
    }

    /// Whether everything is as it was sealed.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.verdict() == Verdict::Intact
    }
}
