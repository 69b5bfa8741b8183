//! The messages of sweeps, and their pace.

use std::time::Duration;

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use remedy_domain::{Call, Fault, Region, Target, trigger::Cursor};
use remedy_engine::{Clock as _, Place};
use serde_json::{Value, json};

use crate::{faults::fault, ports::AwsPorts};

/// The ids of the controls that a message is about: all of one kind of resource.
pub(crate) type Ids = [&'static str];

/// The calls of sweeping.
pub(crate) const CALLS: [Call; 1] = [Call::new("sqs:SendMessageBatch", "sqs:SendMessage")];

/// `SendMessageBatch` takes this many messages.
const BATCH: usize = 10;
/// So many batches are sent side by side.
const AT_ONCE: usize = 8;
/// So many targets are sent together.
pub(crate) const HANDFUL: usize = BATCH * AT_ONCE;
/// After so many targets a sweep pauses: an event of drift waits in the same queue, behind all that a sweep has sent.
pub(crate) const PORTION: usize = 2 * HANDFUL;
/// A worker takes half a second for a message, and a function has two workers.
const A_MESSAGE: Duration = Duration::from_millis(250);
/// SQS delays a message by no more.
const LONGEST_DELAY: Duration = Duration::from_mins(15);
/// So much of an invocation is kept back to say where a sweep goes on.
pub(crate) const RESERVE: Duration = Duration::from_secs(3);

/// Sends one message for each place: a sweep of it alone.
pub(crate) async fn spread(ports: &AwsPorts, queue: &str, controls: &Ids, places: &[Place]) -> Result<usize, Fault> {
    post(ports, queue, &places.iter().map(|place| sweep(controls, place)).collect::<Vec<_>>()).await
}

/// Sends the message by which a sweep of a place goes on. An invocation that ends in the middle of a sweep would begin it
/// anew, and five times are all that its message has.
pub(crate) async fn go_on(
    ports: &AwsPorts,
    queue: &str,
    (controls, place): (&Ids, &Place),
    at: &Cursor,
    delay: Duration,
) -> Result<(), Fault> {
    let mut message = sweep(controls, place);
    let members = message.pointer_mut("/sweep").and_then(Value::as_object_mut);
    if let (Some(members), Value::Object(at)) = (members, json!(at)) {
        members.extend(at);
    }
    let ids = controls.join(" ");
    tracing::info!(controls = ids, account = %place.account, region = %place.region, after = at.after, "a sweep goes on");
    send(&Client::new(ports.session.config()), queue, &[message], delay).await
}

/// How long the workers of a function need for a portion of each of its controls.
pub(crate) fn pause(controls: usize) -> Duration {
    let controls = u32::try_from(controls).unwrap_or(u32::MAX);
    let portion = A_MESSAGE.saturating_mul(u32::try_from(PORTION).unwrap_or(u32::MAX));
    portion.saturating_mul(controls).min(LONGEST_DELAY)
}

/// The time that the next step of a pass may take. The longest step so far is the best guess, and twice as long may happen.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    longest: Duration,
    is_under_way: bool,
}

impl Pace {
    /// Whether there is time for another step. There always is for the first one of an invocation, or none would ever be done.
    pub(crate) fn has_time(&self, ports: &AwsPorts) -> bool {
        !self.is_under_way || ports.remaining() >= RESERVE + 2 * self.longest
    }

    /// A page was listed since so much time was left. By itself, that brings a sweep no further.
    pub(crate) fn listed(&mut self, began: Duration, ports: &AwsPorts) {
        self.longest = self.longest.max(began.saturating_sub(ports.remaining()));
    }

    /// The sweep came to another page.
    pub(crate) fn came_further(&mut self) {
        self.is_under_way = true;
    }

    /// A step that began with so much time left is done.
    pub(crate) fn step(&mut self, began: Duration, ports: &AwsPorts) {
        self.longest = self.longest.max(began.saturating_sub(ports.remaining()));
        self.is_under_way = true;
    }
}

/// Sends messages, several batches side by side.
pub(crate) async fn post(ports: &AwsPorts, queue: &str, messages: &[Value]) -> Result<usize, Fault> {
    let client = Client::new(ports.session.config());
    let sending = messages.chunks(BATCH).map(|batch| send(&client, queue, batch, Duration::ZERO));
    stream::iter(sending).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
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
async fn send(client: &Client, queue: &str, batch: &[Value], delay: Duration) -> Result<(), Fault> {
    let mut left = entries(batch, delay)?;
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

fn entries(batch: &[Value], delay: Duration) -> Result<Vec<SendMessageBatchRequestEntry>, Fault> {
    let delay = i32::try_from(delay.as_secs()).unwrap_or(i32::MAX);
    let entry = |(index, message): (usize, &Value)| {
        let entry = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(message.to_string());
        entry.set_delay_seconds((delay > 0).then_some(delay)).build()
    };
    let built: Result<_, _> = batch.iter().enumerate().map(entry).collect();
    built.map_err(|_| Fault::defect("sqs:SendMessageBatch", "message-not-built"))
}

/// The message for a target: the plain event that a person would send. The ARN says which of several types a name is of, and
/// whose it is: IAM is asked for that one.
pub(crate) fn message(controls: &Ids, target: &Target) -> Value {
    let resource = target.arn.as_ref().unwrap_or(&target.id);
    let message = json!({"resource": resource, "account": target.account});
    with_region(about(controls, message), &target.region)
}

fn sweep(controls: &Ids, place: &Place) -> Value {
    let sweep = about(controls, json!({"account": place.account}));
    json!({"sweep": with_region(sweep, &place.region)})
}

fn about(controls: &Ids, mut message: Value) -> Value {
    if let Some(members) = message.as_object_mut() {
        let (name, value) = match controls {
            [one] => ("control", json!(one)),
            several => ("controls", json!(several)),
        };
        members.insert(name.to_owned(), value);
    }
    message
}

fn with_region(mut message: Value, region: &Region) -> Value {
    if let (false, Some(members)) = (region.is_global(), message.as_object_mut()) {
        members.insert("region".to_owned(), json!(region));
    }
    message
}
