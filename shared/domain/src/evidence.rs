//! Evidence: what is written down about a run, before and after it acts.
//!
//! Records are redacted: fixed words, numbers, identifiers, and the control's own rendering of a setting. The settings
//! themselves are kept verbatim in one encrypted object per plan, because undo needs them ([`StoredPlan`]).

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    actor::Actor,
    ask::Forecast,
    guard::Purpose,
    ids::{AttemptId, PlanId, Target},
    outcome::Outcome,
    plan::Plan,
    settings::Mode,
    stored::Word,
};

/// The stored form of everything written by this version.
pub const FORMAT: u32 = 1;

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A write is about to be made. Without a durable intent nothing is written.
    Intent,
    /// How an intent ended. Every intent has exactly one.
    Outcome,
    /// A plan that was not carried out, recorded once.
    Held,
    /// A target is to stay as it is for a while.
    Exemption,
    /// Somebody asked for something, decided it, or turned a switch.
    Decision,
    /// Other settings came into force.
    Settings,
}

impl Kind {
    /// The word, as in keys and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::Held => "held",
            Self::Exemption => "exemption",
            Self::Decision => "decision",
            Self::Settings => "settings",
        }
    }
}

/// One evidence record: one object in the evidence bucket, never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// What the record is about.
    pub kind: Kind,
    /// When it was written.
    pub at: Timestamp,
    /// The control.
    pub control: String,
    /// The resource.
    pub target: Target,
    /// The plan.
    pub plan: PlanId,
    /// The try at the plan; absent for what was only held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// What the plan is for.
    pub purpose: Word<Purpose>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Word<Outcome>>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same as a code; absent in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// The check of the guard that objected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The forecast if the plan's control were enforced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Word<Forecast>>,
    /// Who asked for it, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Actor>,
    /// Who approved it, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Actor>,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<String>,
    /// The element of each of them; absent in records of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<String>,
    /// The observed setting, redacted.
    pub before: Value,
    /// The wanted setting, redacted.
    pub after: Value,
    /// The AWS calls the plan comes to, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// How far Remedy was allowed to go.
    pub mode: Word<Mode>,
    /// The digest of the settings in force.
    pub settings: String,
    /// The cause of the run.
    pub cause: String,
    /// The Lambda request that made it.
    pub invocation: String,
}

impl Record {
    /// The record's key: by hour, then by time, control, kind and the id that makes it unique.
    #[must_use]
    pub fn key(&self) -> String {
        let unique = self.attempt.as_ref().map_or(self.plan.as_str(), AttemptId::as_str);
        key(self.at, &self.control, self.kind, unique)
    }
}

/// An act of a person: asked for something, decided it, or set or released a hold. One object in the evidence bucket,
/// never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// Always [`Kind::Decision`].
    pub kind: Kind,
    /// When.
    pub at: Timestamp,
    /// Who; proven, never claimed.
    pub by: Actor,
    /// What was done: `asks`, `approves`, `rejects`, `holds`, `releases`.
    pub deed: String,
    /// What it is about: `plan`, `undo`, `exemption`, `settings`, `release` or `hold`.
    pub subject: String,
    /// The id of the ask, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
    /// What it is about, redacted.
    pub about: Value,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The digest of the settings in force.
    pub settings: String,
    /// The SHA-256 of the signed request.
    pub request: String,
    /// Makes the record's key unique.
    pub attempt: AttemptId,
}

impl Deed {
    /// The record's key.
    #[must_use]
    pub fn key(&self) -> String {
        key(self.at, "operator", self.kind, self.attempt.as_str())
    }
}

/// Other settings came into force. One object in the evidence bucket, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// [`Kind::Settings`]; another word if a later version wrote it.
    pub kind: Word<Kind>,
    /// Since when.
    pub at: Timestamp,
    /// The digest of the settings that were in force; empty if there were none.
    pub from: String,
    /// The digest of the settings now in force.
    pub to: String,
    /// The SHA-256 of the document's text.
    pub document: String,
    /// The number of members that differ.
    pub count: usize,
    /// The differences, redacted: each member with its ways, before and after. If there are very many, the first ones.
    pub differences: Vec<Value>,
    /// Who asked for it; absent if the deployed document took effect because nobody was named who decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Actor>,
    /// Who agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Actor>,
    /// The ask, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
    /// Makes the record's key unique: hex digits.
    pub change: String,
}

impl Changed {
    /// The record's key.
    #[must_use]
    pub fn key(&self) -> String {
        key(self.at, "settings", Kind::Settings, &self.change)
    }
}

