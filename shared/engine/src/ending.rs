//! How a run that was carried out ends.

use remedy_domain::{Fault, FaultKind, Outcome, guard::Objection, redact};

use crate::report::Report;

/// How the writes went.
pub(crate) struct Performed {
    /// The calls that were made.
    pub(crate) calls: Vec<&'static str>,
    /// What went wrong, if something did.
    pub(crate) fault: Option<Fault>,
}

/// The objection that no slot is left.
pub(crate) fn over_budget() -> Objection {
    Objection {
        check: "budget",
        why: "this hour's budget of repairs is used up for this control and account".to_owned(),
        change: "wait for the next hour, or raise parameters.hourly_budget",
        outcome: Outcome::Blocked,
    }
}

/// The objection that no slot of the organisation is left.
pub(crate) fn over_shared_budget() -> Objection {
    Objection {
        check: "budget",
        why: "this hour's budget of repairs is used up for this control in all accounts together".to_owned(),
        change: "wait for the next hour, or raise parameters.organization_hourly_budget",
        outcome: Outcome::Blocked,
    }
}

/// The objection that today's wave is full.
pub(crate) fn over_wave() -> Objection {
    Objection {
        check: "backlog",
        why: "it was broken before the first sweep, and today's wave of repairs is full".to_owned(),
        change: "wait for the next day (UTC), approve the plan, or raise parameters.backlog_wave",
        outcome: Outcome::AwaitingApproval,
    }
}

/// The objection that an approval was used before.
pub(crate) fn spent() -> Objection {
    Objection {
        check: "approval",
        why: "the approval was used already: the drift came back".to_owned(),
        change: "a person approves the plan again",
        outcome: Outcome::AwaitingApproval,
    }
}

/// The outcome of writes and the look after them.
pub(crate) fn conclude(report: &mut Report, performed: Performed, seen: Outcome, note: Option<&str>) {
    report.performed = performed.calls;
    report.outcome = seen;
    match performed.fault {
        Some(fault) if seen == Outcome::Unverified => fail(report, fault),
        _ if seen == Outcome::Unverified => {
            report.reason = Some("the write was accepted, but its result was not seen in time".to_owned());
            report.fault =
                Some(Fault::new(FaultKind::Unverified, "verify", "not-seen", "look at the resource by hand"));
        }
        _ => report.reason = note.map(redact::text),
    }
}

/// The outcome of a run whose writes failed: nothing, or some of them, carried out.
pub(crate) fn fail(report: &mut Report, fault: Fault) {
    report.outcome = match (report.performed.is_empty(), fault.kind) {
        (false, _) => Outcome::Partial,
        (true, FaultKind::Denied) => Outcome::Blocked,
        (true, _) => Outcome::Failed,
    };
    report.reason = Some(redact::text(&fault.to_string()));
    report.fault = Some(fault);
}
