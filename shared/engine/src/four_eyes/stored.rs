//! The stored form of settings in force, whichever version stored it.

use remedy_domain::{
    Fault, Timestamp, canonical,
    settings::{SettingsError, Written},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The form that this version writes. Form 1 had no text.
const FORMAT: u32 = 2;

/// Stored settings, of any version.
#[derive(Debug, Serialize, Deserialize)]
pub struct InForce {
    /// The stored form.
    pub format: u32,
    /// The document, from form 2 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The SHA-256 of the text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
    /// Its settings, all members of the version that wrote it: for versions before 0.1.0, which read nothing else.
    #[serde(default)]
    pub settings: Value,
    /// Since when.
    pub at: Timestamp,
    /// Who asked for them and who agreed; absent if they took effect as deployed.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub people: Value,
    /// The ask that two people agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
}

/// Stored settings, read.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) written: Result<Written, SettingsError>,
    pub(super) at: Timestamp,
}

impl Stored {
    pub(super) fn read(body: &[u8]) -> Result<Self, Fault> {
        let form: InForce = serde_json::from_slice(body).map_err(|_| unreadable())?;
        let text = form.text.unwrap_or_else(|| form.settings.to_string());
        if !form.sha256.is_empty() && form.sha256 != canonical::sha256_hex(text.as_bytes()) {
            return Err(unreadable());
        }
        Ok(Self { written: Written::stored(text), at: form.at })
    }
}

impl InForce {
    pub(super) fn of(written: &Written, at: Timestamp) -> Self {
        let settings = serde_json::to_value(&written.settings).unwrap_or_default();
        let (text, sha256) = (Some(written.text.clone()), written.sha256());
        Self { format: FORMAT, text, sha256, settings, at, people: Value::Null, ask: None }
    }
}

fn unreadable() -> Fault {
    Fault::rejected("settings", "unreadable-in-force", "the settings in force are damaged: see the runbook")
}

pub(super) fn damaged(error: &SettingsError) -> Fault {
    Fault::rejected("settings", "unreadable-in-force", format!("of the settings in force, {error}: see the runbook"))
}
