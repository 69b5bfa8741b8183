//! Settings with four eyes: what loosens them takes effect only when a second person agrees.
//!
//! `settings/in-force` in the state bucket holds the settings in force. A document that only tightens replaces them at once;
//! one that loosens them does so through an approved ask, and people are told, once, that it waits for one. Before anybody is
//! named who could decide, every document does.

use remedy_domain::{AccountId, Actor, Fault, Mode, Settings, Timestamp, outcome::Alarm, settings::loosened};
use serde::{Deserialize, Serialize};

use crate::{
    account,
    ledger::{bytes, fetch},
    outbox,
    ports::{Clock, Notices, Shelf, Store},
};

const KEY: &str = "settings/in-force";
/// The stored form of settings in force written by this version.
const FORMAT: u32 = 1;

/// The settings in force, on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// The stored form.
    pub format: u32,
    /// All of them.
    pub settings: Settings,
    /// Since when.
    pub at: Timestamp,
    /// Who asked for them and who agreed; nobody, where they only tightened what was in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<(Actor, Actor)>,
}

/// The settings in force, given the document that is deployed in `account`.
pub async fn in_force(
    ports: &(impl Store + Clock + Notices),
    account: &AccountId,
    document: Settings,
    environment: Mode,
) -> Result<Settings, Fault> {
    let Some(current) = on_file(ports).await? else {
        put(ports, &document, None).await?;
        return Ok(document);
    };
    if current.settings == document {
        return Ok(document);
    }
    let can_be_decided = !current.settings.people.approvers.is_empty();
    let loosens = loosened(&current.settings, &document, environment);
    if can_be_decided && !loosens.is_empty() {
        let text = format!(
            "the settings that are deployed loosen those in force, which stay: {}. Ask for them: remedy settings <file>",
            loosens.join("; ")
        );
        let id = format!("settings-{}-{}", current.settings.digest(), document.digest());
        outbox::tell(ports, &id, &account::notice("settings", account, Alarm::Alarm, &text)).await;
        return Ok(current.settings);
    }
    put(ports, &document, None).await?;
    Ok(document)
}

/// The settings in force, if any document was ever in force.
pub async fn on_file(store: &impl Store) -> Result<Option<InForce>, Fault> {
    fetch(store, Shelf::State, KEY).await
}

/// Puts settings in force.
pub async fn put(
    ports: &(impl Store + Clock),
    settings: &Settings,
    people: Option<(Actor, Actor)>,
) -> Result<(), Fault> {
    let in_force = InForce { format: FORMAT, settings: settings.clone(), at: ports.now(), people };
    ports.put(KEY, &bytes(&in_force)?).await
}
