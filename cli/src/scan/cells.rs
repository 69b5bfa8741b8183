//! Looking: every control in every place, several side by side.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use futures_util::{StreamExt as _, stream};
use remedy_aws::{Controls, onlooker::Onlooker};
use remedy_domain::{
    AccountId, Control, Mode, Outcome, Region, Scope, Settings, Target, Timestamp, guard::WriteAccess, trigger::Carried,
};
use remedy_engine::{Place, Reach, RunContext, Runnable, controls, draft::Task};
use remedy_scan::{Cell, Finding, Unread};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{
    exemptions::Exemptions,
    journal::{Before, Journal},
    judged,
    progress::Progress,
};

/// Controls that look side by side: one that hangs holds up no other, those of one service share what they read, and those of
/// IAM, which has the lowest rate, begin with the first.
const PLACES_AT_ONCE: usize = 16;
const TIME_IS_UP: &str = "the time was up";
const STOPPED: &str = "the scan was stopped";

/// What is looked at, and how.
pub(super) struct Look<'a> {
    pub(super) roster: &'a Controls<Onlooker>,
    pub(super) ports: &'a Onlooker,
    pub(super) places: &'a BTreeMap<AccountId, Vec<Region>>,
    pub(super) settings: &'a Settings,
    pub(super) exemptions: &'a Exemptions,
    /// Only these; all if there are none.
    pub(super) resources: &'a [String],
    /// The resources of a control that are looked at.
    pub(super) many: usize,
    /// Those that are looked at side by side.
    pub(super) at_once: usize,
    /// For a control in a place.
    pub(super) time: Duration,
    pub(super) begun: Timestamp,
}

/// What is shared by all that look.
pub(super) struct Desk {
    pub(super) journal: RefCell<Journal>,
    pub(super) before: RefCell<Before>,
    pub(super) progress: Progress,
    /// Whether somebody stopped the scan.
    pub(super) stop: watch::Sender<bool>,
}

impl Desk {
    pub(super) fn new(journal: Journal, before: Before, progress: Progress) -> Self {
        let (journal, before) = (RefCell::new(journal), RefCell::new(before));
        Self { journal, before, progress, stop: watch::Sender::new(false) }
    }

    async fn stopped(&self) {
        // The sender is ours: it does not go before this ends.
        let _stopped = self.stop.subscribe().wait_for(|stopped| *stopped).await.is_ok();
    }

    /// What `looking` comes to, unless its time is up or somebody stops the scan.
    async fn within<T>(&self, until: Instant, looking: impl Future<Output = T>) -> Result<T, Unread> {
        tokio::select! {
            biased;
            () = self.stopped() => Err(Unread::not_reached(STOPPED)),
            done = timeout_at(until, looking) => done.map_err(|_| Unread::not_reached(TIME_IS_UP)),
        }
    }
}

