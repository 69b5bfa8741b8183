//! Exemptions: a violation that is to stay for a while, by whom, why, and the alternative measure (45 CFR
//! 164.306(d)(3)).
//!
//! The registry is the only source: a tag on a resource exempts nothing, because anyone who may tag could then exempt.
//! An exempt resource stays `NON_COMPLIANT`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    CLOCKS_DIFFER,
    actor::Actor,
    canonical,
    ids::{AccountId, Target},
    renamed,
    settings::matches,
};

/// The stored form of exemptions written by this version. Format 1 was written by an undo and had no people in it.
pub const FORMAT: u32 = 2;
/// No exemption lasts longer, in days. It may be renewed, and renewals are counted.
pub const LONGEST_DAYS: u32 = 90;
/// People are reminded so many days before an exemption ends.
pub const REMINDERS: [u32; 2] = [14, 3];
/// That one has ended is news for so many days.
const NEWS_DAYS: i32 = 14;

/// The number of characters of an id that a pattern has before its first wildcard, at least.
pub const LITERAL: usize = 8;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The terms that somebody asks for: the violation that is to stay, for how long, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The control that is held back.
    pub control: String,
    /// The account of the resources.
    pub account: AccountId,
    /// A pattern with `*` and `?` over ids, ARNs and `<resource type>/<id>`; at least [`LITERAL`] characters of an id
    /// precede its first wildcard.
    pub resource: String,
    /// The owner, responsible for it: a person or a team.
    pub owner: String,
    /// Why the measure is not reasonable and appropriate here.
    pub reason: String,
    /// Where it is tracked.
    pub ticket: String,
    /// The equivalent alternative measure.
    pub alternative: String,
    /// For how many days: 1 to [`LONGEST_DAYS`].
    pub days: u32,
}

/// An error in the terms of an exemption.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTerms {
    /// A member that must say something says nothing.
    #[error("the exemption's `{0}` is empty")]
    Empty(&'static str),
    /// A member that is too long to be read.
    #[error("the exemption's `{0}` is longer than 1024 bytes")]
    Long(&'static str),
    /// It would last too long, or not at all.
    #[error("the exemption lasts {0} days; it may last 1 to {LONGEST_DAYS}")]
    Days(u32),
    /// It may cover everything.
    #[error(
        "the exemption's resource names nothing: it is an id, or begins with at least {LITERAL} characters of one (after \
         `arn:...:` and the type); name resources, or lower the control's mode in the settings"
    )]
    Everything,
}

/// A stored exemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// The stored form: [`FORMAT`], or 1.
    pub format: u32,
    /// The control it holds back.
    pub control: String,
    /// The account of the resources.
    pub account: AccountId,
    /// A pattern over ids, ARNs and `<resource type>/<id>`.
    pub resource: String,
    /// Why, in words.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when; at most 90 days after `since`.
    pub until: Timestamp,
    /// The owner, responsible for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Where it is tracked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The equivalent alternative measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternative: Option<String>,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<Actor>,
    /// Who agreed: somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Actor>,
    /// How often it was renewed.
    #[serde(default)]
    pub renewals: u32,
}

impl Terms {
    /// Whether the terms are complete and within bounds.
    pub fn check(&self) -> Result<(), BadTerms> {
        let texts = [
            ("control", &self.control),
            ("resource", &self.resource),
            ("owner", &self.owner),
            ("reason", &self.reason),
            ("ticket", &self.ticket),
            ("alternative", &self.alternative),
        ];
        for (name, text) in texts {
            if text.trim().is_empty() {
                return Err(BadTerms::Empty(name));
            }
            if text.len() > crate::redact::LONGEST_FIELD {
                return Err(BadTerms::Long(name));
            }
        }
        if !names_something(&self.resource) {
            return Err(BadTerms::Everything);
        }
        if (1..=LONGEST_DAYS).contains(&self.days) { Ok(()) } else { Err(BadTerms::Days(self.days)) }
    }

    /// The same as they are stored: with the first id of their control, which every version knows.
    #[must_use]
    pub fn filed(&self) -> Self {
        Self { control: renamed::filed(&self.control).to_owned(), ..self.clone() }
    }

    /// The same as people see them: with the id that their control has now.
    #[must_use]
    pub fn current(&self) -> Self {
        Self { control: renamed::current(&self.control).to_owned(), ..self.clone() }
    }

    /// Whether they are about this control and resource.
    #[must_use]
    pub fn cover(&self, control: &str, target: &Target) -> bool {
        renamed::is_same(&self.control, control) && covers(&self.account, &self.resource, target)
    }
}

impl Exemption {
    /// The exemption that begins `now` on these terms; `last` is the one that it renews.
    #[must_use]
    pub fn granted(terms: &Terms, people: (&Actor, &Actor), now: Timestamp, last: Option<&Self>) -> Self {
        let (requested_by, approved_by) = people;
        let text = |text: &String| Some(crate::redact::text(text));
        Self {
            format: FORMAT,
            control: renamed::filed(&terms.control).to_owned(),
            account: terms.account.clone(),
            resource: terms.resource.clone(),
            reason: crate::redact::text(&terms.reason),
            since: now,
            until: now.saturating_add(DAY * i32::try_from(terms.days).unwrap_or_default()).unwrap_or(now),
            owner: text(&terms.owner),
            ticket: text(&terms.ticket),
            alternative: text(&terms.alternative),
            requested_by: Some(requested_by.clone()),
            approved_by: Some(approved_by.clone()),
            renewals: last.map_or(0, |last| last.renewals.saturating_add(1)),
        }
    }

