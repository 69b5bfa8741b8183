//! What waits for a person: a plan, an undo, an exemption, other settings, the release of a hold.
//!
//! All of them wait in the same way. An ask is known by the digest of what is asked for, so that an approval can mean nothing
//! else; it ends after a while; it is decided once, by somebody other than who asked; and an approval is spent once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    actor::Actor,
    canonical::{self, NotCanonical},
    evidence::StoredPlan,
    exemption::Terms,
    hold::HoldScope,
    ids::PlanId,
    outcome::Outcome,
    settings::Settings,
};

/// The stored form of asks and decisions written by this version.
pub const FORMAT: u32 = 1;

/// What is asked for.
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
    Settings {
        /// All of them.
        settings: Box<Settings>,
        /// What they loosen.
        loosens: Vec<String>,
    },
    /// To turn a hold off.
    Release {
        /// What it stops.
        scope: HoldScope,
        /// When the hold was put on: a later one is another.
        since: Timestamp,
    },
}

/// An ask on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// What is asked for.
    pub subject: Subject,
    /// Why it waits, or why it is asked for.
    pub reason: String,
    /// Who asks; nobody, where Remedy itself does.
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

/// What a person decided.
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

/// A decision on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// Yes or no.
    pub answer: Answer,
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
pub enum Standing {
    /// Nobody was asked, or what was asked is over.
    Unasked,
    /// Somebody was asked, and has not decided.
    Open,
    /// Somebody agreed, and nothing came of it yet.
    Approved(Decision),
    /// Somebody refused.
    Rejected(Decision),
}

impl Standing {
    /// How an ask stands `now`. A decision counts while the ask lasts, and only if it is another's.
    #[must_use]
    pub fn of(ask: &Ask, decision: Option<Decision>, is_spent: Spent, now: Timestamp) -> Self {
        if now >= ask.until || is_spent == Spent::Yes {
            return Self::Unasked;
        }
        match decision {
            None => Self::Open,
            Some(decision) if ask.by.as_ref().is_some_and(|asker| asker.same_person(&decision.by)) => Self::Open,
            Some(decision) if decision.answer == Answer::Approved => Self::Approved(decision),
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
            Self::Settings { settings, .. } => Ok(settings.digest()),
            Self::Release { scope, since } => canonical::digest(&json!({"release": scope, "since": since})),
        }
    }

    /// What it is, in a word or two.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "plan",
            Self::Undo { .. } => "undo",
            Self::Exemption { .. } => "exemption",
            Self::Settings { .. } => "settings",
            Self::Release { .. } => "release",
        }
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

/// What would come of a plan if its control were enforced today.
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
    /// What an objection to it, or none, comes to.
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
