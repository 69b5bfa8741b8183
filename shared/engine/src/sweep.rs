//! What only a sweep sees: the locks and intents that lost workers left behind.

use remedy_domain::{
    Fault, Outcome, Target,
    evidence::{Kind, Record},
};

use crate::{
    draft::{Draft, Task, draft},
    ledger::{self, Lease},
    ports::{Clock, Doors, Place, Ports, Store},
    remediation::Remediation,
    report::Report,
    turn,
    visit::Visit,
};

/// Closes every lock of a control that outlived its worker.
pub async fn close_orphans<R, P>(ports: &P, visit: &Visit<'_>) -> Result<Vec<Report>, Fault>
where
    R: Remediation,
    P: Ports + Doors<R::Client>,
{
    let mut reports = Vec::new();
    turn::close_lost(ports).await?;
    for lease in ledger::orphans(ports, R::CONTROL.id.0, ports.now()).await? {
        let target = &lease.lock.target;
        let (outcome, reason) = fate::<R, P>(ports, target, visit).await?;
        if let Some(key) = close(ports, &lease, outcome, reason, visit).await? {
            let mut report = Report::settled(&R::CONTROL, target, outcome).because(reason);
            report.plan = Some(lease.lock.plan.clone());
            report.evidence.push(key);
            reports.push(report);
        }
    }
    Ok(reports)
}

/// What became of the resource a lost worker was busy with.
async fn fate<R, P>(ports: &P, target: &Target, visit: &Visit<'_>) -> Result<(Outcome, &'static str), Fault>
where
    R: Remediation,
    P: Ports + Doors<R::Client>,
{
    let client = ports.reader(&Place::of(target)).await?;
    Ok(match draft::<R>(Task::Evaluate, &client, target, visit, ports).await? {
        Draft::Settled(_) => (Outcome::Recovered, "the worker was lost, and its repair had arrived"),
        Draft::Course(_) => (Outcome::Failed, "the worker was lost, and the drift persists"),
    })
}

/// Writes the one outcome of a lost worker's intent, where it had written one, and gives its lock back. Answers the outcome's key.
pub(crate) async fn close(
    ports: &(impl Store + Clock),
    lease: &Lease,
    outcome: Outcome,
    reason: &str,
    visit: &Visit<'_>,
) -> Result<Option<String>, Fault> {
    let lock = &lease.lock;
    let key = match ledger::intent_of(ports, lock).await? {
        None => None,
        Some(intent) => {
            let key = lock.outcome_key();
            ledger::record(ports, &outcome_of(intent, outcome, reason, ports, visit), &key).await?;
            Some(key)
        }
    };
    ledger::release(ports, lease, outcome, ports.now()).await?;
    Ok(key)
}

fn outcome_of(intent: Record, outcome: Outcome, reason: &str, clock: &impl Clock, visit: &Visit<'_>) -> Record {
    Record {
        kind: Kind::Outcome,
        at: clock.now(),
        outcome: Some(outcome),
        reason: Some(reason.to_owned()),
        steps: Vec::new(),
        settings: visit.digest.to_owned(),
        cause: visit.cause.to_owned(),
        invocation: remedy_domain::redact::text(visit.invocation),
        ..intent
    }
}
