//! Ports of tests: two shelves in memory that return at once, a clock that advances a second at each read, and the
//! notices to people. And shared subjects of tests: a control, a target, a person.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use futures_util::FutureExt as _;
use remedy_domain::{AccountId, Actor, AttemptId, Control, ControlId, Fault, Region, ResourceKind, Target, Timestamp};

use crate::ports::{Clock, LedgerBucket, Notice, Notices, Notified, Own, Put, Store};

/// A ledger in memory, and everything else that tests see.
#[derive(Debug, Default)]
pub(crate) struct Shelves {
    pub(crate) objects: RefCell<BTreeMap<(LedgerBucket, String), Vec<u8>>>,
    /// The keys that were read.
    pub(crate) read: RefCell<Vec<String>>,
    /// What the next listing returns instead: it was made before another worker wrote.
    pub(crate) earlier: RefCell<Option<Vec<String>>>,
    /// The notices.
    pub(crate) told: RefCell<Vec<Notice>>,
    looks: Cell<i64>,
}

impl Shelves {
    /// All keys of a shelf.
    pub(crate) fn keys(&self, shelf: LedgerBucket) -> Vec<String> {
        now(self.list(shelf, ""))
    }
}

impl Store for Shelves {
    async fn put_new(&self, shelf: LedgerBucket, key: &str, body: &[u8]) -> Result<Put, Fault> {
        let (mut objects, entry) = (self.objects.borrow_mut(), (shelf, key.to_owned()));
        if objects.contains_key(&entry) {
            return Ok(Put::Exists);
        }
        objects.insert(entry, body.to_owned());
        Ok(Put::Created)
    }

    async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault> {
        self.objects.borrow_mut().insert((LedgerBucket::State, key.to_owned()), body.to_owned());
        Ok(())
    }

    async fn get(&self, shelf: LedgerBucket, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.read.borrow_mut().push(key.to_owned());
        Ok(self.objects.borrow().get(&(shelf, key.to_owned())).cloned())
    }

    async fn list(&self, shelf: LedgerBucket, prefix: &str) -> Result<Vec<String>, Fault> {
        if let Some(earlier) = self.earlier.take() {
            return Ok(earlier);
        }
        let objects = self.objects.borrow();
        let from = objects.range((shelf, prefix.to_owned())..).map(|(entry, _)| entry);
        Ok(from.take_while(|(on, key)| *on == shelf && key.starts_with(prefix)).map(|(_, key)| key.clone()).collect())
    }
}

/// A store of tests that has the other ports of its shelves.
pub(crate) trait OnShelves {
    /// The shelves.
    fn shelves(&self) -> &Shelves;
}

impl OnShelves for Shelves {
    fn shelves(&self) -> &Shelves {
        self
    }
}

impl<T: OnShelves> Clock for T {
    fn now(&self) -> Timestamp {
        let looks = &self.shelves().looks;
        looks.set(looks.get() + 1);
        Timestamp::from_second(1_700_000_000 + looks.get()).unwrap()
    }

    fn remaining(&self) -> Duration {
        Duration::from_mins(1)
    }

    fn lease_until(&self) -> Timestamp {
        self.now()
    }

    async fn pause(&self, _: Duration) {}

    fn attempt(&self) -> Result<AttemptId, Fault> {
        Ok(AttemptId::parse(format!("{:032x}", self.now().as_second())).unwrap())
    }
}

impl<T: OnShelves> Notices for T {
    async fn tell(&self, notice: &Notice) -> Notified {
        self.shelves().told.borrow_mut().push(notice.clone());
        Notified::Yes
    }
}

impl<T: OnShelves> Own for T {
    async fn own_principal(&self) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }

    fn home(&self) -> AccountId {
        account()
    }
}

/// The result of a future that never waits.
pub(crate) fn now<T>(future: impl Future<Output = Result<T, Fault>>) -> T {
    future.now_or_never().expect("these shelves answer at once").expect("these shelves have no faults")
}

/// A control with nothing but a name.
pub(crate) const CONTROL: Control = Control { id: ControlId("kms-key-unrotated"), ..Control::of(ResourceKind::PLAIN) };

/// An account.
pub(crate) fn account() -> AccountId {
    AccountId::parse("111122223333").unwrap()
}

/// A bucket of this name.
pub(crate) fn bucket(name: &str) -> Target {
    Target {
        account: account(),
        region: Region::parse("us-east-1").unwrap(),
        resource_type: "AWS::S3::Bucket".to_owned(),
        id: name.to_owned(),
        unique_id: None,
        arn: None,
    }
}

/// A user of this name.
pub(crate) fn person(name: &str) -> Actor {
    Actor { account: account(), id: format!("AIDA{name}"), arn: format!("arn:aws:iam::111122223333:user/{name}") }
}
