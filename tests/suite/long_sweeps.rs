//! Sweeps that do not fit into one invocation go on by messages of their own: none begins anew, and none is given up.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use remedy_testkit::{
    lambda::{Answer, Lambda},
    proxy::{Call, Fault},
    queue::Queue,
    world::{World, done},
};
use serde_json::{Value, json};

use crate::drift;

const KEYS: usize = 7;
const CONTROL: &str = "kms-key-unrotated";
const SWEEP: &[u8] = br#"{"sweep":{"control":"kms-key-unrotated"}}"#;
/// Three of these are kept back, so two looks fit.
const TIME: Duration = Duration::from_secs(8);
const LOOK: Duration = Duration::from_millis(1_200);

/// Keys that do not rotate, and a function whose time ends before it has looked at all of them.
struct Crowd {
    world: World,
    lambda: Lambda,
    keys: Vec<String>,
}

impl Crowd {
    async fn gather() -> Self {
        let world = World::new().await;
        let mut keys = Vec::new();
        for _ in 0..KEYS {
            keys.push(drift::key(&world).await);
        }
        let mut env = world.environment("enforce");
        env.insert("REMEDY_SETTINGS".to_owned(), world.settings_file(&json!({"modes": {"default": "enforce"}})));
        env.insert("REMEDY_QUEUE_URL".to_owned(), drift::queue(&world, "targets").await);
        let lambda = world.deploy_with("kms-keys", env, TIME);
        Self { world, lambda, keys }
    }

    fn slow(&self, operation: &'static str) {
        self.world.proxy.on_call(move |call: &Call| (call.operation == operation).then_some(Fault::Late(LOOK)));
    }

    /// How often each key was looked at.
    fn looks(&self) -> BTreeMap<String, usize> {
        let described = self.world.proxy.calls_where(|call| call.operation == "DescribeKey");
        self.keys.iter().map(|key| (key.clone(), described.iter().filter(|call| is_about(call, key)).count())).collect()
    }

    async fn queued(&self) -> Vec<Value> {
        let bodies = drift::messages(&self.world, "targets").await;
        bodies.iter().map(|body| serde_json::from_str(body).expect("messages are JSON")).collect()
    }

    /// Delivers a message as the queue does, each by itself.
    async fn deliver(&self, message: &Value) {
        let mut queue = Queue::new(1);
        queue.push(message.to_string());
        let drained = queue.drain(std::slice::from_ref(&self.lambda), 1, async |_| {}).await;
        assert!(drained.dead_lettered.is_empty(), "{message}: {}", self.lambda.logs());
    }

    /// Follows a sweep to its end, and returns its messages: those by which it went on, and those for targets.
    async fn follow(&self) -> (Vec<Value>, Vec<Value>) {
        done(self.lambda.invoke(SWEEP).await);
        let (mut sweeps, mut targets) = (Vec::new(), Vec::new());
        loop {
            let (more, of_targets): (Vec<_>, Vec<_>) =
                self.queued().await.into_iter().partition(|message| message.get("sweep").is_some());
            targets.extend(of_targets);
            assert!(more.len() <= 1, "a sweep goes on once: {more:?}");
            let Some(next) = more.into_iter().next() else { return (sweeps, targets) };
            self.deliver(&next).await;
            sweeps.push(next);
        }
    }

    async fn backlog(&self) -> usize {
        self.world.state("backlog/").await.len()
    }
}

fn is_about(call: &Call, key: &str) -> bool {
    call.resource.as_deref().is_some_and(|resource| resource.ends_with(key))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sweep_looks_at_each_target_once_however_long_it_takes() {
    let crowd = Crowd::gather().await;
    crowd.slow("DescribeKey");
    done(crowd.lambda.invoke(SWEEP).await);
    let mut rounds = 0;
    while crowd.backlog().await < KEYS {
        let messages = crowd.queued().await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_eq!(messages[0]["sweep"]["control"], CONTROL);
        assert!(crowd.looks().values().all(|looks| *looks <= 1), "{:?}", crowd.looks());
        crowd.deliver(&messages[0]).await;
        rounds += 1;
    }
    assert!(rounds >= 2, "one invocation was not enough");
    let marks = crowd.world.state("baseline/").await;
    assert!(marks.values().all(|mark| mark.get("after").is_none()), "{marks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_visited_in_parts_and_each_target_once() {
    let crowd = Crowd::gather().await;
    crowd.follow().await;
    assert_eq!(crowd.backlog().await, KEYS);
    let fresh = drift::key(&crowd.world).await;
    crowd.world.proxy.clear();
    done(crowd.lambda.invoke(SWEEP).await);
    let quick = crowd.looks();
    assert_eq!(crowd.queued().await.len(), 1, "the fresh one has a message");
    crowd.world.proxy.clear();
    crowd.slow("DescribeKey");
    let (sweeps, targets) = crowd.follow().await;
    assert!(sweeps.len() >= 2 && sweeps.iter().all(|sweep| sweep["sweep"]["after"].is_string()), "{sweeps:?}");
    assert_eq!(crowd.looks(), quick, "as often as where all fits into one invocation");
    assert_eq!(targets.len(), 1, "{targets:?}");
    assert!(targets[0]["resource"].as_str().is_some_and(|resource| resource.ends_with(&fresh)), "{targets:?}");
}

/// Otherwise one that cannot be read would let its sweep fail, and all of it would begin anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_of_the_backlog_that_fails_gets_a_message_of_its_own() {
    let crowd = Crowd::gather().await;
    crowd.follow().await;
    let sick = crowd.keys[3].clone();
    let one = sick.clone();
    let fails = move |call: &Call| (call.operation == "DescribeKey" && is_about(call, &one)).then_some(Fault::Throttle);
    crowd.world.proxy.on_call(fails);
    crowd.world.proxy.clear();
    let (sweeps, targets) = crowd.follow().await;
    assert_eq!((sweeps.len(), targets.len()), (0, 1), "{targets:?}");
    assert!(targets[0]["resource"].as_str().is_some_and(|resource| resource.ends_with(&sick)), "{targets:?}");
    assert!(crowd.looks().values().all(|looks| *looks > 0), "{:?}", crowd.looks());
}

/// A sweep goes on only if it came further: five tries are enough for one that never does.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_came_no_further_is_given_back() {
    let crowd = Crowd::gather().await;
    crowd.world.proxy.on_call(|call: &Call| (call.operation == "DescribeKey").then_some(Fault::Slow(TIME)));
    let answer = crowd.lambda.invoke(SWEEP).await;
    assert!(matches!(answer, Answer::Failed { .. }), "{answer:?}");
    assert!(crowd.queued().await.is_empty());
    assert_eq!(crowd.backlog().await, 0);
}

