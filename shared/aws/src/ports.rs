//! All ports of the engine on AWS, in one value.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    time::Duration,
};

use remedy_domain::{AccountId, AttemptId, Fault, Timestamp};
use remedy_engine::{Clock, LedgerBucket, Notice, Notices, Notified, Own, Put, Store, four_eyes::Ahead};

use crate::{
    answers::Answers, clients::Members, clock::Deadline, environment::Environment, notices::Topic, own,
    session::Session, store::Buckets,
};

/// All ports of the engine on AWS, for one function instance.
#[derive(Debug)]
pub struct AwsPorts {
    pub(crate) function: String,
    pub(crate) environment: Environment,
    pub(crate) session: Session,
    pub(crate) own_account: AccountId,
    pub(crate) members: Members,
    pub(crate) buckets: Buckets,
    pub(crate) topic: Topic,
    pub(crate) deadline: Deadline,
    /// The refusals of this hour that are in the evidence, by key.
    pub(crate) refusals: RefCell<BTreeSet<String>>,
    /// The id of the last notice about settings that this instance sent.
    pub(crate) told: RefCell<String>,
    /// The objects to read beside the settings in force.
    pub(crate) ahead: Cell<Ahead>,
    /// The answers that first looks share, while they do.
    pub(crate) answers: RefCell<Option<Answers>>,
}

/// While this lives, first looks share the answers of AWS.
#[must_use]
pub(crate) struct Sharing<'a>(&'a AwsPorts);

impl Sharing<'_> {
    /// Something may have been written: from now on, AWS is asked again.
    pub(crate) fn ask_again(&self) {
        self.0.answers.replace(Some(Answers::default()));
    }
}

impl Drop for Sharing<'_> {
    fn drop(&mut self) {
        self.0.answers.replace(None);
    }
}

impl AwsPorts {
    /// Opens the ports of `function`, which runs in `own_account`.
    #[must_use]
    pub fn open(function: &str, environment: Environment, session: Session, own_account: AccountId) -> Self {
        let (state, evidence) = (environment.state_bucket.clone(), environment.evidence_bucket.clone());
        let buckets = Buckets::new(session.clone(), own_account.clone(), state, evidence);
        let function = function.to_owned();
        let topic = Topic { function: function.clone(), session: session.clone(), arn: environment.topic_arn.clone() };
        let (members, deadline, refusals) = (Members::default(), Deadline::new(), RefCell::default());
        let (told, ahead, answers) = Default::default();
        Self {
            function,
            environment,
            session,
            own_account,
            members,
            buckets,
            topic,
            deadline,
            refusals,
            told,
            ahead,
            answers,
        }
    }

    /// Lets the first looks of several controls at one resource share what AWS answers.
    pub(crate) fn sharing(&self) -> Sharing<'_> {
        let sharing = Sharing(self);
        sharing.ask_again();
        sharing
    }

    /// Remembers that a refusal is in the evidence; those of earlier hours are no longer needed.
    pub(crate) fn remember(&self, key: &str) {
        let hour = key.rsplit_once('/').map_or(key, |(hour, _)| hour);
        let mut refusals = self.refusals.borrow_mut();
        refusals.retain(|known| known.starts_with(hour));
        refusals.insert(key.to_owned());
    }

    /// The session of the function's own role.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The function's environment.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The account that the function runs in.
    #[must_use]
    pub fn own_account(&self) -> &AccountId {
        &self.own_account
    }

    /// A client for S3, of the function's own role.
    #[must_use]
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.buckets.client()
    }

    /// Remedy's own resources, which it never changes, by their ARNs; see [`own::resources`].
    pub(crate) fn own_resources(&self) -> Vec<String> {
        own::resources(&self.environment, &self.own_account)
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
    async fn put_new(&self, shelf: LedgerBucket, key: &str, body: &[u8]) -> Result<Put, Fault> {
        self.buckets.put_new(shelf, key, body).await
    }

    async fn put(&self, key: &str, body: &[u8]) -> Result<(), Fault> {
        self.buckets.put(key, body).await
    }

    async fn get(&self, shelf: LedgerBucket, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.buckets.get(shelf, key).await
    }

    async fn list(&self, shelf: LedgerBucket, prefix: &str) -> Result<Vec<String>, Fault> {
        self.buckets.list(shelf, prefix).await
    }

    async fn list_after(&self, shelf: LedgerBucket, prefix: &str, after: &str) -> Result<Vec<String>, Fault> {
        self.buckets.list_after(shelf, prefix, after).await
    }
}

impl Own for AwsPorts {
    async fn own_principal(&self) -> Result<Vec<String>, Fault> {
        let answer = aws_sdk_sts::Client::new(self.session.config()).get_caller_identity().send().await;
        let answer = answer.map_err(|error| crate::fault("sts:GetCallerIdentity", &error))?;
        Ok(answer.arn().map(own::principal).into_iter().collect())
    }

    fn home(&self) -> AccountId {
        self.own_account.clone()
    }
}

impl Notices for AwsPorts {
    async fn tell(&self, notice: &Notice) -> Notified {
        self.topic.tell(notice).await
    }
}
