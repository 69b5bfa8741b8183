//! Records and notices of a run that is not carried out: once for each plan, and so often a day for each resource.

use futures_util::future::try_join;
use remedy_domain::{
    Control, Fault, FaultKind, Outcome, Plan, PlanId, Reason, Target, Timestamp,
    ask::{self, Ask, Subject},
    evidence::{FORMAT, Kind, StoredPlan, day},
    guard::{Objection, Purpose},
    stored::Word,
};
use serde_json::json;

use crate::{
    asks::{self, Noted, OnFile},
    draft::Task,
    exempting::exempt_once,
    ledger::{self, Budget, HeldPlan, Room},
    outbox::{self, Letter},
    ports::{Ports, Put},
    records::{NOTED, digest_notice, notice, record},
    remediation::Remediation,
    report::Report,
    run_context::RunContext,
};

/// Ends a run that has nothing to do. A violation is recorded, once.
pub(crate) async fn settle<R: Remediation>(
    ports: &impl Ports,
    mut report: Report,
    task: Task<'_>,
    context: &RunContext<'_>,
) -> Result<Report, Fault> {
    if let (Task::Revert(stored), Outcome::Reverted) = (task, report.outcome) {
        exempt_once::<R>(ports, &mut report, stored, context).await?;
    }
    let is_noted = matches!(report.outcome, Outcome::NeedsHuman | Outcome::Blocked | Outcome::AwaitingApproval);
    if is_noted && !task.only_looks() {
        let shown = match task {
            Task::Revert(stored) => json!({"revert": stored.plan.after, "reason": words(&report)}),
            _ => json!({"violations": report.wrongs()}),
        };
        let plan = bare(&R::CONTROL, &report.target, &shown);
        hold_report(ports, &mut report, plan, (task.purpose(), Per::Plan), context).await?;
    }
    if let Task::Approved(on_file) = task {
        close(ports, on_file, &mut report, context).await?;
    }
    Ok(report)
}

/// The reason in words, as it is stored.
fn words(report: &Report) -> Option<String> {
    report.reason.as_ref().map(Reason::to_string)
}

/// A plan that changes nothing, for records of runs without a plan.
fn bare(control: &Control, target: &Target, shown: &serde_json::Value) -> Plan {
    Plan::new(control.id.0, target, shown.clone(), shown.clone())
}

/// Ends a run with a permanent fault, and stores that: once a month for the same fault of the same resource.
///
/// A resource's owner may deny its reading: somebody must see that, too.
pub async fn failed(
    ports: &impl Ports,
    control: &Control,
    (target, purpose): (&Target, Purpose),
    fault: Fault,
    context: &RunContext<'_>,
) -> Result<Report, Fault> {
    let outcome = if fault.kind == FaultKind::Denied { Outcome::Blocked } else { Outcome::Failed };
    let month: String = day(ports.now()).chars().take("yyyymm".len()).collect();
    let plan = bare(control, target, &json!({"fault": fault.doing, "code": fault.code, "month": month}));
    let why = Reason::from(&fault);
    let mut report = Report::settled(control, target, outcome).because(why.clone());
    if outcome == Outcome::Blocked {
        report.objection = Some(Objection {
            check: "access",
            why,
            change: "let the read role see the resource; the next sweep looks again",
            outcome,
        });
    }
    // The metrics count the fault, and their alarm fires: a notice for each of a thousand resources would add nothing.
    hold_report(ports, &mut report, plan, (purpose, Per::Silent), context).await?;
    report.fault = Some(fault);
    Ok(report)
}

/// Ends an approval that led to nothing: the resource changed, or is compliant. The record says that it was outdated.
async fn close(
    ports: &impl Ports,
    on_file: &OnFile,
    report: &mut Report,
    context: &RunContext<'_>,
) -> Result<(), Fault> {
    if let (Outcome::Superseded, Subject::Plan { plan }) = (report.outcome, &on_file.ask.subject) {
        let plan = plan.plan.clone();
        hold_report(ports, report, plan, (Purpose::Repair, Per::Plan), context).await?;
    }
    asks::spend(ports, on_file, &ports.attempt()?, &[]).await.map(|_| ())
}

