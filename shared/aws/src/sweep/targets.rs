//! The targets of a page: runs here, messages, and evaluations.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt as _, stream};
use remedy_domain::{
    Fault, Target,
    trigger::{Cause, Cursor},
};
use remedy_engine::{Report, backlog};

use super::{Listed, Stopped, Sweep, ids};
use crate::{answer::InvocationAnswer, baseline, dispatch::Control, invocation_error::InvocationError, sweeping};

/// So many targets are looked at side by side for a rule of AWS Config.
const AT_ONCE: usize = 4;

impl Sweep<'_> {
    /// For each control, the targets behind a place in a page that are on its backlog.
    pub(super) async fn waiting(&self, page: &Listed, at: &Cursor) -> Result<Vec<BTreeSet<String>>, Fault> {
        let hashes: Vec<_> = page.past(at).map(|(hash, _)| hash.as_str()).collect();
        let mut waiting = Vec::new();
        for control in self.controls {
            let id = control.control().id.0;
            waiting.push(backlog::waiting(self.dispatch.ports, id, self.place, &hashes).await?);
        }
        Ok(waiting)
    }

    /// Runs the controls on whose backlog a target is, and writes a message for the others. Without a queue, all run.
    pub(super) async fn target(&mut self, target: &Target, is_waiting: impl Fn(usize) -> bool) {
        let sharing = self.dispatch.ports.sharing();
        let mut fresh = Vec::new();
        for (index, control) in self.controls.iter().enumerate() {
            let (is_waiting, has_queue) = (is_waiting(index), self.dispatch.queue().is_some());
            if has_queue && !is_waiting {
                fresh.push(*control);
                continue;
            }
            let run = if is_waiting {
                self.backlog(*control, target).await
            } else {
                self.dispatch.run_one(*control, target).await
            };
            match run {
                Ok(report) => {
                    if report.may_have_written() {
                        sharing.ask_again();
                    }
                    self.reports.push(report);
                }
                // Its own message has tries of its own.
                Err(_) if has_queue => fresh.push(*control),
                Err(error) => self.failed = Some(error),
            }
        }
        drop(sharing);
        if !fresh.is_empty() {
            self.unsent.push(sweeping::message(&ids(&fresh), target));
        }
    }

    /// Runs a control on whose backlog a target is.
    async fn backlog(&self, control: Control<'_>, target: &Target) -> Result<Report, InvocationError> {
        let report = self.dispatch.run_one(control, target).await?;
        baseline::see(self.dispatch.ports, control.control().id.0, target, report.outcome).await?;
        Ok(report)
    }

    /// Sends the messages that are not sent yet. Returns how many.
    pub(super) async fn send(&mut self, tally: &mut InvocationAnswer) -> Result<usize, Stopped> {
        let messages = std::mem::take(&mut self.unsent);
        if let Some(queue) = self.dispatch.queue() {
            tally.sent(sweeping::post(self.dispatch.ports, queue, &messages).await?);
        }
        Ok(messages.len())
    }

    /// Sends the message by which this sweep goes on.
    pub(super) async fn go_on(
        &self,
        at: &Cursor,
        delay: Duration,
        tally: &mut InvocationAnswer,
    ) -> Result<(), Stopped> {
        if let Some(queue) = self.dispatch.queue() {
            sweeping::go_on(self.dispatch.ports, queue, (&ids(self.controls), self.place), at, delay).await?;
            tally.sent(1);
        }
        Ok(())
    }

    /// Only looks, at every target. One that fails does not stop the others.
    pub(super) async fn evaluate(&mut self) -> Result<(), Stopped> {
        // A rule waits for all of its answers, and nothing but time hurries a person who asks for the status.
        let at_once = if self.dispatch.trigger.cause == Cause::ConfigRule { AT_ONCE } else { 1 };
        let mut from = None;
        loop {
            let page = self.page(from.as_ref()).await?;
            let looks = page.targets.iter().map(|(_, target)| self.look_only(target, at_once));
            let runs: Vec<_> = stream::iter(looks).buffered(at_once).collect().await;
            for run in runs.into_iter().flatten() {
                match run {
                    Ok(report) => self.reports.push(report),
                    Err(error) => self.failed = Some(error),
                }
            }
            match &page.next {
                Some(next) => from = Some(next.clone()),
                None => return Ok(()),
            }
        }
    }

    async fn look_only(&self, target: &Target, at_once: usize) -> Vec<Result<Report, InvocationError>> {
        // Those that look side by side do so at different targets, and share nothing.
        let _sharing = (at_once == 1).then(|| self.dispatch.ports.sharing());
        let mut runs = Vec::new();
        for control in self.controls {
            runs.push(self.dispatch.run_one(*control, target).await);
        }
        runs
    }
}
