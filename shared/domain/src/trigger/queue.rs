//! A message of an SQS queue. Its body is an event, or what SNS puts around one.

use super::family::{self, Family};
use super::records::{Record, enclosed, triggers};
use super::refusal::Refusal;
use super::shape::object;
use super::{Carried, Message, Trigger, topic};

/// Reads one record. Without an id the message could not be given back to the queue, so the whole batch is refused.
pub(super) fn message(record: &Record<'_>) -> Result<Message, Refusal> {
    let id = record.message_id.clone().ok_or_else(|| Refusal::shape("records: messageId missing"))?;
    Ok(Message { id: id.into(), carried: carried(record), triggers: body(record) })
}

/// `ApproximateReceiveCount` is a number in a text. An unreadable one counts as more than one: that costs one more
/// look.
fn carried(record: &Record<'_>) -> Carried {
    #[derive(serde::Deserialize)]
    struct Attributes {
        #[serde(rename = "ApproximateReceiveCount")]
        count: Option<String>,
    }
    let Some(raw) = record.attributes else { return Carried::First };
    match serde_json::from_str::<Attributes>(raw.get()).map(|attributes| attributes.count) {
        Ok(None) => Carried::First,
        Ok(Some(count)) if count == "1" => Carried::First,
        _ => Carried::Again,
    }
}

fn body(record: &Record<'_>) -> Result<Vec<Trigger>, Refusal> {
    let body = enclosed("body", record.body)?;
    if family::of(&body).is_ok_and(|family| family == Family::Notification) {
        let notification: topic::Notification<'_> = object("body", &body)?;
        return notification.triggers().map_err(|refusal| refusal.within("body"));
    }
    triggers("body", &body)
}