/// The unit that people are notified of once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Per {
    /// For each plan.
    Plan,
    /// For each plan, and again in each month that it is withheld.
    Month(Timestamp),
    /// For each plan, and only recorded.
    Silent,
    /// For each series of attempts at one resource that a check stops, identified by the last attempt.
    Episode(&'static str, Option<u64>),
    /// The same, if the last attempt's outcome was notified already.
    Notified(&'static str, Option<u64>),
}

impl Per {
    fn name(self, report: &Report, plan: &PlanId) -> String {
        match self {
            Self::Plan | Self::Silent => format!("{}/{plan}", report.outcome.word()),
            Self::Month(now) => format!("{}/{plan}-{}", report.outcome.word(), now.strftime("%Y-%m")),
            Self::Episode(check, last) | Self::Notified(check, last) => {
                format!("{check}/{}-{:010}", report.target.hash(), last.unwrap_or_default())
            }
        }
    }

    fn is_told(self) -> bool {
        matches!(self, Self::Plan | Self::Month(_) | Self::Episode(..))
    }
}

/// Stores an ask for a plan, records it, and notifies people the first time. It replaces the earlier ask about the same
/// resource.
pub(crate) async fn ask(
    ports: &impl Ports,
    report: &mut Report,
    plan: Plan,
    context: &RunContext<'_>,
) -> Result<(), Fault> {
    let id = plan.id().map_err(|_| Fault::defect("draft", "setting-not-canonical"))?;
    let at = ports.now();
    let stored = untried((plan, Purpose::Repair), context, at);
    let ask = Ask {
        format: ask::FORMAT,
        subject: Subject::Plan { plan: Box::new(stored) },
        reason: words(report).unwrap_or_default(),
        by: None,
        function: context.function.to_owned(),
        at,
        until: ask::lasts(at, context.settings.parameters.approval_hours),
    };
    let asked = asks::open(ports, &ask, &context.settings.people).await?;
    let noted = if let Some(noted) = asked.noted {
        noted
    } else {
        let noted = take(ports, room(ports, report).await?).await?;
        asks::enter(ports, &asked, noted).await?;
        noted
    };
    report.plan = Some(id.clone());
    if noted == Noted::Digest {
        return Box::pin(digest(ports, report, Purpose::Repair, context)).await;
    }
    let name = format!("asked-{id}-{}", asked.ask.at.as_second());
    let entry = Entry { id, at: asked.ask.at, put: asked.put, name, told: true };
    Box::pin(note(ports, report, entry, Purpose::Repair, context)).await
}

/// Records, once, that a plan was not carried out, and notifies people the first time.
pub(crate) async fn hold_report(
    ports: &impl Ports,
    report: &mut Report,
    plan: Plan,
    (purpose, per): (Purpose, Per),
    context: &RunContext<'_>,
) -> Result<(), Fault> {
    let id = plan.id().map_err(|_| Fault::defect("draft", "setting-not-canonical"))?;
    let name = per.name(report, &id);
    let known = ledger::held(ports, report.control.0, &name);
    let (known, room) = try_join(known, room(ports, report)).await?;
    if known.is_none() && take(ports, room).await? == Noted::Digest {
        report.plan = Some(id);
        return Box::pin(digest(ports, report, purpose, context)).await;
    }
    let held = held(ports, report, (plan, purpose), context);
    let (first, put) = match known {
        Some(first) => (first, Put::Exists),
        None => ledger::hold(ports, &name, &held).await?,
    };
    let id = first.plan.plan.id().unwrap_or(id);
    let entry = Entry { id, at: first.at, put, name: name.replace('/', "-"), told: per.is_told() };
    Box::pin(note(ports, report, entry, purpose, context)).await
}

fn held(ports: &impl Ports, report: &Report, (plan, purpose): (Plan, Purpose), context: &RunContext<'_>) -> HeldPlan {
    let at = ports.now();
    let stored = untried((plan, purpose), context, at);
    let reason = words(report).unwrap_or_default();
    let (outcome, forecast) = (report.outcome.into(), report.forecast.map(Word::from));
    HeldPlan { format: FORMAT, plan: stored, reason, outcome, forecast, at }
}

/// A plan that nobody tried to carry out.
fn untried((plan, purpose): (Plan, Purpose), context: &RunContext<'_>, at: Timestamp) -> StoredPlan {
    let function = context.function.to_owned();
    StoredPlan { plan, purpose: purpose.into(), realized: None, function, attempt: None, at }
}

/// Whether one more record and notice about this resource may be written today.
async fn room(ports: &impl Ports, report: &Report) -> Result<Option<Room>, Fault> {
    let most = u32::try_from(NOTED).unwrap_or(u32::MAX);
    Budget::notes(report.control.0, &report.target, ports.now(), most).room(ports).await
}

/// Takes one of the day's few. Two workers that note the same take two: no more is noted because of that.
async fn take(ports: &impl Ports, room: Option<Room>) -> Result<Noted, Fault> {
    let Some(room) = room else { return Ok(Noted::Digest) };
    let slot = room.take(ports, &ports.attempt()?).await?;
    Ok(if slot.is_some() { Noted::Each } else { Noted::Digest })
}

/// The one record of a day for everything that is no longer recorded one by one.
async fn digest(
    ports: &impl Ports,
    report: &mut Report,
    purpose: Purpose,
    context: &RunContext<'_>,
) -> Result<(), Fault> {
    let day = day(ports.now());
    let shown = json!({"digest": day});
    let plan = Plan::new(report.control.0, &report.target, shown.clone(), shown);
    let id = plan.id().map_err(|_| Fault::defect("draft", "setting-not-canonical"))?;
    let name = format!("digest/{}-{day}", report.target.hash());
    let (first, _) = ledger::hold(ports, &name, &held(ports, report, (plan, purpose), context)).await?;
    let why = "more plans of this resource were held today than are recorded one by one";
    let why = Reason::new("more-held", why);
    let shown = Report { before: None, after: None, objection: None, ..report.clone() }.because(why);
    let letter = match notice(report, purpose) {
        Some(notice) => {
            let (id, digest) = digest_notice(report, notice.alarm, ports.now());
            outbox::post(ports, &id, digest).await
        }
        None => Letter::None,
    };
    let record = record(&shown, &id, Kind::Held, first.at, purpose, context);
    let key = record.key();
    ledger::record(ports, &record, &key).await?;
    report.evidence.push(key);
    letter.send(ports).await;
    Ok(())
}

/// The stored entry of a plan that is not carried out.
struct Entry {
    id: PlanId,
    at: Timestamp,
    put: Put,
    /// The name of its notice.
    name: String,
    told: bool,
}

/// Writes the record and the notice, each once.
async fn note(
    ports: &impl Ports,
    report: &mut Report,
    entry: Entry,
    purpose: Purpose,
    context: &RunContext<'_>,
) -> Result<(), Fault> {
    let Entry { id, at, put, name, told } = entry;
    report.plan = Some(id.clone());
    let notice = notice(report, purpose).filter(|_| told);
    let mut letter = Letter::None;
    if let (Put::Created, Some(notice)) = (put, &notice) {
        letter = outbox::post(ports, &name, notice.clone()).await;
    }
    let record = record(report, &id, Kind::Held, at, purpose, context);
    let key = record.key();
    let written = ledger::record(ports, &record, &key).await?;
    report.evidence.push(key);
    if let (Put::Exists, Put::Created, Some(notice)) = (put, written, notice) {
        // The worker that first stored the plan crashed before it sent the notice.
        letter = outbox::post(ports, &name, notice).await;
    }
    letter.send(ports).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quiet::{CONTROL, bucket};

    #[test]
    fn what_settings_or_a_name_spare_is_told_once_a_month_and_in_each_month_again() {
        let report = Report::settled(&CONTROL, &bucket("vendor"), Outcome::Blocked);
        let plan = PlanId::parse("a".repeat(64)).unwrap();
        let name = |at: &str| Per::Month(at.parse().unwrap()).name(&report, &plan);
        assert_eq!(name("2026-11-01T00:00:00Z"), name("2026-11-30T23:59:59Z"));
        assert_ne!(name("2026-11-30T23:59:59Z"), name("2026-12-01T00:00:00Z"));
        assert!(name("2026-11-30T00:00:00Z").ends_with("-2026-11"));
    }
}
