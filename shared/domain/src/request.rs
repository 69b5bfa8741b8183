//! Requests of people to the operator, as JSON.
//!
//! ```json
//! {"approve": {"id": "0f0f…64 digits…0f", "reason": "CHG-7"}}
//! {"hold": {"scope": {"control": "s3-bucket-public"}, "reason": "a clinic lost its images"}}
//! ```

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    exemption::Terms,
    hold::HoldScope,
    ids::AccountId,
    settings::{SettingsError, Written},
};

/// One request: an object of one member.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Lists waiting asks, by pages.
    Pending(Looking),
    /// One ask, whole.
    Plan(Named),
    /// Agrees to an ask of somebody else.
    Approve(Decide),
    /// Refuses an ask.
    Reject(Decide),
    /// Asks to revert repairs.
    Revert(Revert),
    /// Asks for an exemption.
    Exempt(Terms),
    /// Asks for other settings.
    Settings(Document),
    /// Puts a hold on: nothing is written from the next invocation on.
    Hold(Turn),
    /// Asks for a hold to be released.
    Release(Turn),
    /// Holds, asks and exemptions at a glance.
    Status {},
}

/// The waiting asks that are shown.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Looking {
    /// Only what is about this control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
    /// Only what is about this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The page, from 1; the first one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<usize>,
}

/// Names an ask.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its id: 64 lower-case hex digits.
    pub id: String,
}

/// Decides an ask.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// Its id: 64 lower-case hex digits.
    pub id: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Names repairs: by the plan, or by the resource and when.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revert {
    /// The plan that was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Instead: the resource, by id or ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// With `resource`: only repairs of this control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
    /// With `resource`: only repairs in this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// With `resource`: only repairs at this time or later (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// With `resource`: only repairs before this time (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The owner, responsible for what stays undone.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Where it is tracked.
    pub ticket: String,
    /// The equivalent alternative measure.
    pub alternative: String,
    /// For how many days it stays undone; `parameters.revert_exemption_days` where nothing is said, and never more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// Other settings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The whole document, as `docs/schema/settings.schema.json` describes it.
    pub document: Box<RawValue>,
    /// Why.
    pub reason: String,
}

/// Turns a hold.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// What it stops: `"all"`, `{"account": "…"}` or `{"control": "…"}`.
    pub scope: HoldScope,
    /// Why.
    pub reason: String,
}

impl Request {
    /// Reads a request. Repeated members were refused before, when the event was looked over.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl Document {
    /// The settings that are asked for.
    pub fn written(&self) -> Result<Written, SettingsError> {
        Written::read(self.document.get().as_bytes())
    }
}
