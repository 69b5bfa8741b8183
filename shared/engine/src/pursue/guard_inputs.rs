//! All stored entries that affect whether a plan may be carried out.

use futures_util::future::{try_join, try_join3, try_join4};
use remedy_domain::{
    Actor, AttemptId, Fault, FaultKind, Outcome, PlanId, Stops, Target, Timestamp,
    ask::{self, ApprovalStatus},
    evidence::Lock,
    exemption::Exemption,
    guard::{Age, Snapshot},
    hold::Hold,
    ownership::{self, Manager},
};

use super::Run;
use crate::{
    asks::{self, OnFile},
    backlog,
    draft::{Course, Task},
    ledger::{self, Lease, Line, Recent},
    ports::{Clients, Ports},
    registry,
    remediation::{Client, Remediation},
    resource::{Resource as _, Tags},
    run_context::RunContext,
};

/// All stored entries that affect whether a plan may be carried out.
pub(super) struct GuardInputs {
    holds: Vec<Hold>,
    exemptions: Vec<Exemption>,
    /// The attempts at the target before this one.
    pub(super) line: Line,
    pub(super) recent: Recent,
    pub(super) age: Age,
    /// The ask for this plan, or for this undo.
    asked: Option<OnFile>,
    standing: ApprovalStatus,
    manager: Option<Manager>,
    pub(super) owner: Option<String>,
    own: Vec<String>,
}

impl GuardInputs {
    /// The ask, where somebody agreed to it.
    pub(super) fn approved(&self) -> Option<&OnFile> {
        self.asked.as_ref().filter(|_| matches!(self.standing, ApprovalStatus::Approved(_)))
    }

    /// Reads the attempts at the target again.
    pub(super) async fn read_history(
        &mut self,
        ports: &impl Ports,
        control: &str,
        target: &Target,
    ) -> Result<(), Fault> {
        (self.line, self.recent) = history(ports, control, target).await?;
        Ok(())
    }

    /// Counts the attempts of crashed workers that the holder of this lock has closed. An approval that one of them spent
    /// still counts.
    pub(super) async fn count_again(&mut self, ports: &impl Ports, own: &Lock, lost: &[Lease]) -> Result<(), Fault> {
        let line = Line::read(ports, &own.control, &own.target).await?.without(&own.attempt);
        let recent = ledger::recent(ports, &line, ports.now()).await?;
        let lost = lost.iter().map(|lease| lease.lock.attempt.clone()).collect();
        self.recent = Recent { lost, ..recent };
        Ok(())
    }

    /// Who asked, if a person did, and who agreed.
    pub(super) fn people(&self) -> Option<(Option<Actor>, Actor)> {
        let asked = self.asked.as_ref()?;
        let ApprovalStatus::Approved(decision) = &self.standing else { return None };
        Some((asked.ask.by.clone(), decision.by.clone()))
    }
}

/// What people may turn while a run waits for its lock.
pub(super) struct Again {
    holds: Vec<Hold>,
    exemptions: Vec<Exemption>,
    asked: Option<OnFile>,
}

/// Reads the stored entries, all at once, and the tags of the resource. An approval that the attempt of a crashed worker
/// spent still counts for it.
pub(super) async fn load<R, P>(
    ports: &P,
    (target, task, context): (&Target, Task<'_>, &RunContext<'_>),
    client: &Client<R>,
    course: &Course<R>,
) -> Result<GuardInputs, Fault>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    let (control, parameters) = (R::CONTROL.id.0, &context.settings.parameters);
    let on_file = try_join4(
        registry::holds_on(ports, control, target),
        registry::exemptions(ports, control, target),
        history(ports, control, target),
        backlog::age(ports, control, target, parameters),
    );
    let ask = ask_of(task, &course.id)?;
    let of_this_plan = try_join(asks::latest(ports, &ask), tags::<R>(client, target));
    let ((holds, exemptions, (line, recent), age), (asked, tags)) = try_join(on_file, of_this_plan).await?;
    let manager = Manager::of(&tags, &parameters.iac_tags);
    let owner = parameters.owner_tag.as_ref().and_then(|key| ownership::owner(tags.get(key)?));
    let mut own = context.own.to_vec();
    if course.impact.as_ref().is_some_and(|impact| !impact.affected.is_empty()) {
        own.extend(ports.own_principal().await?);
    }
    let standing = standing(asked.as_ref(), &recent.lost, context, ports.now());
    Ok(GuardInputs { holds, exemptions, line, recent, age, asked, standing, manager, owner, own })
}

