//! Ports of tests that nobody asks anything of: a clock that stands, notices that go nowhere.

use std::time::Duration;

use remedy_domain::{AccountId, AttemptId, Fault, Timestamp};

use crate::ports::{Clock, Notice, Notices, Own, Told};

/// A store of a test, where the other ports bear on nothing.
pub(crate) trait Quiet {}

impl<T: Quiet> Clock for T {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn remaining(&self) -> Duration {
        Duration::from_mins(1)
    }

    fn lease_until(&self) -> Timestamp {
        self.now()
    }

    async fn pause(&self, _: Duration) {}

    fn attempt(&self) -> Result<AttemptId, Fault> {
        Ok(AttemptId::parse("0".repeat(32)).unwrap())
    }
}

impl<T: Quiet> Notices for T {
    async fn tell(&self, _: &Notice) -> Told {
        Told::Yes
    }
}

impl<T: Quiet> Own for T {
    async fn own_principal(&self) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }

    fn home(&self) -> AccountId {
        AccountId::parse("111122223333").unwrap()
    }
}
