//! Sweeps: every target of the controls that are meant, one message each, or one run each where there is no queue.

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use remedy_domain::{Call, Control, Fault, Target};
use serde_json::json;

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
    let client = Client::new(ports.session.config());
    for batch in targets.chunks(BATCH) {
        send(&client, queue, control, batch).await?;
    }
    Ok(targets.len())
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
async fn send(client: &Client, queue: &str, control: &Control, batch: &[Target]) -> Result<(), Fault> {
    let mut left = entries(control, batch)?;
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

fn entries(control: &Control, batch: &[Target]) -> Result<Vec<SendMessageBatchRequestEntry>, Fault> {
    let entry = |(index, target): (usize, &Target)| {
        let body = message(control, target).to_string();
        SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body).build()
    };
    let built: Result<_, _> = batch.iter().enumerate().map(entry).collect();
    built.map_err(|_| Fault::defect("sqs:SendMessageBatch", "message-not-built"))
}

/// A name is unique only within a type: where there are several, the ARN tells which.
fn message(control: &Control, target: &Target) -> serde_json::Value {
    let arn = target.arn.as_ref().filter(|_| control.resource_types.len() > 1);
    let resource = arn.unwrap_or(&target.id);
    let mut message = json!({"control": control.id, "resource": resource, "account": target.account});
    if let (false, Some(members)) = (target.region.is_global(), message.as_object_mut()) {
        members.insert("region".to_owned(), json!(target.region));
    }
    message
}
