//! From one setting to another: the members that change, and policies statement by statement.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde_json::{Map, Value};

use super::text::{Text, count};

/// A part of a setting that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Members(Vec<Member>),
    Policy(PolicyDiff),
}

/// A member of a setting; several if they change alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) names: Vec<Text>,
    pub(crate) before: Text,
    pub(crate) after: Text,
}

/// A policy, by statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyDiff {
    /// Which policy, and how many statements it has.
    pub(crate) title: Text,
    pub(crate) kept: Vec<Statement>,
    pub(crate) removed: Vec<Statement>,
    pub(crate) added: Vec<Statement>,
    /// Members beside the statements.
    pub(crate) members: Vec<Member>,
}

/// A statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Its place, from 1, and its Sid.
    pub(crate) title: Text,
    pub(crate) text: Text,
}

impl PolicyDiff {
    /// Which statements stay.
    pub(crate) fn stays(&self) -> String {
        let verb = if self.kept.len() == 1 { "stays" } else { "stay" };
        let titles: Vec<_> = self.kept.iter().map(|kept| kept.title.as_str()).collect();
        format!("{} {verb}: {}", count(self.kept.len(), "statement"), titles.join("; "))
    }
}

/// What changes from one setting to another; nothing if they are equal. A text that holds a JSON policy counts as that.
pub(crate) fn changes(before: &Value, after: &Value) -> Vec<Part> {
    let mut found = Found::default();
    found.compare("", before, after);
    let mut parts: Vec<_> = found.policies.into_iter().map(Part::Policy).collect();
    if !found.members.is_empty() {
        parts.push(Part::Members(shortened(found.members)));
    }
    parts
}

/// The same in lines, for a terminal.
pub(crate) fn lines(before: &Value, after: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for part in changes(before, after) {
        match part {
            Part::Members(members) => lines.extend(members.iter().map(Member::line)),
            Part::Policy(policy) => policy.lines(&mut lines),
        }
    }
    lines
}

impl Member {
    fn line(&self) -> String {
        let names: Vec<_> = self.names.iter().map(Text::as_str).collect();
        format!("{}: {} → {}", names.join(", "), self.before, self.after)
    }
}

impl PolicyDiff {
    fn lines(&self, lines: &mut Vec<String>) {
        lines.push(self.title.to_string());
        if !self.kept.is_empty() {
            lines.push(format!("  {}", self.stays()));
        }
        for (sign, statements) in [('-', &self.removed), ('+', &self.added)] {
            for statement in statements {
                lines.push(format!("{sign} {}", statement.title));
                lines.extend(statement.text.as_str().lines().map(|line| format!("{sign}   {line}")));
            }
        }
        lines.extend(self.members.iter().map(Member::line));
    }
}

/// Members by their last name alone, where that says which one it is.
fn shortened(mut members: Vec<Member>) -> Vec<Member> {
    let leaf = |name: &Text| name.as_str().rsplit('.').next().unwrap_or_default().to_owned();
    let mut known: BTreeMap<String, BTreeSet<Text>> = BTreeMap::new();
    for name in members.iter().flat_map(|member| &member.names) {
        known.entry(leaf(name)).or_default().insert(name.clone());
    }
    for name in members.iter_mut().flat_map(|member| &mut member.names) {
        let short = leaf(name);
        if !short.is_empty() && known.get(&short).is_some_and(|names| names.len() == 1) {
            *name = Text::of(&short);
        }
    }
    members
}

#[derive(Default)]
struct Found {
    policies: Vec<PolicyDiff>,
    members: Vec<Member>,
}

impl Found {
    fn compare(&mut self, name: &str, before: &Value, after: &Value) {
        if before == after {
            return;
        }
        let (old, new) = (parsed(before), parsed(after));
        let either = |holds: fn(&Value) -> bool| {
            (holds(&old) || holds(&new)) && (holds(&old) || old.is_null()) && (holds(&new) || new.is_null())
        };
        if either(is_policy) {
            self.policies.push(policy(name, &old, &new));
        } else if either(Value::is_object) {
            self.compare_members(name, object(&old), object(&new));
        } else if either(Value::is_array) {
            self.compare_items(name, &items(&old), &items(&new));
        } else {
            self.member(name, plain(before), plain(after));
        }
    }

    fn compare_members(&mut self, name: &str, old: &Map<String, Value>, new: &Map<String, Value>) {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for member in names {
            let path = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
            self.compare(&path, old.get(member).unwrap_or(&Value::Null), new.get(member).unwrap_or(&Value::Null));
        }
    }

    fn compare_items(&mut self, name: &str, old: &[Value], new: &[Value]) {
        let Sorted { kept, removed, added } = sorted(old, new);
        for (_, item) in &removed {
            self.member(name, plain(item), Text::of("removed"));
        }
        for (_, item) in &added {
            self.member(name, Text::of("none"), plain(item));
        }
        if removed.is_empty() && added.is_empty() {
            self.member(name, Text::of("another order"), Text::of(&format!("the same {}", count(kept.len(), "entry"))));
        }
    }

