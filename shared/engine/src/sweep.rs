//! What only a sweep sees: the locks and intents that lost workers left behind.

use remedy_domain::{
    Fault, Observed, Outcome,
    evidence::{Kind, Lock, Record},
    guard::Purpose,
};

use crate::{
    draft::{Draft, Task, draft, look, restore},
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
        let (outcome, reason) = fate::<R, P>(ports, &lease.lock, visit).await?;
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
async fn fate<R, P>(ports: &P, lock: &Lock, visit: &Visit<'_>) -> Result<(Outcome, &'static str), Fault>
where
    R: Remediation,
    P: Ports + Doors<R::Client>,
{
    let client = ports.reader(&Place::of(&lock.target)).await?;
    if lock.purpose == Purpose::Revert {
        return fate_of_undo::<R>(ports, &client, lock, visit).await;
    }
    Ok(match draft::<R>(Task::Evaluate, &client, &lock.target, visit, ports).await? {
        Draft::Course(_) => (Outcome::Failed, "the worker was lost, and the drift persists"),
        Draft::Settled(report) => match report.outcome {
            Outcome::AlreadyCompliant | Outcome::Contained => {
                (Outcome::Recovered, "the worker was lost, and its repair had arrived")
            }
            other => (other, "the worker was lost, and there is nothing left that it could put right"),
        },
    })
}

/// What became of an undo: its difference is there, or not. What others changed since says nothing.
async fn fate_of_undo<R: Remediation>(
    store: &impl Store,
    client: &R::Client,
    lock: &Lock,
    visit: &Visit<'_>,
) -> Result<(Outcome, &'static str), Fault> {
    let failed = (Outcome::Failed, "the worker was lost, and its undo has not arrived");
    let Some(stored) = ledger::stored_plan(store, &lock.plan).await? else { return Ok(failed) };
    let (before, after): (R::Setting, R::Setting) = (restore(&stored.plan.before)?, restore(&stored.plan.after)?);
    let now = match look::<R>(client, &lock.target, visit).await? {
        Observed::Present { setting, .. } => setting,
        Observed::Absent => return Ok((Outcome::Gone, "the worker was lost, and the resource is gone")),
        Observed::Settling => return Err(Fault::transient("observe", "settling")),
    };
    let has_arrived = R::rebase(&before, &after, &now).is_ok_and(|rebased| R::agrees(&rebased, &now));
    let reverted = (Outcome::Reverted, "the worker was lost, and its undo had arrived");
    Ok(if has_arrived { reverted } else { failed })
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
