//! The task of sweeps alone: the locks and intents that crashed workers left behind.

use std::time::Duration;

use remedy_domain::{
    Fault, Observed, Outcome, Reason, Setting as _, Target,
    evidence::{Kind, Lock, Record, Tried},
    guard::Purpose,
    outcome::Alarm,
    redact,
    renamed::current,
};

use crate::{
    damage,
    draft::{Draft, Task, draft, look, restore},
    ledger::{self, Ending, Lease},
    outbox::{self, Letter},
    ports::{Clients, Clock, Notice, Notices, Own, Place, Ports, Store},
    remediation::{Client, Remediation},
    report::Report,
    run_context::RunContext,
    shared_lock,
};

/// How long after a lease somebody who looks at the resource may still come by.
const UNSEEN: Duration = Duration::from_hours(1);
/// The outcome of an attempt whose result nobody read: it may have been written, and was not seen to be compliant.
const UNSEEN_END: Outcome = Outcome::Unverified;
const NOBODY_LOOKED: &str = "the worker was lost, and nobody has looked at the resource since; the next sweep does";

/// Who closes the locks and intents of a crashed worker.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// The digest of the settings in force, where they were read; else those of the intent stay.
    pub settings: Option<&'a str>,
    /// What brought the run about.
    pub cause: &'a str,
    /// The Lambda request.
    pub invocation: &'a str,
}

impl<'a> Author<'a> {
    pub(crate) fn of(context: &RunContext<'a>) -> Self {
        Self { settings: Some(context.digest), cause: context.cause, invocation: context.invocation }
    }
}

/// Closes every lock of a control that outlived its worker.
pub async fn close_orphans<R, P>(ports: &P, context: &RunContext<'_>) -> Result<Vec<Report>, Fault>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    let (mut reports, mut failed) = (Vec::new(), None);
    shared_lock::close_lost(ports).await?;
    for (key, lock) in ledger::orphans(ports, R::CONTROL.id.0, ports.now()).await?.told(ports).await {
        match damage::skipped(ports, close_one::<R, P>(ports, &Lease { key, lock }, context).await).await {
            Ok(closed) => reports.extend(closed.flatten()),
            // One that cannot be read, or closed, does not stop the others.
            Err(fault) => failed = Some(fault),
        }
    }
    failed.map_or(Ok(reports), Err)
}

async fn close_one<R, P>(ports: &P, lease: &Lease, context: &RunContext<'_>) -> Result<Option<Report>, Fault>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    let (outcome, reason) = Box::pin(fate::<R, P>(ports, &lease.lock, context)).await?;
    let Some(key) = close(ports, lease, outcome, &reason, &Author::of(context)).await? else { return Ok(None) };
    let mut report = Report::settled(&R::CONTROL, &lease.lock.target, outcome).because(reason);
    report.plan = Some(lease.lock.plan.clone());
    report.evidence.push(key);
    Ok(Some(report))
}

/// Closes the attempts of crashed workers at one target, each as what it turned out to be. If a worker may still be
/// running, the result is unknown: the delivery goes back. Returns the keys of the outcomes.
pub(crate) async fn close_left<R, P>(ports: &P, target: &Target, context: &RunContext<'_>) -> Result<Vec<String>, Fault>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    let mut outcomes = Vec::new();
    for lease in ledger::unreleased(ports, R::CONTROL.id.0, target).await? {
        if ports.now() < lease.lock.until {
            return Err(Fault::transient("lock", "held-by-another-run"));
        }
        let closed = close_one::<R, P>(ports, &lease, context).await?;
        outcomes.extend(closed.into_iter().flat_map(|report| report.evidence));
    }
    Ok(outcomes)
}

/// The state of the resource that a crashed worker was changing.
async fn fate<R, P>(ports: &P, lock: &Lock, context: &RunContext<'_>) -> Result<(Outcome, Reason), Fault>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    let client = ports.reader(&Place::of(&lock.target)).await?;
    match lock.purpose.known() {
        Some(Purpose::Repair) => {}
        Some(Purpose::Revert) => return fate_of_undo::<R>(ports, &client, lock, context).await,
        None => {
            let unknown = "the worker was lost, and this version does not know what it was about";
            return Ok((Outcome::Failed, Reason::new("lost-unknown", unknown)));
        }
    }
    Ok(match draft::<R>(Task::Evaluate, &client, &lock.target, context, ports).await? {
        Draft::Course(_) => {
            (Outcome::Failed, Reason::new("lost-before-repair", "the worker was lost, and the drift persists"))
        }
        Draft::Settled(report) => match report.outcome {
            Outcome::AlreadyCompliant | Outcome::Contained | Outcome::Dormant => {
                let arrived = "the worker was lost, and its repair had arrived";
                (Outcome::Recovered, Reason::new("lost-after-repair", arrived))
            }
            other => {
                let nothing = "the worker was lost, and there is nothing left that it could put right";
                (other, Reason::new("lost-nothing-left", nothing))
            }
        },
    })
}

