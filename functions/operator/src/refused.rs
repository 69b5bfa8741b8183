//! Why the operator does not do what was asked.

use std::error::Error as _;

use remedy_domain::{Fault, FaultKind, exemption::BadTerms, settings::SettingsError};

/// Why the operator does not do what was asked: nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The request is none of [`remedy_domain::request::Request`].
    #[error("the request is not one that the operator knows (line {}, column {})", .0.line(), .0.column())]
    Shape(#[source] serde_json::Error),
    /// The settings do not name this principal.
    #[error("`{0}` may not {1}: the settings' `people` do not name it")]
    NotAllowed(String, &'static str),
    /// The signed request was used before.
    #[error("this signed request was used before; sign it again")]
    Replayed,
    /// There is nothing of this name to decide.
    #[error("nothing with this id waits for a person: it ended, was decided, or never was")]
    NothingWaits,
    /// It is an ask of another version.
    #[error(
        "this version does not know what is asked for: approve it with the version that asks, or reject it and ask again"
    )]
    NotKnown,
    /// Nobody decides their own ask.
    #[error("you asked for this yourself: somebody else decides it")]
    OwnAsk,
    /// Somebody was faster.
    #[error("somebody else decided this already")]
    AlreadyDecided,
    /// The approved ask no longer holds.
    #[error("what was asked for changed since: {0}; ask again")]
    Outdated(&'static str),
    /// The terms of an exemption are not complete.
    #[error("the terms do not hold")]
    Terms(#[source] BadTerms),
    /// The settings cannot be used.
    #[error("the settings cannot be used")]
    Settings(#[source] SettingsError),
    /// There is no repair to revert.
    #[error("no repair was carried out that this names")]
    NothingToUndo,
    /// Too many at once to be looked at by a person.
    #[error("this names {0} repairs; name at most 20, by control or by time")]
    TooMany(usize),
    /// There is no such hold.
    #[error("there is no such hold")]
    NoHold,
    /// The scope to be held can be no control.
    #[error("no control has such an id: it is 1 to 64 lower-case letters, digits and hyphens; see docs/controls.md")]
    NoControl,
    /// A needed call failed.
    #[error(transparent)]
    Failed(#[from] Fault),
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        let kind = match &refused {
            Refused::Failed(fault) => return fault.clone(),
            Refused::NotAllowed(..) | Refused::OwnAsk | Refused::Replayed => FaultKind::Denied,
            _ => FaultKind::Rejected,
        };
        let why = refused.source().map_or_else(|| refused.to_string(), |source| format!("{refused}: {source}"));
        Self::new(kind, "operator", refused.kind(), why)
    }
}

impl Refused {
    /// The word for it, as in the error of an invocation.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Shape(_) => "wrong-shape",
            Self::NotAllowed(..) => "not-allowed",
            Self::Replayed => "replayed",
            Self::NothingWaits => "nothing-waits",
            Self::NotKnown => "not-known",
            Self::OwnAsk => "own-ask",
            Self::AlreadyDecided => "already-decided",
            Self::Outdated(_) => "outdated",
            Self::Terms(_) => "bad-terms",
            Self::Settings(_) => "bad-settings",
            Self::NothingToUndo => "nothing-to-undo",
            Self::TooMany(_) => "too-many",
            Self::NoHold => "no-hold",
            Self::NoControl => "no-control",
            Self::Failed(_) => "failed",
        }
    }
}
