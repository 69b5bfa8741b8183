//! A control's view: observed settings and verdicts.

use std::{borrow::Cow, fmt};

use jiff::Timestamp;

use crate::{ids::AccountId, outcome::Alarm, reason::Reason, redact, settings::Parameters};

/// What a look at the live account gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed<Facts, Setting> {
    /// The resource is there.
    Present {
        /// Facts that affect the decision and are never written.
        facts: Facts,
        /// What the control may write, mirrored whole.
        setting: Setting,
    },
    /// The resource is gone.
    Absent,
    /// The resource is changing just now and cannot be judged.
    Settling,
}

/// What is known besides the resource itself.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time of the decision.
    pub now: Timestamp,
    /// The account of the target.
    pub account: &'a AccountId,
    /// The organisation's parameters.
    pub parameters: &'a Parameters,
}

/// One deviation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    element: &'static str,
    /// The deviation, in words for a person. Built from fixed words and numbers only.
    pub text: Cow<'static, str>,
    /// How soon somebody must look, whatever its outcome.
    pub urgency: Alarm,
}

impl Violation {
    /// A violation of this element, a code in kebab case, in plain words. The words may change with a release; the code stays.
    #[must_use]
    pub fn new(element: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { element, text: text.into(), urgency: Alarm::None }
    }

    /// A resource with a name that Remedy reserves for itself, and that is not Remedy's: somebody may be hiding it.
    #[must_use]
    pub fn imitation(element: &'static str, text: impl fmt::Display) -> Self {
        Self::new(element, format!("somebody imitates Remedy: {text}")).with_urgency(Alarm::Page)
    }

    /// The element of the resource that deviates: the same code in every release.
    #[must_use]
    pub fn element(&self) -> &'static str {
        self.element
    }

    /// The same, with how soon somebody must look.
    #[must_use]
    pub fn with_urgency(self, urgency: Alarm) -> Self {
        Self { urgency, ..self }
    }

    /// The same violation as answers, logs and records have it.
    #[must_use]
    pub fn redacted(self) -> Self {
        Self { text: redact::text(&self.text).into(), ..self }
    }
}

/// Whether a plan may be carried out without a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// It may.
    Auto,
    /// A person decides, for this reason.
    Ask(Reason),
}

impl Consent {
    /// A person decides, for this reason.
    #[must_use]
    pub fn ask(code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::Ask(Reason::new(code, text))
    }
}

/// A setting that is not as it should be, and what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift<Setting> {
    /// What is wrong.
    pub violations: Vec<Violation>,
    /// The nearest setting without a violation.
    pub desired: Setting,
    /// Whether a person must agree.
    pub consent: Consent,
    /// A note for a person once it is done.
    pub note: Option<Reason>,
}

/// A control's opinion of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<Setting> {
    /// As it should be.
    Compliant,
    /// Still in violation, but Remedy's own measure keeps the harm away.
    Contained(Vec<Violation>),
    /// In violation, and in effect for nobody. A repair that ends so contained the harm.
    Dormant(Vec<Violation>),
    /// In violation, and it can be repaired.
    Drifted(Drift<Setting>),
    /// Not a matter for this control, for this reason.
    OutOfScope(Reason),
    /// Not as it should be, and no API call can put it right.
    NeedsHuman {
        /// What is wrong.
        violations: Vec<Violation>,
        /// The task for the person.
        reason: Reason,
    },
}

/// The access to an account that a plan removes. Only plans about identities remove any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Impact {
    /// The ARNs of the principals that may do less afterwards.
    pub affected: Vec<String>,
    /// How many of them are effective administrators now, and will not be.
    pub administrators_lost: usize,
    /// The effective administrators after the plan.
    pub administrators_left: Vec<Administrator>,
}

/// An effective administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// The ARN.
    pub arn: String,
    /// The creation time of the user or role, if known. IAM does not say when a policy was attached.
    pub since: Option<Timestamp>,
}
