//! An SQS queue whose messages Lambda hands to functions, in memory: batches, partial failures, redelivery, dead letters.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::lambda::{Answer, Lambda};

/// Whoever takes batches: a function's process, or a stand-in for one.
pub trait Worker {
    /// Takes one event of the event source mapping.
    fn take(&self, event: &[u8]) -> impl Future<Output = Answer>;
}

impl Worker for Lambda {
    async fn take(&self, event: &[u8]) -> Answer {
        self.invoke(event).await
    }
}

#[derive(Clone, Debug)]
struct Message {
    id: String,
    body: String,
    received: u32,
}

/// A queue with a dead-letter queue behind it.
#[derive(Clone, Debug)]
pub struct Queue {
    max_receive: u32,
    pushed: u64,
    order: Option<Shuffle>,
    waiting: Vec<Message>,
}

/// What became of the messages of a queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drained {
    /// How often a message was handed to a worker, redeliveries included.
    pub delivered: usize,
    /// The ids of messages that a worker has done with.
    pub acknowledged: Vec<String>,
    /// Id and body of the messages that were received too often.
    pub dead_lettered: Vec<(String, String)>,
    /// The answers of the workers, by round and then by batch.
    pub answers: Vec<Answer>,
    /// How many rounds it took.
    pub rounds: u32,
}

impl Queue {
    /// A queue that gives a message up once it has been received `max_receive` times.
    pub fn new(max_receive: u32) -> Self {
        assert!(max_receive > 0, "a message must be received at least once");
        Self { max_receive, pushed: 0, order: None, waiting: Vec::new() }
    }

    /// Delivers in another order than that of arrival, for a standard queue promises none. The same seed, the same order.
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.order = Some(Shuffle(seed | 1));
        self
    }

    /// Puts a message into the queue and returns its id.
    pub fn push(&mut self, body: impl Into<String>) -> String {
        self.pushed += 1;
        let id = format!("{:08x}-0000-4000-8000-{:012x}", self.max_receive, self.pushed);
        self.waiting.push(Message { id: id.clone(), body: body.into(), received: 0 });
        id
    }

    /// Delivers until the queue is empty. In each round every message is delivered once; batch `n` of a round goes to worker
    /// `n` modulo their number; each worker takes one batch at a time, all of them at once. `between` runs before each
    /// redelivery, in place of the visibility timeout, with the number of the coming round (from 1).
    pub async fn drain(
        &mut self,
        workers: &[impl Worker],
        batch_size: usize,
        mut between: impl AsyncFnMut(u32),
    ) -> Drained {
        assert!(batch_size > 0 && !workers.is_empty(), "a queue needs batches and workers to drain");
        let mut drained = Drained::default();
        while !self.waiting.is_empty() {
            if drained.rounds > 0 {
                between(drained.rounds).await;
            }
            self.deliver(workers, batch_size, &mut drained).await;
            drained.rounds += 1;
        }
        drained
    }

    async fn deliver(&mut self, workers: &[impl Worker], batch_size: usize, drained: &mut Drained) {
        let batches = self.batches(batch_size);
        let busy = workers.iter().enumerate().map(|(at, worker)| work(worker, &batches, at, workers.len()));
        let mut answers: Vec<(usize, Answer)> = join_all(busy).await.into_iter().flatten().collect();
        answers.sort_by_key(|(at, _)| *at);
        for (batch, (_, answer)) in batches.into_iter().zip(answers) {
            drained.delivered += batch.len();
            self.settle(batch, &answer, drained);
            drained.answers.push(answer);
        }
    }

    fn batches(&mut self, size: usize) -> Vec<Vec<Message>> {
        let mut messages = std::mem::take(&mut self.waiting);
        if let Some(order) = &mut self.order {
            order.shuffle(&mut messages);
        }
        messages.iter_mut().for_each(|message| message.received += 1);
        messages.chunks(size).map(<[Message]>::to_vec).collect()
    }

    fn settle(&mut self, batch: Vec<Message>, answer: &Answer, drained: &mut Drained) {
        let failed = failures(&batch, answer);
        for message in batch {
            if !failed.contains(&message.id) {
                drained.acknowledged.push(message.id);
            } else if message.received < self.max_receive {
                self.waiting.push(message);
            } else {
                drained.dead_lettered.push((message.id, message.body));
            }
        }
    }
}

async fn work(worker: &impl Worker, batches: &[Vec<Message>], first: usize, step: usize) -> Vec<(usize, Answer)> {
    let mut answers = Vec::new();
    for (at, batch) in batches.iter().enumerate().skip(first).step_by(step) {
        answers.push((at, worker.take(event(batch).to_string().as_bytes()).await));
    }
    answers
}

/// The ids that must be delivered again. As on AWS an empty, null or missing list is a full success, and anything that is not
/// a list of ids from this batch fails the whole batch.
fn failures(batch: &[Message], answer: &Answer) -> BTreeSet<String> {
    let all: BTreeSet<String> = batch.iter().map(|message| message.id.clone()).collect();
    let Answer::Done(answer) = answer else { return all };
    let items = match answer {
        Value::Null => return BTreeSet::new(),
        Value::Object(members) => members.get("batchItemFailures").unwrap_or(&Value::Null),
        _ => return all,
    };
    let named = match items {
        Value::Null => return BTreeSet::new(),
        Value::Array(items) => items.iter().map(|item| item["itemIdentifier"].as_str().map(str::to_owned)),
        _ => return all,
    };
    let named: Option<BTreeSet<String>> = named.collect();
    named.filter(|named| named.is_subset(&all)).unwrap_or(all)
}