impl Look<'_> {
    /// Looks at everything that the controls are about, until somebody stops it.
    pub(super) async fn all(&self, desk: &Desk) -> Vec<(Cell, Vec<Finding>)> {
        let digest = self.settings.digest();
        let context = self.context(&digest);
        let cells = self.cells();
        let looks = cells.into_iter().enumerate().map(|(index, (control, place))| {
            let context = &context;
            async move { (index, self.one(control, &place, desk, context).await) }
        });
        let looking = stream::iter(looks).buffer_unordered(PLACES_AT_ONCE).collect::<Vec<_>>();
        let mut done = tokio::select! {
            done = looking => done,
            never = async { tokio::join!(desk.progress.reported(), interrupted(desk)) } => match never.0 {},
        };
        desk.progress.end();
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, one)| one).collect()
    }

    fn context<'v>(&'v self, digest: &'v str) -> RunContext<'v> {
        RunContext {
            function: "scan",
            settings: self.settings,
            digest,
            environment: Mode::Observe,
            ceiling: None,
            own: &[],
            means: WriteAccess::None,
            reach: Reach::Account,
            carried: Carried::First,
            cause: "scan",
            invocation: "",
        }
    }

    /// Each control in each of its places. What is global is looked at once in an account.
    fn cells(&self) -> Vec<(&dyn Runnable<Onlooker>, Place)> {
        let of = |control: &Control| {
            let regions = |regions: &[Region]| match control.kind.scope {
                Scope::Global => vec![Region::global()],
                Scope::Regional => regions.to_vec(),
            };
            let place = |account: &AccountId, region| Place { account: account.clone(), region };
            let places = self.places.iter();
            places.flat_map(|(account, all)| regions(all).into_iter().map(|region| place(account, region))).collect()
        };
        let with = |control: &dyn Runnable<Onlooker>| -> Vec<Place> { of(control.control()) };
        self.roster
            .iter()
            .flat_map(|control| with(control.as_ref()).into_iter().map(|place| (control.as_ref(), place)))
            .collect()
    }

    async fn one(
        &self,
        control: &dyn Runnable<Onlooker>,
        place: &Place,
        desk: &Desk,
        context: &RunContext<'_>,
    ) -> (Cell, Vec<Finding>) {
        let (about, until) = (control.control(), Instant::now() + self.time);
        let mut cell = judged::cell(about, place);
        let (done, known) = desk.before.borrow_mut().of(&cell);
        if let Some(done) = done {
            return (done, sorted(known.into_values().collect()));
        }
        let targets = match desk.within(until, controls::every_target(control, self.ports, place)).await {
            Ok(Ok(targets)) => self.chosen(targets),
            Ok(Err(fault)) => return unlisted(cell, judged::unread(&fault, about.all_reads()), desk),
            Err(unread) => return unlisted(cell, unread, desk),
        };
        desk.progress.found(targets.len(), format!("{} {}", about.id, place.region));
        let known = RefCell::new(known);
        let looks = targets.iter().map(|target| async {
            let found = known.borrow_mut().remove(&target.hash());
            let finding = match found {
                Some(found) => found,
                None => self.finding(control, target, desk, (context, until)).await,
            };
            desk.progress.made();
            finding
        });
        let mut findings: Vec<_> = stream::iter(looks).buffer_unordered(self.at_once).collect().await;
        // It was there when they were listed.
        findings.retain(|finding| finding.outcome != Some(Outcome::Gone));
        cell.targets = findings.len();
        cell.looked = findings.iter().filter(|finding| finding.unread.is_none()).count();
        desk.journal.borrow_mut().cell(&cell);
        (cell, sorted(findings))
    }

    /// The resources that were asked for.
    fn chosen(&self, mut targets: Vec<Target>) -> Vec<Target> {
        let is_called = |target: &Target, name: &String| target.id == *name || target.arn.as_ref() == Some(name);
        if !self.resources.is_empty() {
            targets.retain(|target| self.resources.iter().any(|name| is_called(target, name)));
        }
        targets.truncate(self.many);
        targets
    }

    async fn finding(
        &self,
        control: &dyn Runnable<Onlooker>,
        target: &Target,
        desk: &Desk,
        (context, until): (&RunContext<'_>, Instant),
    ) -> Finding {
        let about = control.control();
        let run = desk.within(until, control.run(self.ports, target, Task::Preview, context)).await;
        let run = run.and_then(|run| run.map_err(|fault| judged::unread(&fault, about.all_reads())));
        let exempted = self.exemptions.of(about.id.0, target, self.begun);
        let finding = judged::finding(about, target, run, exempted);
        if finding.outcome != Some(Outcome::Gone) {
            desk.journal.borrow_mut().finding(&finding);
        }
        finding
    }
}

/// The resources could not be listed.
fn unlisted(mut cell: Cell, unread: Unread, desk: &Desk) -> (Cell, Vec<Finding>) {
    cell.unread = Some(unread);
    desk.journal.borrow_mut().cell(&cell);
    (cell, Vec::new())
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|one, other| (&one.resource, &one.hash).cmp(&(&other.resource, &other.hash)));
    findings
}

/// Waits for Ctrl-C, and then for nothing: what is under way ends by itself.
async fn interrupted(desk: &Desk) {
    if tokio::signal::ctrl_c().await.is_ok() {
        desk.stop.send_replace(true);
    }
    std::future::pending::<()>().await;
}
