//! A reverse proxy in front of the emulator. It writes down every AWS call, makes calls fail, stops at a call so that a
//! test can kill the caller there, and adds AWS's real behaviour where the emulator lacks it (see [`shim`]).

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::emulator::Account;

mod access;
mod breakpoint;
mod call;
mod fault;
mod history;
mod journal;
mod operation;
pub mod recorded;
mod relay;
pub mod shim;
pub(crate) mod wire;

pub use breakpoint::{Breakpoint, When};
pub use call::{Call, DEFAULT_ACCOUNT, Outcome};
pub use fault::Fault;

#[cfg(test)]
pub(crate) use call::tests as tests_of_calls;

type FaultRule = Arc<dyn Fn(&Call) -> Option<Fault> + Send + Sync>;

/// A test's own code, waiting for the call that it must run before.
struct Mutation {
    matches: Box<dyn FnMut(&Call) -> bool + Send>,
    run: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>,
}

/// Everything that the connections share.
struct Front {
    upstream: wire::Upstream,
    own: String,
    journal: journal::Journal,
    access: access::Access,
    faults: Mutex<Vec<FaultRule>>,
    mutations: Mutex<Vec<Mutation>>,
    traps: breakpoint::Traps,
    history: Mutex<history::History>,
    shims: shim::Shims,
    under_way: watch::Sender<usize>,
}

impl Front {
    /// The first fault that any rule wants for this call.
    fn fault(&self, call: &Call) -> Option<Fault> {
        let rules = self.faults.lock().expect("the fault rules are not poisoned").clone();
        rules.iter().find_map(|rule| rule(call))
    }

    /// Runs what the test wants to happen before this call; each mutation runs once.
    async fn mutate(&self, call: &Call) {
        loop {
            let due = {
                let mut waiting = self.mutations.lock().expect("the mutations are not poisoned");
                let at = waiting.iter_mut().position(|mutation| (mutation.matches)(call));
                at.map(|at| waiting.remove(at))
            };
            let Some(mutation) = due else { return };
            (mutation.run)().await;
        }
    }

    /// The emulator's own answer, with its gaps made loud.
    async fn forward(&self, call: &Call, ask: &wire::Ask) -> wire::Reply {
        match self.upstream.exchange(&self.own, ask.clone()).await {
            Ok(reply) => shim::gap::named(call, reply),
            Err(error) => fault::error(call, 501, "EmulatorUnreachable", &error.to_string()),
        }
    }
}

/// The task that accepts connections; it ends with the last handle on the proxy.
struct Accepting(JoinHandle<()>);

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A handle on a running proxy. Clones share one proxy, which ends with the last of them.
#[derive(Clone)]
pub struct Proxy {
    front: Arc<Front>,
    _accepting: Arc<Accepting>,
}

impl Proxy {
    /// Starts a proxy on a free loopback port; `upstream` is the emulator's endpoint. Needs a running tokio runtime.
    pub fn start(upstream: &str) -> Self {
        let (listener, own) = wire::bind();
        let front = Arc::new(Front {
            upstream: wire::Upstream::to(upstream.trim_start_matches("http://").trim_end_matches('/')),
            own,
            journal: Default::default(),
            access: Default::default(),
            faults: Default::default(),
            mutations: Default::default(),
            traps: Default::default(),
            history: Default::default(),
            shims: Default::default(),
            under_way: watch::Sender::new(0),
        });
        let behind = front.clone();
        let accepting = tokio::spawn(wire::listen(listener, move |request| relay::respond(behind.clone(), request)));
        Self { front, _accepting: Arc::new(Accepting(accepting)) }
    }

