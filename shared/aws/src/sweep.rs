//! A sweep of one kind of resource in one place: its listing is gone through page by page, once for all controls of the kind.
//!
//! Only one page is held at a time, so the memory of a sweep does not grow with the account. Within a page the order is that
//! of the targets' hashes: a sweep that goes on after a target finds its place even if the page was changed meanwhile.

mod targets;

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use remedy_domain::{
    Fault, Target,
    trigger::{Carried, Cursor, Scope},
};
use remedy_engine::{Clock as _, Place, Report};
use serde_json::Value;

use crate::{
    answer::InvocationAnswer,
    baseline::{self, Drawing, Unread},
    dispatch::{Control, Dispatch},
    invocation_error::InvocationError,
    routing,
    sweeping::{self, Pace},
};

/// How far a pass came in this invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// To its end.
    Whole,
    /// Further than before, not to its end.
    Part,
}

/// Why a sweep stopped.
enum Stopped {
    /// The targets cannot be listed.
    Unlisted(Fault),
    /// The delivery goes back.
    Failed(InvocationError),
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.into())
    }
}

impl From<InvocationError> for Stopped {
    fn from(error: InvocationError) -> Self {
        Self::Failed(error)
    }
}

/// One page of a listing.
struct Listed {
    from: Option<String>,
    /// With their hashes, and in the order of these.
    targets: Vec<(String, Target)>,
    next: Option<String>,
}

impl Listed {
    /// The targets behind a place in this page.
    fn past<'a>(&'a self, at: &'a Cursor) -> impl Iterator<Item = &'a (String, Target)> {
        self.targets.iter().filter(|(hash, _)| Some(hash) > at.after.as_ref())
    }
}

