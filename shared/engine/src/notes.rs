//! What is written down and told about a run that is not carried out, and the record that every run shares.

use remedy_domain::{
    Fault, Outcome, Plan, PlanId, Timestamp,
    ask::{self, Ask, Subject},
    evidence::{FORMAT, Kind, Record, StoredPlan},
    guard::{FLAP, Purpose},
    outcome::Alarm,
    redact,
};

use crate::{
    asks::{self, OnFile},
    draft::Task,
    exempting::exempt_once,
    ledger::{self, HeldPlan},
    outbox::{self, Posted},
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
    if report.outcome == Outcome::NeedsHuman && !task.only_looks() {
        let shown = serde_json::json!({"violations": report.violations});
        let plan = Plan::new(R::CONTROL.id.0, &report.target, shown.clone(), shown);
        hold_report(ports, &mut report, plan, (task.purpose(), Per::Plan), visit).await?;
    }
    if let (Task::Revert(stored), Outcome::Reverted) = (task, report.outcome) {
        exempt_once::<R>(ports, &mut report, stored, visit).await?;
    }
    if let Task::Approved(on_file) = task {
        close(ports, on_file, &mut report, visit).await?;
    }
    Ok(report)
}

/// Ends an approval that led to nothing: the resource changed, or is in order. That it was outdated is recorded.
async fn close(ports: &impl Ports, on_file: &OnFile, report: &mut Report, visit: &Visit<'_>) -> Result<(), Fault> {
    if let (Outcome::Superseded, Subject::Plan { plan }) = (report.outcome, &on_file.ask.subject) {
        let plan = plan.plan.clone();
        hold_report(ports, report, plan, (Purpose::Repair, Per::Plan), visit).await?;
    }
    asks::spend(ports, on_file, &ports.attempt()?, &[]).await.map(|_| ())
}

/// For what people are told once.
#[derive(Clone, Copy)]
pub(crate) enum Per {
    /// For each plan.
    Plan,
    /// For each run of repairs of one resource, known by its last attempt.
    Episode(Option<u64>),
}

impl Per {
    fn name(self, report: &Report, plan: &PlanId) -> String {
        match self {
            Self::Plan => format!("{}/{plan}", report.outcome.word()),
            Self::Episode(last) => format!("{FLAP}/{}-{:010}", report.target.hash(), last.unwrap_or_default()),
        }
    }
}

/// Puts an ask for a plan on file, records it, and tells people the first time.
pub(crate) async fn ask(ports: &impl Ports, report: &mut Report, plan: Plan, visit: &Visit<'_>) -> Result<(), Fault> {
    let id = plan.id().map_err(|_| Fault::defect("draft", "setting-not-canonical"))?;
    let at = ports.now();
    let plan = StoredPlan {
        plan,
        purpose: Purpose::Repair,
        realized: None,
        function: visit.function.to_owned(),
        attempt: None,
        at,
    };
    let ask = Ask {
        format: ask::FORMAT,
        subject: Subject::Plan { plan: Box::new(plan) },
        reason: report.reason.clone().unwrap_or_default(),
        by: None,
        function: visit.function.to_owned(),
        at,
        until: ask::lasts(at, visit.settings.parameters.approval_hours),
    };
    let asked = asks::open(ports, &ask).await?;
    let name = format!("asked-{id}-{}", asked.ask.at.as_second());
    let noted = Noted { id, at: asked.ask.at, put: asked.put, name };
    note(ports, report, noted, Purpose::Repair, visit).await
}

/// Records, once, that a plan was not carried out, and tells people the first time.
pub(crate) async fn hold_report(
    ports: &impl Ports,
    report: &mut Report,
    plan: Plan,
    (purpose, per): (Purpose, Per),
    visit: &Visit<'_>,
) -> Result<(), Fault> {
    let id = plan.id().map_err(|_| Fault::defect("draft", "setting-not-canonical"))?;
    let reason = report.reason.clone().unwrap_or_default();
    let at = ports.now();
    let stored = StoredPlan { plan, purpose, realized: None, function: visit.function.to_owned(), attempt: None, at };
    let held =
        HeldPlan { format: FORMAT, plan: stored, reason, outcome: report.outcome, forecast: report.forecast, at };
    let name = per.name(report, &id);
    let (first, put) = ledger::hold(ports, &name, &held).await?;
    let id = first.plan.plan.id().unwrap_or(id);
    note(ports, report, Noted { id, at: first.at, put, name: name.replace('/', "-") }, purpose, visit).await
}

/// What is on file of a plan that is not carried out.
struct Noted {
    id: PlanId,
    at: Timestamp,
    put: Put,
    /// The name of its notice.
    name: String,
}

/// Writes the record and tells people, each once.
async fn note(
    ports: &impl Ports,
    report: &mut Report,
    noted: Noted,
    purpose: Purpose,
    visit: &Visit<'_>,
) -> Result<(), Fault> {
    let Noted { id, at, put, name } = noted;
    report.plan = Some(id.clone());
    let notice = notice(report, purpose);
    let mut posted = match put {
        Put::Created => post(ports, &name, notice.as_ref()).await,
        Put::Exists => Posted::Known,
    };
    let record = record(report, &id, Kind::Held, at, purpose, visit);
    let key = record.key();
    let written = ledger::record(ports, &record, &key).await?;
    report.evidence.push(key);
    if put == Put::Exists && written == Put::Created {
        // Whoever held the plan first was lost before it told anybody.
        posted = post(ports, &name, notice.as_ref()).await;
    }
    if let (Posted::Ours, Some(notice)) = (posted, &notice) {
        outbox::send(ports, &name, notice).await;
    }
    Ok(())
}

async fn post(ports: &impl Ports, id: &str, notice: Option<&Notice>) -> Posted {
    match notice {
        Some(notice) => outbox::post(ports, id, notice).await,
        None => Posted::Known,
    }
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
        target: redact::target(&report.target),
        plan: plan.clone(),
        attempt: None,
        purpose,
        outcome: (kind != Kind::Intent).then_some(report.outcome),
        reason: report.reason.clone(),
        check: report.objection.as_ref().map(|objection| objection.check.to_owned()),
        forecast: report.forecast,
        asked_by: None,
        approved_by: None,
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

/// What people are to be told, where there is something to tell.
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
        // What people approve of an undo is what one of them asked for, not this plan of it.
        (Outcome::AwaitingApproval, Purpose::Revert, _) => {
            Some("Ask for it: remedy revert, with the plan of the repair".to_owned())
        }
        _ => None,
    };
    let owner = report.owner.as_ref().map(|owner| format!("Owner: {owner}"));
    for part in [report.reason.clone(), change, decide, owner].into_iter().flatten() {
        text.push(' ');
        text.push_str(&part);
        text.push('.');
    }
    text
}
