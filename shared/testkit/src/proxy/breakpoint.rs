//! Places where a call stands still, so that a test can kill its caller exactly there.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::{self, Either};
use tokio::sync::{oneshot, watch};

use super::call::Call;

/// On which side of its effect a call stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing has reached the emulator yet.
    Before,
    /// The emulator has carried the call out, but the caller does not know.
    After,
}

/// A call that will stand still, seen from the test. It holds for as long as this value lives.
#[must_use = "a breakpoint that is dropped is released at once"]
#[derive(Debug)]
pub struct Breakpoint {
    reached: watch::Receiver<Option<Call>>,
    _held: watch::Sender<()>,
}

impl Breakpoint {
    /// Waits until a call stands at this point; for ever if none comes, so race it against the traffic's end.
    pub async fn reached(&self) -> Call {
        match self.reached.clone().wait_for(Option::is_some).await {
            Ok(call) => call.clone().expect("waited for a call"),
            Err(_) => future::pending().await,
        }
    }

    /// Waits for a call at this point, but no longer than `limit`.
    pub async fn reached_within(&self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.reached()).await.is_ok()
    }

    /// Waits for a call at this point, or for the traffic to end without one: then that is the answer.
    pub async fn reached_or<T>(&self, traffic: impl Future<Output = T>) -> Result<Call, T> {
        match future::select(Box::pin(self.reached()), Box::pin(traffic)).await {
            Either::Left((call, _)) => Ok(call),
            Either::Right((end, _)) => Err(end),
        }
    }

    /// Lets go: a call that stands here is dropped without an answer, one still to come passes.
    pub fn release(self) {}
}

/// The same point, seen from the traffic.
pub(super) struct Trap {
    pub(super) when: When,
    matches: Box<dyn FnMut(&Call) -> bool + Send>,
    reached: watch::Sender<Option<Call>>,
    held: watch::Receiver<()>,
}

impl Trap {
    /// Stands still until the test lets go or the caller is gone.
    pub(super) async fn hold(mut self, call: &Call, gone: &mut oneshot::Receiver<()>) {
        self.reached.send_replace(Some(call.clone()));
        let _ = future::select(Box::pin(self.held.changed()), gone).await;
    }

    fn is_released(&self) -> bool {
        self.held.has_changed().is_err()
    }
}

/// All points that are set.
#[derive(Default)]
pub(super) struct Traps(Mutex<Vec<Trap>>);

impl Traps {
    pub(super) fn set(&self, when: When, matches: impl FnMut(&Call) -> bool + Send + 'static) -> Breakpoint {
        let (reached_here, reached) = watch::channel(None);
        let (held, held_here) = watch::channel(());
        let trap = Trap { when, matches: Box::new(matches), reached: reached_here, held: held_here };
        self.0.lock().expect("the traps are not poisoned").push(trap);
        Breakpoint { reached, _held: held }
    }

    /// The point at which this call must stop; each point takes one call only.
    pub(super) fn take(&self, call: &Call) -> Option<Trap> {
        let mut traps = self.0.lock().expect("the traps are not poisoned");
        traps.retain(|trap| !trap.is_released());
        // Every trap sees every call, or those which count would miscount.
        let hits: Vec<bool> = traps.iter_mut().map(|trap| (trap.matches)(call)).collect();
        let at = hits.into_iter().position(|hit| hit)?;
        Some(traps.remove(at))
    }
}
