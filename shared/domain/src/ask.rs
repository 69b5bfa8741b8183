//! Asks, which wait for a person: a plan, an undo, an exemption, other settings, the release of a hold.
//!
//! All of them wait in the same way. The id of an ask is the digest of its subject, so that an approval can mean
//! nothing else; it ends after a while; somebody other than the asker decides it, once; and an approval is spent once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    actor::Actor,
    canonical::{self, NotCanonical},
    evidence::StoredPlan,
    exemption::Terms,
    hold::HoldScope,
    ids::PlanId,
    outcome::Outcome,
    settings::{self, Difference, Mode, People, Settings, Written},
    stored::Word,
};

/// The stored form of asks and decisions written by this version.
pub const FORMAT: u32 = 1;

/// The subject of an ask. People decide only on a subject that is understood whole: an ask that this version cannot
/// read, or of which it knows only some members, is [`Subject::Other`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// To carry out a plan.
    Plan {
        /// The plan, verbatim.
        plan: Box<StoredPlan>,
    },
    /// To take a repair back, and to leave it so on these terms.
    Undo {
        /// The plan that was carried out.
        plan: PlanId,
        /// The function that carried it out.
        function: String,
        /// The exemption that keeps it undone.
        terms: Terms,
    },
    /// To exempt resources.
    Exemption {
        /// On these terms.
        terms: Terms,
    },
    /// To let other settings take effect.
    Settings(Box<Proposal>),
    /// To turn a hold off.
    Release {
        /// The scope that it stops.
        scope: HoldScope,
        /// When the hold was put on: a later one is another.
        since: Timestamp,
    },
    /// An ask of another version.
    #[serde(skip)]
    Other(Value),
}

/// Other settings, against those in force at the time of the ask. An approval means nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The document, as it was written. Empty in asks of versions before 0.1.0, which can no longer be approved.
    #[serde(default)]
    pub text: String,
    /// The digest of the settings in it.
    #[serde(default)]
    pub to: String,
    /// The digest of the settings in force at the time of the ask.
    #[serde(default)]
    pub from: String,
    /// The differences between them.
    #[serde(default)]
    pub differences: Vec<Difference>,
    /// For versions before 0.1.0, which read this: the settings in the document.
    #[serde(default)]
    pub settings: Value,
    /// For the same: the differences in words.
    #[serde(default)]
    pub loosens: Vec<String>,
}

impl Proposal {
    /// Replaces `current` by `written`.
    #[must_use]
    pub fn new(written: Written, current: &Settings, environment: Mode) -> Self {
        let differences = settings::differences(current, &written.settings, environment);
        Self {
            to: written.settings.digest(),
            from: current.digest(),
            loosens: vec![settings::told(&differences)],
            settings: serde_json::to_value(&written.settings).unwrap_or_default(),
            text: written.text,
            differences,
        }
    }
}

/// A stored ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// Its subject.
    #[serde(with = "subject")]
    pub subject: Subject,
    /// Why it waits, or why it is asked for.
    pub reason: String,
    /// Who asks; absent if Remedy itself does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
    /// The function that carries it out, where one does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub function: String,
    /// Since when.
    pub at: Timestamp,
    /// Until when it can be decided and, if approved, carried out.
    pub until: Timestamp,
}

/// A subject as it is stored. One that cannot be read is another version's.
mod subject {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use serde_json::Value;

    use super::Subject;

