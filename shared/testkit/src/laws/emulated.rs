//! The laws on the emulator, behind the proxy that makes it more like AWS.

use std::{future::Future, rc::Rc};

use remedy_aws::Session;
use remedy_domain::{AccountId, Region, Timestamp};

use super::{Environment, Inspector, Law, Lawful, Prop, TestAccount, runner::holds_elsewhere};
use crate::{
    fake::Seen,
    memory::MemoryPorts,
    proxy::{self, Fault},
    world::World,
};

/// One account of the emulator. Each stage is that account again, with names of its own and a fresh ledger in memory.
pub struct EmulatedEnvironment(Rc<World>);

impl EmulatedEnvironment {
    /// A fresh account.
    pub async fn new() -> Self {
        Self(Rc::new(World::new().await))
    }

    /// The account as functions see it.
    pub(super) fn world(&self) -> Rc<World> {
        Rc::clone(&self.0)
    }
}

impl Environment for EmulatedEnvironment {
    fn open(&self) -> (TestAccount, Rc<MemoryPorts>) {
        let (world, session) = (&self.0, Session::over(self.0.proxied_config()));
        let account = AccountId::parse(&world.account.id).expect("an account id");
        let region = Region::parse(&world.account.region).expect("a Region");
        let ports = MemoryPorts::over_session(session.clone(), Timestamp::now());
        (TestAccount::new(session, account, region, Rc::new(Behind(world.clone()))), Rc::new(ports))
    }
}

struct Behind(Rc<World>);

impl Inspector for Behind {
    /// An emulated call and an access to the ledger cannot be told which came first: calls count as later.
    fn journal(&self) -> Option<Vec<Seen>> {
        let (mut session, own) = (None, &self.0.account);
        let mut seen = Vec::new();
        for call in self.0.proxy.calls() {
            let name = (call.name() == "sts:AssumeRole").then(|| call.parameter("RoleSessionName")).flatten();
            session = name.or(session);
            let by = session.clone().filter(|_| call.access_key != own.access_key);
            seen.push(seen_of(&call, by));
        }
        Some(seen)
    }

    fn refuse(&self, operation: &str, refused: bool) -> bool {
        self.0.proxy.clear_faults();
        let operation = operation.to_owned();
        if refused {
            self.0.proxy.on_call(move |call| (call.name() == operation).then_some(Fault::Denied));
        }
        true
    }

    fn plant(&self, account: &str, _: &str, prop: Prop) -> Option<String> {
        let has = u32::from(prop == Prop::RootMfa);
        self.0.proxy.set_account_summary(account, "AccountMFAEnabled", has);
        Some(account.to_owned())
    }
}

fn seen_of(call: &proxy::Call, session: Option<String>) -> Seen {
    Seen {
        number: usize::MAX,
        at: Timestamp::UNIX_EPOCH,
        operation: call.name(),
        account: call.account.clone(),
        resource: call.resource.clone().unwrap_or_else(|| call.account.clone()),
        session,
        refused: None,
    }
}

/// Checks a law on the emulator, in at most three cases. Returns whether it applied to one.
pub(super) async fn holds_on_the_emulator<C: Lawful>(law: Law) -> bool {
    holds_elsewhere::<C, _>(law, EmulatedEnvironment::new, 3).await
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(future)
}
