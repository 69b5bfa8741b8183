//! Conservation: nothing is written that was not intended, and every intent ends once.

use std::collections::BTreeMap;

use remedy_domain::{
    Control,
    evidence::{Kind, Record},
};
use remedy_engine::LedgerBucket;

use crate::{
    fake::Seen,
    memory::{Access, MemoryPorts},
};

/// Checks the conservation laws over everything the ports did so far: `calls` is what AWS saw, where that is known.
///
/// * every write that AWS saw was made in a session named after a plan, whose intent was durable before, names that call,
///   and is about that resource, or about another that its plan names;
/// * every intent has exactly one outcome, and every outcome its intent;
/// * no evidence was ever overwritten.
pub fn conserved(control: &Control, ports: &MemoryPorts, calls: &[Seen]) {
    let records = records(ports);
    let intents: Vec<_> = records.values().filter(|record| record.kind == Kind::Intent).collect();
    let outcomes: Vec<_> = records.values().filter(|record| record.kind == Kind::Outcome).collect();
    for intent in &intents {
        let ends = outcomes.iter().filter(|outcome| outcome.attempt == intent.attempt).count();
        assert_eq!(ends, 1, "an intent has exactly one outcome: {intent:?}");
    }
    assert_eq!(intents.len(), outcomes.len(), "every outcome has its intent: {outcomes:?}");
    let writes = |call: &&Seen| control.all_writes().any(|write| write.operation == call.operation);
    for write in calls.iter().filter(writes).filter(|call| call.session.is_some()) {
        assert!(is_intended(write, ports, &records), "a write without an intent before it: {write:?}");
    }
    overwritten(ports);
}

/// Checks that no lock is held.
pub fn released(ports: &MemoryPorts) {
    let state = ports.shelf(LedgerBucket::State);
    let locks = state.keys().filter(|key| key.starts_with("lock/") && !key.ends_with(".done"));
    let held: Vec<_> = locks.filter(|key| !state.contains_key(&format!("{key}.done"))).collect();
    assert!(held.is_empty(), "locks are still held: {held:?}");
}

/// All evidence, by key.
pub(super) fn records(ports: &MemoryPorts) -> BTreeMap<String, Record> {
    let read = |body: &[u8]| serde_json::from_slice(body).expect("evidence is readable");
    ports.shelf(LedgerBucket::Evidence).into_iter().map(|(key, body)| (key, read(&body))).collect()
}

fn is_intended(write: &Seen, ports: &MemoryPorts, records: &BTreeMap<String, Record>) -> bool {
    let log = ports.log();
    let before = |key: &str| {
        let made = log.iter().find(|entry| entry.key == key && entry.access == Access::Created);
        made.is_some_and(|entry| entry.number < write.number)
    };
    records.iter().any(|(key, record)| {
        record.kind == Kind::Intent
            && before(key)
            && write.session.as_deref() == Some(record.plan.as_str())
            && write.account == record.target.account.as_str()
            && is_about(record, &write.resource)
            && record.steps.contains(&write.operation)
    })
}

/// Policies that become a user's, and users who have a policy, stand in what the plan says of it.
fn is_about(record: &Record, resource: &str) -> bool {
    let named = |value: &serde_json::Value| value.to_string().contains(resource);
    record.target.id == resource
        || record.target.arn.as_deref() == Some(resource)
        || named(&record.before)
        || named(&record.after)
}

fn overwritten(ports: &MemoryPorts) {
    let log = ports.log();
    let evidence = || log.iter().filter(|entry| entry.shelf == LedgerBucket::Evidence && entry.is_write());
    for entry in evidence() {
        assert_eq!(entry.access, Access::Created, "evidence is only created: {entry:?}");
        assert_eq!(evidence().filter(|other| other.key == entry.key).count(), 1, "evidence was overwritten: {entry:?}");
    }
}