/// The controls by the kind of resource that they are about, in their order.
pub(crate) fn by_kind(controls: Vec<Control<'_>>) -> Vec<Vec<Control<'_>>> {
    let mut groups: Vec<Vec<Control<'_>>> = Vec::new();
    for control in controls {
        let is_same = |other: &Control<'_>| other.control().kind == control.control().kind;
        match groups.iter_mut().find(|group| group.iter().any(is_same)) {
            Some(group) => group.push(control),
            None => groups.push(vec![control]),
        }
    }
    groups
}

/// The ids of controls.
pub(crate) fn ids(controls: &[Control<'_>]) -> Vec<&'static str> {
    controls.iter().map(|control| control.control().id.0).collect()
}

/// A sweep of one place, by the controls of one kind of resource.
pub(crate) struct Sweep<'a> {
    dispatch: &'a Dispatch<'a>,
    controls: &'a [Control<'a>],
    place: &'a Place,
    pace: Pace,
    /// The page that was listed last: a listing of one page is read once.
    listed: Option<Rc<Listed>>,
    /// The messages for targets that are not sent yet.
    unsent: Vec<Value>,
    /// The runs of this invocation.
    reports: Vec<Report>,
    /// A run that failed. It does not stop the others.
    failed: Option<InvocationError>,
}

impl<'a> Sweep<'a> {
    pub(crate) fn new(dispatch: &'a Dispatch<'a>, controls: &'a [Control<'a>], place: &'a Place) -> Self {
        let (pace, listed, unsent, reports, failed) = Default::default();
        Self { dispatch, controls, place, pace, listed, unsent, reports, failed }
    }

    /// Draws the baselines that are missing, then sends each target a message, or runs it here where there is no queue.
    pub(crate) async fn run(mut self, tally: &mut InvocationAnswer) -> Result<Vec<Report>, InvocationError> {
        match self.passes(tally).await {
            Ok(()) => {}
            Err(Stopped::Failed(error)) => return Err(error),
            Err(Stopped::Unlisted(fault)) => {
                for control in self.controls {
                    let account = routing::named(control.control(), self.place, self.place.account.as_str());
                    self.reports.push(self.dispatch.finish(*control, &account, Err(fault.clone())).await?);
                }
            }
        }
        self.failed.map_or(Ok(self.reports), Err)
    }

    async fn passes(&mut self, tally: &mut InvocationAnswer) -> Result<(), Stopped> {
        if self.dispatch.only_evaluates() {
            return self.evaluate().await;
        }
        match (self.draw().await?, self.dispatch.queue()) {
            (Pass::Whole, _) => self.pass(tally).await,
            (Pass::Part, Some(_)) => self.go_on(&self.begins_at(), Duration::ZERO, tally).await,
            (Pass::Part, None) => Err(baseline::not_finished().into()),
        }
    }

    /// The place in the listing that this sweep's message names.
    fn begins_at(&self) -> Cursor {
        if let Scope::All { at, .. } = &self.dispatch.trigger.scope { at.clone() } else { Cursor::BEGINNING }
    }

    /// A page of the listing. All controls of a kind have the same targets, so one of them lists.
    async fn page(&mut self, from: Option<&String>) -> Result<Rc<Listed>, Stopped> {
        if let Some(listed) = self.listed.as_ref().filter(|listed| listed.from.as_ref() == from) {
            return Ok(Rc::clone(listed));
        }
        self.listed = None;
        let Some(control) = self.controls.first() else { return Err(Fault::defect("sweep", "no-control").into()) };
        let began = self.dispatch.ports.remaining();
        let page = control.list(self.dispatch.ports, self.place, from.cloned()).await;
        let page = page.map_err(|fault| if fault.gives_back() { fault.into() } else { Stopped::Unlisted(fault) })?;
        let mut targets: Vec<_> = page.targets.into_iter().map(|target| (target.hash(), target)).collect();
        targets.sort_by(|(one, _), (other, _)| one.cmp(other));
        let listed = Rc::new(Listed { from: from.cloned(), targets, next: page.next });
        self.listed = Some(Rc::clone(&listed));
        self.pace.listed(began, self.dispatch.ports);
        Ok(listed)
    }

    /// The page after this one.
    fn next(&mut self, page: &Listed) -> Option<Cursor> {
        let next = page.next.clone()?;
        self.pace.came_further();
        Some(Cursor::page(Some(next)))
    }

    /// Draws the baselines that are missing. Those that came equally far are drawn together.
    async fn draw(&mut self) -> Result<Pass, Stopped> {
        let mut missing: BTreeMap<Cursor, Vec<Drawing<'a>>> = BTreeMap::new();
        for control in self.controls {
            if let Some((at, drawing)) = baseline::begun(self.dispatch.ports, *control, self.place).await? {
                missing.entry(at).or_default().push(drawing);
            }
        }
        for (at, drawings) in missing {
            if self.draw_from(&at, &drawings).await? == Pass::Part {
                return Ok(Pass::Part);
            }
        }
        Ok(Pass::Whole)
    }

    async fn draw_from(&mut self, begun: &Cursor, drawings: &[Drawing<'a>]) -> Result<Pass, Stopped> {
        let mut at = begun.clone();
        loop {
            if !self.pace.has_time(self.dispatch.ports) {
                return self.drawn_in_part(drawings, (begun, &at)).await;
            }
            let page = match self.page(at.from.as_ref()).await {
                Err(Stopped::Unlisted(fault)) => {
                    // A token that AWS no longer takes is the end of this sweep: the next one begins the listing anew.
                    if at.from.is_some() {
                        self.keep(drawings, Some(&Cursor::BEGINNING)).await?;
                    }
                    return Err(Stopped::Unlisted(fault));
                }
                page => page?,
            };
            for (hash, target) in page.past(&at.clone()) {
                let began = self.dispatch.ports.remaining();
                if !self.pace.has_time(self.dispatch.ports) {
                    return self.drawn_in_part(drawings, (begun, &at)).await;
                }
                let is_stuck = self.dispatch.context.carried == Carried::Again && at == *begun;
                let unread = if is_stuck { Unread::Drifted } else { Unread::ComesAgain };
                match self.look(drawings, target, unread).await {
                    Ok(()) => at = at.past(hash),
                    // The first target already: another try may do better, and five are enough.
                    Err(fault) if at == *begun => return Err(fault.into()),
                    Err(_) => return self.drawn_in_part(drawings, (begun, &at)).await,
                }
                self.pace.step(began, self.dispatch.ports);
            }
            match self.next(&page) {
                Some(next) => at = next,
                None => return self.keep(drawings, None).await.map(|()| Pass::Whole),
            }
        }
    }

    /// Looks at a target for every baseline.
    async fn look(&self, drawings: &[Drawing<'a>], target: &Target, unread: Unread) -> Result<(), Fault> {
        let _sharing = self.dispatch.ports.sharing();
        for drawing in drawings {
            drawing.look(self.dispatch.ports, target, &self.dispatch.context, unread).await?;
        }
        Ok(())
    }

    async fn drawn_in_part(&self, drawings: &[Drawing<'a>], (begun, at): (&Cursor, &Cursor)) -> Result<Pass, Stopped> {
        if at != begun {
            self.keep(drawings, Some(at)).await?;
        }
        Ok(Pass::Part)
    }

    async fn keep(&self, drawings: &[Drawing<'a>], at: Option<&Cursor>) -> Result<(), Stopped> {
        for drawing in drawings {
            drawing.keep((self.dispatch.ports, self.place), &self.dispatch.context, at).await?;
        }
        Ok(())
    }

    /// Sends each target a message, but for the controls on whose backlog it is, which look at it here: it may be compliant by
    /// now, and then leaves the backlog. Without a queue, all look here.
    async fn pass(&mut self, tally: &mut InvocationAnswer) -> Result<(), Stopped> {
        let (mut at, mut sent) = (self.begins_at(), 0);
        loop {
            if self.dispatch.queue().is_some() && !self.pace.has_time(self.dispatch.ports) {
                self.send(tally).await?;
                return self.go_on(&at, Duration::ZERO, tally).await;
            }
            let page = self.page(at.from.as_ref()).await?;
            let waiting = self.waiting(&page, &at).await?;
            for (hash, target) in page.past(&at.clone()) {
                let began = self.dispatch.ports.remaining();
                let is_full = self.unsent.len() >= sweeping::HANDFUL;
                if self.dispatch.queue().is_some() && (is_full || !self.pace.has_time(self.dispatch.ports)) {
                    sent += self.send(tally).await?;
                    let is_enough = sent >= sweeping::PORTION;
                    if is_enough || !self.pace.has_time(self.dispatch.ports) {
                        let pause =
                            if is_enough { sweeping::pause(self.dispatch.host.roster.len()) } else { Duration::ZERO };
                        return self.go_on(&at, pause, tally).await;
                    }
                }
                self.target(target, |control| waiting.get(control).is_some_and(|hashes| hashes.contains(hash))).await;
                at = at.past(hash);
                self.pace.step(began, self.dispatch.ports);
            }
            match self.next(&page) {
                Some(next) => at = next,
                None => return self.send(tally).await.map(|_| ()),
            }
        }
    }
}
