//! The way of one request through the proxy.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{self, Either};
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use tokio::sync::oneshot;

use super::breakpoint::{Trap, When};
use super::call::{Call, Outcome};
use super::fault::Fault;
use super::journal::Entry;
use super::wire::{Ask, Reply};
use super::{Front, recorded, shim};

/// No answer is given; hyper then closes the connection.
#[derive(Debug)]
pub(super) struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the connection is dropped without an answer")
    }
}

impl std::error::Error for Dropped {}

/// The passage runs in a task of its own, so that the death of the caller cannot undo a call that has been let through.
pub(super) async fn respond(front: Arc<Front>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
    let ask = Ask::read(request).await.map_err(|_| Dropped)?;
    let method = ask.method.clone();
    let (_present, gone) = oneshot::channel();
    let passage = tokio::spawn(Passage::begin(front, ask, gone).run());
    answer(passage.await.ok().flatten(), &method)
}

fn answer(reply: Option<Reply>, asked: &Method) -> Result<Response<Full<Bytes>>, Dropped> {
    reply.map(|reply| reply.into_response(asked)).ok_or(Dropped)
}

/// One call on its way.
struct Passage {
    front: Arc<Front>,
    ask: Ask,
    call: Call,
    entry: Entry,
    gone: oneshot::Receiver<()>,
}

impl Passage {
    fn begin(front: Arc<Front>, ask: Ask, gone: oneshot::Receiver<()>) -> Self {
        front.under_way.send_modify(|calls| *calls += 1);
        let mut call = Call::of(&ask, |key| front.access.account_of(key));
        call.session = front.access.session_of(&call.access_key);
        recorded::record(&call);
        let entry = front.journal.enter(&mut call);
        Self { front, ask, call, entry, gone }
    }

    /// The answer for the caller, or none if the connection must break.
    async fn run(mut self) -> Option<Reply> {
        let trap = self.front.traps.take(&self.call);
        self.front.mutate(&self.call).await;
        match trap {
            Some(trap) => self.stop(trap).await,
            None => self.pass().await,
        }
    }

    /// Stands still at a breakpoint, before or after the effect.
    async fn stop(&mut self, trap: Trap) -> Option<Reply> {
        let when = trap.when;
        let status = match when {
            When::Before => 0,
            When::After => self.carry_out().await.status.as_u16(),
        };
        self.settle(status, Outcome::Stopped(when));
        trap.hold(&self.call, &mut self.gone).await;
        None
    }

    /// Goes through, with or without a fault.
    async fn pass(&mut self) -> Option<Reply> {
        let Some(fault) = self.front.fault(&self.call) else {
            let reply = self.carry_out().await;
            return self.give(reply, Outcome::Answered);
        };
        match fault {
            Fault::ResetBefore => {
                self.settle(0, Outcome::Faulted(fault));
                None
            }
            Fault::ResetAfter => {
                let status = self.carry_out().await.status.as_u16();
                self.settle(status, Outcome::Faulted(fault));
                None
            }
            Fault::ErrorAfter => {
                let status = self.carry_out().await.status.as_u16();
                let reply = fault.refusal(&self.call);
                self.settle(status, Outcome::Faulted(fault));
                reply
            }
            Fault::Slow(delay) => self.slow(delay).await,
            Fault::Late(delay) => self.late(delay).await,
            Fault::Stale => self.stale().await,
            refusing => {
                let reply = refusing.refusal(&self.call).expect("every other fault refuses");
                self.give(reply, Outcome::Faulted(refusing))
            }
        }
    }

    async fn slow(&mut self, delay: Duration) -> Option<Reply> {
        if !self.wait(delay).await {
            self.settle(0, Outcome::Abandoned);
            return None;
        }
        let reply = self.carry_out().await;
        self.give(reply, Outcome::Faulted(Fault::Slow(delay)))
    }

    async fn late(&mut self, delay: Duration) -> Option<Reply> {
        let reply = self.carry_out().await;
        self.settle(reply.status.as_u16(), Outcome::Faulted(Fault::Late(delay)));
        self.wait(delay).await.then_some(reply)
    }

    /// A stale answer leaves no trace in the history: it is not what the emulator would say.
    async fn stale(&mut self) -> Option<Reply> {
        let past = match self.call.write {
            true => None,
            false => self.history().before_last_write(&self.call, &self.ask),
        };
        match past {
            Some(reply) => self.give(reply, Outcome::Faulted(Fault::Stale)),
            None => {
                let reply = self.carry_out().await;
                self.give(reply, Outcome::Answered)
            }
        }
    }

    /// Waits, and says whether the caller is still there.
    async fn wait(&mut self, delay: Duration) -> bool {
        let pause = Box::pin(tokio::time::sleep(delay));
        matches!(future::select(pause, &mut self.gone).await, Either::Left(_))
    }

    /// Has the emulator, or a shim, do what was asked, and learns from the answer.
    async fn carry_out(&mut self) -> Reply {
        let reply = shim::carry_out(&self.front, &self.call, &self.ask).await;
        self.front.access.learn(&self.call, &reply);
        self.front.shims.bucket_owner.learn(&self.call, &reply);
        self.front.shims.signatures.learn(&self.call, &reply);
        self.history().note(&self.call, &self.ask, &reply);
        reply
    }

    fn history(&self) -> std::sync::MutexGuard<'_, super::history::History> {
        self.front.history.lock().expect("the history is not poisoned")
    }

    fn settle(&self, status: u16, outcome: Outcome) {
        self.front.journal.settle(self.entry, status, outcome);
    }

    fn give(&self, reply: Reply, outcome: Outcome) -> Option<Reply> {
        self.settle(reply.status.as_u16(), outcome);
        Some(reply)
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.front.under_way.send_modify(|calls| *calls -= 1);
    }
}
