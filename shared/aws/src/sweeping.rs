//! Sweeps: every target of the controls that are meant, one message each, or one run each where there is no queue.

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use remedy_domain::{Call, Control, Fault, Region, Target};
use remedy_engine::Place;
use serde_json::{Value, json};

use crate::{faults::fault, ports::AwsPorts};

/// The calls of sweeping.
pub(crate) const CALLS: [Call; 1] = [Call::new("sqs:SendMessageBatch", "sqs:SendMessage")];

/// `SendMessageBatch` takes this many messages.
const BATCH: usize = 10;

/// Sends one message for each target: the plain event a person would send.
pub(crate) async fn enqueue(
    ports: &AwsPorts,
    queue: &str,
    control: &Control,
    targets: &[Target],
) -> Result<usize, Fault> {
    post(ports, queue, targets.iter().map(|target| message(control, target))).await
}

/// Sends one message for each place: a sweep of it alone.
pub(crate) async fn spread(ports: &AwsPorts, queue: &str, control: &Control, places: &[Place]) -> Result<usize, Fault> {
    post(ports, queue, places.iter().map(|place| sweep(control, place))).await
}

async fn post(ports: &AwsPorts, queue: &str, messages: impl Iterator<Item = Value>) -> Result<usize, Fault> {
    let client = Client::new(ports.session.config());
    let messages: Vec<_> = messages.collect();
    for batch in messages.chunks(BATCH) {
        send(&client, queue, batch).await?;
    }
    Ok(messages.len())
}

/// Whether an event was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is in the function's queue.
    Queued,
    /// There is no queue: a person invokes the function.
    Nowhere,
}

impl AwsPorts {
    /// Sends an event to the queue of a function, where `REMEDY_QUEUE_URL` says where that is.
    pub async fn deliver(&self, function: &str, event: &serde_json::Value) -> Result<Sent, Fault> {
        let Some(queue) = self.environment.queue_url.as_ref().filter(|_| !function.is_empty()) else {
            return Ok(Sent::Nowhere);
        };
        let queue = queue.replace("{function}", function);
        let request =
            Client::new(self.session.config()).send_message().queue_url(queue).message_body(event.to_string());
        request.send().await.map_err(|error| fault("sqs:SendMessage", &error))?;
        Ok(Sent::Queued)
    }
}

/// Sends one batch. A `200` may still list messages that failed: those go again, once.
async fn send(client: &Client, queue: &str, batch: &[Value]) -> Result<(), Fault> {
    let mut left = entries(batch)?;
    for _ in 0..2 {
        let request = client.send_message_batch().queue_url(queue).set_entries(Some(left.clone()));
        let answer = request.send().await.map_err(|error| fault("sqs:SendMessageBatch", &error))?;
        left.retain(|entry| answer.failed().iter().any(|failed| failed.id() == entry.id()));
        if left.is_empty() {
            return Ok(());
        }
    }
    Err(Fault::transient("sqs:SendMessageBatch", "failed-messages"))
}

fn entries(batch: &[Value]) -> Result<Vec<SendMessageBatchRequestEntry>, Fault> {
    let entry = |(index, message): (usize, &Value)| {
        SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(message.to_string()).build()
    };
    let built: Result<_, _> = batch.iter().enumerate().map(entry).collect();
    built.map_err(|_| Fault::defect("sqs:SendMessageBatch", "message-not-built"))
}

/// The ARN says which of several types a name is of, and whose it is: IAM is asked for that one.
fn message(control: &Control, target: &Target) -> Value {
    let resource = target.arn.as_ref().unwrap_or(&target.id);
    let message = json!({"control": control.id, "resource": resource, "account": target.account});
    with_region(message, &target.region)
}

fn sweep(control: &Control, place: &Place) -> Value {
    let sweep = json!({"control": control.id, "account": place.account});
    json!({"sweep": with_region(sweep, &place.region)})
}

fn with_region(mut message: Value, region: &Region) -> Value {
    if let (false, Some(members)) = (region.is_global(), message.as_object_mut()) {
        members.insert("region".to_owned(), json!(region));
    }
    message
}
