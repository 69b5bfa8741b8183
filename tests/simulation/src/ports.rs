//! The engine's ports for one worker of the simulated world. Every call is a point at which others may go first, and at
//! which something may go wrong.

use std::{
    cell::{RefCell, RefMut},
    future::{Future, pending},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use remedy_domain::{AccountId, AttemptId, CLOCKS_DIFFER, Fault, SignedDuration, Target, Timestamp, guard::Permit};
use remedy_engine::{
    Clients, Clock, GONE_AFTER, LedgerBucket, Notice, Notices, Notified, Own, Place, Put, Store, Writer,
};

use crate::{
    Planted,
    account::Account,
    resource::{Attribute, Elements},
    weather::{Fate, Mishap, Weather},
    world::{Due, World},
};

/// The key of the settings in force.
pub(crate) const IN_FORCE: &str = "settings/in-force";

/// The ports of one worker.
#[derive(Debug, Clone)]
pub(crate) struct Hands {
    world: Rc<RefCell<World>>,
    worker: usize,
    /// What the worker's clock is ahead of the true time, or behind it.
    ahead: SignedDuration,
    /// By the worker's clock.
    deadline: Timestamp,
}

impl Hands {
    /// The ports of a worker that ends at `deadline`, true time.
    pub(crate) fn of(world: &Rc<RefCell<World>>, worker: usize, deadline: Timestamp) -> Self {
        let ahead = world.borrow().workers[worker].ahead;
        Self { world: Rc::clone(world), worker, ahead, deadline: deadline + ahead }
    }

    pub(crate) fn worker(&self) -> usize {
        self.worker
    }

    pub(crate) fn world(&self) -> RefMut<'_, World> {
        self.world.borrow_mut()
    }

    fn fate(&self) -> Fate {
        let world = &mut *self.world.borrow_mut();
        world.weather.fate(&mut world.chance)
    }

    fn do_now<T>(&self, effect: &mut impl FnMut(&mut World) -> T) -> T {
        effect(&mut self.world.borrow_mut())
    }

    /// One call: the way there, its effect, the way back.
    pub(crate) async fn call<T>(
        &self,
        doing: &'static str,
        mut effect: impl FnMut(&mut World) -> T + 'static,
    ) -> Result<T, Fault> {
        let fate = self.fate();
        let failed = |code| Err(Fault::transient(doing, code));
        Rest::until(self, fate.there).await;
        match fate.mishap {
            Some(Mishap::Refused) => {
                self.say(|| format!("{doing} is refused"));
                return failed("refused");
            }
            Some(Mishap::GoneBefore) => return self.gone(doing).await,
            Some(Mishap::GoneMeanwhile) => {
                self.leave(effect);
                return self.gone(doing).await;
            }
            Some(Mishap::Lost | Mishap::Again | Mishap::GoneAfter) | None => {}
        }
        let mut answer = self.do_now(&mut effect);
        match fate.mishap {
            Some(Mishap::Lost) => {
                self.say(|| format!("the answer to {doing} is lost"));
                return failed("lost");
            }
            Some(Mishap::GoneAfter) => return self.gone(doing).await,
            // A write to a resource that the SDK makes again would be two writes of one step.
            Some(Mishap::Again) if doing.starts_with("s3:") => answer = self.do_now(&mut effect),
            _ => {}
        }
        Rest::until(self, fate.back).await;
        Ok(answer)
    }

    /// One call on the ledger: during an outage it is refused, and never as transient.
    async fn ledger<T>(
        &self,
        shelf: LedgerBucket,
        doing: &'static str,
        effect: impl FnMut(&mut World) -> T + 'static,
    ) -> Result<T, Fault> {
        let is_out = |world: &World| world.weather.is_out(world.since_start(), shelf, doing);
        if is_out(&self.world()) {
            Rest::until(self, Duration::from_millis(20)).await;
            self.say(|| format!("{doing} is denied: the ledger is out"));
            return Err(Fault::rejected(doing, "KMS.DisabledException", "").of_ledger());
        }
        self.call(doing, effect).await
    }

    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        let worker = self.worker;
        self.world.borrow_mut().say(|| format!("worker {worker}: {}", line()));
    }

    /// The worker is gone, as after SIGKILL.
    async fn gone<T>(&self, doing: &str) -> T {
        self.say(|| format!("is gone at {doing}"));
        self.world.borrow_mut().after(Duration::ZERO, Due::End(self.worker));
        pending().await
    }

    /// Leaves a request behind that is on its way.
    fn leave<T>(&self, mut effect: impl FnMut(&mut World) -> T + 'static) {
        let mut world = self.world.borrow_mut();
        let wait = Weather::lateness(&mut world.chance);
        let late = move |world: &mut World| {
            world.say(|| "a request arrives late".to_owned());
            effect(world);
        };
        world.after(wait, Due::Late(Box::new(late)));
    }

    /// If the bug is planted, the worker sees its own writes from now on.
    pub(crate) fn believe(&self, target: &Target, attribute: Attribute, setting: Elements) {
        let mut world = self.world.borrow_mut();
        if let (Some(Planted::WriteBelieved), Some(resource)) = (world.planted, world.resource(target)) {
            world.workers[self.worker].believed.insert((resource, attribute), setting);
        }
    }
}

