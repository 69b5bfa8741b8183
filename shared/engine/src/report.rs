//! The report of one run.

use remedy_domain::{
    Control, ControlId, Fault, Outcome, PlanId, Reason, Target, Violation, ask::Forecast, guard::Objection,
    outcome::Alarm,
};
use serde_json::Value;

/// The report of one run: the answer, the log line and the metrics are made from it.
#[derive(Debug, Clone)]
#[must_use = "an unread report is not actionable"]
pub struct Report {
    /// The control.
    pub control: ControlId,
    /// The target, or what stood in the trigger when there is none.
    pub target: Target,
    /// How the run ended.
    pub outcome: Outcome,
    /// Why, redacted.
    pub reason: Option<Reason>,
    /// The guard's objection, if there is one.
    pub objection: Option<Objection>,
    /// The forecast if its control were enforced; only if it was not carried out.
    pub forecast: Option<Forecast>,
    /// The owner of the resource, if a tag names one.
    pub owner: Option<String>,
    /// The plan, if one was drafted.
    pub plan: Option<PlanId>,
    /// The violations, redacted.
    pub violations: Vec<Violation>,
    /// How soon somebody must look, at least, if there is something to report.
    pub urgency: Alarm,
    /// The observed setting, redacted.
    pub before: Option<Value>,
    /// The wanted setting, redacted.
    pub after: Option<Value>,
    /// The calls that carrying the plan out would make, in order.
    pub calls: Vec<&'static str>,
    /// The calls that were carried out.
    pub performed: Vec<&'static str>,
    /// The keys of the records written for it.
    pub evidence: Vec<String>,
    /// The fault, if there was one.
    pub fault: Option<Fault>,
}

impl Report {
    /// A run that ended before a plan was drafted.
    pub fn settled(control: &Control, target: &Target, outcome: Outcome) -> Self {
        Self {
            control: control.id,
            target: target.clone(),
            outcome,
            reason: None,
            objection: None,
            forecast: None,
            owner: None,
            plan: None,
            violations: Vec::new(),
            urgency: Alarm::None,
            before: None,
            after: None,
            calls: Vec::new(),
            performed: Vec::new(),
            evidence: Vec::new(),
            fault: None,
        }
    }

    /// The same, with a reason.
    pub fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason.redacted()), ..self }
    }

    /// The same, with what the guard objected.
    pub fn objected(self, objection: Objection) -> Self {
        let report = self.because(objection.why.clone());
        Self { objection: Some(objection), ..report }
    }

    /// How soon somebody must look.
    #[must_use]
    pub fn alarm(&self) -> Alarm {
        let ended = self.objection.as_ref().map_or(self.outcome.alarm(), Objection::alarm);
        let ended = if ended == Alarm::None { ended } else { ended.max(self.urgency) };
        self.fault.as_ref().map_or(ended, |fault| ended.max(fault.kind.alarm()))
    }

    /// The same, with what is wrong.
    pub fn with_violations(self, violations: Vec<Violation>) -> Self {
        Self { violations: violations.into_iter().map(Violation::redacted).collect(), ..self }
    }

    /// The violations in words.
    #[must_use]
    pub fn wrongs(&self) -> Vec<String> {
        self.violations.iter().map(|violation| violation.text.to_string()).collect()
    }

    /// The element of each violation.
    #[must_use]
    pub fn elements(&self) -> Vec<&'static str> {
        self.violations.iter().map(Violation::element).collect()
    }

    /// The reason as a code, if there is one.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        self.reason.as_ref().map(Reason::code)
    }

    /// Whether the resource may be another than before the run: a call that failed may have arrived all the same.
    #[must_use]
    pub fn may_have_written(&self) -> bool {
        !self.performed.is_empty() || self.fault.is_some()
    }

    /// Whether the delivery must be given back.
    #[must_use]
    pub fn wants_redelivery(&self) -> bool {
        self.fault.as_ref().is_some_and(Fault::gives_back)
    }

    /// Whether everything that must be stored of it is stored: only then is a delivery acknowledged. If nothing is
    /// wrong, or somebody only asked, the answer is enough.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        let needs_none = matches!(
            self.outcome,
            Outcome::AlreadyCompliant
                | Outcome::Contained
                | Outcome::Dormant
                | Outcome::Drifted
                | Outcome::OutOfScope
                | Outcome::Gone
                | Outcome::Reverted
        );
        needs_none || !self.evidence.is_empty()
    }
}