/// AWS IAM throttles whoever asks often: a look that failed in the middle loses nothing of what was seen before.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_sweep_keeps_how_far_it_came_before_a_fault() {
    let crowd = Crowd::gather().await;
    let count = std::sync::atomic::AtomicUsize::new(0);
    crowd.world.proxy.on_call(move |call: &Call| {
        let is_meant = call.operation == "DescribeKey";
        // Three attempts of the fourth look, and no other.
        let before = if is_meant { count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) } else { 0 };
        (is_meant && (3..6).contains(&before)).then_some(Fault::Throttle)
    });
    let (sweeps, _) = crowd.follow().await;
    assert_eq!(sweeps.len(), 1, "{sweeps:?}");
    assert_eq!(crowd.backlog().await, KEYS);
    let looks = crowd.looks();
    assert_eq!(looks.values().sum::<usize>(), 2 * KEYS + 3, "once, once more as backlog, and three in vain: {looks:?}");
}

/// What nobody could read is not known to be compliant: it waits on the backlog, and those behind it are looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_can_never_be_read_does_not_end_a_first_sweep() {
    let crowd = Crowd::gather().await;
    let sick = crowd.keys[3].clone();
    let fails =
        move |call: &Call| (call.operation == "DescribeKey" && is_about(call, &sick)).then_some(Fault::Throttle);
    crowd.world.proxy.on_call(fails);
    let mut queue = Queue::new(5);
    queue.push(String::from_utf8_lossy(SWEEP));
    loop {
        let drained = queue.drain(std::slice::from_ref(&crowd.lambda), 1, async |_| {}).await;
        assert!(drained.dead_lettered.is_empty(), "{:?}", drained.dead_lettered);
        let more: Vec<_> = crowd.queued().await.into_iter().filter(|message| message.get("sweep").is_some()).collect();
        if more.is_empty() {
            break;
        }
        more.iter().for_each(|message| drop(queue.push(message.to_string())));
    }
    assert_eq!(crowd.backlog().await, KEYS);
}

/// Events of drift wait in the same queue, behind all that a sweep has sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_of_many_sends_a_portion_and_goes_on_when_that_is_done() {
    let crowd = Crowd::gather().await;
    crowd.world.swept_before(CONTROL).await;
    let mut all: BTreeSet<String> = crowd.keys.iter().cloned().collect();
    while all.len() < 330 {
        all.insert(drift::key(&crowd.world).await);
    }
    let (mut next, mut seen, mut portions) =
        (Some(String::from_utf8_lossy(SWEEP).into_owned()), BTreeSet::new(), Vec::new());
    while let Some(sweep) = next.take() {
        crowd.world.proxy.clear();
        done(crowd.lambda.invoke(sweep.as_bytes()).await);
        // A message that is delayed cannot be received yet: it is read where it was sent.
        let sent = crowd.world.proxy.calls_where(|call| call.operation == "SendMessageBatch");
        let entries: Vec<Value> =
            sent.iter().flat_map(|call| call.json()["Entries"].as_array().cloned().unwrap_or_default()).collect();
        let mut targets = 0;
        for entry in entries {
            let body: Value = serde_json::from_str(entry["MessageBody"].as_str().expect("a body")).expect("JSON");
            if body.get("sweep").is_some() {
                // Three controls, 160 targets, a quarter of a second each.
                assert_eq!(entry["DelaySeconds"], 120, "{entry:#}");
                next = Some(body.to_string());
            } else {
                assert!(entry.get("DelaySeconds").is_none(), "{entry:#}");
                let key = body["resource"].as_str().and_then(|arn| arn.rsplit('/').next()).expect("a key").to_owned();
                assert!(seen.insert(key), "each target once: {body}");
                targets += 1;
            }
        }
        portions.push(targets);
    }
    assert_eq!(portions, [160, 160, 10]);
    assert_eq!(seen, all);
}
