//! The place of a case: an account of the fake, or one of an emulator.

use std::{
    collections::BTreeMap,
    rc::Rc,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use remedy_aws::{Connect, Session};
use remedy_domain::{AccountId, Region, Scope};
use remedy_engine::Place;

use serde_json::Value;

use super::Lawful;
use crate::{
    fake::{Caller, FakeAws, Kind, Seen, Service},
    memory::MemoryPorts,
};

/// States that no SDK call can bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prop {
    /// Root has an MFA device.
    RootMfa,
    /// Root has none.
    NoRootMfa,
}

/// A look behind the scenes. An emulator may have none of it.
pub trait Inspector {
    /// Every request seen so far.
    fn journal(&self) -> Option<Vec<Seen>> {
        None
    }

    /// Every attribute of every resource under a path.
    fn dump(&self) -> Option<BTreeMap<String, String>> {
        None
    }

    /// Refuses an operation to everybody but the test, or allows it again. Returns whether it can.
    fn refuse(&self, _operation: &str, _refused: bool) -> bool {
        false
    }

    /// Lets the engine see its writes only so much later. Returns whether it can.
    fn lag(&self, _by: Duration) -> bool {
        false
    }

    /// Shows the engine once more, for so long, the state before its last writes. Returns whether it can.
    fn relapse(&self, _long: Duration) -> bool {
        false
    }

    /// Creates a state that no SDK call can. Returns the id of the resource; nothing if it cannot.
    fn plant(&self, _account: &str, _region: &str, _prop: Prop) -> Option<String> {
        None
    }

    /// Sets attributes of a resource, as no SDK call can. Returns whether it can.
    fn set(&self, _place: (&str, &str), _kind: &Kind, _id: &str, _attributes: Value) -> bool {
        false
    }

    /// Lets lists come in pages of one, where it can.
    fn pages_of_one(&self) {}
}

impl Inspector for FakeAws {
    fn journal(&self) -> Option<Vec<Seen>> {
        Some(FakeAws::journal(self))
    }

    fn dump(&self) -> Option<BTreeMap<String, String>> {
        Some(FakeAws::dump(self))
    }

    fn refuse(&self, operation: &str, refused: bool) -> bool {
        if refused {
            self.deny(operation)
        } else {
            self.allow_again(operation)
        }
        true
    }

    fn lag(&self, by: Duration) -> bool {
        FakeAws::lag(self, by);
        true
    }

    fn relapse(&self, long: Duration) -> bool {
        FakeAws::relapse(self, long);
        true
    }

    fn plant(&self, account: &str, _: &str, prop: Prop) -> Option<String> {
        self.plant_root_mfa(account, prop == Prop::RootMfa);
        Some(account.to_owned())
    }

    fn set(&self, place: (&str, &str), kind: &Kind, id: &str, attributes: Value) -> bool {
        FakeAws::plant(self, kind, place, id, attributes);
        true
    }

    fn pages_of_one(&self) {
        self.page_size(1);
    }
}

/// An account in which a world is arranged.
#[derive(Clone)]
pub struct TestAccount {
    /// A session that may do everything.
    pub session: Session,
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// Behind the scenes.
    pub backstage: Rc<dyn Inspector>,
    /// The prefix of all names here.
    pub alias: String,
}

impl std::fmt::Debug for TestAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestAccount")
            .field("account", &self.account)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl TestAccount {
    /// A stage in an account of which a session may do everything.
    #[must_use]
    pub fn new(session: Session, account: AccountId, region: Region, backstage: Rc<dyn Inspector>) -> Self {
        Self { session, account, region, backstage, alias: String::new() }
    }

    /// A client that may do everything.
    #[must_use]
    pub fn client<C: Connect>(&self) -> C {
        C::connect(&self.session)
    }

    /// A name that nothing else has.
    #[must_use]
    pub fn name(&self, prefix: &str) -> String {
        static SERIAL: AtomicU32 = AtomicU32::new(1);
        format!("{}{prefix}-{}-{}", self.alias, self.account, SERIAL.fetch_add(1, Ordering::Relaxed))
    }

    /// Brings on what no SDK call can.
    #[must_use]
    pub fn plant(&self, prop: Prop) -> Option<String> {
        self.backstage.plant(self.account.as_str(), self.region.as_str(), prop)
    }

    /// Sets attributes of a resource, as no SDK call can, such as the state of one that AWS moves. Returns whether it can.
    #[must_use]
    pub fn set(&self, kind: &Kind, id: &str, attributes: Value) -> bool {
        self.backstage.set((self.account.as_str(), self.region.as_str()), kind, id, attributes)
    }

    pub(super) fn place(&self, scope: Scope) -> Place {
        let region = if scope == Scope::Global { Region::global() } else { self.region.clone() };
        Place { account: self.account.clone(), region }
    }
}

/// Makes stages, with the ports of an engine that works there.
pub trait Environment {
    /// An empty stage.
    fn open(&self) -> (TestAccount, Rc<MemoryPorts>);

    /// The same, where the SDK tries again what failed.
    fn open_patient(&self) -> (TestAccount, Rc<MemoryPorts>) {
        self.open()
    }
}

/// Each stage is an AWS of its own, of the services that a control is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct FakeEnvironment(&'static [&'static Service]);

impl FakeEnvironment {
    /// The one for a control.
    #[must_use]
    pub const fn of<C: Lawful>() -> Self {
        Self(C::FAKES)
    }

    fn with_retries(self, retries: u32) -> (TestAccount, Rc<MemoryPorts>) {
        let fake = FakeAws::of(self.0);
        fake.retries(retries);
        let (account, region) = ("111122223333", "us-east-1");
        let session = Session::over(fake.config(account, region, Caller::Test));
        let ports = Rc::new(MemoryPorts::over_fake(&fake));
        let account = AccountId::parse(account).expect("an account id");
        (TestAccount::new(session, account, Region::parse(region).expect("a Region"), Rc::new(fake)), ports)
    }
}

impl Environment for FakeEnvironment {
    fn open(&self) -> (TestAccount, Rc<MemoryPorts>) {
        self.with_retries(0)
    }

    fn open_patient(&self) -> (TestAccount, Rc<MemoryPorts>) {
        self.with_retries(2)
    }
}
