//! A notification of an SNS topic, delivered to the function or put into a queue.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::records::{Record, enclosed, triggers};
use super::refusal::{Refusal, RefusalKind};
use super::shape::MessageId;
use super::{Carried, Message, Trigger};

/// The envelope: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>.
///
/// Its signature is not checked: who may send to the function or to the queue is decided by their policies.
#[derive(Debug, Deserialize)]
pub(super) struct Notification<'a> {
    #[serde(rename = "Type")]
    type_: String,
    #[serde(rename = "MessageId")]
    message_id: Option<MessageId>,
    #[serde(rename = "Message", borrow)]
    message: Option<&'a RawValue>,
}

/// Reads one record.
pub(super) fn message(record: &Record<'_>) -> Result<Message, Refusal> {
    let missing = || Refusal::shape("records: Sns with a MessageId missing");
    let notification = &record.sns.as_ref().ok_or_else(missing)?.0;
    let id = notification.message_id.clone().ok_or_else(missing)?;
    Ok(Message { id: id.into(), carried: Carried::First, triggers: notification.triggers() })
}

impl Notification<'_> {
    /// The triggers of the event inside; subscription confirmations and the like hold none.
    pub(super) fn triggers(&self) -> Result<Vec<Trigger>, Refusal> {
        if self.type_ != "Notification" {
            let detail = format!("message of type `{}`", Refusal::shown(&self.type_));
            return Err(Refusal::new(RefusalKind::UnknownEvent, &detail));
        }
        let event = enclosed("Message", self.message)?;
        triggers("Message", &event)
    }
}
