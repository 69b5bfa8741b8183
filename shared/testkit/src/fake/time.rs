//! Time that stands still until it is moved.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use aws_smithy_async::{
    rt::sleep::{AsyncSleep, Sleep},
    time::TimeSource,
};
use remedy_domain::Timestamp;

/// The time of a fake and of everything that shares it.
#[derive(Debug, Clone)]
pub struct VirtualTime(Arc<Mutex<Timestamp>>);

impl VirtualTime {
    /// Time that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        *self.0.lock().expect("time is not poisoned")
    }

    /// Sets it.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().expect("time is not poisoned") = now;
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        let now = self.now();
        self.set(now + by);
    }
}

impl Default for VirtualTime {
    fn default() -> Self {
        Self::at("2026-03-02T10:15:30Z".parse().expect("a date of this form"))
    }
}

impl TimeSource for VirtualTime {
    fn now(&self) -> SystemTime {
        let since = u64::try_from(self.now().as_millisecond()).expect("a time after 1970");
        SystemTime::UNIX_EPOCH + Duration::from_millis(since)
    }
}

/// Nobody waits here, and no time passes: the SDK sleeps to back off, but also to limit how long it waits for others.
impl AsyncSleep for VirtualTime {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}
