//! AWS is not always of one mind: a read may show what was there before a write.

use std::time::Duration;

use remedy_domain::Timestamp;

use super::state::Cloud;

/// What was there before the writes of the last session, and until when readers see it.
#[derive(Debug, Default)]
pub(super) struct Lag {
    by: Duration,
    session: Option<String>,
    past: Option<Cloud>,
    until: Option<Timestamp>,
}

impl Lag {
    /// From now on writes are seen so much later.
    pub(super) fn by(&mut self, by: Duration) {
        self.by = by;
    }

    /// A session, known by its access key, is about to write. Its writes are seen all together or not at all.
    pub(super) fn remember(&mut self, session: &str, cloud: &Cloud, now: Timestamp) {
        if self.session.as_deref() != Some(session) {
            self.session = Some(session.to_owned());
            self.past = Some(cloud.clone());
        }
        self.until = Some(now + self.by);
    }

    /// Readers see the past until then.
    pub(super) fn relapse(&mut self, until: Timestamp) {
        self.until = Some(until);
    }

    /// The past, if that is what readers see.
    pub(super) fn shown(&self, now: Timestamp) -> Option<Cloud> {
        self.past.clone().filter(|_| self.until.is_some_and(|until| now < until))
    }
}
