//! Looking for the result of the writes.

use std::time::Duration;

use remedy_domain::{Fault, Observed, Outcome, Setting as _, Verdict};

use super::{ATTEMPT, RESERVE, Run};
use crate::{
    draft::{Task, look},
    ports::{Clients, Ports},
    remediation::{Client, Remediation},
};

/// How long we look for the result of a write.
const VERIFY: Duration = Duration::from_secs(20);
/// The pauses between two looks: the first, and the longest.
const LOOKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// The same after a look that failed: it was retried already, and in a storm of throttling more looks add to the storm.
const AFTER_A_FAULT: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(8));

/// How often to look for the result of the writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// Once: a write failed.
    One,
    /// Until it is seen or the time is up.
    UntilSeen,
}

/// The result of the read after the writes.
pub(super) struct Seen<R: Remediation> {
    pub(super) outcome: Outcome,
    pub(super) setting: Option<R::Setting>,
}

impl<R, P> Run<'_, R, P>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    /// Looks until the wanted setting is seen or the time is up; once is enough after a failed write.
    pub(super) async fn verify(&self, looks: Looks) -> Result<Seen<R>, Fault> {
        let (mut wait, _) = LOOKS;
        let mut waited = Duration::ZERO;
        loop {
            let seen = look::<R>(&self.client, self.target, self.context, self.ports).await;
            if let Ok(Observed::Present { facts, setting }) = &seen
                && setting.agrees(&self.course.after)
            {
                return Ok(Seen { outcome: self.seen(facts, setting), setting: Some(setting.clone()) });
            }
            let (shortest, longest) = if seen.is_err() { AFTER_A_FAULT } else { LOOKS };
            wait = wait.clamp(shortest, longest);
            if looks == Looks::One || waited >= VERIFY || self.ports.remaining() < wait + ATTEMPT + RESERVE {
                return Self::unseen(seen);
            }
            self.ports.pause(wait).await;
            waited += wait;
            wait *= 2;
        }
    }

    /// The outcome if the wanted setting is there.
    fn seen(&self, facts: &R::Facts, setting: &R::Setting) -> Outcome {
        if matches!(self.task, Task::Revert(_)) {
            return Outcome::Reverted;
        }
        match R::judge(facts, setting, &self.context.judging(self.target, self.ports.now())) {
            Verdict::Contained(_) | Verdict::Dormant(_) => Outcome::Contained,
            Verdict::Compliant | Verdict::OutOfScope(_) => Outcome::Repaired,
            Verdict::Drifted(_) | Verdict::NeedsHuman { .. } => Outcome::Unverified,
        }
    }

    /// The outcome if it is not. A resource that is still settling keeps its intent open.
    fn unseen(seen: Result<Observed<R::Facts, R::Setting>, Fault>) -> Result<Seen<R>, Fault> {
        match seen {
            Ok(Observed::Settling) => Err(Fault::transient("verify", "settling")),
            Ok(Observed::Present { setting, .. }) => Ok(Seen { outcome: Outcome::Unverified, setting: Some(setting) }),
            Ok(Observed::Absent) | Err(_) => Ok(Seen { outcome: Outcome::Unverified, setting: None }),
        }
    }
}
