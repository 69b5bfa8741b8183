//! What a change of the settings comes to, member by member. Once somebody is named who could decide, each difference wants a
//! second person, whichever way it goes: less protection, less work and more demands can each harm.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Mode, Settings,
    members::{self, Rule},
};
use crate::{canonical, ids::AccountId, redact};

/// So much of a change is told in a notice, in bytes; the rest is where the whole change is shown.
const TOLD: usize = 640;
/// A rendered value that is longer, in bytes, stands in records as its digest.
const LONGEST_VALUE: usize = 1024;
/// Records list so many differences; of more, their number.
const LISTED: usize = 24;

/// Which way a difference goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Remedy may do more, or less is asked of the account.
    Looser,
    /// Remedy may do less.
    Weaker,
    /// More is asked of the account, and of the people in it.
    Stricter,
    /// A word of a later version.
    #[serde(other)]
    Another,
}

impl Way {
    /// The word, as in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Looser => "looser",
            Self::Weaker => "weaker",
            Self::Stricter => "stricter",
            Self::Another => "another",
        }
    }
}

/// One member that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Its path, such as `parameters.flap_limit`.
    pub member: String,
    /// Which ways it goes; never none.
    pub ways: Vec<Way>,
    /// What it was.
    pub before: Value,
    /// What it is to be.
    pub after: Value,
}

/// The differences between two settings. `environment` is what `REMEDY_MODE` says.
#[must_use]
pub fn differences(from: &Settings, to: &Settings, environment: Mode) -> Vec<Difference> {
    let (before, after) = (flat(from), flat(to));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let of = |side: &BTreeMap<String, Value>, name: &String| side.get(name).cloned().unwrap_or_default();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let difference = |name: &String| {
        let (before, after) = (of(&before, name), of(&after, name));
        let ways = match members::rule(name) {
            Some(Rule::Mode) => of_mode(name, (from, &before), (to, &after), environment),
            Some(rule) => members::ways(rule, &before, &after),
            None => Vec::new(),
        };
        // What no rule tells counts as the worst.
        let ways = if ways.is_empty() { vec![Way::Looser] } else { ways };
        Difference { member: name.clone(), ways, before, after }
    };
    changed.map(difference).collect()
}

/// Every member by its path; modes of controls and accounts one by one.
fn flat(settings: &Settings) -> BTreeMap<String, Value> {
    let Ok(Value::Object(sections)) = serde_json::to_value(settings) else { return BTreeMap::new() };
    let mut flat = BTreeMap::new();
    for (section, value) in sections {
        let Value::Object(members) = value else {
            flat.insert(section, value);
            continue;
        };
        for (member, value) in members {
            match value {
                Value::Object(each) if section == "modes" => {
                    flat.extend(each.into_iter().map(|(key, mode)| (format!("{section}.{member}.{key}"), mode)));
                }
                value => drop(flat.insert(format!("{section}.{member}"), value)),
            }
        }
    }
    flat
}

/// Where a member of the modes is changed, what that comes to: raised somewhere, lowered somewhere, or both.
fn of_mode(member: &str, from: (&Settings, &Value), to: (&Settings, &Value), environment: Mode) -> Vec<Way> {
    let both = [from.0, to.0];
    let control = member.strip_prefix("modes.controls.");
    let account = member.strip_prefix("modes.accounts.").and_then(|id| AccountId::parse(id).ok());
    let named = both.iter().flat_map(|settings| settings.modes.controls.keys()).map(String::as_str).chain([""]);
    let controls: BTreeSet<&str> = named.filter(|name| control.is_none_or(|control| control == *name)).collect();
    let other = AccountId::parse("000000000000").ok();
    let named = both.iter().flat_map(|settings| settings.modes.accounts.keys()).chain(&other);
    let accounts: BTreeSet<&AccountId> = named.filter(|id| account.as_ref().is_none_or(|one| one == *id)).collect();
    let pairs = controls.iter().flat_map(|control| accounts.iter().map(move |account| (*control, *account)));
    let mode =
        |settings: &Settings, (control, account): (&str, &AccountId)| settings.mode(control, account, environment);
    let moved: BTreeSet<_> = pairs.map(|pair| mode(from.0, pair).cmp(&mode(to.0, pair))).collect();
    let raised = moved.contains(&std::cmp::Ordering::Less).then_some(Way::Looser);
    let lowered = moved.contains(&std::cmp::Ordering::Greater).then_some(Way::Weaker);
    // What changes nothing today: where a word is put, it pins; where one is taken away, something else decides.
    let pinned = (raised, lowered) == (None, None) && from.1.is_null();
    raised.into_iter().chain(lowered).chain(pinned.then_some(Way::Weaker)).collect()
}

impl Difference {
    /// It as people are shown it: redacted, and whole.
    #[must_use]
    pub fn shown(&self) -> Value {
        redact::value(&json!(self))
    }

    /// It as a record lists it: the same, but for long values, which stand there as their digest.
    fn listed(&self) -> Value {
        let brief = |value: &Value| {
            let text = value.to_string();
            if text.len() <= LONGEST_VALUE {
                return redact::value(value);
            }
            json!({"sha256": canonical::sha256_hex(text.as_bytes()), "items": members::items(value).len()})
        };
        let member = redact::text(&self.member);
        json!({"member": member, "ways": self.ways, "before": brief(&self.before), "after": brief(&self.after)})
    }

    /// It in one line.
    fn line(&self) -> String {
        let ways = self.ways.iter().map(|way| way.word()).collect::<Vec<_>>().join(", ");
        // Masked before it is cut: half of a number is no number.
        let (mut what, is_mode) = (redact::text(&self.moved()), self.member.starts_with("modes."));
        let raises = if is_mode && self.ways.contains(&Way::Looser) { "raises the mode: " } else { "" };
        if what.chars().count() > 120 {
            what = what.chars().take(117).chain("...".chars()).collect();
        }
        format!("{raises}{} {what} ({ways})", redact::text(&self.member).chars().take(80).collect::<String>())
    }

    fn moved(&self) -> String {
        let (before, after) = (members::items(&self.before), members::items(&self.after));
        if !self.before.is_array() && !self.after.is_array() {
            return format!("{} -> {}", self.before, self.after);
        }
        let lacks = |list: &[Value], other: &[Value]| -> Vec<Value> {
            list.iter().filter(|item| !other.contains(item)).cloned().collect()
        };
        let (gained, lost) = (lacks(after, before), lacks(before, after));
        let part = |word: &str, items: Vec<Value>| {
            (!items.is_empty()).then(|| format!("{word} {}: {}", items.len(), Value::from(items)))
        };
        let parts: Vec<_> = [part("gains", gained), part("loses", lost)].into_iter().flatten().collect();
        if parts.is_empty() { "is in another order".to_owned() } else { parts.join(", ") }
    }
}

/// Differences as records list them.
#[must_use]
pub fn listed(differences: &[Difference]) -> Vec<Value> {
    differences.iter().take(LISTED).map(Difference::listed).collect()
}

/// Differences in a sentence, each with what it was and what it is to be. Of those that do not fit, the number.
#[must_use]
pub fn told(differences: &[Difference]) -> String {
    let (mut told, mut left) = (String::new(), differences.len());
    for line in differences.iter().map(Difference::line) {
        if told.len() + line.len() > TOLD {
            break;
        }
        told = if told.is_empty() { line } else { format!("{told}; {line}") };
        left -= 1;
    }
    if left == 0 { told } else { format!("{told}; and {left} more of {}", differences.len()) }
}

#[cfg(test)]
mod tests;
