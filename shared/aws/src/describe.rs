//! `--describe`: what a function says of itself, for the template, the documentation and the tests.

use std::collections::BTreeMap;

use remedy_domain::Call;
use serde_json::{Value, json};

use crate::{Controls, clients, config_rules, notices, routing, settings, store, sweeping};

/// What a function without controls says of itself: the calls of the ledger and of notices, and its own by purpose; the
/// variables of its environment that are its own.
#[must_use]
pub fn of_service(function: &str, own: &[(&str, &[Call])], required: &[&str], optional: &[&str]) -> Value {
    let mut host = json!({"ledger": calls(&store::CALLS), "notices": calls(&notices::CALLS)});
    if let Some(members) = host.as_object_mut() {
        members.extend(own.iter().map(|(purpose, own)| ((*purpose).to_owned(), calls(own))));
    }
    let required = [&["REMEDY_EVIDENCE_BUCKET", "REMEDY_STATE_BUCKET"], required].concat();
    let optional = [&["REMEDY_TOPIC_ARN"], optional].concat();
    json!({
        "function": function,
        "version": env!("CARGO_PKG_VERSION"),
        "controls": [],
        "host": host,
        "environment": {"required": required, "optional": optional},
    })
}

/// What the function says of itself, as JSON.
pub(crate) fn describe(function: &str, roster: &Controls) -> Value {
    let controls: Vec<_> = roster.iter().map(|runnable| json!(runnable.control())).collect();
    json!({
        "function": function,
        "version": env!("CARGO_PKG_VERSION"),
        "controls": controls,
        "aliases": routing::aliases(roster),
        "services": services(roster),
        "host": {
            "ledger": calls(&store::CALLS),
            "settings": calls(&settings::CALLS),
            "clients": calls(&clients::CALLS),
            "config": calls(&config_rules::CALLS),
            "notices": calls(&notices::CALLS),
            "queue": calls(&sweeping::CALLS),
        },
        "environment": {
            "required": ["REMEDY_EVIDENCE_BUCKET", "REMEDY_STATE_BUCKET"],
            "optional": ["REMEDY_SETTINGS", "REMEDY_MODE", "REMEDY_WRITE_ROLE", "REMEDY_QUEUE_URL", "REMEDY_TOPIC_ARN"],
        },
    })
}

/// The services of its kinds of resources, each once.
fn services(roster: &Controls) -> Value {
    let all = roster.iter().map(|runnable| runnable.control().kind.service).filter(|service| !service.name.is_empty());
    let by_name: BTreeMap<_, _> = all.map(|service| (service.name, service)).collect();
    by_name.values().map(|service| json!(service)).collect()
}

fn calls(calls: &[Call]) -> Value {
    json!(calls)
}
