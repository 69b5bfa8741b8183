//! What went wrong, sorted by what the host must do about it.

use std::fmt;

use serde::Serialize;

use crate::outcome::Alarm;

/// What a fault asks of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// It may go better later: give the message back.
    Transient,
    /// AWS said no, by policy or by an SCP. Trying again changes nothing: alarm.
    Denied,
    /// AWS refused the request itself, or our own set-up is wrong. Trying again changes nothing: alarm.
    Rejected,
    /// The input cannot be trusted: typed error, dead letter.
    Untrusted,
    /// We wrote and could not see the result: page.
    Unverified,
    /// Our own mistake: page.
    Defect,
}

impl FaultKind {
    /// How soon somebody must look. What is only given back tells nobody: if it never gets better, the dead-letter queue does.
    #[must_use]
    pub fn alarm(self) -> Alarm {
        match self {
            Self::Transient => Alarm::None,
            Self::Denied | Self::Rejected | Self::Untrusted => Alarm::Alarm,
            Self::Unverified | Self::Defect => Alarm::Page,
        }
    }
}

/// A failure: what was being done, how it failed, and what to do next. Never carries text from AWS, which may hold PHI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// How to act on it.
    pub kind: FaultKind,
    /// What was being done, such as `s3:PutPublicAccessBlock`.
    pub doing: String,
    /// The error code, AWS's or our own.
    pub code: String,
    /// What a person can do about it.
    pub next: String,
}

impl Fault {
    /// A fault of `kind` while `doing` something.
    #[must_use]
    pub fn new(kind: FaultKind, doing: impl Into<String>, code: impl Into<String>, next: impl Into<String>) -> Self {
        Self { kind, doing: doing.into(), code: code.into(), next: next.into() }
    }

    /// Something that may go better later.
    #[must_use]
    pub fn transient(doing: impl Into<String>, code: impl Into<String>) -> Self {
        Self::new(FaultKind::Transient, doing, code, "nothing: the delivery is tried again")
    }

    /// A request or a set-up that can never work as it is.
    #[must_use]
    pub fn rejected(doing: impl Into<String>, code: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(FaultKind::Rejected, doing, code, next)
    }

    /// Our own mistake.
    #[must_use]
    pub fn defect(doing: impl Into<String>, code: impl Into<String>) -> Self {
        Self::new(FaultKind::Defect, doing, code, "report this as a defect of Remedy")
    }

    /// Whether giving the message back can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == FaultKind::Transient
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.kind {
            FaultKind::Transient => "failed for now",
            FaultKind::Denied => "was denied",
            FaultKind::Rejected => "was rejected",
            FaultKind::Untrusted => "cannot be trusted",
            FaultKind::Unverified => "could not be verified",
            FaultKind::Defect => "went wrong inside Remedy",
        };
        write!(f, "`{}` {how} ({}); next: {}", self.doing, self.code, self.next)
    }
}

impl std::error::Error for Fault {}
