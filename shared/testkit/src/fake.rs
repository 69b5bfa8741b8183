//! AWS in memory, at the level of the wire: the genuine SDK clients run on it.
//!
//! The core knows how requests come in and go wrong, and remembers attributes of resources. What a service answers is data
//! ([`Service`]): rows, which stand beside the service's room, or, for IAM and STS, a hand that knows what no table can say.
//! Time stands still until it is moved, every request is written down, and any request can be made to go wrong. An operation
//! that the fake does not know panics: a gap fails the test loudly.

mod answer;
mod call;
mod dialect;
mod fate;
mod front;
mod iam;
mod kind;
mod lag;
mod password_policy;
mod request;
mod rest;
mod rows;
mod s3;
mod s3control;
mod service;
mod state;
mod store;
mod sts;
#[cfg(test)]
mod tests;
mod time;
mod wire;
mod xml;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion, http::SharedHttpClient, orchestrator::HttpResponse,
    stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use remedy_domain::Timestamp;
use serde_json::Value;

pub use answer::Refusal;
use answer::{Answered, render};
use call::Call;
pub use dialect::Dialect;
pub use fate::{Fate, Mishap, Moment, Turn};
pub use front::{Asked, Front};
pub use kind::{Fresh, Kind, Make, Member, Refused, Scope, Spelling, Window};
pub use request::{Request, members, refuse_unless};
use service::Answers;
pub use service::{Act, Catalogue, List, Pages, Row, Rule, Service, Tagging};
pub use time::VirtualTime;

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The test: everything is allowed.
    Test,
    /// A function's own role: it can only read, and assume the write role.
    Reader,
}

/// A request that AWS has seen, carried out or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its place in the order of all effects.
    pub number: usize,
    /// When.
    pub at: Timestamp,
    /// Such as `s3:PutPublicAccessBlock`.
    pub operation: String,
    /// The account of the caller.
    pub account: String,
    /// What it was about: a bucket, a key id, a user, an account.
    pub resource: String,
    /// The name of the assumed role's session, if the caller was one.
    pub session: Option<String>,
    /// The code of the error, if it was refused.
    pub refused: Option<&'static str>,
}

