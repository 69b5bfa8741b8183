//! How a run that was carried out ends.

use remedy_domain::{Fault, FaultKind, Outcome, Reason, guard::Objection};

use crate::report::Report;

/// How the writes went.
pub(crate) struct Performed {
    /// The calls that were made.
    pub(crate) calls: Vec<&'static str>,
    /// The fault, if there was one.
    pub(crate) fault: Option<Fault>,
}

/// Whether an attempt may have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrote {
    /// It did not: nothing was asked for, or AWS refused the first call.
    Nothing,
    /// It may have: a call arrived, or its result is not known.
    Perhaps,
}

impl Performed {
    /// Whether anything may have been written.
    pub(crate) fn wrote(&self) -> Wrote {
        let is_refused = self.fault.as_ref().is_some_and(Fault::is_refusal);
        if self.calls.is_empty() && is_refused { Wrote::Nothing } else { Wrote::Perhaps }
    }
}

/// The objection that no slot is left.
pub(crate) fn over_budget() -> Objection {
    Objection {
        check: "budget",
        why: Reason::new("budget", "this hour's budget of repairs is used up for this control and account"),
        change: "wait for the next hour, or raise parameters.hourly_budget",
        outcome: Outcome::Blocked,
    }
}

/// The objection that no slot of the organisation is left.
pub(crate) fn over_shared_budget() -> Objection {
    Objection {
        check: "budget",
        why: Reason::new(
            "organization-budget",
            "this hour's budget of repairs is used up for this control in all accounts together",
        ),
        change: "wait for the next hour, or raise parameters.organization_hourly_budget",
        outcome: Outcome::Blocked,
    }
}

/// The objection that one account has used its share of the budget of all.
pub(crate) fn over_part() -> Objection {
    Objection {
        check: "budget",
        why: Reason::new(
            "account-part",
            "this account took its part of this hour's budget of repairs of all accounts together",
        ),
        change: "wait for the next hour, or raise parameters.organization_hourly_budget",
        outcome: Outcome::Blocked,
    }
}

/// The objection that one target has used its share of the hour.
pub(crate) fn over_target() -> Objection {
    Objection {
        check: "budget",
        why: Reason::new("target-part", "this resource took its part of this hour's budget of repairs"),
        change: "find what changes it back; repairs go on an hour after the first of them, or a person approves the plan",
        outcome: Outcome::Blocked,
    }
}

/// The objection that too many attempts did not arrive.
pub(crate) fn exhausted() -> Objection {
    Objection {
        check: "attempts",
        why: Reason::new("attempts", "too many attempts at this resource within 24 hours did not put it right"),
        change: "look at their outcomes; attempts go on 24 hours after the first of them, or a person approves the plan",
        outcome: Outcome::Blocked,
    }
}

/// The objection that AWS refused the same plan within the hour.
pub(crate) fn refused_before() -> Objection {
    Objection {
        check: "attempts",
        why: Reason::new("refused-before", "AWS refused this plan within the last hour, and would refuse it again"),
        change: "let the write role do it, or change the resource or the settings; it is tried again after an hour, and ten times a day at most",
        outcome: Outcome::Blocked,
    }
}

/// The objection that today's wave is full.
pub(crate) fn over_wave() -> Objection {
    Objection {
        check: "backlog",
        why: Reason::new("wave-full", "it was broken before the first sweep, and today's wave of repairs is full"),
        change: "wait for the next day (UTC), approve the plan, or raise parameters.backlog_wave",
        outcome: Outcome::AwaitingApproval,
    }
}

/// The objection that an approval was used before.
pub(crate) fn spent() -> Objection {
    Objection {
        check: "approval",
        why: Reason::new("approval-spent", "the approval was used already: the drift came back"),
        change: "a person approves the plan again",
        outcome: Outcome::AwaitingApproval,
    }
}

/// The outcome of writes and the look after them.
pub(crate) fn conclude(report: &mut Report, performed: Performed, seen: Outcome, note: Option<&Reason>) {
    report.performed = performed.calls;
    report.outcome = seen;
    match performed.fault {
        Some(fault) if seen == Outcome::Unverified => fail(report, fault),
        _ if seen == Outcome::Unverified => {
            let unseen = "the write was accepted, but its result was not seen in time";
            report.reason = Some(Reason::new("not-seen", unseen));
            report.fault =
                Some(Fault::new(FaultKind::Unverified, "verify", "not-seen", "look at the resource by hand"));
        }
        _ => report.reason = note.map(|note| note.clone().redacted()),
    }
}

/// The outcome of a run whose writes failed: nothing, or some of them, carried out.
pub(crate) fn fail(report: &mut Report, fault: Fault) {
    report.outcome = match (report.performed.is_empty(), fault.kind) {
        (false, _) => Outcome::Partial,
        (true, FaultKind::Denied) => Outcome::Blocked,
        (true, _) => Outcome::Failed,
    };
    report.reason = Some(Reason::from(&fault).redacted());
    report.fault = Some(fault);
}
