//! Faults, sorted by what the host must do about them.

use std::fmt;

use serde::Serialize;

use crate::outcome::Alarm;

/// The handling that a fault needs from the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// It may go better later: give the message back.
    Transient,
    /// AWS said no, by policy or by an SCP. Trying again changes nothing: alarm.
    Denied,
    /// AWS refused the request itself, or our own set-up is wrong. Trying again changes nothing: alarm.
    Rejected,
    /// The ledger cannot be read or written, whatever its error: do nothing until it can. Give the message back, and
    /// alarm.
    Ledger,
    /// The input cannot be trusted: typed error, dead letter.
    Untrusted,
    /// We wrote and could not see the result: page.
    Unverified,
    /// Our own mistake: page.
    Defect,
}

impl FaultKind {
    /// Its code as a reason of a run, in kebab case.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Transient => "fault-transient",
            Self::Denied => "fault-denied",
            Self::Rejected => "fault-rejected",
            Self::Ledger => "fault-ledger",
            Self::Untrusted => "fault-untrusted",
            Self::Unverified => "fault-unverified",
            Self::Defect => "fault-defect",
        }
    }

    /// How soon somebody must look. A fault that only gives the message back notifies nobody: if it persists, the
    /// dead-letter queue alarms.
    #[must_use]
    pub fn alarm(self) -> Alarm {
        match self {
            Self::Transient => Alarm::None,
            Self::Denied | Self::Rejected | Self::Ledger | Self::Untrusted => Alarm::Alarm,
            Self::Unverified | Self::Defect => Alarm::Page,
        }
    }
}

/// A failure: what was being done, how it failed, and what to do next. Never carries text from AWS, which may hold PHI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// How to act on it.
    pub kind: FaultKind,
    /// The call that was made, such as `s3:PutPublicAccessBlock`.
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

    /// A fault for something that the ledger holds, or lacks, and that a person must look at.
    #[must_use]
    pub fn ledger(code: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(FaultKind::Ledger, "ledger", code, next)
    }

    /// The same fault of a call on the ledger: a fault that would end a run elsewhere only delays it here. With a
    /// disabled key, a policy that denies, or a missing bucket, nothing that was not stored may be acknowledged.
    #[must_use]
    pub fn of_ledger(self) -> Self {
        if self.is_transient() {
            return self;
        }
        let next = "look at the buckets and the key of Remedy; the delivery is tried again";
        Self { kind: FaultKind::Ledger, next: next.to_owned(), ..self }
    }

    /// Our own mistake.
    #[must_use]
    pub fn defect(doing: impl Into<String>, code: impl Into<String>) -> Self {
        Self::new(FaultKind::Defect, doing, code, "report this as a defect of Remedy")
    }

    /// Whether a retry may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == FaultKind::Transient
    }

    /// Whether the message must be given back: a retry may succeed, or nothing could be stored. Every other fault ends
    /// a run, with a record of it.
    #[must_use]
    pub fn gives_back(&self) -> bool {
        matches!(self.kind, FaultKind::Transient | FaultKind::Ledger)
    }

    /// Whether AWS refused the call: it did nothing, and would refuse the same again.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self.kind, FaultKind::Denied | FaultKind::Rejected)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.kind {
            FaultKind::Transient => "failed for now",
            FaultKind::Denied => "was denied",
            FaultKind::Rejected => "was rejected",
            FaultKind::Ledger => "kept the ledger from its work",
            FaultKind::Untrusted => "cannot be trusted",
            FaultKind::Unverified => "could not be verified",
            FaultKind::Defect => "went wrong inside Remedy",
        };
        write!(f, "`{}` {how} ({}); next: {}", self.doing, self.code, self.next)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_ledger_is_given_back_whatever_its_code() {
        let fault = |kind| Fault::new(kind, "s3:PutObject", "x", "y").of_ledger();
        for kind in [FaultKind::Denied, FaultKind::Rejected, FaultKind::Defect, FaultKind::Untrusted] {
            let fault = fault(kind);
            assert!(fault.gives_back() && !fault.is_transient() && !fault.is_refusal(), "{kind:?}");
            assert_eq!(fault.kind.alarm(), Alarm::Alarm, "{kind:?}");
        }
        assert!(fault(FaultKind::Transient).is_transient(), "what goes away by itself tells nobody");
        assert!(!Fault::rejected("s3:PutObject", "x", "y").gives_back(), "the account's no ends a run");
    }
}
