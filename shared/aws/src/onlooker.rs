//! The ports of somebody who only looks: a ledger that is empty and takes nothing, and doors that open for reading alone.
//!
//! There is no way from here to a write: the doors refuse every permit, so no writer exists.

use std::time::Duration;

use remedy_domain::{AccountId, AttemptId, Fault, Timestamp, guard::Permit};
use remedy_engine::{Clock, Doors, GONE_AFTER, Notice, Notices, Own, Place, Put, Shelf, Store, Told, Writer};

use crate::{
    clock,
    session::{Connect, Session},
};

/// No deadline of AWS Lambda ends a look; whoever looks bounds it.
const ALWAYS: Duration = Duration::from_hours(1);
const NOTHING: &str = "nothing-is-stored";

/// The ports of somebody who only looks.
#[derive(Debug)]
pub struct Onlooker {
    session: Session,
    account: AccountId,
}

impl Onlooker {
    /// With the credentials of a session, which are of this account.
    #[must_use]
    pub fn new(session: Session, account: AccountId) -> Self {
        Self { session, account }
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
    async fn put_new(&self, _: Shelf, _: &str, _: &[u8]) -> Result<Put, Fault> {
        Err(Fault::defect("put", NOTHING))
    }

    async fn put(&self, _: &str, _: &[u8]) -> Result<(), Fault> {
        Err(Fault::defect("put", NOTHING))
    }

    async fn get(&self, _: Shelf, _: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(None)
    }

    async fn list(&self, _: Shelf, _: &str) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }
}

impl Notices for Onlooker {
    async fn tell(&self, _: &Notice) -> Told {
        Told::No
    }
}

impl Own for Onlooker {
    /// Remedy does not run here: it has nothing that could be taken from it.
    async fn own_principal(&self) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }

    fn home(&self) -> AccountId {
        self.account.clone()
    }
}

impl<C: Connect> Doors<C> for Onlooker {
    async fn reader(&self, place: &Place) -> Result<C, Fault> {
        Ok(C::connect(&self.session.in_region(&place.region)))
    }

    async fn writer(&self, _: Permit, _: &Place) -> Result<Writer<C>, Fault> {
        Err(Fault::defect("open", "only-looks"))
    }
}
