//! All ports of the engine on AWS, in one value.

use std::time::Duration;

use remedy_domain::{AccountId, AttemptId, Fault, Timestamp};
use remedy_engine::{Clock, Notice, Notices, Own, Put, Shelf, Store, Told};

use crate::{
    clock::Deadline, doors::Members, environment::Environment, notices::Topic, session::Session, store::Buckets,
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
}

impl AwsPorts {
    /// Opens the ports of `function`, which runs in `own_account`.
    #[must_use]
    pub fn open(function: &str, environment: Environment, session: Session, own_account: AccountId) -> Self {
        let (state, evidence) = (environment.state_bucket.clone(), environment.evidence_bucket.clone());
        let buckets = Buckets::new(session.clone(), own_account.clone(), state, evidence);
        let function = function.to_owned();
        let topic = Topic { function: function.clone(), session: session.clone(), arn: environment.topic_arn.clone() };
        let (members, deadline) = (Members::default(), Deadline::new());
        Self { function, environment, session, own_account, members, buckets, topic, deadline }
    }

    /// The session of the function's own role.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What the function is told by its environment.
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

    /// Remedy's own resources, which it never changes: names, ARNs, and beginnings of what ARNs end with. In every account its
    /// roles and policies have the names of the stack, whoever made them there.
    pub(crate) fn own_resources(&self) -> Vec<String> {
        let environment = &self.environment;
        let mut own = vec![environment.evidence_bucket.clone(), environment.state_bucket.clone()];
        let roles = environment.read_role.iter().chain(&environment.write_role);
        own.extend(roles.filter_map(|role| role.rsplit('/').next()).map(str::to_owned));
        own.extend(
            environment
                .stack
                .iter()
                .flat_map(|stack| [stack.clone(), format!("role/{stack}-*"), format!("policy/{stack}-*")]),
        );
        own.extend(environment.topic_arn.clone());
        own.extend(environment.queue_url.iter().filter_map(|url| url.rsplit('/').next()).map(str::to_owned));
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

    async fn list(&self, shelf: Shelf, prefix: &str) -> Result<Vec<String>, Fault> {
        self.buckets.list(shelf, prefix).await
    }
}

impl Own for AwsPorts {
    /// Of a session of a role, STS tells the role's name and not its path: the name is what both have.
    async fn own_principal(&self) -> Result<Vec<String>, Fault> {
        let answer = aws_sdk_sts::Client::new(self.session.config()).get_caller_identity().send().await;
        let answer = answer.map_err(|error| crate::fault("sts:GetCallerIdentity", &error))?;
        Ok(answer.arn().map(names).unwrap_or_default())
    }
}

/// What a principal is called by, from its ARN: a role by its name, a user by its name and its ARN.
fn names(arn: &str) -> Vec<String> {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let mut parts = resource.split('/');
    let name = match parts.next() {
        Some("assumed-role") => parts.next(),
        _ => resource.rsplit('/').next(),
    };
    name.map(str::to_owned).into_iter().chain([arn.to_owned()]).collect()
}

impl Notices for AwsPorts {
    async fn tell(&self, notice: &Notice) -> Told {
        self.topic.tell(notice).await
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_role_is_known_by_its_name_whatever_the_session() {
        let of = |resource: &str| names(&format!("arn:aws:sts::111122223333:{resource}")).remove(0);
        assert_eq!(of("assumed-role/remedy-iam-policies/2026"), "remedy-iam-policies");
        assert_eq!(of("user/ops/ann"), "ann");
        assert_eq!(of("root"), "root");
    }
}
