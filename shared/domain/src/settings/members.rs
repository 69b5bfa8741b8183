//! The members of the settings, and the effect of a change of each. Stored documents are also read by it,
//! whichever version stored them.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    change::Way::{self, Looser, Neither, Weaker},
    kinds::Rule,
    organization::Organization,
    parameters::Parameters,
};

/// Words of modes, from the most careful one on.
const MODES: [&str; 3] = ["observe", "approve", "enforce"];

/// Every member of the document but the parameters, by its path. A member that is missing here fails a test, and its changes count
/// as looser.
const OTHERS: [(&str, Rule); 11] = [
    ("modes.default", Rule::Mode),
    ("modes.controls", Rule::Mode),
    ("modes.accounts", Rule::Mode),
    ("protected.principals", Rule::List(&[Weaker], &[Looser])),
    ("protected.resources", Rule::List(&[Weaker], &[Looser])),
    ("protected.break_glass", Rule::BreakGlass),
    ("people.operators", Rule::Any(&[Looser])),
    ("people.approvers", Rule::Any(&[Looser])),
    ("accounts", Rule::List(&[Looser], &[Weaker])),
    ("organization", Rule::Shown(&Organization::WORDS)),
    // Not a member itself: the entries under `modes.controls` and `modes.accounts` are named by their keys.
    ("modes", Rule::Mode),
];

/// Every member, by its path.
pub(super) fn all() -> impl Iterator<Item = &'static (&'static str, Rule)> {
    OTHERS.iter().chain(Parameters::RULES)
}

/// The rule of a member, if there is one.
pub(super) fn rule(member: &str) -> Option<Rule> {
    let key = if member.starts_with("modes.") { "modes" } else { member };
    all().find(|(name, _)| *name == key).map(|(_, rule)| *rule)
}

/// The ways of a change to more, or to less.
fn by_order<T: Ord>(before: Option<T>, after: Option<T>, more: &[Way], less: &[Way]) -> Vec<Way> {
    match before.zip(after).map(|(from, to)| from.cmp(&to)) {
        Some(Ordering::Less) => more.to_vec(),
        Some(Ordering::Greater) => less.to_vec(),
        Some(Ordering::Equal) | None => Vec::new(),
    }
}

/// The ways of a change that does not concern modes. None: there is no rule.
pub(super) fn ways(rule: Rule, before: &Value, after: &Value) -> Vec<Way> {
    match rule {
        Rule::Mode => Vec::new(),
        Rule::Number(more, less) => by_order(before.as_u64(), after.as_u64(), &[more], &[less]),
        Rule::Word(words, later, earlier) => {
            let place = |value: &Value| words.iter().position(|word| value.as_str() == Some(word));
            by_order(place(before), place(after), later, earlier)
        }
        Rule::List(gains, loses) => of_list(before, after, gains, loses),
        Rule::BreakGlass => {
            let first = items(before).is_empty() && !items(after).is_empty();
            of_list(before, after, if first { &[Looser, Weaker] } else { &[Weaker] }, &[Looser])
        }
        Rule::Any(ways) => ways.to_vec(),
        Rule::Shown(_) => vec![Neither],
    }
}

fn of_list(before: &Value, after: &Value, gains: &[Way], loses: &[Way]) -> Vec<Way> {
    let has = |list: &Value, other: &Value| items(list).iter().any(|item| !items(other).contains(item));
    let gained = if has(after, before) { gains } else { &[] };
    let lost = if has(before, after) { loses } else { &[] };
    let mut ways = [gained, lost].concat();
    ways.sort_unstable();
    ways.dedup();
    ways
}

/// The items of a list; none if it is no list.
pub(super) fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// A stored document without the members that this version does not know; a word that it does not know is replaced by
/// the most careful one, or left out where it decides nothing.
pub(super) fn known(mut document: Value) -> Value {
    let Some(sections) = document.as_object_mut() else { return document };
    sections.retain(|section, value| {
        match (rule(section), value) {
            (_, Value::Object(members)) => members.retain(|member, value| keep(&format!("{section}.{member}"), value)),
            (Some(Rule::Shown(words)), Value::Array(items)) => {
                items.retain(|item| item.as_str().is_some_and(|word| words.contains(&word)));
            }
            _ => {}
        }
        all().any(|(name, _)| name.split('.').next() == Some(section))
    });
    document
}

fn keep(member: &str, value: &mut Value) -> bool {
    let Some((_, rule)) = all().find(|(name, _)| *name == member) else { return false };
    match (rule, value) {
        (Rule::Mode, Value::Object(modes)) => modes.values_mut().for_each(|mode| of_words(mode, &MODES)),
        (Rule::Mode, mode) => of_words(mode, &MODES),
        (Rule::Word(words, ..), word) => of_words(word, words),
        _ => {}
    }
    true
}

fn of_words(value: &mut Value, words: &[&str]) {
    let is_another = value.as_str().is_some_and(|word| !words.contains(&word));
    if let (true, Some(careful)) = (is_another, words.first()) {
        *value = Value::from(*careful);
    }
}
