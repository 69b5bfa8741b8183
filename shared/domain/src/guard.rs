//! The guard: the only place that says a plan may be carried out, and the only maker of a [`Permit`].
//!
//! A pure, total function over a snapshot, one check a file, in a fixed order: protected, lockout, exemption, approval, mode.
//! The first check that has an objection decides.

mod approval;
mod exemption;
mod lockout;
mod means;
mod mode;
mod protected;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    control::Control,
    ids::{AccountId, PlanId, Target},
    outcome::Outcome,
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
    /// What it takes away from the ways into the account; none where it is not about identities.
    pub impact: Option<&'a Impact>,
    /// How far Remedy may go here.
    pub mode: Mode,
    /// What the settings protect.
    pub protected: &'a Protected,
    /// Ids and ARNs of Remedy's own resources.
    pub own: &'a [String],
    /// The exemption on file for this control and target.
    pub exemption: Option<&'a Exemption>,
    /// Whether a write role is configured.
    pub means: Means,
    /// The time of the decision.
    pub now: Timestamp,
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
pub enum Means {
    /// A write role is configured.
    WriteRole,
    /// None is: `REMEDY_WRITE_ROLE` is absent.
    None,
}

/// A record that a target is to stay as it is for a while. The violation stays visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// The stored form.
    pub format: u32,
    /// The control it holds back.
    pub control: String,
    /// The account of the target.
    pub account: AccountId,
    /// The target's id.
    pub resource: String,
    /// Why, in words.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when; at most 90 days after `since`.
    pub until: Timestamp,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Objection {
    /// The check that objects.
    pub check: &'static str,
    /// Why.
    pub why: String,
    /// What would change it.
    pub change: &'static str,
    /// How the run ends.
    pub outcome: Outcome,
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
const CHECKS: [Check; 6] =
    [protected::check, lockout::check, exemption::check, approval::check, mode::check, means::check];

/// Decides whether a plan may be carried out.
pub fn rule(snapshot: &Snapshot<'_>) -> Ruling {
    match CHECKS.iter().find_map(|check| check(snapshot)) {
        Some(objection) => Ruling::Stop(objection),
        None => Ruling::Go(Permit { plan: snapshot.plan.clone() }),
    }
}

#[cfg(test)]
mod tests;
