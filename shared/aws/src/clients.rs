//! The ways into accounts: a role that reads, and a write role with one session a plan.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use aws_credential_types::Credentials;
use remedy_domain::{AccountId, Call, Fault, Timestamp, guard::Permit};
use remedy_engine::{Clients, Clock as _, Place, Writer};

use crate::{
    faults::fault,
    ports::AwsPorts,
    session::{Connect, Session},
};

/// The calls of the doors.
pub(crate) const CALLS: [Call; 1] = [Call::same("sts:AssumeRole")];

/// How long an assumed role lasts: the shortest time that STS gives.
pub(crate) const LASTS: Duration = Duration::from_mins(15);
/// A session with less left than this is not begun with: one run is done long before.
pub(crate) const ENOUGH: Duration = Duration::from_mins(5);
/// STS takes no longer session name and source identity.
const NAME: usize = 64;

/// A role that is to be assumed.
pub(crate) struct Wanted<'a> {
    pub(crate) arn: &'a str,
    /// What the session is called in CloudTrail.
    pub(crate) name: &'a str,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) identity: Option<String>,
}

/// The ARN of a role, by its name.
pub(crate) fn role_arn(partition: &str, account: &AccountId, name: &str) -> String {
    format!("arn:{partition}:iam::{account}:role/{name}")
}

/// The session of an assumed role, which lasts for [`LASTS`].
pub(crate) async fn assume(session: &Session, wanted: &Wanted<'_>) -> Result<Session, Fault> {
    let request = aws_sdk_sts::Client::new(session.config())
        .assume_role()
        .role_arn(wanted.arn)
        .role_session_name(wanted.name)
        .set_external_id(wanted.external_id.map(str::to_owned))
        .set_source_identity(wanted.identity.clone())
        .duration_seconds(i32::try_from(LASTS.as_secs()).unwrap_or(i32::MAX));
    let answer = request.send().await.map_err(|error| fault("sts:AssumeRole", &error))?;
    let given = answer.credentials().ok_or_else(|| Fault::transient("sts:AssumeRole", "no-credentials"))?;
    let token = Some(given.session_token().to_owned());
    let credentials = Credentials::new(given.access_key_id(), given.secret_access_key(), token, None, "role");
    Ok(session.with_credentials(credentials))
}

/// The read roles that are assumed, by account. They outlive an invocation, and so serve the next one, too.
#[derive(Debug, Default)]
pub(crate) struct Members(RefCell<BTreeMap<AccountId, Member>>);

#[derive(Debug, Clone)]
struct Member {
    session: Session,
    until: Timestamp,
}

impl<C: Connect> Clients<C> for AwsPorts {
    async fn reader(&self, place: &Place) -> Result<C, Fault> {
        Ok(C::connect(&self.reading(place).await?))
    }

    async fn first_reader(&self, place: &Place) -> Result<C, Fault> {
        let session = self.reading(place).await?;
        Ok(C::connect(&match &*self.answers.borrow() {
            Some(answers) => session.answered_by(answers),
            None => session,
        }))
    }

    /// The plan id is the session name, so that CloudTrail ties every write to its evidence.
    async fn writer(&self, permit: Permit, place: &Place) -> Result<Writer<C>, Fault> {
        let missing = || Fault::rejected("open", "no-write-role", "set REMEDY_WRITE_ROLE");
        let role = self.environment.write_role.as_deref().ok_or_else(missing)?;
        let session = self.assume(role, &place.account, permit.plan().as_str()).await?;
        Ok(Writer::open(&permit, C::connect(&session.in_region(&place.region))))
    }
}

impl AwsPorts {
    /// Whether there is a way into an account.
    pub(crate) fn reaches(&self, account: &AccountId) -> bool {
        *account == self.own_account || self.environment.read_role.is_some()
    }

    /// A session that reads in a place: the function's own role in its own account, the read role in any other.
    pub(crate) async fn reading(&self, place: &Place) -> Result<Session, Fault> {
        let account = &place.account;
        let session = if *account == self.own_account { self.session.clone() } else { self.member(account).await? };
        Ok(session.in_region(&place.region))
    }

    async fn member(&self, account: &AccountId) -> Result<Session, Fault> {
        let needed = self.now() + ENOUGH;
        let known = self.members.0.borrow().get(account).filter(|member| member.until > needed).cloned();
        if let Some(member) = known {
            return Ok(member.session);
        }
        let missing = || {
            let next = "set REMEDY_READ_ROLE, or invoke the function in the account of the resource";
            Fault::rejected("open", "foreign-account", next)
        };
        let role = self.environment.read_role.as_deref().ok_or_else(missing)?;
        let until = self.now() + LASTS;
        let session = self.assume(role, account, &self.name()).await?;
        self.members.0.borrow_mut().insert(account.clone(), Member { session: session.clone(), until });
        Ok(session)
    }

    /// Assumes a role. Where the trust policies ask for an external id, they also ask who acts: the source identity stays
    /// on everything that is done with the session, and names the function.
    async fn assume(&self, role: &str, account: &AccountId, name: &str) -> Result<Session, Fault> {
        let external_id = self.environment.external_id.clone();
        let identity = external_id.is_some().then(|| self.name());
        let arn = self.arn(role, account);
        assume(&self.session, &Wanted { arn: &arn, name, external_id: external_id.as_deref(), identity }).await
    }

    /// The ARN of a role in an account.
    fn arn(&self, role: &str, account: &AccountId) -> String {
        if role.starts_with("arn:") {
            return role.replace("{account}", account.as_str());
        }
        role_arn(self.environment.region.partition(), account, role)
    }

    /// What the function is called where it comes as a guest: `<stack>-<function>`.
    fn name(&self) -> String {
        format!("{}-{}", self.session.stack(), self.function).chars().take(NAME).collect()
    }
}