async fn history(ports: &impl Ports, control: &str, target: &Target) -> Result<(Line, Recent), Fault> {
    let line = Line::read(ports, control, target).await?;
    let recent = ledger::recent(ports, &line, ports.now()).await?;
    Ok((line, recent))
}

fn standing(asked: Option<&OnFile>, takers: &[AttemptId], context: &RunContext<'_>, now: Timestamp) -> ApprovalStatus {
    asked.map_or(ApprovalStatus::Unasked, |asked| asked.standing(now, &context.settings.people, takers))
}

/// The owner of the resource affects who must agree, and nobody must if a control only stops destruction: there,
/// unreadable tags count as none.
async fn tags<R: Remediation>(client: &Client<R>, target: &Target) -> Result<Tags, Fault> {
    match R::On::tags(client, target).await {
        Err(fault) if fault.kind == FaultKind::Denied && R::CONTROL.stops == Stops::Destruction => Ok(Tags::new()),
        told => told,
    }
}

/// The id of the ask that this course depends on: its own, that of the plan that was approved, or that of the undo.
fn ask_of(task: Task<'_>, course: &PlanId) -> Result<String, Fault> {
    let not_canonical = |_| Fault::defect("revert", "plan-not-canonical");
    match task {
        Task::Evaluate | Task::Forecast | Task::Preview | Task::Repair => Ok(course.as_str().to_owned()),
        Task::Approved(followed) => Ok(followed.id.clone()),
        Task::Revert(stored) => ask::undo_id(&stored.plan.id().map_err(not_canonical)?).map_err(not_canonical),
    }
}

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    /// The input of the guard.
    pub(super) fn snapshot(&self) -> Snapshot<'_> {
        let inputs = &self.inputs;
        Snapshot {
            control: &R::CONTROL,
            target: self.target,
            plan: &self.course.id,
            purpose: self.task.purpose(),
            consent: &self.course.consent,
            impact: self.course.impact.as_ref(),
            mode: self.context.mode(R::CONTROL.id.0, self.target),
            protected: &self.context.settings.protected,
            own: &inputs.own,
            holds: &inputs.holds,
            exemptions: &inputs.exemptions,
            manager: inputs.manager.as_ref(),
            recent_repairs: inputs.recent.repairs,
            flap_limit: self.context.settings.parameters.flap_limit,
            age: inputs.age,
            standing: &inputs.standing,
            means: self.context.means,
            now: self.ports.now(),
        }
    }

    /// Reads again, under the lock of this attempt, what people may have turned since: holds, exemptions, and the ask that
    /// this run depends on. The line is known: whoever gets its next place knows all of it.
    pub(super) async fn read_again(&self) -> Result<Again, Fault> {
        let (ports, control, target) = (self.ports, R::CONTROL.id.0, self.target);
        let asked = async {
            match &self.inputs.asked {
                Some(asked) => asks::latest(ports, &asked.id).await,
                None => Ok(None),
            }
        };
        let (holds, exemptions) =
            (registry::holds_on(ports, control, target), registry::exemptions(ports, control, target));
        let (holds, exemptions, asked) = try_join3(holds, exemptions, asked).await?;
        Ok(Again { holds, exemptions, asked })
    }

    /// Puts what was read again in the place of what was read before. An approval that this attempt spent counts for it.
    pub(super) fn know(&mut self, again: Again, own: &AttemptId) {
        let takers: Vec<_> = self.inputs.recent.lost.iter().chain([own]).cloned().collect();
        let standing = standing(again.asked.as_ref(), &takers, self.context, self.ports.now());
        let Again { holds, exemptions, asked } = again;
        let inputs = &mut self.inputs;
        (inputs.holds, inputs.exemptions, inputs.asked, inputs.standing) = (holds, exemptions, asked, standing);
    }

    /// A target whose repair arrived is on the backlog no longer.
    pub(super) async fn leave_backlog(&self, outcome: Outcome) -> Result<(), Fault> {
        let arrived = matches!(outcome, Outcome::Repaired | Outcome::Contained);
        if self.inputs.age == Age::Fresh || !arrived {
            return Ok(());
        }
        backlog::leave(self.ports, R::CONTROL.id.0, self.target, self.ports.now()).await
    }
}