    /// Members beside each other that change alike are one.
    fn member(&mut self, name: &str, before: Text, after: Text) {
        let name = Text::of(if name.is_empty() { "setting" } else { name });
        match self.members.last_mut() {
            Some(last) if last.before == before && last.after == after && !last.names.contains(&name) => {
                last.names.push(name);
            }
            _ => self.members.push(Member { names: vec![name], before, after }),
        }
    }
}

/// What stays, what goes and what comes, each with its place; of what occurs twice, one goes if it is once afterwards.
struct Sorted {
    kept: Vec<(usize, Value)>,
    removed: Vec<(usize, Value)>,
    added: Vec<(usize, Value)>,
}

fn sorted(old: &[Value], new: &[Value]) -> Sorted {
    let mut added: Vec<_> = new.iter().cloned().enumerate().collect();
    let (mut kept, mut removed) = (Vec::new(), Vec::new());
    for (place, item) in old.iter().cloned().enumerate() {
        if let Some(same) = added.iter().position(|(_, other)| *other == item) {
            added.remove(same);
            kept.push((place, item));
        } else {
            removed.push((place, item));
        }
    }
    Sorted { kept, removed, added }
}

fn policy(name: &str, old: &Value, new: &Value) -> PolicyDiff {
    let (before, after) = (statements(old), statements(new));
    let Sorted { kept, removed, added } = sorted(&before, &after);
    let mut beside = Found::default();
    if !old.is_null() && !new.is_null() {
        beside.compare_members("", &beside_statements(old), &beside_statements(new));
    }
    let is_document = [old, new].into_iter().any(|one| one.get("Statement").is_some());
    let title = match (is_document, name) {
        (false, _) => "policy statement",
        (true, "") => "policy",
        (true, name) => name,
    };
    let had = if old.is_null() { "none yet".to_owned() } else { count(before.len(), "statement") };
    let all = |statements: Vec<(usize, Value)>| statements.iter().map(|(place, one)| statement(*place, one)).collect();
    let title = Text::sentence(&format!("{title}, {had}"));
    PolicyDiff { title, kept: all(kept), removed: all(removed), added: all(added), members: beside.members }
}

fn statement(place: usize, value: &Value) -> Statement {
    let sid = value.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty());
    let title = sid.map_or_else(|| format!("statement {}", place + 1), |sid| format!("statement {}, {sid}", place + 1));
    Statement { title: Text::of(&title), text: Text::lines(&laid_out(value)) }
}

/// A text that holds an object or a list in JSON, as that.
fn parsed(value: &Value) -> Value {
    let text = value.as_str().map(str::trim).filter(|text| text.starts_with(['{', '[']));
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| value.clone())
}

/// Whether it is a policy, or a statement by itself.
fn is_policy(value: &Value) -> bool {
    let has = |member| value.get(member).is_some();
    has("Statement") || (has("Effect") && (has("Action") || has("NotAction")))
}

fn statements(policy: &Value) -> Vec<Value> {
    match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(one) => vec![one.clone()],
        None if policy.is_null() => Vec::new(),
        None => vec![policy.clone()],
    }
}

fn beside_statements(policy: &Value) -> Map<String, Value> {
    let is_document = policy.get("Statement").is_some();
    let members = object(policy).iter().filter(|(name, _)| is_document && *name != "Statement");
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn object(value: &Value) -> &Map<String, Value> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}

fn items(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn plain(value: &Value) -> Text {
    Text::of(&match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => text.clone(),
        other => inline(other),
    })
}

const ORDER: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
const WIDE: usize = 72;

/// A statement with a line for each member, in the order in which people write them.
fn laid_out(value: &Value) -> String {
    let Some(members) = value.as_object() else { return inline(value) };
    let known = ORDER.iter().filter_map(|name| members.get_key_value(*name));
    let others = members.iter().filter(|(name, _)| !ORDER.contains(&name.as_str()));
    let lines: Vec<_> =
        known.chain(others).map(|(name, value)| format!("  {}: {}", quoted(name), wrapped(value))).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// On one line, or an item on each where that is too long.
fn wrapped(value: &Value) -> String {
    let line = inline(value);
    match value {
        Value::Array(items) if line.len() > WIDE => {
            let items: Vec<_> = items.iter().map(|item| format!("    {}", inline(item))).collect();
            format!("[\n{}\n  ]", items.join(",\n"))
        }
        Value::Object(members) if line.len() > WIDE => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| format!("    {}: {}", quoted(name), inline(value))).collect();
            format!("{{\n{}\n  }}", members.join(",\n"))
        }
        _ => line,
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| format!("{}: {}", quoted(name), inline(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Each line with a sign before it.
pub(crate) fn signed(sign: char, text: &Text) -> Text {
    let lines: Vec<_> = text.as_str().lines().map(|line| format!("{sign} {line}")).collect();
    Text::lines(&lines.join("\n"))
}

#[cfg(test)]
mod tests;
