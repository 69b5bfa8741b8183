//! The engine's ports in memory: a ledger on two shelves, time that stands still, notices that are kept, and doors into a
//! fake or an emulated account.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::Pin,
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use remedy_aws::{Connect, Session, fault};
use remedy_domain::{AccountId, AttemptId, Fault, Timestamp, guard::Permit};
use remedy_engine::{
    Clients, Clock, GONE_AFTER, LedgerBucket, Notice, Notices, Notified, Own, Place, Put, Store, Writer,
};

use crate::fake::{Caller, FakeAws, Fate, Mishap, Moment, Turn, VirtualTime};

/// An access to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// An object was created.
    Created,
    /// It was there already.
    Existed,
    /// An object was created or replaced.
    Replaced,
    /// An object was read, or was not there.
    Read,
    /// Keys were listed.
    Listed,
}

/// One access to the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the order of all effects.
    pub number: usize,
    /// The access.
    pub access: Access,
    /// Which bucket.
    pub shelf: LedgerBucket,
    /// The key or prefix.
    pub key: String,
}

impl Entry {
    /// Whether the ledger is not as before.
    #[must_use]
    pub fn is_write(&self) -> bool {
        matches!(self.access, Access::Created | Access::Replaced)
    }
}

type Interlude = Pin<Box<dyn Future<Output = ()>>>;
type Gate = Box<dyn Fn(&Place) -> Session>;

/// The engine's ports in memory.
pub struct MemoryPorts {
    gate: Gate,
    time: VirtualTime,
    fate: Fate,
    deadline: Cell<Timestamp>,
    shelves: RefCell<BTreeMap<(LedgerBucket, String), Vec<u8>>>,
    log: RefCell<Vec<Entry>>,
    notices: RefCell<Vec<Notice>>,
    mute: Cell<bool>,
    attempts: Cell<u64>,
    paused: Cell<Duration>,
    interlude: RefCell<Option<(String, Interlude)>>,
}

impl fmt::Debug for MemoryPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryPorts").field("shelves", &self.shelves).finish_non_exhaustive()
    }
}

impl MemoryPorts {
    /// Ports into the accounts of a fake. They share its time and its fate.
    #[must_use]
    pub fn over_fake(fake: &FakeAws) -> Self {
        let within = fake.clone();
        let gate = move |place: &Place| {
            let region = if place.region.is_global() { "us-east-1" } else { place.region.as_str() };
            Session::over(within.config(place.account.as_str(), region, Caller::Reader))
        };
        Self::new(Box::new(gate), fake.time(), fake.fate())
    }

    /// Ports into the account of a session, such as one on an emulator. Their time starts at `now`.
    #[must_use]
    pub fn over_session(session: Session, now: Timestamp) -> Self {
        let gate = move |place: &Place| session.in_region(&place.region);
        Self::new(Box::new(gate), VirtualTime::at(now), Fate::default())
    }

    fn new(gate: Gate, time: VirtualTime, fate: Fate) -> Self {
        let deadline = Cell::new(time.now());
        let (shelves, log, notices) = Default::default();
        let (attempts, paused, interlude, mute) = Default::default();
        Self { gate, time, fate, deadline, shelves, log, notices, mute, attempts, paused, interlude }
    }

    /// Begins an invocation that may take so long.
    pub fn begin(&self, remaining: Duration) {
        self.deadline.set(self.time.now() + remaining);
    }

    /// Lets time pass until every worker so far is known to be gone.
    pub fn outlive(&self) {
        self.time.set(self.lease_until().max(self.time.now()));
    }

    /// Their time.
    #[must_use]
    pub fn time(&self) -> &VirtualTime {
        &self.time
    }

    /// Their fate.
    #[must_use]
    pub fn fate(&self) -> &Fate {
        &self.fate
    }

    /// How long the engine has paused in all.
    #[must_use]
    pub fn paused(&self) -> Duration {
        self.paused.get()
    }

