//! Every intent has exactly one outcome.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use remedy_domain::Timestamp;

use super::{chain::Chain, objects};
use crate::{
    archive::Archive,
    finding::{Finding, Kind},
    hour::Hour,
    name::End,
};

/// A worker is gone after 16 minutes at most, and the hourly sealer closes what it left an hour later.
const SETTLED: Duration = Duration::from_hours(4);

#[derive(Default)]
struct Attempt<'a> {
    intents: BTreeSet<&'a str>,
    outcomes: BTreeSet<&'a str>,
}

/// Pairs the keys of what was sealed and of what is there. The keys are enough, and a record that is gone or changed is
/// named for that already.
pub(super) fn compare(archive: &Archive, chain: &Chain, at: Timestamp, findings: &mut Vec<Finding>) {
    let flagged: BTreeSet<_> =
        findings.iter().filter(|it| it.kind == Kind::Inserted).map(|it| it.object.clone()).collect();
    let present = archive.records.keys().map(String::as_str).filter(|key| !flagged.contains(*key));
    let sealed = objects::entries(chain).map(|(_, entry)| entry.key.as_str());
    let mut attempts: BTreeMap<&str, Attempt<'_>> = BTreeMap::new();
    for key in present.chain(sealed) {
        match End::of(key) {
            Some(End::Intent(attempt)) => attempts.entry(attempt).or_default().intents.insert(key),
            Some(End::Outcome(attempt)) => attempts.entry(attempt).or_default().outcomes.insert(key),
            None => continue,
        };
    }
    findings.extend(attempts.values().flat_map(|attempt| attempt.findings(at)));
}

impl Attempt<'_> {
    fn findings(&self, at: Timestamp) -> Vec<Finding> {
        let is_settled = |key: &str| Hour::of_key(key).is_some_and(|hour| hour.ends() + SETTLED <= at);
        let mut found: Vec<_> = self
            .outcomes
            .iter()
            .skip(1)
            .map(|key| Finding::new(Kind::DuplicateOutcome, *key, "its attempt has another outcome"))
            .collect();
        match (self.intents.first(), self.outcomes.first()) {
            (Some(intent), None) if is_settled(intent) => {
                let why = "its worker is long gone, and nobody wrote how it ended";
                found.push(Finding::new(Kind::IntentWithoutOutcome, *intent, why));
            }
            (None, Some(outcome)) => {
                let why = "nothing says that it was intended";
                found.push(Finding::new(Kind::OutcomeWithoutIntent, *outcome, why));
            }
            _ => {}
        }
        found
    }
}
