//! A message of an SQS queue. Its body is an event, or what SNS puts around one.

use super::family::{self, Family};
use super::records::{Record, enclosed, triggers};
use super::refusal::Refusal;
use super::shape::object;
use super::{Message, Trigger, topic};

/// Reads one record. Without an id the message could not be given back to the queue, so the whole batch is refused.
pub(super) fn message(record: &Record<'_>) -> Result<Message, Refusal> {
    let id = record.message_id.clone().ok_or_else(|| Refusal::shape("records: messageId missing"))?;
    Ok(Message { id: id.into(), triggers: body(record) })
}

fn body(record: &Record<'_>) -> Result<Vec<Trigger>, Refusal> {
    let body = enclosed("body", record.body)?;
    if family::of(&body).is_ok_and(|family| family == Family::Notification) {
        let notification: topic::Notification<'_> = object("body", &body)?;
        return notification.triggers().map_err(|refusal| refusal.within("body"));
    }
    triggers("body", &body)
}
