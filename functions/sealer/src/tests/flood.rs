//! Hours with very many objects, and bodies that are made up when they are read: nothing of it is kept in memory.

#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]

use std::{cell::Cell, time::Instant};

use remedy_domain::AttemptId;
use remedy_engine::{Clock, Put, Store};
use remedy_evidence::Name;
use remedy_testkit::depth::Depth;

use super::*;

/// The evidence bucket with one large hour, at so much a call. Whatever is written goes to memory.
struct Flood {
    ports: MemoryPorts,
    objects: usize,
    a_call: Duration,
    calls: Cell<usize>,
    until: Cell<Instant>,
}

const HOUR: &str = "2026/03/02/12/";

impl Flood {
    fn of(objects: usize, a_call: Duration) -> Self {
        Self { ports: ports(), objects, a_call, calls: Cell::default(), until: Cell::new(Instant::now()) }
    }

    fn begin(&self, time: Duration) {
        self.until.set(Instant::now() + time);
    }

    async fn call(&self) {
        self.calls.set(self.calls.get() + 1);
        tokio::time::sleep(self.a_call).await;
    }

    fn key(n: usize) -> String {
        format!("{HOUR}{n:08}.json")
    }
}

impl Clock for Flood {
    fn now(&self) -> Timestamp {
        self.ports.now()
    }
    fn remaining(&self) -> Duration {
        self.until.get().saturating_duration_since(Instant::now())
    }
    fn lease_until(&self) -> Timestamp {
        self.ports.lease_until()
    }
    async fn pause(&self, duration: Duration) {
        self.ports.pause(duration).await;
    }
    fn attempt(&self) -> Result<AttemptId, Fault> {
        self.ports.attempt()
    }
}

impl Store for Flood {
    async fn put_new(&self, shelf: LedgerBucket, key: &str, body: &[u8]) -> Result<Put, Fault> {
        self.call().await;
        self.ports.put_new(shelf, key, body).await
    }
    async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault> {
        self.call().await;
        self.ports.put(key, body).await
    }
    async fn get(&self, shelf: LedgerBucket, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.call().await;
        self.ports.get(shelf, key).await
    }
    async fn list(&self, shelf: LedgerBucket, prefix: &str) -> Result<Vec<String>, Fault> {
        self.call().await;
        self.ports.list(shelf, prefix).await
    }
}

impl Depot for Flood {
    async fn page(&self, prefix: &str, after: &str) -> Result<KeyPage, Fault> {
        self.call().await;
        if !HOUR.starts_with(prefix) {
            return self.ports.page(prefix, after).await;
        }
        let keys = (0..self.objects).map(Self::key).skip_while(|key| key.as_str() <= after);
        let keys: Vec<_> = keys.take(1000).collect();
        let more = keys.last().is_some_and(|last| *last != Self::key(self.objects - 1));
        Ok(KeyPage { keys, more })
    }

    async fn pieces(&self, key: &str, longest: u64, take: &mut dyn FnMut(&[u8])) -> Result<Read<()>, Fault> {
        self.call().await;
        if !key.starts_with(HOUR) {
            return self.ports.pieces(key, longest, take).await;
        }
        take(key.as_bytes());
        Ok(Ok(()))
    }
}

fn listed(ports: &MemoryPorts) -> Vec<String> {
    let shelf = ports.shelf(LedgerBucket::Evidence);
    let manifests = shelf.iter().filter(|(key, _)| matches!(Name::of(key), Name::Manifest(_)));
    let keys = manifests.flat_map(|(_, bytes)| Manifest::parse(bytes).unwrap().entries);
    keys.map(|entry| entry.key).collect()
}

/// An hour of 100,000 objects at 30 ms a call, within the time that the template gives. At standard depth, a tenth of it.
#[tokio::test]
async fn an_hour_of_a_hundred_thousand_objects_is_sealed_within_its_time() {
    let objects = Depth::asked().of(10_000, 100_000);
    let flood = Flood::of(objects, Duration::from_millis(30));
    flood.begin(Duration::from_mins(15));
    let run = seal(&flood, &signer(), "evidence", &[]).await.unwrap();
    assert_eq!((run.due, run.sealed.len()), (0, objects / 5000));
    let found = listed(&flood.ports);
    assert_eq!((found.len(), found.last()), (objects, Some(&Flood::key(objects - 1))));
}

/// With little time, each run seals what it read, and the next one continues there: nothing is read twice.
#[tokio::test]
async fn an_hour_that_takes_several_runs_is_sealed_in_parts() {
    let flood = Flood::of(4500, Duration::from_millis(100));
    let mut runs = 0;
    loop {
        flood.begin(Duration::from_secs(18));
        let run = seal(&flood, &signer(), "evidence", &[]).await.unwrap();
        runs += 1;
        if run.due == 0 {
            break;
        }
        assert!(runs < 10, "it does not come to an end");
    }
    let found = listed(&flood.ports);
    assert_eq!(found, (0..4500).map(Flood::key).collect::<Vec<_>>(), "each once, in order");
    assert!(runs > 1, "it takes several");
}
