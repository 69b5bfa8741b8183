//! A control's view: observed settings and verdicts.

use jiff::Timestamp;
use serde::Serialize;

use crate::{ids::AccountId, outcome::Alarm, settings::Parameters};

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The deviation, in words for a person. Built from fixed words and numbers only.
    pub text: String,
    /// How soon somebody must look, whatever its outcome.
    pub urgency: Alarm,
}

impl Violation {
    /// A violation in plain words.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), urgency: Alarm::None }
    }

    /// A resource with a name that Remedy reserves for itself, and that is not Remedy's: somebody may be hiding it.
    #[must_use]
    pub fn imitation(text: impl Into<String>) -> Self {
        Self { urgency: Alarm::Page, ..Self::new(format!("somebody imitates Remedy: {}", text.into())) }
    }
}

/// Whether a plan may be carried out without a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// It may.
    Auto,
    /// A person decides, for this reason.
    Ask(String),
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
    pub note: Option<String>,
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
    OutOfScope(String),
    /// Not as it should be, and no API call can put it right.
    NeedsHuman {
        /// What is wrong.
        violations: Vec<Violation>,
        /// The task for the person.
        reason: String,
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
