//! Looking: every control in every place, several resources side by side.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use remedy_aws::{Roster, clock, onlooker::Onlooker};
use remedy_domain::{Control, Mode, Outcome, Region, Scope, Settings, Target, guard::Means, trigger::Carried};
use remedy_engine::{Place, Reach, Runnable, Visit, draft::Task};
use tokio::time::{Instant, timeout_at};

use super::{
    access::Way,
    results::{Cell, Finding, Scan, Unread},
};

/// The rate of IAM is shared by all that the account runs.
const OF_IAM: usize = 4;

/// How much a scan may ask for.
pub(super) struct Limits {
    /// Resources side by side.
    pub(super) at_once: usize,
    /// For a control in a place.
    pub(super) time: Duration,
}

/// Looks at everything that the controls are about.
pub(super) async fn look(roster: &Roster<Onlooker>, way: &Way, settings: &Settings, limits: &Limits) -> Scan {
    let mut scan = Scan::new(clock::now(), way.account.clone(), way.regions.clone());
    let digest = settings.digest();
    let visit = Visit {
        function: "scan",
        settings,
        digest: &digest,
        environment: Mode::Observe,
        ceiling: None,
        own: &[],
        means: Means::None,
        reach: Reach::Account,
        carried: Carried::First,
        cause: "scan",
        invocation: "",
    };
    let cells: Vec<_> = roster
        .iter()
        .flat_map(|control| places(control.control(), way).into_iter().map(move |place| (control.as_ref(), place)))
        .collect();
    // Hidden where standard error is no terminal.
    let progress = ProgressBar::new(u64::try_from(cells.len()).unwrap_or_default()).with_style(style());
    for (control, place) in cells {
        progress.set_message(control.control().id.0);
        let (cell, findings) = one(control, &place, &way.ports, &visit, limits).await;
        scan.cells.push(cell);
        scan.findings.extend(findings);
        progress.inc(1);
    }
    progress.finish_and_clear();
    scan.ended = clock::now();
    scan
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{pos}/{len} {wide_msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// What is global is looked at once.
fn places(control: &Control, way: &Way) -> Vec<Place> {
    let regions = match control.scope {
        Scope::Global => BTreeSet::from([Region::global()]),
        Scope::Regional => way.regions.iter().cloned().collect(),
    };
    regions.into_iter().map(|region| Place { account: way.account.clone(), region }).collect()
}

async fn one(
    control: &dyn Runnable<Onlooker>,
    place: &Place,
    ports: &Onlooker,
    visit: &Visit<'_>,
    limits: &Limits,
) -> (Cell, Vec<Finding>) {
    let (about, until) = (control.control(), Instant::now() + limits.time);
    let mut cell = Cell::of(about, place);
    let targets = match timeout_at(until, control.discover(ports, place)).await {
        Ok(Ok(targets)) => targets,
        Ok(Err(fault)) => {
            cell.unread = Some(Unread::of(&fault, about));
            return (cell, Vec::new());
        }
        Err(_) => {
            cell.unread = Some(Unread::not_reached());
            return (cell, Vec::new());
        }
    };
    let looks = targets.iter().map(|target| async move {
        let run = match timeout_at(until, control.run(ports, target, Task::Forecast, visit)).await {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(fault)) => Err(Unread::of(&fault, about)),
            Err(_) => Err(Unread::not_reached()),
        };
        (target, run)
    });
    let at_once = if is_of_iam(about) { limits.at_once.min(OF_IAM) } else { limits.at_once };
    let runs: Vec<_> = stream::iter(looks).buffered(at_once).collect().await;
    let finding = |(target, run): (&Target, _)| Finding::of(about, target, run);
    let mut findings: Vec<_> = runs.into_iter().map(finding).collect();
    // It was there when they were listed.
    findings.retain(|finding| finding.outcome != Some(Outcome::Gone));
    findings.sort_by(|one, other| one.resource.cmp(&other.resource));
    cell.targets = findings.len();
    cell.looked = findings.iter().filter(|finding| finding.unread.is_none()).count();
    (cell, findings)
}

fn is_of_iam(control: &Control) -> bool {
    control.reads.iter().any(|call| call.operation.starts_with("iam:"))
}
