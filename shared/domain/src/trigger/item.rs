//! Configuration items: AWS Config's reports of changed resources, over the bus or to a custom rule.
//! <https://docs.aws.amazon.com/config/latest/developerguide/example-sns-notification.html>

use serde::Deserialize;

use super::bus::Envelope;
use super::refusal::{Refusal, RefusalKind};
use super::shape::{Account, Object, Region, ResourceId, ResourceType, Timestamp};
use super::{Cause, Hint, Idle, Scope, Selector, Trigger};

/// A notification of AWS Config, of any message type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    message_type: String,
    configuration_item: Option<Object<Item>>,
    configuration_item_summary: Option<Object<Item>>,
    aws_account_id: Option<Account>,
    #[serde(rename = "notificationCreationTime")]
    created: Option<Timestamp>,
}

/// What a notification is about.
pub(super) enum Subject {
    /// One resource.
    Item(Item),
    /// Everything, periodically or because a snapshot was delivered.
    Everything {
        /// The account, if it is given.
        account: Option<Account>,
        /// When the notification was made.
        at: Timestamp,
    },
}

/// A configuration item, or the summary of one too large to be sent (above 256 KB). Both are only hints, so what the
/// summary leaves out is not missed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) aws_account_id: Account,
    pub(super) aws_region: Option<Region>,
    pub(super) resource_type: ResourceType,
    pub(super) resource_id: ResourceId,
    pub(super) configuration_item_capture_time: Timestamp,
    configuration_item_status: String,
}

/// Reads `Config Configuration Item Change`.
pub(super) fn read(envelope: &Envelope<'_>) -> Result<Vec<Trigger>, Refusal> {
    let notification: Notification = envelope.detail()?;
    let Subject::Item(item) = notification.subject()? else {
        return Err(Refusal::shape("detail: a change without its item"));
    };
    envelope.own(&item.aws_account_id)?;
    let region = item.aws_region.clone();
    Ok(vec![envelope.trigger(Cause::ConfigurationItem, item.scope(), region)])
}

impl Notification {
    /// What it is about, as its message type has it.
    pub(super) fn subject(self) -> Result<Subject, Refusal> {
        match self.message_type.as_str() {
            "ConfigurationItemChangeNotification" => one(self.configuration_item),
            "OversizedConfigurationItemChangeNotification" => one(self.configuration_item_summary),
            "ScheduledNotification" | "ConfigurationSnapshotDeliveryCompleted" => {
                let at = self.created.ok_or_else(|| Refusal::shape("notificationCreationTime missing"))?;
                Ok(Subject::Everything { account: self.aws_account_id, at })
            }
            other => Err(Refusal::new(RefusalKind::UnknownEvent, &format!("messageType `{}`", Refusal::shown(other)))),
        }
    }
}

fn one(item: Option<Object<Item>>) -> Result<Subject, Refusal> {
    item.map(|item| Subject::Item(item.0)).ok_or_else(|| Refusal::shape("configuration item missing"))
}

impl Item {
    /// Whether the resource is gone, or its type no longer recorded, so that there is nothing to look at. A status
    /// that AWS may add one day is looked at: looking harms nobody.
    fn is_gone(&self) -> bool {
        matches!(
            self.configuration_item_status.as_str(),
            "ResourceDeleted" | "ResourceDeletedNotRecorded" | "ResourceNotRecorded"
        )
    }

    /// The resource, to be looked at by the controls of its type.
    pub(super) fn scope(self) -> Scope {
        if self.is_gone() {
            return Scope::Nothing(Idle::ResourceDeleted);
        }
        let resource_type = String::from(self.resource_type);
        let selector = Selector::ResourceType(resource_type.clone());
        Scope::One(Hint { resource_type: Some(resource_type), id: self.resource_id.into(), selector })
    }
}
