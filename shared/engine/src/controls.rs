//! A function's list of controls, with their types forgotten: one thing the host can call.

use std::{future::Future, marker::PhantomData, pin::Pin};

use remedy_domain::{Control, Fault, Target, evidence::StoredPlan};

use crate::{
    damage,
    draft::Task,
    ports::{Clients, Place, Ports},
    pursue,
    remediation::{Client, Remediation},
    report::Report,
    resource::{Page, Resource as _},
    run_context::RunContext,
    sweep,
};

/// A future that stays on its thread.
pub type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// One control of a function, its types forgotten.
pub trait Runnable<P> {
    /// The control's description of itself.
    fn control(&self) -> &'static Control;
    /// Every live target called `id`.
    fn find<'a>(&'a self, ports: &'a P, place: &'a Place, id: &'a str) -> Local<'a, Result<Vec<Target>, Fault>>;
    /// One page of all targets in a place.
    fn list<'a>(&'a self, ports: &'a P, place: &'a Place, from: Option<String>) -> Local<'a, Result<Page, Fault>>;
    /// One run that judges, and repairs where `task` and the guard say so.
    fn run<'a>(
        &'a self,
        ports: &'a P,
        target: &'a Target,
        task: Task<'a>,
        context: &'a RunContext<'a>,
    ) -> Local<'a, Result<Report, Fault>>;
    /// Closes what lost workers left open.
    fn close_orphans<'a>(&'a self, ports: &'a P, context: &'a RunContext<'a>) -> Local<'a, Result<Vec<Report>, Fault>>;
}

/// Puts a control on a function's list.
#[must_use]
pub fn control<R, P>() -> Box<dyn Runnable<P>>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    Box::new(Enlisted::<R>(PhantomData))
}

struct Enlisted<R>(PhantomData<R>);

impl<R, P> Runnable<P> for Enlisted<R>
where
    R: Remediation,
    P: Ports + Clients<Client<R>>,
{
    fn control(&self) -> &'static Control {
        const { &R::CONTROL }
    }

    fn find<'a>(&'a self, ports: &'a P, place: &'a Place, id: &'a str) -> Local<'a, Result<Vec<Target>, Fault>> {
        Box::pin(async move { R::On::find(&ports.first_reader(place).await?, place, id).await })
    }

    fn list<'a>(&'a self, ports: &'a P, place: &'a Place, from: Option<String>) -> Local<'a, Result<Page, Fault>> {
        Box::pin(async move { R::On::list(&ports.reader(place).await?, place, from).await })
    }

    fn run<'a>(
        &'a self,
        ports: &'a P,
        target: &'a Target,
        task: Task<'a>,
        context: &'a RunContext<'a>,
    ) -> Local<'a, Result<Report, Fault>> {
        Box::pin(async move { damage::noticed(ports, pursue::run::<R, P>(ports, target, task, context).await).await })
    }

    fn close_orphans<'a>(&'a self, ports: &'a P, context: &'a RunContext<'a>) -> Local<'a, Result<Vec<Report>, Fault>> {
        Box::pin(sweep::close_orphans::<R, P>(ports, context))
    }
}

/// Every target of a control in a place, for those who have room for all of them.
pub async fn every_target<P>(control: &dyn Runnable<P>, ports: &P, place: &Place) -> Result<Vec<Target>, Fault> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let page = control.list(ports, place, from).await?;
        all.extend(page.targets);
        from = page.next;
        if from.is_none() {
            return Ok(all);
        }
    }
}

/// A plan that is to be reverted, and the control of this function that drafted it.
pub fn drafted_by<'a, P>(roster: &'a [Box<dyn Runnable<P>>], stored: &StoredPlan) -> Option<&'a dyn Runnable<P>> {
    roster.iter().find(|runnable| runnable.control().is_called(&stored.plan.control)).map(AsRef::as_ref)
}
