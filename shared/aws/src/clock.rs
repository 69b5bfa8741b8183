//! The time, and what is left of it.

use std::{
    cell::Cell,
    time::{Duration, SystemTime},
};

use remedy_domain::{AttemptId, Fault, Timestamp, canonical};
use remedy_engine::{Clock, GONE_AFTER};

/// An invocation whose deadline cannot be true is given this long.
const UNKNOWN: Duration = Duration::from_mins(1);
/// A deadline further back than this is no deadline: some emulators send a constant.
const LONG_PAST: Duration = Duration::from_hours(1);

/// The clock of one function instance.
#[derive(Debug)]
pub(crate) struct Deadline(Cell<SystemTime>);

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn system_now() -> SystemTime {
    SystemTime::now()
}

impl Deadline {
    pub(crate) fn new() -> Self {
        Self(Cell::new(system_now() + UNKNOWN))
    }

    /// Begins an invocation that ends at `deadline`.
    pub(crate) fn begin(&self, deadline: SystemTime) {
        let now = system_now();
        let long_past = now.duration_since(deadline).is_ok_and(|past| past > LONG_PAST);
        self.0.set(if long_past { now + UNKNOWN } else { deadline });
    }
}

impl Clock for Deadline {
    fn now(&self) -> Timestamp {
        now()
    }

    fn remaining(&self) -> Duration {
        self.0.get().duration_since(system_now()).unwrap_or_default()
    }

    fn lease_until(&self) -> Timestamp {
        timestamp(self.0.get() + GONE_AFTER)
    }

    #[expect(clippy::disallowed_methods, reason = "the one pause, between two looks at a setting")]
    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn attempt(&self) -> Result<AttemptId, Fault> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes).map_err(|_| Fault::defect("attempt", "no-randomness"))?;
        AttemptId::parse(canonical::hex(&bytes)).map_err(|_| Fault::defect("attempt", "not-hex"))
    }
}

/// The time, for programs that are no functions.
#[must_use]
pub fn now() -> Timestamp {
    timestamp(system_now())
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_of_another_age_is_not_believed() {
        let clock = Deadline::new();
        clock.begin(SystemTime::UNIX_EPOCH + Duration::from_mins(10));
        assert!(clock.remaining() > Duration::from_secs(50));
        clock.begin(system_now() + Duration::from_secs(5));
        assert!(clock.remaining() <= Duration::from_secs(5));
        clock.begin(system_now() - Duration::from_secs(5));
        assert_eq!(clock.remaining(), Duration::ZERO);
    }
}
