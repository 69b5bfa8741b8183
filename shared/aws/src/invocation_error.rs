//! Why a delivery, or one message of it, is not done.

use lambda_runtime::Diagnostic;
use remedy_domain::{Fault, FaultKind, trigger::Refusal};

/// Why a delivery, or one message of it, is not done.
#[derive(Debug)]
pub enum InvocationError {
    /// It was refused.
    Refused(Refusal),
    /// It failed.
    Failed(Fault),
}

impl From<Refusal> for InvocationError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for InvocationError {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<InvocationError> for Diagnostic {
    /// The typed body of an invocation error: a stable kind, and what failed, on what, and what to do next.
    fn from(undone: InvocationError) -> Self {
        match undone {
            InvocationError::Refused(refusal) => {
                Self { error_type: refusal.kind().to_string(), error_message: refusal.to_string() }
            }
            InvocationError::Failed(fault) => {
                Self { error_type: kind_word(fault.kind).to_owned(), error_message: fault.to_string() }
            }
        }
    }
}

fn kind_word(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Transient => "transient",
        FaultKind::Denied => "denied",
        FaultKind::Rejected => "rejected",
        FaultKind::Ledger => "ledger",
        FaultKind::Untrusted => "untrusted",
        FaultKind::Unverified => "unverified",
        FaultKind::Defect => "defect",
    }
}