fn event(batch: &[Message]) -> Value {
    json!({"Records": batch.iter().map(record).collect::<Vec<_>>()})
}

fn record(message: &Message) -> Value {
    let Message { id, body, received } = message;
    json!({
        "messageId": id,
        "receiptHandle": format!("receipt-{id}-{received}"),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": received.to_string(),
            "SentTimestamp": "1767225600000",
            "SenderId": "AIDAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": "1767225600001",
        },
        "messageAttributes": {},
        "md5OfBody": md5(body.as_bytes()),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:remedy-test",
        "awsRegion": "us-east-1",
    })
}

/// A xorshift generator: enough to shake an order up, and always the same way.
#[derive(Clone, Debug)]
struct Shuffle(u64);

impl Shuffle {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = self.next() % (at as u64 + 1);
            items.swap(at, other as usize);
        }
    }
}

/// The digest of RFC 1321, which SQS puts on each message.
fn md5(text: &[u8]) -> String {
    const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut padded = text.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 8).next_multiple_of(64) - 8, 0);
    padded.extend((text.len() as u64 * 8).to_le_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks_exact(64) {
        let words: Vec<u32> =
            block.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        let [mut a, mut b, mut c, mut d] = state;
        for at in 0..64 {
            let (mix, word) = match at / 16 {
                0 => ((b & c) | (!b & d), at),
                1 => ((d & b) | (!d & c), (5 * at + 1) % 16),
                2 => (b ^ c ^ d, (3 * at + 5) % 16),
                _ => (c ^ (b | !d), (7 * at) % 16),
            };
            let constant = ((at as f64 + 1.0).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(mix).wrapping_add(constant).wrapping_add(words[word]);
            (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(TURNS[at / 16][at % 4])));
        }
        for (whole, part) in state.iter_mut().zip([a, b, c, d]) {
            *whole = whole.wrapping_add(part);
        }
    }
    state.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// A worker that fails the bodies it is told to, and remembers what it saw.
    #[derive(Default)]
    struct Stub {
        bad: &'static [&'static str],
        seen: RefCell<Vec<(String, String)>>,
    }

    impl Worker for Stub {
        async fn take(&self, event: &[u8]) -> Answer {
            let event: Value = serde_json::from_slice(event).unwrap();
            let records = event["Records"].as_array().unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let saw =
                records.iter().map(|one| (text(&one["body"]), text(&one["attributes"]["ApproximateReceiveCount"])));
            self.seen.borrow_mut().extend(saw);
            let bad = records.iter().filter(|one| self.bad.contains(&one["body"].as_str().unwrap()));
            let bad: Vec<_> = bad.map(|one| json!({"itemIdentifier": one["messageId"]})).collect();
            Answer::Done(json!({"batchItemFailures": bad}))
        }
    }

    #[tokio::test]
    async fn a_poisoned_message_is_redelivered_and_then_dead_lettered() {
        let mut queue = Queue::new(3);
        let (good, bad) = (queue.push("good"), queue.push("bad"));
        let worker = Stub { bad: &["bad"], ..Stub::default() };
        let mut rounds = Vec::new();
        let drained = queue.drain(std::slice::from_ref(&worker), 10, async |round| rounds.push(round)).await;
        assert_eq!((drained.delivered, drained.rounds, rounds), (4, 3, vec![1, 2]));
        assert_eq!((drained.acknowledged, drained.dead_lettered), (vec![good], vec![(bad, "bad".to_owned())]));
        let seen = worker.seen.borrow();
        let counts: Vec<_> = seen.iter().filter(|(body, _)| body == "bad").map(|(_, count)| count.as_str()).collect();
        assert_eq!(counts, ["1", "2", "3"]);
    }

    #[tokio::test]
    async fn the_same_seed_gives_the_same_order_and_loses_nothing() {
        let order = async |seed| {
            let mut queue = Queue::new(1).shuffled(seed);
            (0..20).for_each(|n| drop(queue.push(n.to_string())));
            queue.drain(&[Stub::default(), Stub::default()], 3, async |_| {}).await.acknowledged
        };
        let (one, same, other) = (order(7).await, order(7).await, order(8).await);
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), 20);
    }

    #[test]
    fn an_answer_that_makes_no_sense_fails_the_whole_batch() {
        let batch = [
            Message { id: "a".into(), body: String::new(), received: 1 },
            Message { id: "b".into(), body: String::new(), received: 1 },
        ];
        let failed = |answer: Value| failures(&batch, &Answer::Done(answer)).len();
        for fine in [json!(null), json!({}), json!({"batchItemFailures": []}), json!({"batchItemFailures": null})] {
            assert_eq!(failed(fine.clone()), 0, "{fine}");
        }
        assert_eq!(failed(json!({"batchItemFailures": [{"itemIdentifier": "b"}]})), 1);
        for odd in
            [json!("ok"), json!({"batchItemFailures": "a"}), json!({"batchItemFailures": [{"itemIdentifier": ""}]})]
        {
            assert_eq!(failed(odd.clone()), 2, "{odd}");
        }
        for odd in [
            json!({"batchItemFailures": [{"id": "a"}]}),
            json!({"batchItemFailures": [{"itemIdentifier": "stranger"}]}),
        ] {
            assert_eq!(failed(odd.clone()), 2, "{odd}");
        }
        assert_eq!(failures(&batch, &Answer::Crashed).len(), 2);
    }

    #[test]
    fn md5_is_that_of_the_rfc() {
        assert_eq!(md5(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5(b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
        assert_eq!(md5(&b"1234567890".repeat(8)), "57edf4a22be3c955ac49da2e2107b67a");
    }
}
