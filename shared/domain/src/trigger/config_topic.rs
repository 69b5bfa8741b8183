//! AWS Config's own SNS topic: what `EventBridge` has as the detail of an event, without the envelope.
//! <https://docs.aws.amazon.com/config/latest/developerguide/notifications-for-AWS-Config.html>
//!
//! Who may send to the function or to the queue is decided by their policies, as for every notification of a topic.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bus::Envelope;
use super::refusal::Refusal;
use super::shape::{Account, Object, Region, object};
use super::{Cause, Idle, Trigger, compliance, item};

/// The place of what a notification is about, wherever it stands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    message_type: String,
    aws_account_id: Option<Account>,
    aws_region: Option<Region>,
    configuration_item: Option<Object<Place>>,
    configuration_item_summary: Option<Object<Place>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    aws_account_id: Option<Account>,
    aws_region: Option<Region>,
}

/// Reads a notification. Deliveries of snapshots and histories, and evaluations that begin, are about no resource.
pub(super) fn read(text: &str) -> Result<Vec<Trigger>, Refusal> {
    let found: Notification = object("event", text)?;
    let read = match found.message_type.as_str() {
        "ComplianceChangeNotification" => compliance::read,
        "ConfigurationItemChangeNotification" | "OversizedConfigurationItemChangeNotification" => item::read,
        _ => |envelope: &Envelope<'_>| Ok(envelope.idle(Cause::ConfigurationItem, Idle::NotAboutAResource)),
    };
    let item = found.configuration_item.or(found.configuration_item_summary).map(|item| item.0);
    let (account, region) = item.map_or((None, None), |item| (item.aws_account_id, item.aws_region));
    let missing = |member: &str| Refusal::shape(&format!("event: {member} missing"));
    let account = found.aws_account_id.or(account).ok_or_else(|| missing("awsAccountId"))?;
    let region = found.aws_region.or(region).ok_or_else(|| missing("awsRegion"))?;
    let detail: &RawValue = serde_json::from_str(text).map_err(|error| Refusal::unread("event", &error))?;
    let triggers = read(&Envelope::of_config(account, region, detail))?;
    // What belongs to no Region is reached through the function's own.
    let in_region =
        |trigger: Trigger| Trigger { region: trigger.region.filter(|region| region != "global"), ..trigger };
    Ok(triggers.into_iter().map(in_region).collect())
}
