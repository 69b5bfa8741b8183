//! Bounds the work of an analysis: steps are counted, and an analysis that takes too many ends without a verdict.
//!
//! The author of a policy is not the one who runs the analysis. A count of steps is the same on every machine and in
//! every run, unlike a clock: the same policy gets the same verdict everywhere.
//!
//! A step is about the work of comparing one letter, some nanoseconds at most. The count is kept for each thread, so that
//! no function on the way can forget to count; an analysis never leaves its thread.

use std::cell::Cell;

thread_local! {
    static DONE: Cell<u64> = const { Cell::new(0) };
    static LIMIT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// The steps that any policy may take, however short it is.
pub const LEAST: u64 = 10_000_000;

/// The steps that no analysis exceeds, however long the policies are.
pub const MOST: u64 = 60_000_000;

/// The steps of one operation on a set of actions.
pub(crate) const SET: u64 = 48;

/// The analysis of a policy takes more work than that of any policy in use: its permissions are unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the policy takes more work to analyse than Remedy spends on one: say the same in fewer statements and wildcards"
)]
pub struct TooMuchWork;

/// The steps that the analysis of this many bytes of policies may take: quadratic in their size, and never more than
/// [`MOST`].
#[must_use]
pub fn allowance(bytes: usize) -> u64 {
    let bytes = wide(bytes);
    LEAST.saturating_add(bytes.saturating_mul(bytes)).min(MOST)
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The steps that this thread has counted so far.
#[must_use]
pub fn steps() -> u64 {
    DONE.get()
}

/// Does some work, unless it takes more steps than these, or more than the surrounding work has left.
///
/// Work that is out of steps returns early with an answer that means nothing; it is dropped here.
pub fn within<T>(allowance: u64, work: impl FnOnce() -> T) -> Result<T, TooMuchWork> {
    let around = Around(LIMIT.get());
    let limit = DONE.get().saturating_add(allowance).min(around.0);
    LIMIT.set(limit);
    let done = work();
    drop(around);
    if DONE.get() > limit { Err(TooMuchWork) } else { Ok(done) }
}

/// The limit of the surrounding work, which applies again when this is dropped.
struct Around(u64);

impl Drop for Around {
    fn drop(&mut self) {
        LIMIT.set(self.0);
    }
}

/// Counts steps.
pub(crate) fn count(steps: u64) {
    DONE.set(DONE.get().saturating_add(steps));
}

/// Counts as many steps as there are things to look at.
pub(crate) fn count_all(things: usize) {
    count(wide(things));
}

/// The steps that are left, none if the work is over.
pub(crate) fn left() -> u64 {
    LIMIT.get().saturating_sub(DONE.get())
}

/// Whether too many steps were taken: then no further result counts.
pub(crate) fn is_over() -> bool {
    DONE.get() > LIMIT.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_takes_too_many_steps_has_no_result() {
        assert_eq!(within(10, || count(10)), Ok(()));
        assert_eq!(within(10, || count(11)), Err(TooMuchWork));
        assert!(!is_over(), "what is over is over for that work only");
        assert_eq!(within(10, || within(100, || count(11)).is_err()), Err(TooMuchWork), "the narrower limit holds");
        assert_eq!(within(100, || within(10, || count(11)).is_err()), Ok(true));
        let before = steps();
        count(7);
        assert_eq!(steps() - before, 7);
    }

    #[test]
    fn the_allowance_is_quadratic_and_ends() {
        assert_eq!(allowance(0), LEAST);
        assert_eq!(allowance(6_144), LEAST + 6_144 * 6_144);
        assert_eq!(allowance(usize::MAX), MOST);
    }
}
