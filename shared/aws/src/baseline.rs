//! The first sweep of a control in a place: what is broken then is backlog, and waits.

use remedy_domain::{Fault, Outcome, Settings, Target, Timestamp, trigger::Cursor};
use remedy_engine::{
    Clock as _, Place, Report, RunContext, Runnable,
    backlog::{self, Baseline},
    draft::Task,
};

use crate::{ports::AwsPorts, sweeping::RESERVE};

/// The stored form of baselines.
const FORMAT: u32 = 1;

/// A baseline that is being drawn.
#[derive(Clone, Copy)]
pub(crate) struct Drawing<'a> {
    control: &'a dyn Runnable<AwsPorts>,
    since: Timestamp,
}

/// A target that could not be looked at, and whether an earlier delivery ended at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It may go better later.
    ComesAgain,
    /// It would hold up all that come after it: it is not known to be compliant, and counts as drift.
    Drifted,
}

/// The baseline of a control in a place, and how far it came; none where it is whole.
pub(crate) async fn begun<'a>(
    ports: &AwsPorts,
    control: &'a dyn Runnable<AwsPorts>,
    place: &Place,
) -> Result<Option<(Cursor, Drawing<'a>)>, Fault> {
    let stored = backlog::baseline(ports, control.control().id.0, place).await?;
    Ok(match stored {
        None => Some((Cursor::BEGINNING, Drawing { control, since: ports.now() })),
        Some(Baseline { after: None, .. }) => None,
        Some(Baseline { since, from, after, .. }) => {
            let at = Cursor { from, after: after.filter(|after| !after.is_empty()) };
            Some((at, Drawing { control, since }))
        }
    })
}

impl Drawing<'_> {
    /// Looks at a target, and puts it on the backlog if it has drifted.
    pub(crate) async fn look(
        &self,
        ports: &AwsPorts,
        target: &Target,
        context: &RunContext<'_>,
        unread: Unread,
    ) -> Result<(), Fault> {
        let look = self.control.run(ports, target, Task::Evaluate, context);
        // Nothing is written by a look, so one that takes too long is dropped.
        let time = ports.remaining().saturating_sub(RESERVE);
        let run = tokio::time::timeout(time, look).await.unwrap_or_else(|_| Err(not_finished()));
        let drifted = match has_drifted(run) {
            Err(_) if unread == Unread::Drifted => true,
            looked => looked?,
        };
        if drifted {
            backlog::enter(ports, self.control.control().id.0, target, self.since).await?;
        }
        Ok(())
    }

    /// Stores how far the baseline came; none: to the end.
    pub(crate) async fn keep(
        &self,
        (ports, place): (&AwsPorts, &Place),
        context: &RunContext<'_>,
        at: Option<&Cursor>,
    ) -> Result<(), Fault> {
        let settings = if *context.settings == Settings::default() { String::new() } else { context.digest.to_owned() };
        let from = at.and_then(|at| at.from.clone());
        let after = at.map(|at| at.after.clone().unwrap_or_default());
        let baseline = Baseline { format: FORMAT, since: self.since, from, after, settings };
        backlog::keep(ports, self.control.control().id.0, place, &baseline).await
    }
}

/// Of a look that did not come to its end, and has no queue for a message that goes on.
pub(crate) fn not_finished() -> Fault {
    Fault::transient("sweep", "baseline-not-finished")
}

/// A target that cannot be read is not known to be compliant.
fn has_drifted(run: Result<Report, Fault>) -> Result<bool, Fault> {
    match run {
        Ok(report) => Ok(report.outcome == Outcome::Drifted),
        Err(fault) if fault.gives_back() => Err(fault),
        Err(_) => Ok(true),
    }
}

/// Takes a target off the backlog that is compliant, or out of scope for the control.
pub(crate) async fn see(ports: &AwsPorts, control: &str, target: &Target, outcome: Outcome) -> Result<(), Fault> {
    if matches!(outcome, Outcome::AlreadyCompliant | Outcome::OutOfScope | Outcome::Gone) {
        backlog::leave(ports, control, target, ports.now()).await?;
    }
    Ok(())
}
