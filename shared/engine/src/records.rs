//! The record that every run shares, and its notices.

use remedy_domain::{
    Outcome, PlanId, Reason, Timestamp,
    evidence::{FORMAT, Kind, Record, day},
    guard::Purpose,
    outcome::Alarm,
    redact,
    stored::Word,
};

use crate::{ports::Notice, report::Report, run_context::RunContext};

/// So often a day, people are notified one by one of what a control does with a resource, and a plan that is not
/// carried out is recorded. The next notice says that there are more.
pub(crate) const NOTED: usize = 5;

/// A record of `kind` about the contents of a report.
pub(crate) fn record(
    report: &Report,
    plan: &PlanId,
    kind: Kind,
    at: Timestamp,
    purpose: Purpose,
    context: &RunContext<'_>,
) -> Record {
    Record {
        format: FORMAT,
        kind,
        at,
        control: report.control.0.to_owned(),
        target: redact::target(&report.target),
        plan: plan.clone(),
        attempt: None,
        purpose: purpose.into(),
        outcome: (kind != Kind::Intent).then_some(report.outcome.into()),
        reason: report.reason.as_ref().map(Reason::to_string),
        reason_code: report.code().map(str::to_owned),
        check: report.objection.as_ref().map(|objection| objection.check.to_owned()),
        forecast: report.forecast.map(Word::from),
        asked_by: None,
        approved_by: None,
        violations: report.wrongs(),
        elements: report.elements().into_iter().map(str::to_owned).collect(),
        before: report.before.clone().unwrap_or_default(),
        after: report.after.clone().unwrap_or_default(),
        steps: report.performed.iter().map(|call| (*call).to_owned()).collect(),
        mode: context.mode(report.control.0, &report.target).into(),
        settings: context.digest.to_owned(),
        cause: context.cause.to_owned(),
        invocation: redact::text(context.invocation),
    }
}

/// The notice of a report, if there is something to report.
pub(crate) fn notice(report: &Report, purpose: Purpose) -> Option<Notice> {
    let alarm = report.alarm();
    (alarm != Alarm::None).then(|| Notice {
        alarm,
        control: report.control.0.to_owned(),
        target: redact::target(&report.target),
        plan: report.plan.clone(),
        text: redact::text(&text(report, purpose)),
    })
}

/// One sentence for each thing that a reader needs: what happened, why, what would change it, whom to ask.
fn text(report: &Report, purpose: Purpose) -> String {
    let mut text = format!("{} {}: {}.", report.control, redact::text(&report.target.id), report.outcome.word());
    let change = report.objection.as_ref().map(|objection| format!("To change that: {}", objection.change));
    let decide = match (report.outcome, purpose, &report.plan) {
        (Outcome::AwaitingApproval, Purpose::Repair, Some(plan)) => Some(format!("Decide: remedy approve {plan}")),
        // People approve the undo that one of them asked for, not this plan of it.
        (Outcome::AwaitingApproval, Purpose::Revert, _) => {
            Some("Ask for it: remedy revert, with the plan of the repair".to_owned())
        }
        _ => None,
    };
    let owner = report.owner.as_ref().map(|owner| format!("Owner: {owner}"));
    let reason = report.reason.as_ref().map(Reason::to_string);
    for part in [reason, change, decide, owner].into_iter().flatten() {
        text.push(' ');
        text.push_str(&part);
        text.push('.');
    }
    text
}

/// The one notice of a day in place of single notices, and its id. A higher urgency is notified once more.
pub(crate) fn digest_notice(report: &Report, alarm: Alarm, at: Timestamp) -> (String, Notice) {
    let (control, target) = (report.control.0, redact::target(&report.target));
    let text = format!(
        "{control} {}: this happened {NOTED} times today, and what follows today is not told one by one. Find what changes \
         the resource; its records tell the rest.",
        redact::text(&report.target.id)
    );
    let id = format!("digest-{control}-{}-{}-{}", report.target.hash(), day(at), alarm.word());
    (id, Notice { alarm, control: control.to_owned(), target, plan: None, text: redact::text(&text) })
}
