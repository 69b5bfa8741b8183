//! `Records`: several messages in one delivery, of a queue or of a topic.
//!
//! Lambda sends `eventSource` for SQS and `EventSource` for SNS:
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>, <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::refusal::{Refusal, RefusalKind};
use super::shape::{Few, MessageId, Object, object};
use super::{Delivery, Message, Trigger, family, queue, text, topic};

/// The most messages that Lambda puts into one batch of a standard queue.
const MOST: usize = 10_000;

#[derive(Deserialize)]
struct Records<'a> {
    #[serde(rename = "Records", borrow)]
    records: Few<Object<Record<'a>>, MOST>,
}

/// A record of either kind. Bodies stay as they stood until their turn comes.
#[derive(Debug, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(rename = "eventSource")]
    queue: Option<String>,
    #[serde(rename = "EventSource")]
    topic: Option<String>,
    /// SQS.
    #[serde(rename = "messageId")]
    pub(super) message_id: Option<MessageId>,
    /// SQS.
    #[serde(borrow)]
    pub(super) body: Option<&'a RawValue>,
    /// SQS.
    #[serde(borrow)]
    pub(super) attributes: Option<&'a RawValue>,
    /// SNS.
    #[serde(rename = "Sns", borrow)]
    pub(super) sns: Option<Object<topic::Notification<'a>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Queue,
    Topic,
}

/// Reads all messages. What is wrong with one of them stands in its place; what is wrong with the envelope refuses all.
pub(super) fn read(text: &str) -> Result<Delivery, Refusal> {
    let records: Vec<Record<'_>> =
        object::<Records<'_>>("records", text)?.records.0.into_iter().map(|record| record.0).collect();
    match carrier(&records)? {
        Carrier::Queue => messages(&records, queue::message).map(Delivery::Batch),
        Carrier::Topic => messages(&records, topic::message).map(Delivery::Notifications),
    }
}

/// The event in the text that a body or message is.
pub(super) fn enclosed(place: &str, raw: Option<&RawValue>) -> Result<String, Refusal> {
    let raw = raw.ok_or_else(|| Refusal::shape(&format!("{place}: missing")))?;
    let enclosed: String = serde_json::from_str(raw.get()).map_err(|error| Refusal::unread(place, &error))?;
    text::inner(&enclosed).map_err(|refusal| refusal.within(place))?;
    Ok(enclosed)
}

/// The triggers of such a text.
pub(super) fn triggers(place: &str, event: &str) -> Result<Vec<Trigger>, Refusal> {
    family::event(event).map_err(|refusal| refusal.within(place))
}

fn messages(
    records: &[Record<'_>],
    read: fn(&Record<'_>) -> Result<Message, Refusal>,
) -> Result<Vec<Message>, Refusal> {
    records.iter().map(read).collect()
}

/// The one carrier of all records. AWS never mixes them, so a mixture is forged.
fn carrier(records: &[Record<'_>]) -> Result<Carrier, Refusal> {
    let mut carriers = records.iter().map(Record::carrier);
    let first = carriers.next().unwrap_or_else(|| Err(Refusal::shape("records: none")))?;
    for carrier in carriers {
        if carrier? != first {
            return Err(Refusal::shape("records: of two kinds"));
        }
    }
    Ok(first)
}

impl Record<'_> {
    fn carrier(&self) -> Result<Carrier, Refusal> {
        match (self.queue.as_deref(), self.topic.as_deref()) {
            (Some("aws:sqs"), None) => Ok(Carrier::Queue),
            (None, Some("aws:sns")) => Ok(Carrier::Topic),
            (Some(other), None) | (None, Some(other)) => {
                let detail = format!("records of `{}`", Refusal::shown(other));
                Err(Refusal::new(RefusalKind::UnknownEvent, &detail))
            }
            _ => Err(Refusal::shape("records: not one event source each")),
        }
    }
}
