//! How many calls of AWS come one after another.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use remedy_testkit::proxy::{Fault, Proxy};

/// The calls that reached AWS, and when.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<Vec<(String, Instant)>>>);

impl Calls {
    /// Notes the calls that pass a proxy from now on, and lets each answer take so much longer.
    pub fn watch(proxy: &Proxy, answer: Option<Duration>) -> Self {
        let calls = Self::default();
        let noted = calls.clone();
        proxy.on_call(move |call| {
            let about = call.resource.clone().unwrap_or_default();
            noted.with(|calls| calls.push((format!("{} {about}", call.name()), Instant::now())));
            answer.map(Fault::Late)
        });
        calls
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Vec<(String, Instant)>) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The calls, each with its resource.
    pub fn names(&self) -> Vec<String> {
        self.with(|calls| calls.iter().map(|(name, _)| name.clone()).collect())
    }

    /// The calls by round trip: those that reach AWS while the answer to the first of them is still on its way are one. An answer
    /// must take far longer than what a function does between two calls.
    pub fn round_trips(&self, answer: Duration) -> Vec<Vec<String>> {
        let mut trips: Vec<(Instant, Vec<String>)> = Vec::new();
        self.with(|calls| {
            for (name, at) in calls {
                match trips.last_mut().filter(|(began, _)| at.duration_since(*began) < answer) {
                    Some((_, trip)) => trip.push(name.clone()),
                    None => trips.push((*at, vec![name.clone()])),
                }
            }
        });
        trips.into_iter().map(|(_, trip)| trip).collect()
    }
}