    /// The address that the code under test must take for AWS.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.front.own)
    }

    /// Gives the proxy the owner and the secret of these credentials; those of roles assumed through the proxy it
    /// learns by itself.
    pub fn register(&self, account: &Account) {
        self.front.access.register(&account.access_key, &account.id);
        let Account { access_key, secret_key, session_token, .. } = account;
        self.front.shims.signatures.register(access_key, secret_key, Some(session_token));
    }

    /// Tells the proxy whose an access key is that was made past it.
    pub fn belongs(&self, access_key: &str, account: &str) {
        self.front.access.register(access_key, account);
    }

    /// Every call so far, in the order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.front.journal.calls()
    }

    /// The calls that a test is interested in.
    pub fn calls_where(&self, wanted: impl FnMut(&Call) -> bool) -> Vec<Call> {
        let mut calls = self.calls();
        let mut wanted = wanted;
        calls.retain(|call| wanted(call));
        calls
    }

    /// The calls of one service, such as `kms`.
    pub fn calls_to(&self, service: &str) -> Vec<Call> {
        self.calls_where(|call| call.service == service)
    }

    /// The calls with credentials of one account.
    pub fn calls_in(&self, account: &str) -> Vec<Call> {
        self.calls_where(|call| call.account == account)
    }

    /// Every attempt to change something, whether or not it got through.
    pub fn writes(&self) -> Vec<Call> {
        self.calls_where(|call| call.write)
    }

    /// The writes that the emulator carried out, among them those whose answer was lost.
    pub fn effects(&self) -> Vec<Call> {
        self.calls_where(|call| call.write && call.took_effect())
    }

    /// Forgets the calls so far; the next one has index 0.
    pub fn clear(&self) {
        self.front.journal.clear();
    }

    /// Waits until no call is under way: after a kill, the last call may still be on its way to its effect.
    pub async fn quiet(&self) {
        let mut under_way = self.front.under_way.subscribe();
        let _ = under_way.wait_for(|calls| *calls == 0).await;
    }

    /// Lets a rule decide for each call whether it fails, and how. The first rule that wants a fault wins.
    pub fn on_call(&self, rule: impl Fn(&Call) -> Option<Fault> + Send + Sync + 'static) {
        self.front.faults.lock().expect("the fault rules are not poisoned").push(Arc::new(rule));
    }

    /// Takes all fault rules away.
    pub fn clear_faults(&self) {
        self.front.faults.lock().expect("the fault rules are not poisoned").clear();
    }

    /// Stops the call number `index` from now, counted from 0.
    pub fn stop_at(&self, index: usize, when: When) -> Breakpoint {
        let mut calls = 0..=index;
        self.stop_when(when, move |_| calls.next() == Some(index))
    }

    /// Stops the first call that matches.
    pub fn stop_when(&self, when: When, matches: impl FnMut(&Call) -> bool + Send + 'static) -> Breakpoint {
        self.front.traps.set(when, matches)
    }

    /// Runs `change` once, just before the first call that matches gets any further: what somebody else does in the gap
    /// between observing and writing. Let it use the emulator directly, or its own calls are recorded as well.
    pub fn mutate_before<Change, Done>(&self, matches: impl FnMut(&Call) -> bool + Send + 'static, change: Change)
    where
        Change: FnOnce() -> Done + Send + 'static,
        Done: Future<Output = ()> + Send + 'static,
    {
        let run = Box::new(move || -> BoxFuture<'static, ()> { Box::pin(change()) });
        let mutation = Mutation { matches: Box::new(matches), run };
        self.front.mutations.lock().expect("the mutations are not poisoned").push(mutation);
    }

    /// The settings and findings of the shims.
    pub fn shims(&self) -> &shim::Shims {
        &self.front.shims
    }

    /// What was reported to AWS Config in an account, in order, as the requests put it.
    pub fn evaluations(&self, account: &str) -> Vec<Value> {
        self.shims().evaluations.of(account)
    }

    /// Gives a user one more service-specific credential (CodeCommit, Keyspaces), with the status `Active` or `Inactive`.
    pub fn set_service_specific_credentials(&self, account: &str, user: &str, status: &str) {
        self.shims().service_credentials.add(account, user, status);
    }

    /// Sets a figure of `GetAccountSummary`, such as `AccountMFAEnabled`.
    pub fn set_account_summary(&self, account: &str, figure: &str, value: u32) {
        self.shims().account_summary.set(account, figure, value);
    }
}

#[cfg(test)]
mod tests;