/// The key of a record of `kind` that belongs to something begun `at`.
#[must_use]
pub fn key(at: Timestamp, control: &str, kind: Kind, unique: &str) -> String {
    let (hour, utc) = (hour_path(at), utc(at));
    let stamp = format!("{:02}{:02}.{:03}", utc.minute(), utc.second(), utc.millisecond());
    format!("{hour}/{stamp}-{control}-{}-{unique}.json", kind.word())
}

/// The folder of an hour in the evidence bucket: `yyyy/mm/dd/hh`.
#[must_use]
pub fn hour_path(at: Timestamp) -> String {
    let utc = utc(at);
    format!("{:04}/{:02}/{:02}/{:02}", utc.year(), utc.month(), utc.day(), utc.hour())
}

/// The hour of `at` as one word, for the keys of budget slots.
#[must_use]
pub fn hour(at: Timestamp) -> String {
    let utc = utc(at);
    format!("{:04}{:02}{:02}{:02}", utc.year(), utc.month(), utc.day(), utc.hour())
}

/// The day of `at` (UTC) as one word, for the keys of waves.
#[must_use]
pub fn day(at: Timestamp) -> String {
    let utc = utc(at);
    format!("{:04}{:02}{:02}", utc.year(), utc.month(), utc.day())
}

fn utc(at: Timestamp) -> DateTime {
    Offset::UTC.to_datetime(at)
}

/// A plan with its settings verbatim, kept encrypted in the state bucket for as long as it may be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPlan {
    /// The plan.
    pub plan: Plan,
    /// Its purpose. A plan for another purpose is no repair, and nobody reverts it.
    pub purpose: Word<Purpose>,
    /// What was observed after it was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realized: Option<Value>,
    /// The function that carried it out; empty in records of versions before 0.1.0.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub function: String,
    /// The last attempt at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// When it was last written.
    pub at: Timestamp,
}

/// A lock on one target for one control, held for one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// The attempt that holds it.
    pub attempt: AttemptId,
    /// The control.
    pub control: String,
    /// The locked target.
    pub target: Target,
    /// The plan to be carried out.
    pub plan: PlanId,
    /// What the plan is for.
    pub purpose: Word<Purpose>,
    /// Since when. The intent and its outcome carry this time in their keys.
    pub since: Timestamp,
    /// Until when; after that the worker is known to be gone.
    pub until: Timestamp,
}

impl Lock {
    /// The key of the attempt's intent.
    #[must_use]
    pub fn intent_key(&self) -> String {
        key(self.since, &self.control, Kind::Intent, self.attempt.as_str())
    }

    /// The key of the attempt's one outcome.
    #[must_use]
    pub fn outcome_key(&self) -> String {
        key(self.since, &self.control, Kind::Outcome, self.attempt.as_str())
    }
}

impl Released {
    /// How it ended, for counting writes: another version's outcome may have written, and nobody saw the result.
    #[must_use]
    pub fn counts_as(&self) -> Outcome {
        self.outcome.known().copied().unwrap_or(Outcome::Unverified)
    }
}

/// Who spent an approval, as stored beside the ask: an attempt, or nobody that this version can name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SpentBy {
    /// This attempt.
    Attempt(AttemptId),
    /// Another version's form. It is spent, and not by the attempt of a crashed worker.
    Other(Value),
}

impl SpentBy {
    /// Whether one of these attempts spent it.
    #[must_use]
    pub fn is_among(&self, attempts: &[AttemptId]) -> bool {
        matches!(self, Self::Attempt(attempt) if attempts.contains(attempt))
    }
}

/// The entry that the release of a lock leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// The stored form, [`FORMAT`].
    pub format: u32,
    /// The plan that was carried out, or not.
    pub plan: PlanId,
    /// How it ended. Another version's outcome counts as one that wrote.
    pub outcome: Word<Outcome>,
    /// How far it came; absent if it came no further than the lock, and in entries of versions before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Word<Tried>>,
    /// The digest of the settings that it was tried under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// How far an attempt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tried {
    /// Nothing: its worker crashed before it had an intent.
    Nothing,
    /// AWS refused it, and would refuse the same plan again.
    Refused,
    /// It had an intent, and may have written. Words of later versions count as this one.
    #[serde(other)]
    Intended,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_time_and_say_what_they_hold() {
        let at: Timestamp = "2026-03-02T10:15:30.123Z".parse().unwrap();
        let key = key(at, "s3-bucket-public", Kind::Intent, "ab");
        assert_eq!(key, "2026/03/02/10/1530.123-s3-bucket-public-intent-ab.json");
        assert_eq!(hour(at), "2026030210");
    }
}
