//! Values that RDS changes now, or in the next maintenance window.
//!
//! `ApplyImmediately=true` carries out everything that is pending, whoever asked for it, an upgrade of the engine among it
//! (Amazon RDS User Guide, "Using the schedule modifications setting"). So a value is changed at once only if nothing else is
//! pending; otherwise it is scheduled beside the rest.

use std::{fmt::Debug, marker::PhantomData};

use remedy_domain::{Call, Conflict, Harm, Route, Setting, Step, merge};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::Single;

/// A value, and the one that it will have after the next maintenance window, if that is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "T: Deserialize<'de>"))]
pub struct Scheduled<T> {
    /// The value now.
    pub now: T,
    /// The value that is scheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<T>,
}

/// A value that RDS can schedule.
pub trait Timed: Debug + Clone + PartialEq + Serialize + DeserializeOwned {
    /// The value's name in the conflict that is reported if somebody else changed it.
    const NAME: &'static str;

    /// The harm that setting it may do to others.
    fn harm(&self) -> Harm;
}

/// When a change is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apply {
    /// At once, with everything that is pending.
    AtOnce,
    /// In the next maintenance window; what needs none, RDS applies at once all the same.
    InWindow,
}

/// Whether anything else is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Something is.
    Pending,
    /// Nothing is.
    Quiet,
}

impl<T: Clone + PartialEq> Scheduled<T> {
    /// A value, and what is scheduled.
    #[must_use]
    pub fn new(now: T, pending: Option<T>) -> Self {
        let pending = pending.filter(|pending| *pending != now);
        Self { now, pending }
    }

    /// The value after the next maintenance window.
    #[must_use]
    pub fn finally(&self) -> &T {
        self.pending.as_ref().unwrap_or(&self.now)
    }

    /// The nearest setting that ends with this value: at once if nothing else is pending, otherwise in the window.
    #[must_use]
    pub fn towards(&self, value: T, others: Others) -> Self {
        match others {
            Others::Quiet => Self::new(value, None),
            Others::Pending => Self::new(self.now.clone(), Some(value)),
        }
    }
}

/// Only what the value is in the end is anybody's: a window that passed meanwhile is no change of somebody else's.
impl<T: Timed> Setting for Scheduled<T> {
    const NAME: &'static str = T::NAME;

    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        let value = merge(T::NAME, before.finally(), after.finally(), now.finally())?;
        if value == *now.finally() {
            return Ok(now.clone());
        }
        let others = if after.pending.is_some() { Others::Pending } else { Others::Quiet };
        let is_cancelled = value == now.now;
        Ok(if is_cancelled { Self::new(value, None) } else { now.towards(value, others) })
    }
}

/// One change of a scheduled value of a database.
pub struct Reschedule<D, T> {
    /// The value.
    pub value: T,
    /// When it is applied.
    pub apply: Apply,
    of: PhantomData<D>,
}

impl<D, T: Debug> Debug for Reschedule<D, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reschedule").field("value", &self.value).field("apply", &self.apply).finish()
    }
}

impl<D: Single, T: Timed> Step for Reschedule<D, T> {
    type Setting = Scheduled<T>;

    fn call(&self) -> Call {
        D::MODIFY
    }

    fn harm(&self) -> Harm {
        self.value.harm()
    }

    /// Scheduling the value that it has already cancels the scheduled change.
    fn route(from: &Scheduled<T>, to: &Scheduled<T>) -> Route<Self> {
        let step = |value: &T, apply| Self { value: value.clone(), apply, of: PhantomData };
        let now = (from.now != to.now).then(|| step(&to.now, Apply::AtOnce));
        let pending = if now.is_some() { to.pending.is_some() } else { from.pending != to.pending };
        Route::of(now.into_iter().chain(pending.then(|| step(to.finally(), Apply::InWindow))).collect())
    }
}

#[cfg(test)]
mod tests {
    use remedy_domain::Setting as _;

    use super::*;
    use crate::DbInstance;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    struct Days(u32);

    impl Timed for Days {
        const NAME: &'static str = "days";

        fn harm(&self) -> Harm {
            Harm::None
        }
    }

    fn set(now: u32, pending: Option<u32>) -> Scheduled<Days> {
        Scheduled::new(Days(now), pending.map(Days))
    }

    fn way(from: &Scheduled<Days>, to: &Scheduled<Days>) -> Vec<(u32, Apply)> {
        let route = Reschedule::<DbInstance, Days>::route(from, to);
        assert!(route.lost.is_empty());
        route.steps.into_iter().map(|step| (step.value.0, step.apply)).collect()
    }

    #[test]
    fn nothing_else_that_is_pending_is_carried_out() {
        let target = |others| set(0, None).towards(Days(7), others);
        assert_eq!(way(&set(0, None), &target(Others::Quiet)), [(7, Apply::AtOnce)]);
        assert_eq!(way(&set(0, None), &target(Others::Pending)), [(7, Apply::InWindow)]);
    }

    #[test]
    fn what_was_scheduled_is_taken_back_in_the_window() {
        assert_eq!(way(&set(0, Some(7)), &set(0, None)), [(0, Apply::InWindow)]);
        assert_eq!(way(&set(0, Some(7)), &set(0, Some(9))), [(9, Apply::InWindow)]);
        assert_eq!(way(&set(0, Some(7)), &set(7, None)), [(7, Apply::AtOnce)]);
        assert_eq!(way(&set(0, None), &set(7, Some(9))), [(7, Apply::AtOnce), (9, Apply::InWindow)]);
        assert_eq!(way(&set(0, Some(7)), &set(0, Some(7))), []);
    }

    #[test]
    fn an_undo_after_the_window_is_no_conflict() {
        let [before, scheduled] = [set(0, None), set(0, Some(7))];
        let undo = |now: &Scheduled<Days>| Scheduled::rebase(&scheduled, &before, now);
        assert_eq!(undo(&scheduled), Ok(before.clone()), "still scheduled: taken back");
        assert_eq!(undo(&set(7, None)), Ok(before.clone()), "the window has passed: changed back");
        assert_eq!(undo(&before), Ok(before.clone()), "somebody took it back");
        assert!(undo(&set(0, Some(9))).is_err(), "somebody scheduled something else");
    }

    #[test]
    fn a_plan_to_schedule_stays_one() {
        let (before, after) = (set(0, None), set(0, Some(7)));
        assert_eq!(Scheduled::rebase(&before, &after, &before), Ok(after.clone()));
        assert_eq!(Scheduled::rebase(&before, &set(7, None), &before), Ok(set(7, None)));
    }

    #[test]
    fn what_is_scheduled_to_be_the_same_is_not_scheduled() {
        assert_eq!(set(7, Some(7)), set(7, None));
        assert_eq!(serde_json::to_string(&set(7, None)).unwrap(), r#"{"now":7}"#);
    }
}