    pub(super) fn serialize<S: Serializer>(subject: &Subject, serializer: S) -> Result<S::Ok, S::Error> {
        match subject {
            Subject::Other(value) => value.serialize(serializer),
            known => known.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Subject, D::Error> {
        let value = Value::deserialize(deserializer)?;
        // Settings are read only from their text.
        Ok(serde_json::from_str(&value.to_string()).unwrap_or(Subject::Other(value)))
    }
}

/// The decision of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Yes.
    Approved,
    /// No.
    Rejected,
}

impl Answer {
    /// The word, as in keys and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// A stored decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// Yes or no. Another word is no approval and counts as a no.
    pub answer: Word<Answer>,
    /// Whose.
    pub by: Actor,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// How an ask stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalStatus {
    /// Nobody was asked, or what was asked is over.
    Unasked,
    /// Somebody was asked, and has not decided.
    Open,
    /// Somebody agreed, and nothing came of it yet.
    Approved(Decision),
    /// Somebody refused.
    Rejected(Decision),
}

impl ApprovalStatus {
    /// How an ask stands `now`. A decision counts while the ask lasts, while its maker may decide, and only if its
    /// maker is not the asker. If its maker may no longer decide, the ask is over and may be asked again. An approval
    /// of a subject that this version does not know is none; a refusal of it counts.
    #[must_use]
    pub fn of(ask: &Ask, decision: Option<Decision>, is_spent: Spent, (now, people): (Timestamp, &People)) -> Self {
        if now >= ask.until || is_spent == Spent::Yes {
            return Self::Unasked;
        }
        match decision {
            None => Self::Open,
            Some(decision) if decision.answer.is(&Answer::Approved) && matches!(ask.subject, Subject::Other(_)) => {
                Self::Open
            }
            Some(decision) if ask.by.as_ref().is_some_and(|asker| asker.same_person(&decision.by)) => Self::Open,
            Some(decision) if !people.may_decide(&decision.by.arn) => Self::Unasked,
            Some(decision) if decision.answer.is(&Answer::Approved) => Self::Approved(decision),
            Some(decision) => Self::Rejected(decision),
        }
    }
}

/// Whether an approval was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// It was.
    Yes,
    /// It was not.
    No,
}

impl Subject {
    /// The id of an ask for it: 64 hex digits. A plan's own; else the digest of what is asked for.
    pub fn id(&self) -> Result<String, NotCanonical> {
        match self {
            Self::Plan { plan } => Ok(plan.plan.id()?.as_str().to_owned()),
            Self::Undo { plan, .. } => undo_id(plan),
            Self::Exemption { terms } => canonical::digest(&json!({"exemption": terms})),
            Self::Settings(proposal) => {
                canonical::digest(&json!({"settings": {"from": proposal.from, "to": proposal.to}}))
            }
            Self::Release { scope, since } => canonical::digest(&json!({"release": scope, "since": since})),
            Self::Other(subject) => canonical::digest(&json!({"other": subject})),
        }
    }

    /// Its kind, in a word or two.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "plan",
            Self::Undo { .. } => "undo",
            Self::Exemption { .. } => "exemption",
            Self::Settings(_) => "settings",
            Self::Release { .. } => "release",
            Self::Other(_) => "other",
        }
    }

    /// The same, as stored under `id`. A subject that was not read whole is another version's, because its id is not
    /// that of the part that was read. Settings are read whole or not at all.
    #[must_use]
    pub fn understood(self, id: &str) -> Self {
        let is_strict = matches!(self, Self::Settings(_) | Self::Other(_));
        let is_whole = is_strict || self.id().is_ok_and(|own| own == id);
        if is_whole { self } else { Self::Other(json!(self)) }
    }
}

/// The id of an ask to take a plan back.
pub fn undo_id(plan: &PlanId) -> Result<String, NotCanonical> {
    canonical::digest(&json!({"undo": plan}))
}

/// Until when an ask of `now` lasts.
#[must_use]
pub fn lasts(now: Timestamp, hours: u32) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(i64::from(hours))).unwrap_or(now)
}

/// The forecast of a plan if its control were enforced today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forecast {
    /// It would be carried out.
    Write,
    /// It would wait for a person.
    Approval,
    /// It would not be carried out.
    Withheld,
}

impl Forecast {
    /// The forecast that an objection, or none, leads to.
    #[must_use]
    pub fn of(objection: Option<Outcome>) -> Self {
        match objection {
            None => Self::Write,
            Some(Outcome::AwaitingApproval) => Self::Approval,
            Some(_) => Self::Withheld,
        }
    }
}

#[cfg(test)]
mod tests;
