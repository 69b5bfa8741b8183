//! The guard: the only place that says a plan may be carried out, and the only maker of a [`Permit`].
//!
//! A pure, total function over a snapshot, one check a file, in a fixed order: hold, protected, lockout, exemption,
//! ownership, flap, backlog, approval, mode, break-glass, means. The first check that has an objection decides.

mod approval;
mod backlog;
mod break_glass;
mod exemption;
mod flap;
mod hold;
mod lockout;
mod means;
mod mode;
mod ownership;
mod protected;

pub use flap::goes_on;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ask::{ApprovalStatus, Forecast},
    control::Control,
    exemption::Exemption,
    hold::Hold,
    ids::{PlanId, Target},
    outcome::{Alarm, Outcome},
    ownership::Manager,
    reason::Reason,
    settings::{Mode, Protected},
    verdict::{Consent, Impact},
};

/// Everything the guard looks at.
#[derive(Debug, Clone)]
pub struct Snapshot<'a> {
    /// The control that drafted the plan.
    pub control: &'a Control,
    /// What the plan is about.
    pub target: &'a Target,
    /// The plan.
    pub plan: &'a PlanId,
    /// What the plan is for.
    pub purpose: Purpose,
    /// Whether the control itself wants a person to agree.
    pub consent: &'a Consent,
    /// The access to the account that it removes; absent if it is not about identities.
    pub impact: Option<&'a Impact>,
    /// How far Remedy may go here.
    pub mode: Mode,
    /// The resources and principals that the settings protect.
    pub protected: &'a Protected,
    /// Remedy's own resources by their ARNs, `{account}` in which stands for the target's; the id of its stack is one of them.
    pub own: &'a [String],
    /// The kill switch: every stored hold.
    pub holds: &'a [Hold],
    /// The stored exemptions for this control.
    pub exemptions: &'a [Exemption],
    /// The resource's manager, if its tags name one.
    pub manager: Option<&'a Manager>,
    /// How often this control repaired this resource within the last 24 hours.
    pub recent_repairs: usize,
    /// How often it may.
    pub flap_limit: u32,
    /// Whether the drift is fresh.
    pub age: Age,
    /// How the ask for this plan stands.
    pub standing: &'a ApprovalStatus,
    /// Whether a write role is configured.
    pub means: WriteAccess,
    /// The time of the decision.
    pub now: Timestamp,
}

/// Since when a resource is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// It was seen compliant, or came about since the first sweep.
    Fresh,
    /// It was in violation at the first sweep of its control, and never seen compliant since.
    Backlog,
    /// The same, and it is worked off in waves.
    Wave,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To put drift right.
    Repair,
    /// To take an earlier repair back, as a person asked.
    Revert,
}

/// Whether anything can be written at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteAccess {
    /// A write role is configured.
    WriteRole,
    /// None is: `REMEDY_WRITE_ROLE` is absent.
    None,
}

/// Leave to carry out one plan. Only [`rule`] makes one, it cannot be copied, and opening a writer uses it up.
#[derive(Debug)]
pub struct Permit {
    plan: PlanId,
}

impl Permit {
    /// The plan it is for.
    #[must_use]
    pub fn plan(&self) -> &PlanId {
        &self.plan
    }
}

/// An objection: which check, why, and what would change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The check that objects.
    pub check: &'static str,
    /// Why.
    pub why: Reason,
    /// The change that would lift it.
    pub change: &'static str,
    /// How the run ends.
    pub outcome: Outcome,
}

/// The check that stops what drifts again and again.
pub const FLAP: &str = "flap";
/// The check that spares resources that are never touched.
pub const PROTECTED: &str = "protected";
/// The check that keeps access to the account open.
pub const LOCKOUT: &str = "lockout";
/// The check that spares resources which only a name identifies.
pub const BY_NAME: &str = "protected-by-name";

impl Objection {
    /// How soon somebody must look.
    #[must_use]
    pub fn alarm(&self) -> Alarm {
        if [FLAP, BY_NAME].contains(&self.check) { Alarm::Page } else { self.outcome.alarm() }
    }
}

/// The guard's decision.
#[derive(Debug)]
#[must_use]
pub enum Ruling {
    /// Carry it out.
    Go(Permit),
    /// Keep it for a person, or drop it.
    Stop(Objection),
}

type Check = fn(&Snapshot<'_>) -> Option<Objection>;

/// The checks in their order.
const CHECKS: [Check; 11] = [
    hold::check,
    protected::check,
    lockout::check,
    exemption::check,
    ownership::check,
    flap::check,
    backlog::check,
    approval::check,
    mode::check,
    break_glass::check,
    means::check,
];

/// Decides whether a plan may be carried out.
pub fn rule(snapshot: &Snapshot<'_>) -> Ruling {
    match objection(snapshot) {
        Some(objection) => Ruling::Stop(objection),
        None => Ruling::Go(Permit { plan: snapshot.plan.clone() }),
    }
}

fn objection(snapshot: &Snapshot<'_>) -> Option<Objection> {
    CHECKS.iter().find_map(|check| check(snapshot))
}

/// Whether a plan is stopped by a name, or by a pattern that somebody once put into the settings. People are notified
/// of it again: the resources that it spares may be newer.
#[must_use]
pub fn is_spared_by_choice(snapshot: &Snapshot<'_>) -> bool {
    let affected = snapshot.impact.into_iter().flat_map(|impact| &impact.affected);
    let spared = affected.filter_map(|arn| protected::of_principal(snapshot, arn));
    let mut all = protected::of_target(snapshot).into_iter().chain(spared);
    all.any(|spared| matches!(spared, protected::Spared::ByName | protected::Spared::BySettings(_)))
}

/// A reason to page people although the plan may be carried out.
#[must_use]
pub fn caution(snapshot: &Snapshot<'_>) -> Option<Reason> {
    flap::caution(snapshot)
}

/// The forecast of the plan if its control were enforced today.
#[must_use]
pub fn forecast(snapshot: &Snapshot<'_>) -> Forecast {
    Forecast::of(foreseen(snapshot).map(|objection| objection.outcome))
}

/// What would be objected to the plan if its control were enforced today.
#[must_use]
pub fn foreseen(snapshot: &Snapshot<'_>) -> Option<Objection> {
    objection(&Snapshot { mode: Mode::Enforce, means: WriteAccess::WriteRole, ..snapshot.clone() })
}

#[cfg(test)]
mod tests;
