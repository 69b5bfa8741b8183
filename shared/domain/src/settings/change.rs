//! The differences of a change of the settings, member by member. Once an approver is named, each difference needs a
//! second person, whatever its kind: less protection, less work and more demands can each harm.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Mode, Settings, kinds::Rule, members};
use crate::{canonical, ids::AccountId, redact};

/// The length of the differences in a notice, in bytes; the whole change shows the rest.
const TOLD: usize = 640;
/// A longer rendered value, in bytes, is replaced by its digest in records.
const LONGEST_VALUE: usize = 1024;
/// The number of differences that a record lists; of the rest, the count.
const LISTED: usize = 24;

/// Which way a difference goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Remedy may do more, or demands less of the account.
    Looser,
    /// Remedy may do less.
    Weaker,
    /// Remedy demands more of the account, and of the people in it.
    Stricter,
    /// Remedy does and demands the same as before.
    Neither,
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
            Self::Neither => "neither",
            Self::Another => "another",
        }
    }
}

/// One member that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Its path, such as `parameters.flap_limit`.
    pub member: String,
    /// The ways it goes; never empty.
    pub ways: Vec<Way>,
    /// The value before.
    pub before: Value,
    /// The value after.
    pub after: Value,
}

/// The differences between two settings. `environment` is the mode in `REMEDY_MODE`.
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
        // A change without a rule counts as the worst.
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

/// The ways of a change of a mode: raised somewhere, lowered somewhere, or both.
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
    // The change has no effect today: a new word pins the mode; a removed one leaves it to something else.
    let pinned = (raised, lowered) == (None, None) && from.1.is_null();
    raised.into_iter().chain(lowered).chain(pinned.then_some(Way::Weaker)).collect()
}

impl Difference {
    /// The difference as people see it: redacted, and whole.
    #[must_use]
    pub fn shown(&self) -> Value {
        redact::value(&json!(self))
    }

    /// The difference as a record lists it: the same, but with digests in place of long values.
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

    /// The difference in one line.
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

/// The differences in a sentence, each before and after. Those that do not fit are counted.
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