    /// All notices to people.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.notices.borrow().clone()
    }

    /// From now on nobody can be notified, or everybody again.
    pub fn mute(&self, mute: bool) {
        self.mute.set(mute);
    }

    /// Every access to the ledger so far.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.log.borrow().clone()
    }

    /// The objects on a shelf, by key.
    #[must_use]
    pub fn shelf(&self, shelf: LedgerBucket) -> BTreeMap<String, Vec<u8>> {
        let shelves = self.shelves.borrow();
        let on_shelf = shelves.iter().filter(|((on, _), _)| *on == shelf);
        on_shelf.map(|((_, key), body)| (key.clone(), body.clone())).collect()
    }

    /// Lets something happen, once, directly after an object is created whose key contains `part`.
    pub fn after_creating(&self, part: &str, interlude: impl Future<Output = ()> + 'static) {
        self.interlude.replace(Some((part.to_owned(), Box::pin(interlude))));
    }

    /// Runs a worker to its end, or to its crash.
    pub async fn until_crash<T>(&self, worker: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = worker => Some(done),
            () = self.fate.crashed() => None,
        }
    }

    /// The beginning of an access; what goes wrong at `moment` of it.
    async fn befall(&self, turn: Turn, moment: Moment) -> Result<(), Fault> {
        let code = match turn.mishap(moment) {
            None => return Ok(()),
            Some(Mishap::Crash) => {
                self.fate.crash();
                std::future::pending().await
            }
            Some(Mishap::Throttled) => "SlowDown",
            Some(Mishap::Unavailable) => "ServiceUnavailable",
            Some(Mishap::Dropped) => "no-connection",
        };
        Err(Fault::transient("s3:Ledger", code))
    }

    /// One access: it may go wrong before, and after it was made.
    async fn access<T>(
        &self,
        shelf: LedgerBucket,
        key: &str,
        make: impl FnOnce(&mut BTreeMap<(LedgerBucket, String), Vec<u8>>) -> (Access, T),
    ) -> Result<T, Fault> {
        let turn = self.fate.turn();
        self.befall(turn, Moment::Before).await?;
        turn.wait().await;
        let (access, made) = make(&mut self.shelves.borrow_mut());
        self.log.borrow_mut().push(Entry { number: turn.number, access, shelf, key: key.to_owned() });
        self.befall(turn, Moment::After).await?;
        self.interrupt(access, key).await;
        Ok(made)
    }

    async fn interrupt(&self, access: Access, key: &str) {
        let due = self.interlude.borrow_mut().take_if(|(part, _)| access == Access::Created && key.contains(&**part));
        if let Some((_, interlude)) = due {
            interlude.await;
        }
    }
}

impl Clock for MemoryPorts {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn remaining(&self) -> Duration {
        Duration::try_from(self.deadline.get().duration_since(self.time.now())).unwrap_or_default()
    }

    fn lease_until(&self) -> Timestamp {
        self.deadline.get() + GONE_AFTER
    }

    async fn pause(&self, duration: Duration) {
        self.paused.set(self.paused.get() + duration);
        self.time.advance(duration);
    }

    fn attempt(&self) -> Result<AttemptId, Fault> {
        self.attempts.set(self.attempts.get() + 1);
        Ok(AttemptId::parse(format!("{:032x}", self.attempts.get())).expect("hex of this length"))
    }
}

impl Store for MemoryPorts {
    async fn put_new(&self, shelf: LedgerBucket, key: &str, body: &[u8]) -> Result<Put, Fault> {
        self.access(shelf, key, |objects| match objects.get(&(shelf, key.to_owned())) {
            Some(there) => (Access::Existed, if there == body { Put::Created } else { Put::Exists }),
            None => {
                objects.insert((shelf, key.to_owned()), body.to_vec());
                (Access::Created, Put::Created)
            }
        })
        .await
    }

    async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault> {
        self.access(LedgerBucket::State, key, |objects| {
            objects.insert((LedgerBucket::State, key.to_owned()), body.to_vec());
            (Access::Replaced, ())
        })
        .await
    }

    async fn get(&self, shelf: LedgerBucket, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.access(shelf, key, |objects| (Access::Read, objects.get(&(shelf, key.to_owned())).cloned())).await
    }

    async fn list(&self, shelf: LedgerBucket, prefix: &str) -> Result<Vec<String>, Fault> {
        self.access(shelf, prefix, |objects| {
            let found = objects.keys().filter(|(on, key)| *on == shelf && key.starts_with(prefix));
            (Access::Listed, found.map(|(_, key)| key.clone()).collect())
        })
        .await
    }
}

impl Own for MemoryPorts {
    async fn own_principal(&self) -> Result<Vec<String>, Fault> {
        Ok(vec!["arn:aws:iam::111122223333:role/remedy-function".to_owned()])
    }

    fn home(&self) -> AccountId {
        AccountId::parse("111122223333").expect("an account id")
    }
}

impl Notices for MemoryPorts {
    async fn tell(&self, notice: &Notice) -> Notified {
        if self.mute.get() {
            return Notified::No;
        }
        self.notices.borrow_mut().push(notice.clone());
        Notified::Yes
    }
}

impl<C: Connect> Clients<C> for MemoryPorts {
    async fn reader(&self, place: &Place) -> Result<C, Fault> {
        Ok(C::connect(&(self.gate)(place)))
    }

    /// As on AWS: the permit is exchanged for a session of the write role, which is named after the plan.
    async fn writer(&self, permit: Permit, place: &Place) -> Result<Writer<C>, Fault> {
        let config = (self.gate)(place).config().clone();
        let role = format!("arn:aws:iam::{}:role/remedy-write", place.account);
        let request = aws_sdk_sts::Client::new(&config).assume_role().role_arn(role);
        let answer = request.role_session_name(permit.plan().as_str()).duration_seconds(900).send().await;
        let given =
            answer.map_err(|error| fault("sts:AssumeRole", &error))?.credentials.expect("STS gives credentials");
        let token = Some(given.session_token);
        let credentials = Credentials::new(given.access_key_id, given.secret_access_key, token, None, "write-role");
        let provider = SharedCredentialsProvider::new(credentials);
        let session = Session::over(config.into_builder().credentials_provider(provider).build());
        Ok(Writer::open(&permit, C::connect(&session)))
    }
}
