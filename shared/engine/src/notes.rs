//! What is written down and told about a run that is not carried out, and the record that every run shares.

use remedy_domain::{
    Fault, Outcome, Plan, PlanId, Timestamp,
    evidence::{FORMAT, Kind, Record, StoredPlan},
    guard::Purpose,
    outcome::Alarm,
    redact,
};

use crate::{
    draft::Task,
    ledger::{self, HeldPlan},
    ports::{Notice, Ports, Put},
    remediation::Remediation,
    report::Report,
    visit::Visit,
};

/// Ends a run that has nothing to do. What needs a person is recorded, once.
pub(crate) async fn settle<R: Remediation>(
    ports: &impl Ports,
    mut report: Report,
    task: Task<'_>,
    visit: &Visit<'_>,
) -> Result<Report, Fault> {
    if report.outcome == Outcome::NeedsHuman && !matches!(task, Task::Evaluate) {
        let shown = serde_json::json!({"violations": report.violations});
        let plan = Plan::new(R::CONTROL.id.0, &report.target, shown.clone(), shown);
        hold_report(ports, &mut report, plan, task.purpose(), visit).await?;
    }
    Ok(report)
}

/// Records, once, that a plan was not carried out, and tells people the first time.
pub(crate) async fn hold_report(
    ports: &impl Ports,
    report: &mut Report,
    plan: Plan,
    purpose: Purpose,
    visit: &Visit<'_>,
) -> Result<(), Fault> {
    let id = plan.id().map_err(|_| Fault::defect("draft", "setting-not-canonical"))?;
    let reason = report.reason.clone().unwrap_or_default();
    let at = ports.now();
    let stored = StoredPlan { plan, purpose, realized: None, attempt: None, at };
    let held = HeldPlan { format: FORMAT, plan: stored, reason, outcome: report.outcome, at };
    let (key, put) = ledger::hold(ports, &held, |at| record(report, &id, Kind::Held, at, purpose, visit)).await?;
    report.plan = Some(id);
    report.evidence.push(key);
    if put == Put::Created {
        tell(ports, report).await;
    }
    Ok(())
}

/// A record of `kind` about what a report tells.
pub(crate) fn record(
    report: &Report,
    plan: &PlanId,
    kind: Kind,
    at: Timestamp,
    purpose: Purpose,
    visit: &Visit<'_>,
) -> Record {
    Record {
        format: FORMAT,
        kind,
        at,
        control: report.control.0.to_owned(),
        target: report.target.clone(),
        plan: plan.clone(),
        attempt: None,
        purpose,
        outcome: (kind != Kind::Intent).then_some(report.outcome),
        reason: report.reason.clone(),
        violations: report.violations.clone(),
        before: report.before.clone().unwrap_or_default(),
        after: report.after.clone().unwrap_or_default(),
        steps: report.performed.iter().map(|call| (*call).to_owned()).collect(),
        mode: visit.mode(report.control.0, &report.target),
        settings: visit.digest.to_owned(),
        cause: visit.cause.to_owned(),
        invocation: redact::text(visit.invocation),
    }
}

/// Tells people, where there is something to tell.
pub(crate) async fn tell(ports: &impl Ports, report: &Report) {
    let alarm = report.outcome.alarm();
    if alarm == Alarm::None {
        return;
    }
    let reason = report.reason.as_deref().unwrap_or("");
    let text = format!("{} {}: {} {}", report.control, report.target.id, report.outcome.word(), reason);
    let (target, plan) = (report.target.clone(), report.plan.clone());
    let notice = Notice { alarm, control: report.control.0, target, plan, text: redact::text(text.trim_end()) };
    ports.tell(&notice).await;
}
