//! The ports of somebody who only looks: a ledger that is empty and takes nothing, and doors that open for reading alone.
//!
//! There is no way from here to a write: the doors refuse every permit, so no writer exists.

use std::{collections::BTreeMap, fmt, time::Duration};

use remedy_domain::{AccountId, AttemptId, Fault, Region, Timestamp, guard::Permit};
use remedy_engine::{
    Clients, Clock, GONE_AFTER, LedgerBucket, Notice, Notices, Notified, Own, Place, Put, Store, Writer,
};
use tokio::sync::Mutex;

use crate::{
    clients::{ENOUGH, LASTS, Wanted, assume, role_arn},
    clock,
    environment::Credentials,
    session::{Connect, Session},
};

/// No deadline of AWS Lambda ends a look; whoever looks bounds it.
const ALWAYS: Duration = Duration::from_hours(1);
const NOTHING: &str = "nothing-is-stored";
/// What the session of an assumed role is called in CloudTrail.
const NAME: &str = "remedy-scan";

/// Credentials that end.
#[derive(Debug, Clone)]
pub struct Lent {
    /// The credentials.
    pub credentials: Credentials,
    /// When they end, if they do.
    pub until: Option<Timestamp>,
}

/// Asks for credentials of the own account again.
pub type Renewal = Box<dyn Fn() -> Result<Lent, Fault>>;

/// A role that other accounts have for somebody who only looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name, with its path if it has one.
    pub name: String,
    /// What its trust policy asks for.
    pub external_id: Option<String>,
}

/// The ports of somebody who only looks.
pub struct Onlooker {
    home: AccountId,
    session: Session,
    renewal: Option<Renewal>,
    role: Option<Role>,
    known: Mutex<BTreeMap<AccountId, Known>>,
}

/// A session of an account, and when its credentials end.
#[derive(Debug, Clone)]
struct Known {
    session: Session,
    until: Option<Timestamp>,
}

impl fmt::Debug for Onlooker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Onlooker").field("home", &self.home).field("role", &self.role).finish_non_exhaustive()
    }
}

impl Onlooker {
    /// With the credentials of a session, which are of this account and end then.
    #[must_use]
    pub fn new(session: Session, home: AccountId, until: Option<Timestamp>) -> Self {
        let own = Known { session: session.clone(), until };
        let known = Mutex::new(BTreeMap::from([(home.clone(), own)]));
        Self { home, session, renewal: None, role: None, known }
    }

    /// The same, asking for credentials again before they end.
    #[must_use]
    pub fn renewed(self, renewal: Option<Renewal>) -> Self {
        Self { renewal, ..self }
    }

    /// The same, for other accounts also.
    #[must_use]
    pub fn with_role(self, role: Option<Role>) -> Self {
        Self { role, ..self }
    }

    /// A session that reads in a place.
    pub async fn reading(&self, place: &Place) -> Result<Session, Fault> {
        let mut known = self.known.lock().await;
        let needed = clock::now() + ENOUGH;
        let lasts = |one: &&Known| one.until.is_none_or(|until| until > needed);
        let found = known.get(&place.account).filter(lasts).cloned();
        let session = if let Some(found) = found {
            found.session
        } else {
            let opened = self.open(&place.account, known.get(&self.home)).await?;
            known.insert(place.account.clone(), opened.clone());
            opened.session
        };
        Ok(session.in_region(&place.region))
    }

    /// Own credentials that end and cannot be renewed are used to their end.
    async fn open(&self, account: &AccountId, own: Option<&Known>) -> Result<Known, Fault> {
        if *account != self.home {
            let until = Some(clock::now() + LASTS);
            return Ok(Known { session: self.assumed(account, own).await?, until });
        }
        match (&self.renewal, own) {
            (Some(renewal), _) => {
                let Lent { credentials, until } = renewal()?;
                Ok(Known { session: self.session.with_credentials(credentials.into()), until })
            }
            (None, Some(own)) => Ok(own.clone()),
            (None, None) => Ok(Known { session: self.session.clone(), until: None }),
        }
    }

    async fn assumed(&self, account: &AccountId, own: Option<&Known>) -> Result<Session, Fault> {
        let role = self.role.as_ref().ok_or_else(|| Fault::rejected("open", "foreign-account", "name a role of it"))?;
        let session = own.map_or(&self.session, |own| &own.session);
        let region = session.config().region().map(ToString::to_string).unwrap_or_default();
        let partition = Region::parse(region).map_or("aws", |region| region.partition());
        let arn = role_arn(partition, account, &role.name);
        let external_id = role.external_id.as_deref();
        assume(session, &Wanted { arn: &arn, name: NAME, external_id, identity: None }).await
    }
}

impl Clock for Onlooker {
    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn remaining(&self) -> Duration {
        ALWAYS
    }

    fn lease_until(&self) -> Timestamp {
        clock::now() + GONE_AFTER
    }

    #[expect(clippy::disallowed_methods, reason = "a look waits for nothing but what it is asked to")]
    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn attempt(&self) -> Result<AttemptId, Fault> {
        Err(Fault::defect("attempt", NOTHING))
    }
}

impl Store for Onlooker {
    async fn put_new(&self, _: LedgerBucket, _: &str, _: &[u8]) -> Result<Put, Fault> {
        Err(Fault::defect("put", NOTHING))
    }

    async fn put(&self, _: &str, _: &[u8]) -> Result<(), Fault> {
        Err(Fault::defect("put", NOTHING))
    }

    async fn get(&self, _: LedgerBucket, _: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(None)
    }

    async fn list(&self, _: LedgerBucket, _: &str) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }
}

impl Notices for Onlooker {
    async fn tell(&self, _: &Notice) -> Notified {
        Notified::No
    }
}

impl Own for Onlooker {
    /// Remedy does not run here: it has nothing that could be taken from it.
    async fn own_principal(&self) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }

    fn home(&self) -> AccountId {
        self.home.clone()
    }
}

impl<C: Connect> Clients<C> for Onlooker {
    async fn reader(&self, place: &Place) -> Result<C, Fault> {
        Ok(C::connect(&self.reading(place).await?))
    }

    async fn writer(&self, _: Permit, _: &Place) -> Result<Writer<C>, Fault> {
        Err(Fault::defect("open", "only-looks"))
    }
}
