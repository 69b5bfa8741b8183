use std::{
    cell::Cell,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use remedy_domain::{
    AccountId, Plan,
    ask::{Answer, FORMAT as ASK},
    evidence::StoredPlan,
    guard::Purpose,
    hold::HoldScope,
};
use serde_json::json;

use super::*;
use crate::quiet::{OnShelves, Shelves, bucket, person};

/// State in memory, where every call takes one moment, and a listing one for each thousand keys.
#[derive(Debug, Default)]
struct Moments(Shelves);

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    /// Calls that began or ended.
    static PROGRESS: Cell<usize> = const { Cell::new(0) };
}

fn progress() {
    PROGRESS.set(PROGRESS.get() + 1);
}

/// Lets a moment pass for one call.
async fn moment() {
    let due = NOW.get() + 1;
    progress();
    std::future::poll_fn(|context| {
        if NOW.get() >= due {
            progress();
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl OnShelves for Moments {
    fn shelves(&self) -> &Shelves {
        &self.0
    }
}

impl Store for Moments {
    async fn put_new(&self, shelf: LedgerBucket, key: &str, body: &[u8]) -> Result<Put, Fault> {
        moment().await;
        self.0.put_new(shelf, key, body).await
    }

    async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault> {
        moment().await;
        self.0.put(key, body).await
    }

    async fn get(&self, shelf: LedgerBucket, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        moment().await;
        self.0.get(shelf, key).await
    }

    async fn list(&self, shelf: LedgerBucket, prefix: &str) -> Result<Vec<String>, Fault> {
        let keys = self.0.list(shelf, prefix).await?;
        for _ in 0..=keys.len() / 1000 {
            moment().await;
        }
        Ok(keys)
    }
}

impl Moments {
    /// The number of reads since the last time.
    fn reads(&self) -> usize {
        self.0.read.take().len()
    }
}

/// A set of futures polls a few of its members at a time: after so many polls without progress, none can make any.
const IDLE: usize = 100;

/// The result of a future, and the number of moments it took.
fn timed<T>(future: impl Future<Output = Result<T, Fault>>) -> (T, usize) {
    let (mut future, began) = (pin!(future), NOW.get());
    loop {
        let mut idle = 0;
        while idle < IDLE {
            let before = PROGRESS.get();
            if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return (answer.expect("this shelf has no faults"), NOW.get() - began);
            }
            idle = if PROGRESS.get() == before { idle + 1 } else { 0 };
        }
        NOW.set(NOW.get() + 1);
    }
}

fn now<T>(future: impl Future<Output = Result<T, Fault>>) -> T {
    timed(future).0
}

fn hours(hours: u64) -> Timestamp {
    "2026-03-02T10:00:00Z".parse::<Timestamp>().unwrap() + Duration::from_hours(hours)
}

fn plan_of(control: &str, number: usize, wanted: usize) -> Plan {
    let target = bucket(&format!("bucket-{number}"));
    Plan::new(control, &target, json!({"is": wanted}), json!({"should": true}))
}

fn ask_for(control: &str, (bucket, wanted): (usize, usize), at: Timestamp) -> Ask {
    let plan = StoredPlan {
        plan: plan_of(control, bucket, wanted),
        purpose: Purpose::Repair.into(),
        realized: None,
        function: String::new(),
        attempt: None,
        at,
    };
    let subject = Subject::Plan { plan: Box::new(plan) };
    Ask {
        format: ASK,
        subject,
        reason: String::new(),
        by: None,
        function: String::new(),
        at,
        until: at + Duration::from_hours(72),
    }
}

fn asked(store: &Moments, ask: &Ask) -> Put {
    let asked = now(open(store, ask, &people()));
    if asked.noted.is_none() {
        now(enter(store, &asked, Noted::Each));
    }
    asked.put
}

fn ids(open: &[Open]) -> Vec<String> {
    open.iter().map(|open| open.id.clone()).collect()
}

fn everything(store: &Moments, at: Timestamp) -> Vec<Open> {
    now(open_asks(store, &Which::default(), (at, &people())))
}

/// Somebody may decide.
fn people() -> People {
    People { approvers: vec![person("ann").arn], ..People::default() }
}

#[test]
fn a_newer_plan_for_the_same_resource_takes_the_place_of_the_older() {
    let store = Moments::default();
    let (old, new) = (ask_for("c", (1, 1), hours(0)), ask_for("c", (1, 2), hours(1)));
    assert_eq!(
        [asked(&store, &old), asked(&store, &old), asked(&store, &new)],
        [Put::Created, Put::Exists, Put::Created]
    );
    let (old_id, new_id) = (id(&old.subject).unwrap(), id(&new.subject).unwrap());
    assert_eq!(ids(&everything(&store, hours(2))), std::slice::from_ref(&new_id));
    let on_file = now(latest(&store, &old_id)).unwrap();
    assert!(on_file.is_superseded() && on_file.superseded.as_ref().is_some_and(|by| by.by == new_id));
    assert_eq!(on_file.standing(hours(2), &people(), &[]), ApprovalStatus::Unasked);
    let again = Ask { at: hours(3), until: hours(75), ..old };
    assert_eq!(asked(&store, &again), Put::Created, "it is asked for anew when it is the plan again");
    assert_eq!(ids(&everything(&store, hours(4))), [old_id]);
    assert!(now(latest(&store, &new_id)).unwrap().is_superseded());
    let others = [ask_for("d", (1, 1), hours(4)), ask_for("c", (2, 1), hours(4))];
    for ask in &others {
        assert_eq!(asked(&store, ask), Put::Created);
    }
    assert_eq!(everything(&store, hours(5)).len(), 3, "another control or resource is another matter");
}

#[test]
fn of_two_plans_of_one_second_the_later_waits() {
    for wanted in 0..20 {
        let store = Moments::default();
        let (old, new) = (ask_for("c", (1, wanted), hours(0)), ask_for("c", (1, wanted + 1), hours(0)));
        let new = Ask { at: new.at + Duration::from_millis(1), ..new };
        asked(&store, &old);
        asked(&store, &new);
        assert_eq!(ids(&everything(&store, hours(1))), [id(&new.subject).unwrap()]);
    }
}

#[test]
fn what_was_decided_before_is_carried_out_and_what_is_decided_after_counts_for_nothing() {
    for (decided, stands) in [(hours(1), true), (hours(3), false)] {
        let store = Moments::default();
        let (old, new) = (ask_for("c", (1, 1), hours(0)), ask_for("c", (1, 2), hours(2)));
        asked(&store, &old);
        let on_file = now(latest(&store, &id(&old.subject).unwrap())).unwrap();
        let decision =
            Decision { format: ASK, answer: Answer::Approved.into(), by: person("ann"), reason: None, at: decided };
        asked(&store, &new);
        assert_eq!(now(decide(&store, &on_file, &decision)), Put::Created);
        let on_file = now(latest(&store, &on_file.id)).unwrap();
        assert_eq!(matches!(on_file.standing(hours(4), &people(), &[]), ApprovalStatus::Approved(_)), stands);
    }
}

#[test]
fn what_people_ask_for_comes_first_and_then_the_newest() {
    let store = Moments::default();
    let plans = [ask_for("c", (1, 1), hours(1)), ask_for("d", (2, 1), hours(2))];
    let release = Subject::Release { scope: HoldScope::All, since: hours(0) };
    let person = Ask { subject: release, by: Some(person("ann")), ..ask_for("c", (9, 9), hours(0)) };
    for ask in plans.iter().chain([&person]) {
        asked(&store, ask);
    }
    let expected = [&person, &plans[1], &plans[0]].map(|ask| id(&ask.subject).unwrap());
    assert_eq!(ids(&everything(&store, hours(3))), expected);
    let which = Which { control: Some("d".to_owned()), account: None };
    assert_eq!(ids(&now(open_asks(&store, &which, (hours(3), &people())))), [expected[1].clone()]);
    let which = Which { account: Some(AccountId::parse("444455556666").unwrap()), ..Which::default() };
    assert_eq!(now(open_asks(&store, &which, (hours(3), &people()))), []);
    assert_eq!(everything(&store, hours(72)).len(), 2, "what is over is not open");
}

/// Five thousand asks of 180 days, of five hundred resources.
fn many() -> (Moments, Timestamp) {
    let store = Moments::default();
    for number in 0..5000 {
        let at = hours(u64::try_from(number * 180 * 24 / 5000).unwrap());
        asked(&store, &ask_for("c", (number % 500, number), at));
    }
    (store, hours(180 * 24))
}

#[test]
fn a_page_of_five_thousand_asks_takes_few_moments_and_reads_what_it_shows() {
    let (store, at) = many();
    assert!(!everything(&store, at).is_empty());
    store.reads();
    let (open, listed) = timed(open_asks(&store, &Which::default(), (at, &people())));
    assert_eq!(store.reads(), 0, "keys tell what is open");
    let (page, read_in) = timed(read(&store, &open[..50], (at, &people())));
    assert_eq!((page.asks.len(), page.damaged.len()), (50, 0));
    let reads = store.reads();
    assert!((50..=50 * 4).contains(&reads), "{reads} reads");
    // At 30 ms a call, 2 s are 66 calls one after another.
    assert!(listed + read_in <= 40, "{listed} and {read_in} moments");
}

#[test]
fn what_an_earlier_version_asked_for_is_entered_once() {
    let (store, at) = many();
    let expected = ids(&everything(&store, at));
    let is_new = |key: &str| ["open/", "indexed/", "superseded/"].iter().any(|folder| key.starts_with(folder));
    store.0.objects.borrow_mut().retain(|(_, key), _| !is_new(key));
    let (found, moments) = timed(open_asks(&store, &Which::default(), (at, &people())));
    let found: std::collections::BTreeSet<_> = ids(&found).into_iter().collect();
    assert!(expected.iter().all(|id| found.contains(id)), "nothing that waits is lost");
    assert!(moments < 300, "{moments} moments, once");
    store.reads();
    everything(&store, at);
    assert_eq!(store.reads(), 0, "it is not done again");
}
