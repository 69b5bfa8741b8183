//! The codes of a verdict are those that the control declares.

use std::fmt::Debug;

use remedy_domain::{Consent, Control, Reason, Verdict, Violation};

/// Every element and every reason of a verdict stands in the control's description.
pub(super) fn assert_declared<S: Debug>(control: &Control, verdict: &Verdict<S>) {
    let (violations, reasons): (&[Violation], Vec<&Reason>) = match verdict {
        Verdict::Compliant => (&[], vec![]),
        Verdict::Contained(violations) | Verdict::Dormant(violations) => (violations, vec![]),
        Verdict::OutOfScope(reason) => (&[], vec![reason]),
        Verdict::NeedsHuman { violations, reason } => (violations, vec![reason]),
        Verdict::Drifted(drift) => {
            let asks = if let Consent::Ask(reason) = &drift.consent { Some(reason) } else { None };
            (&drift.violations, asks.into_iter().chain(&drift.note).collect())
        }
    };
    for violation in violations {
        let element = violation.element();
        assert!(control.deviates.contains(&element), "`{element}` is not among `deviates` of {}", control.id);
    }
    for reason in reasons {
        let code = reason.code();
        assert!(control.reasons.contains(&code), "`{code}` is not among `reasons` of {}", control.id);
    }
}
