//! Exemptions that keep an undone repair undone: without one the next event or sweep would repair it again.

use remedy_domain::{
    AttemptId, CLOCKS_DIFFER, Fault, Outcome, PlanId, Reason, SignedDuration, Timestamp,
    ask::{self, ApprovalStatus, Subject},
    evidence::{Kind, Record, StoredPlan},
    exemption::Exemption,
    guard::Purpose,
    redact,
};

use crate::{
    asks::{self, OnFile},
    ledger,
    ports::Ports,
    records::record,
    registry,
    remediation::Remediation,
    report::Report,
    run_context::RunContext,
};

/// Stores the exemption of an undo, on the terms that two people agreed to, and records it. Returns the record's key.
pub(crate) async fn exempt<R: Remediation>(
    ports: &impl Ports,
    undo: Report,
    agreed: &OnFile,
    (since, attempt): (Timestamp, &AttemptId),
    context: &RunContext<'_>,
) -> Result<String, Fault> {
    let (exemption, undone) = on_terms::<R>(agreed, &undo, since)?;
    let last = registry::exemption(ports, &exemption.control, &exemption.id()).await?;
    let exemption = exemption.no_shorter_than(last.as_ref());
    registry::exempt(ports, &exemption).await?;
    let plan = undo.plan.clone().unwrap_or_else(|| undone.clone());
    let why = format!("plan {undone} is reverted: {}", exemption.reason);
    let report = Report { outcome: Outcome::Exempt, ..undo }.because(Reason::new("reverted", why));
    let record = record(&report, &plan, Kind::Exemption, since, Purpose::Revert, context);
    let key = ledger::exemption_record_key(since, R::CONTROL.id.0, attempt);
    let Exemption { requested_by: asked_by, approved_by, .. } = exemption;
    let record = Record { attempt: Some(attempt.clone()), asked_by, approved_by, ..record };
    ledger::record(ports, &record, &key).await?;
    Ok(key)
}

fn on_terms<R: Remediation>(agreed: &OnFile, undo: &Report, since: Timestamp) -> Result<(Exemption, PlanId), Fault> {
    let (Some(asker), Some(decision)) = (&agreed.ask.by, &agreed.decision) else { return Err(not_two_people()) };
    match &agreed.ask.subject {
        Subject::Undo { plan, terms, .. } if terms.cover(R::CONTROL.id.0, &undo.target) => {
            Ok((Exemption::granted(terms, (asker, &decision.by), since, None), plan.clone()))
        }
        _ => Err(Fault::rejected("revert", "terms-of-another-resource", "ask for the undo again")),
    }
}

/// An undo that got here without two people's agreement.
pub(crate) fn not_two_people() -> Fault {
    Fault::rejected("revert", "not-two-people", "ask for the undo again")
}

/// The same if there was nothing left to revert, because somebody else was first, or a crashed worker; if people agreed
/// to it, and their approval is then spent. Without an approval, and without an exemption, nothing keeps it undone.
pub(crate) async fn exempt_once<R: Remediation>(
    ports: &impl Ports,
    report: &mut Report,
    stored: &StoredPlan,
    context: &RunContext<'_>,
) -> Result<(), Fault> {
    let not_canonical = |_| Fault::defect("revert", "plan-not-canonical");
    let undo = ask::undo_id(&stored.plan.id().map_err(not_canonical)?).map_err(not_canonical)?;
    let (now, attempt) = (ports.now(), ports.attempt()?);
    let asked = asks::latest(ports, &undo).await?;
    let lost: Vec<_> = asked.iter().filter_map(|asked| asked.spender().cloned()).collect();
    let agreed = asked
        .filter(|asked| matches!(asked.standing(now, &context.settings.people, &lost), ApprovalStatus::Approved(_)));
    let Some(agreed) = agreed else { return unless_exempt::<R>(ports, report, &lost).await };
    if is_on_file(ports, &agreed, now).await? {
        return Ok(());
    }
    let key = exempt::<R>(ports, report.clone(), &agreed, (now, &attempt), context).await?;
    report.evidence.push(key);
    // Whose use of it is stored already keeps it: that attempt may be at work still.
    asks::spend(ports, &agreed, &attempt, &[]).await.map(|_| ())
}

/// Reverted is only what people agreed to once, and what is exempt still.
async fn unless_exempt<R: Remediation>(
    ports: &impl Ports,
    report: &mut Report,
    spent_by: &[AttemptId],
) -> Result<(), Fault> {
    let (control, now) = (R::CONTROL.id.0, ports.now());
    let on_file = registry::exemptions(ports, control, &report.target).await?;
    let is_exempt = on_file.iter().any(|exemption| exemption.holds(control, &report.target, now));
    if spent_by.is_empty() || !is_exempt {
        report.outcome = Outcome::AwaitingApproval;
        let why = "there is nothing to take back, and two people decide that it stays so";
        report.reason = Some(Reason::new("nothing-to-revert", why));
    }
    Ok(())
}

/// Whether these terms were granted already, for as long as they were agreed to.
async fn is_on_file(ports: &impl Ports, agreed: &OnFile, now: Timestamp) -> Result<bool, Fault> {
    let (Subject::Undo { terms, .. }, Some(decision)) = (&agreed.ask.subject, &agreed.decision) else {
        return Ok(true);
    };
    let name = remedy_domain::exemption::name(&terms.control, &terms.account, &terms.resource);
    let on_file = registry::exemption(ports, &terms.control, &name).await?;
    // Another exemption of the same words may end sooner.
    let agreed_until = decision.at + SignedDuration::from_hours(24 * i64::from(terms.days));
    let is_granted = |exemption: &Exemption| {
        let same =
            exemption.reason == redact::text(&terms.reason) && exemption.approved_by.as_ref() == Some(&decision.by);
        same && now < exemption.until && agreed_until <= exemption.until + CLOCKS_DIFFER
    };
    Ok(on_file.is_some_and(|exemption| is_granted(&exemption)))
}
