//! The first sweep of a control in a place: what is broken then is backlog, and waits.

use remedy_domain::{Fault, Outcome, Settings, Target, trigger::Carried};
use remedy_engine::{
    Clock as _, Place, Report, RunContext, Runnable,
    backlog::{self, Baseline},
    draft::Task,
};

use crate::{
    ports::AwsPorts,
    sweeping::{Pace, RESERVE},
};

/// The stored form of baselines.
const FORMAT: u32 = 1;

/// How far a pass came in this invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// To its end.
    Whole,
    /// Further than before, not to its end.
    Part,
}

/// Draws the baseline, where there is none yet: looks at every target and puts what has drifted on the backlog.
///
/// A look that runs out of time goes on where it stopped, at the next message. `targets` are in the order of their hashes.
pub(crate) async fn draw(
    ports: &AwsPorts,
    (control, place): (&dyn Runnable<AwsPorts>, &Place),
    targets: &[(String, Target)],
    context: &RunContext<'_>,
    pace: &mut Pace,
) -> Result<Pass, Fault> {
    let id = control.control().id.0;
    let under = if *context.settings == Settings::default() { String::new() } else { context.digest.to_owned() };
    let (since, begun) = match backlog::baseline(ports, id, place).await? {
        Some(Baseline { after: None, .. }) => return Ok(Pass::Whole),
        Some(Baseline { since, after, .. }) => (since, after),
        None => (ports.now(), None),
    };
    let as_far_as = |after: Option<&str>| Baseline {
        format: FORMAT,
        since,
        after: after.map(str::to_owned),
        settings: under.clone(),
    };
    let (mut last, mut stopped) = (begun.as_deref().unwrap_or_default(), None);
    for (hash, target) in targets.iter().filter(|(hash, _)| Some(hash) > begun.as_ref()) {
        let began = ports.remaining();
        if !pace.has_time(ports) {
            stopped = Some(not_finished());
            break;
        }
        // Nothing is written by a look, so one that takes too long is dropped.
        let look = control.run(ports, target, Task::Evaluate, context);
        let run =
            tokio::time::timeout(began.saturating_sub(RESERVE), look).await.unwrap_or_else(|_| Err(not_finished()));
        // One that could not be read time and again would hold up all that come after it.
        let is_stuck = context.carried == Carried::Again && last == begun.as_deref().unwrap_or_default();
        let drifted = match has_drifted(run) {
            Ok(drifted) => drifted,
            Err(_) if is_stuck => true,
            Err(fault) => {
                stopped = Some(fault);
                break;
            }
        };
        if drifted {
            backlog::enter(ports, id, target, since).await?;
        }
        last = hash;
        pace.step(began, ports);
    }
    match stopped {
        None => backlog::keep(ports, id, place, &as_far_as(None)).await.map(|()| Pass::Whole),
        // The first target already: another try may do better, and five are enough.
        Some(fault) if last == begun.as_deref().unwrap_or_default() => Err(fault),
        Some(_) => backlog::keep(ports, id, place, &as_far_as(Some(last))).await.map(|()| Pass::Part),
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