/// Lets time pass for one worker, and others go first.
struct Rest<'a> {
    hands: &'a Hands,
    until: Timestamp,
}

impl<'a> Rest<'a> {
    fn until(hands: &'a Hands, wait: Duration) -> Self {
        let mut world = hands.world.borrow_mut();
        world.after(wait, Due::Resume(hands.worker));
        Self { hands, until: world.now + wait }
    }
}

impl Future for Rest<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = self.hands.world.borrow().now;
        if now < self.until {
            // The agenda polls the worker; within it, a set of futures polls only what was woken.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.world.borrow().now + self.ahead
    }

    fn remaining(&self) -> Duration {
        Duration::try_from(self.deadline.duration_since(self.now())).unwrap_or_default()
    }

    fn lease_until(&self) -> Timestamp {
        match self.world.borrow().planted {
            Some(Planted::LeaseTooShort) => self.now() + Duration::from_millis(300),
            Some(Planted::ClocksTrusted) => self.deadline + (GONE_AFTER - CLOCKS_DIFFER),
            _ => self.deadline + GONE_AFTER,
        }
    }

    async fn pause(&self, duration: Duration) {
        Rest::until(self, duration).await;
    }

    fn attempt(&self) -> Result<AttemptId, Fault> {
        let mut world = self.world.borrow_mut();
        let attempts = &mut world.workers[self.worker].attempts;
        let id = AttemptId::parse(format!("{:016x}{:016x}", self.worker, attempts.len())).expect("hex of this length");
        attempts.push(id.clone());
        Ok(id)
    }
}

impl Store for Hands {
    async fn put_new(&self, shelf: LedgerBucket, key: &str, body: &[u8]) -> Result<Put, Fault> {
        let (key, body) = (key.to_owned(), body.to_vec());
        self.ledger(shelf, "s3:PutObject", move |world| world.put_new(shelf, &key, &body)).await
    }

    async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault> {
        let (key, body) = (key.to_owned(), body.to_vec());
        self.ledger(LedgerBucket::State, "s3:PutObject", move |world| world.put(&key, &body)).await
    }

    async fn get(&self, shelf: LedgerBucket, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        let (key, worker) = (key.to_owned(), self.worker);
        let read = move |world: &mut World| {
            if key == IN_FORCE {
                world.workers[worker].rules = world.rules.len() - 1;
            }
            world.get(shelf, &key)
        };
        self.ledger(shelf, "s3:GetObject", read).await
    }

    async fn list(&self, shelf: LedgerBucket, prefix: &str) -> Result<Vec<String>, Fault> {
        let prefix = prefix.to_owned();
        self.ledger(shelf, "s3:ListObjectsV2", move |world| world.list(shelf, &prefix)).await
    }
}

impl Own for Hands {
    async fn own_principal(&self) -> Result<Vec<String>, Fault> {
        Ok(vec!["arn:aws:iam::111122223333:role/remedy-function".to_owned()])
    }

    fn home(&self) -> AccountId {
        AccountId::parse("111122223333").expect("an account id")
    }
}

impl Notices for Hands {
    async fn tell(&self, notice: &Notice) -> Notified {
        let notice = notice.clone();
        // As on AWS: a notice that fails never fails a run.
        match self.call("sns:Publish", move |world| world.told(&notice)).await {
            Ok(()) => Notified::Yes,
            Err(_) => Notified::No,
        }
    }
}

impl Clients<Account> for Hands {
    async fn reader(&self, _: &Place) -> Result<Account, Fault> {
        Ok(Account { hands: self.clone(), session: None })
    }

    async fn writer(&self, permit: Permit, _: &Place) -> Result<Writer<Account>, Fault> {
        self.call("sts:AssumeRole", |_| ()).await?;
        let session = Some(permit.plan().clone());
        Ok(Writer::open(&permit, Account { hands: self.clone(), session }))
    }
}
