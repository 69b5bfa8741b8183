//! The list of calls, filled in as they proceed.

use std::sync::{Mutex, MutexGuard};

use super::call::{Call, Outcome};

/// A call's place in the journal, good across a clearing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(u64);

#[derive(Default)]
struct Pages {
    entered: u64,
    calls: Vec<(Entry, Call)>,
}

/// Every call since the start or the last clearing, in the order of arrival.
#[derive(Default)]
pub(super) struct Journal(Mutex<Pages>);

impl Journal {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().expect("the journal is not poisoned")
    }

    /// Enters a call that has just arrived and gives it its index.
    pub(super) fn enter(&self, call: &mut Call) -> Entry {
        let mut pages = self.pages();
        pages.entered += 1;
        let entry = Entry(pages.entered);
        call.index = pages.calls.len();
        pages.calls.push((entry, call.clone()));
        entry
    }

    /// Notes what became of a call; one that was cleared away meanwhile stays away.
    pub(super) fn settle(&self, entry: Entry, status: u16, outcome: Outcome) {
        let mut pages = self.pages();
        if let Some((_, call)) = pages.calls.iter_mut().rev().find(|(known, _)| *known == entry) {
            call.status = status;
            call.outcome = outcome;
        }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.pages().calls.iter().map(|(_, call)| call.clone()).collect()
    }

    pub(super) fn clear(&self) {
        self.pages().calls.clear();
    }
}