    /// The same as people see it: with the id that its control has now.
    #[must_use]
    pub fn current(self) -> Self {
        Self { control: renamed::current(&self.control).to_owned(), ..self }
    }

    /// Its stored name: asking again for the same control, account and resource renews it.
    #[must_use]
    pub fn id(&self) -> String {
        name(&self.control, &self.account, &self.resource)
    }

    /// Whether it exempts this resource from this control at this time.
    ///
    /// An exemption that lasts longer than 90 days, or that its own asker agreed to, exempts nothing.
    #[must_use]
    pub fn holds(&self, control: &str, target: &Target, now: Timestamp) -> bool {
        let lasts = self.until.duration_since(self.since) <= DAY * i32::try_from(LONGEST_DAYS).unwrap_or_default();
        // The clock of who granted it may be ahead.
        let is_current = self.since <= now + CLOCKS_DIFFER && now < self.until;
        lasts && is_current && self.has_two_people() && renamed::is_same(&self.control, control) && self.covers(target)
    }

    /// An undo of format 1 named nobody.
    fn has_two_people(&self) -> bool {
        match (&self.requested_by, &self.approved_by) {
            (Some(requester), Some(approver)) => !requester.same_person(approver),
            (None, None) => self.format == 1,
            _ => false,
        }
    }

    fn covers(&self, target: &Target) -> bool {
        covers(&self.account, &self.resource, target)
    }

    /// The same, lasting as long as `other` if that stands still and lasts longer: an undo shortens nobody's exemption.
    #[must_use]
    pub fn no_shorter_than(self, other: Option<&Self>) -> Self {
        let longer = other.filter(|other| self.since < other.until && other.has_two_people()).map(|other| other.until);
        let longest = self.since.saturating_add(DAY * i32::try_from(LONGEST_DAYS).unwrap_or_default());
        let until = longer.unwrap_or(self.until).max(self.until).min(longest.unwrap_or(self.until));
        Self { until, ..self }
    }

    /// The reminder that is due: so many days are left, or fewer; 0 if it ended in the last few days.
    #[must_use]
    pub fn reminder_due(&self, now: Timestamp) -> Option<u32> {
        let left = self.until.duration_since(now);
        if left <= SignedDuration::ZERO {
            return (-left <= DAY * NEWS_DAYS).then_some(0);
        }
        let due = |days: &&u32| left <= DAY * i32::try_from(**days).unwrap_or_default();
        REMINDERS.iter().filter(due).min().copied()
    }
}

/// Whether a pattern names resources: the id in it is whole, or begins with enough of one. The part before the id (of
/// an ARN the first five parts and the type, of a typed name the type) does not count.
fn names_something(pattern: &str) -> bool {
    let id = match pattern.split_once(':') {
        Some(("arn", _)) => {
            pattern.splitn(6, ':').nth(5).map(|resource| resource.split_once(['/', ':']).map_or(resource, |(_, id)| id))
        }
        _ if pattern.starts_with("AWS::") => pattern.split_once('/').map(|(_, id)| id),
        _ => Some(pattern),
    };
    let Some(id) = id.filter(|id| !id.is_empty()) else { return false };
    match id.split_once(['*', '?']) {
        None => true,
        Some((literal, _)) => literal.chars().count() >= LITERAL,
    }
}

/// The stored name of the exemption for a control, whatever it is called, an account and a resource pattern.
#[must_use]
pub fn name(control: &str, account: &AccountId, resource: &str) -> String {
    canonical::digest_of_text(&[renamed::filed(control), account.as_str(), resource]).chars().take(32).collect()
}

/// Whether a damaged entry may be about this target, as far as it can still be read: its stored name is that of an
/// exemption of this very resource, or it still contains the account and the resource.
#[must_use]
pub fn may_cover(control: &str, entry: &str, left: &[u8], target: &Target) -> bool {
    let is_named = names(target).iter().any(|resource| name(control, &target.account, resource) == entry);
    let left: Value = serde_json::from_slice(left).unwrap_or_default();
    let text = |member: &str| left.get(member).and_then(Value::as_str);
    let is_left = text("account") == Some(target.account.as_str())
        && text("resource").is_some_and(|pattern| names(target).iter().any(|name| matches(pattern, name)));
    is_named || is_left
}

fn covers(account: &AccountId, pattern: &str, target: &Target) -> bool {
    *account == target.account && names(target).iter().any(|name| matches(pattern, name))
}

/// The texts that a pattern may match.
fn names(target: &Target) -> Vec<String> {
    let typed = format!("{}/{}", target.resource_type, target.id);
    [Some(target.id.clone()), target.arn.clone(), Some(typed)].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