/// The result of an undo: its difference is there, or not. Later changes of others do not matter.
async fn fate_of_undo<R: Remediation>(
    store: &impl Store,
    client: &Client<R>,
    lock: &Lock,
    context: &RunContext<'_>,
) -> Result<(Outcome, Reason), Fault> {
    let missing = Reason::new("lost-before-undo", "the worker was lost, and its undo has not arrived");
    let failed = (Outcome::Failed, missing);
    let Some(stored) = ledger::stored_plan(store, &lock.plan).await? else { return Ok(failed) };
    // A setting of a later form is like a damaged one: this version cannot say whether it is there.
    let unreadable = |_| damage::fault(&ledger::plan_key(&lock.plan));
    let before: R::Setting = restore(&stored.plan.before).map_err(unreadable)?;
    let after: R::Setting = restore(&stored.plan.after).map_err(unreadable)?;
    let now = match look::<R>(client, &lock.target, context, store).await? {
        Observed::Present { setting, .. } => setting,
        Observed::Absent => {
            let gone = Reason::new("lost-resource-gone", "the worker was lost, and the resource is gone");
            return Ok((Outcome::Gone, gone));
        }
        Observed::Settling => return Err(Fault::transient("observe", "settling")),
    };
    let has_arrived = R::Setting::rebase(&before, &after, &now).is_ok_and(|rebased| rebased.agrees(&now));
    let arrived = Reason::new("lost-after-undo", "the worker was lost, and its undo had arrived");
    Ok(if has_arrived { (Outcome::Reverted, arrived) } else { failed })
}

/// Writes the one outcome of a crashed worker's intent, if it had written one, and releases its lock. Returns the
/// outcome's key.
pub(crate) async fn close(
    ports: &(impl Store + Clock),
    lease: &Lease,
    outcome: Outcome,
    reason: &Reason,
    author: &Author<'_>,
) -> Result<Option<String>, Fault> {
    let lock = &lease.lock;
    let key = match ledger::intent_of(ports, lock).await? {
        None => None,
        Some(intent) => {
            let key = lock.outcome_key();
            ledger::record(ports, &outcome_of(intent, outcome, reason, ports, author), &key).await?;
            Some(key)
        }
    };
    let tried = Some(if key.is_some() { Tried::Intended } else { Tried::Nothing });
    ledger::release(ports, lease, Ending { outcome, tried, settings: None }, ports.now()).await?;
    Ok(key)
}

/// Closes attempts that crashed workers left open so long ago that no sweep and no other worker has run since. Nobody
/// read the resource: the next sweep shows whether the repair arrived. Returns the keys of the outcomes.
pub async fn close_unseen(
    ports: &(impl Store + Clock + Notices + Own),
    author: &Author<'_>,
) -> Result<Vec<String>, Fault> {
    let mut outcomes = Vec::new();
    for (key, lock) in ledger::all_orphans(ports, ports.now() - UNSEEN).await?.told(ports).await {
        let closed = close_one_unseen(ports, &Lease { key, lock }, author).await;
        outcomes.extend(damage::skipped(ports, closed).await?.flatten());
    }
    Ok(outcomes)
}

async fn close_one_unseen(
    ports: &(impl Store + Clock + Notices),
    lease: &Lease,
    author: &Author<'_>,
) -> Result<Option<String>, Fault> {
    let mut letter = Letter::None;
    if ledger::intent_of(ports, &lease.lock).await?.is_some() {
        letter = outbox::post(ports, lease.lock.attempt.as_str(), notice_of(&lease.lock)).await;
    }
    let closed = close(ports, lease, UNSEEN_END, &Reason::new("lost-unseen", NOBODY_LOOKED), author).await?;
    letter.send(ports).await;
    Ok(closed)
}

fn notice_of(lock: &Lock) -> Notice {
    let control = current(&lock.control);
    let text = format!("{control} {}: {} {NOBODY_LOOKED}", lock.target.id, UNSEEN_END.word());
    Notice {
        alarm: Alarm::Alarm,
        control: control.to_owned(),
        target: redact::target(&lock.target),
        plan: Some(lock.plan.clone()),
        text: redact::text(&text),
    }
}

fn outcome_of(intent: Record, outcome: Outcome, reason: &Reason, clock: &impl Clock, author: &Author<'_>) -> Record {
    Record {
        kind: Kind::Outcome,
        at: clock.now(),
        outcome: Some(outcome.into()),
        reason: Some(reason.to_string()),
        reason_code: Some(reason.code().to_owned()),
        steps: Vec::new(),
        settings: author.settings.map_or(intent.settings, str::to_owned),
        cause: author.cause.to_owned(),
        invocation: redact::text(author.invocation),
        ..intent
    }
}
