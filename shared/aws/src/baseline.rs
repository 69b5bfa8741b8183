//! The first sweep of a control in a place: what is broken then is backlog, and waits.

use remedy_domain::{Fault, Outcome, Settings, Target};
use remedy_engine::{
    Clock as _, Place, Report, Runnable, Visit,
    backlog::{self, Baseline},
    draft::Task,
};

use crate::ports::AwsPorts;

/// The stored form of baselines.
const FORMAT: u32 = 1;
/// So much of an invocation is kept back to store how far the look has come.
const RESERVE: std::time::Duration = std::time::Duration::from_secs(3);

/// Draws the baseline, where there is none yet: looks at every target and puts what has drifted on the backlog.
///
/// A look that runs out of time goes on where it stopped, at the next try.
pub(crate) async fn draw(
    ports: &AwsPorts,
    control: &dyn Runnable<AwsPorts>,
    place: &Place,
    targets: &[Target],
    visit: &Visit<'_>,
) -> Result<(), Fault> {
    let id = control.control().id.0;
    let under = if *visit.settings == Settings::default() { String::new() } else { visit.digest.to_owned() };
    let begun = backlog::baseline(ports, id, place).await?;
    let (since, mut last) = match begun {
        Some(Baseline { after: None, .. }) => return Ok(()),
        Some(Baseline { since, after: Some(last), .. }) => (since, last),
        None => (ports.now(), String::new()),
    };
    let mut left: Vec<_> = targets.iter().map(|target| (target.hash(), target)).collect();
    left.sort();
    left.retain(|(hash, _)| *hash > last);
    for (hash, target) in left {
        if ports.remaining() < RESERVE {
            let far = Baseline { format: FORMAT, since, after: Some(last), settings: under };
            backlog::keep(ports, id, place, &far).await?;
            return Err(Fault::transient("sweep", "baseline-not-finished"));
        }
        if has_drifted(control.run(ports, target, Task::Evaluate, visit).await)? {
            backlog::enter(ports, id, target, since).await?;
        }
        last = hash;
    }
    backlog::keep(ports, id, place, &Baseline { format: FORMAT, since, after: None, settings: under }).await
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