/// AWS in memory. Clones share everything.
#[derive(Debug, Clone)]
pub struct FakeAws {
    services: Arc<[&'static Service]>,
    cloud: Arc<Mutex<state::Cloud>>,
    journal: Arc<Mutex<Vec<Seen>>>,
    denied: Arc<Mutex<BTreeSet<String>>>,
    retries: Arc<Mutex<u32>>,
    lag: Arc<Mutex<lag::Lag>>,
    time: VirtualTime,
    fate: Fate,
}

/// The services that every fake has.
const HANDS: [&Service; 4] = [&iam::SERVICE, &sts::SERVICE, &s3::SERVICE, &s3control::SERVICE];

impl Default for FakeAws {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl FakeAws {
    /// A fake that knows these services, too.
    #[must_use]
    pub fn of(services: &[&'static Service]) -> Self {
        let services = HANDS.iter().chain(services).copied().collect();
        let (cloud, journal, denied, retries, lag, time, fate) = Default::default();
        Self { services, cloud, journal, denied, retries, lag, time, fate }
    }

    /// An SDK configuration over the fake, for callers in an account and Region. It tries once: what goes wrong is seen.
    #[must_use]
    pub fn config(&self, account: &str, region: &str, caller: Caller) -> SdkConfig {
        let role = if caller == Caller::Test { "TEST" } else { "READ" };
        let credentials = Credentials::new(format!("AKIA{account}{role}"), "secret", None, None, "fake");
        let attempts = 1 + *self.retries.lock().expect("not poisoned");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(SharedHttpClient::new(self.clone()))
            .sleep_impl(SharedAsyncSleep::new(self.time.clone()))
            .time_source(SharedTimeSource::new(self.time.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build()
    }

    /// Lets the SDK try again so often, in configurations made from now on.
    pub fn retries(&self, retries: u32) {
        *self.retries.lock().expect("not poisoned") = retries;
    }

    /// Its time.
    #[must_use]
    pub fn time(&self) -> VirtualTime {
        self.time.clone()
    }

    /// Its fate.
    #[must_use]
    pub fn fate(&self) -> Fate {
        self.fate.clone()
    }

    /// Every request seen so far.
    #[must_use]
    pub fn journal(&self) -> Vec<Seen> {
        self.journal.lock().expect("not poisoned").clone()
    }

    /// Refuses an operation, such as `s3:PutPublicAccessBlock`, to everybody but the test.
    pub fn deny(&self, operation: &str) {
        self.denied.lock().expect("not poisoned").insert(operation.to_owned());
    }

    /// Allows again what [`FakeAws::deny`] refused.
    pub fn allow_again(&self, operation: &str) {
        self.denied.lock().expect("not poisoned").remove(operation);
    }

    /// Lets no list hold more than so many items.
    pub fn page_size(&self, most: usize) {
        self.cloud().page_size = Some(most);
    }

    /// Lets the function's own role see what a session writes only so much later.
    pub fn lag(&self, by: Duration) {
        self.lags().by(by);
    }

    /// Lets the function's own role see once more, for so long, what was there before the writes of the
    /// last session.
    pub fn relapse(&self, long: Duration) {
        self.lags().relapse(self.time.now() + long);
    }

    /// Gives root an MFA device, or takes it.
    pub fn plant_root_mfa(&self, account: &str, has: bool) {
        self.cloud().account(account).root_mfa = has;
    }

    /// Sets attributes of a resource, which is there from now on, as no call can.
    pub fn plant(&self, kind: &Kind, (account, region): (&str, &str), id: &str, attributes: Value) {
        let at = store::Address::of(kind, account, region, id);
        self.cloud().store.plant(at).extend(request::members(attributes));
    }

    /// The maintenance windows of a kind of resource are there: what waits for them is carried out.
    pub fn pass_windows(&self, kind: &Kind) {
        let Some(window) = kind.window else { return };
        let like = store::Address::of(kind, "", "", "");
        let mut cloud = self.cloud();
        let all = cloud.store.all_mut().filter(|(at, _)| (at.service, at.kind) == (like.service, like.kind));
        all.for_each(|(_, attributes)| rows::pass(attributes, window));
    }

    /// Every attribute of every resource under a path, so that two dumps show what has changed.
    #[must_use]
    pub fn dump(&self) -> BTreeMap<String, String> {
        self.cloud().dump()
    }

    fn cloud(&self) -> MutexGuard<'_, state::Cloud> {
        self.cloud.lock().expect("the fake did not panic before")
    }

    fn lags(&self) -> MutexGuard<'_, lag::Lag> {
        self.lag.lock().expect("the fake did not panic before")
    }

    /// Carries a request out.
    fn carry_out(&self, call: &Call, turn: Turn) -> HttpResponse {
        let (account, session) = self.caller(&call.key);
        let answered =
            self.allow(call, session.as_deref()).and_then(|()| self.answer(call, &account, session.is_some()));
        let resource = call.resource(&account);
        let refused = answered.as_ref().err().map(|refusal| refusal.code);
        let operation = call.full_name();
        let seen = Seen { number: turn.number, at: self.time.now(), operation, account, resource, session, refused };
        self.journal.lock().expect("not poisoned").push(seen);
        render(call.service.dialect, answered)
    }

    /// The function's own role may see an old state. Writes always meet the true one.
    fn answer(&self, call: &Call, account: &str, is_session: bool) -> Answered {
        let (mut cloud, mut lag, now) = (self.cloud(), self.lags(), self.time.now());
        if is_session {
            lag.remember(&call.key, &cloud, now);
        }
        match lag.shown(now).filter(|_| call.key.ends_with("READ") && call.service.name != "sts") {
            Some(mut past) => of_service(&mut past, call, account, now),
            None => of_service(&mut cloud, call, account, now),
        }
    }

    /// The account behind an access key, and the name of its session.
    fn caller(&self, key: &str) -> (String, Option<String>) {
        match self.cloud().sessions.get(key) {
            Some((account, session)) => (account.clone(), Some(session.clone())),
            None => (key.get(4..16).expect("an access key of the fake").to_owned(), None),
        }
    }

    fn allow(&self, call: &Call, session: Option<&str>) -> Result<(), Refusal> {
        let operation = call.full_name();
        if call.key.ends_with("TEST") {
            return Ok(());
        }
        let only_reads = ["Get", "List", "Describe", "Head", "AssumeRole"];
        let may = session.is_some() || only_reads.iter().any(|verb| call.operation.starts_with(verb));
        let is_denied = self.denied.lock().expect("not poisoned").contains(&operation);
        if may && !is_denied { Ok(()) } else { Err(call.service.dialect.denied(&operation)) }
    }
}

fn of_service(cloud: &mut state::Cloud, call: &Call, account: &str, now: Timestamp) -> Answered {
    match call.service.answers {
        Answers::Rows(_) => rows::answer(cloud, call, account, now),
        Answers::ByHand(hand) => hand(cloud, call, account, now),
    }
}
