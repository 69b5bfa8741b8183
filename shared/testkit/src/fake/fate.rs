//! What befalls a run: at which of its effects, when, and how.
//!
//! Every call to AWS and every access to the ledger is an effect. They share one count, so that a test can let a run end at
//! each of them in turn, and can tell which of two effects came first.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The worker is gone. Nothing after this effect is ever run, as after SIGKILL.
    Crash,
    /// AWS asks for patience, with the code that the service uses for it.
    Throttled,
    /// AWS answers 503.
    Unavailable,
    /// The connection breaks.
    Dropped,
}

/// When it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing has happened yet.
    Before,
    /// It has happened, and the caller is not told.
    After,
}

/// The fate of everything that shares it.
#[derive(Debug, Clone, Default)]
pub struct Fate(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    thread: Mutex<Thread>,
    crashed: Notify,
}

#[derive(Debug, Default)]
struct Thread {
    effects: usize,
    due: Option<(usize, Moment, Mishap)>,
    /// How workers that run at once take turns; nothing: there is one.
    shuffle: Option<usize>,
}

/// One effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Its place in the order of all effects.
    pub number: usize,
    mishap: Option<(Moment, Mishap)>,
    /// How often others may go first.
    yields: usize,
}

impl Turn {
    /// Lets others go first.
    pub async fn wait(self) {
        for _ in 0..self.yields {
            tokio::task::yield_now().await;
        }
    }

    /// What goes wrong at this moment of the effect, if anything.
    #[must_use]
    pub fn mishap(&self, at: Moment) -> Option<Mishap> {
        self.mishap.filter(|(moment, _)| *moment == at).map(|(_, mishap)| mishap)
    }
}

impl Fate {
    fn thread(&self) -> MutexGuard<'_, Thread> {
        self.0.thread.lock().expect("fate is not poisoned")
    }

    /// Lets the `nth` effect from now on (0 is the next) go wrong, once.
    pub fn fail_at(&self, nth: usize, moment: Moment, mishap: Mishap) {
        let mut thread = self.thread();
        thread.due = Some((thread.effects + nth, moment, mishap));
    }

    /// Cancels a fault. Returns whether it was still to come.
    pub fn spare(&self) -> bool {
        self.thread().due.take().is_some()
    }

    /// Lets workers that run at once take turns, in an order that follows from `seed`.
    pub fn shuffle(&self, seed: usize) {
        self.thread().shuffle = Some(seed);
    }

    /// How many effects there have been.
    #[must_use]
    pub fn effects(&self) -> usize {
        self.thread().effects
    }

    /// The next effect begins.
    #[must_use]
    pub fn turn(&self) -> Turn {
        let mut thread = self.thread();
        let number = thread.effects;
        thread.effects += 1;
        let mishap = thread.due.take_if(|(at, ..)| *at == number).map(|(_, moment, mishap)| (moment, mishap));
        let yields = thread.shuffle.map_or(0, |seed| (number * 7 + seed) % 5);
        Turn { number, mishap, yields }
    }

    /// Ends the worker: whoever waits for [`Fate::crashed`] drops it.
    pub fn crash(&self) {
        self.0.crashed.notify_one();
    }

    /// Waits for the worker's end.
    pub async fn crashed(&self) {
        self.0.crashed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_effect_goes_wrong_and_only_once() {
        let fate = Fate::default();
        assert_eq!(fate.turn().number, 0);
        fate.fail_at(1, Moment::After, Mishap::Dropped);
        let turns: Vec<_> = (0..4).map(|_| fate.turn().mishap(Moment::After)).collect();
        assert_eq!(turns, [None, Some(Mishap::Dropped), None, None]);
        assert!(!fate.spare());
        assert_eq!(fate.effects(), 5);
    }
}
