//! All ports of the engine on AWS, in one value.

use std::time::Duration;

use remedy_domain::{AccountId, AttemptId, Fault, Timestamp};
use remedy_engine::{Clock, Notice, Notices, Put, Shelf, Store};

use crate::{clock::Deadline, environment::Environment, notices::Topic, session::Session, store::Buckets};

/// All ports of the engine on AWS, for one function instance.
#[derive(Debug)]
pub struct AwsPorts {
    pub(crate) environment: Environment,
    pub(crate) session: Session,
    pub(crate) own_account: AccountId,
    pub(crate) buckets: Buckets,
    pub(crate) topic: Topic,
    pub(crate) deadline: Deadline,
}

impl AwsPorts {
    /// Opens the ports of a function that runs in `own_account`.
    #[must_use]
    pub fn open(environment: Environment, session: Session, own_account: AccountId) -> Self {
        let (state, evidence) = (environment.state_bucket.clone(), environment.evidence_bucket.clone());
        let buckets = Buckets::new(session.clone(), own_account.clone(), state, evidence);
        let topic = Topic { session: session.clone(), arn: environment.topic_arn.clone() };
        Self { environment, session, own_account, buckets, topic, deadline: Deadline::new() }
    }

    /// Remedy's own resources, which it never changes.
    pub(crate) fn own_resources(&self) -> Vec<String> {
        let environment = &self.environment;
        let mut own = vec![environment.evidence_bucket.clone(), environment.state_bucket.clone()];
        let role = environment.write_role.iter().filter_map(|role| role.rsplit('/').next());
        own.extend(role.map(str::to_owned));
        own
    }
}

impl Clock for AwsPorts {
    fn now(&self) -> Timestamp {
        self.deadline.now()
    }

    fn remaining(&self) -> Duration {
        self.deadline.remaining()
    }

    fn lease_until(&self) -> Timestamp {
        self.deadline.lease_until()
    }

    async fn pause(&self, duration: Duration) {
        self.deadline.pause(duration).await;
    }

    fn attempt(&self) -> Result<AttemptId, Fault> {
        self.deadline.attempt()
    }
}

impl Store for AwsPorts {
    async fn put_new(&self, shelf: Shelf, key: &str, body: &[u8]) -> Result<Put, Fault> {
        self.buckets.put_new(shelf, key, body).await
    }

    async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault> {
        self.buckets.put(key, body).await
    }

    async fn get(&self, shelf: Shelf, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.buckets.get(shelf, key).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        self.buckets.list(prefix).await
    }
}

impl Notices for AwsPorts {
    async fn tell(&self, notice: &Notice) {
        self.topic.tell(notice).await;
    }
}
