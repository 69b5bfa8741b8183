//! What controls may write, and the ways from one setting to another.

use std::{collections::BTreeSet, fmt::Debug};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    control::Call,
    merge::{Conflict, merge},
};

/// What a control may write, mirrored whole, so that a PUT loses nothing; never data.
pub trait Setting: Debug + Clone + PartialEq + Serialize + DeserializeOwned {
    /// What it is called where somebody else changed it: `automatic rotation`.
    const NAME: &'static str;

    /// Applies only the difference between `before` and `after` to what is there now. A setting of several members merges
    /// each by itself.
    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        merge(Self::NAME, before, after, now)
    }

    /// Whether two settings are equal but for what AWS assigns.
    fn agrees(&self, other: &Self) -> bool {
        self == other
    }

    /// The setting as answers, logs and records show it. Only a vocabulary of our own may be shown verbatim.
    fn show(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

/// The setting of a control that writes nothing.
impl Setting for () {
    const NAME: &'static str = "nothing";
}

/// What a step may do to those who depend on the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Harm {
    /// Nothing.
    None,
    /// A workload or a person may be stopped.
    Disruptive,
    /// Data may be lost.
    DataLoss,
}

/// One AWS write call, derived from a plan and never stored as the truth.
pub trait Step: Debug + Sized {
    /// The setting that it changes.
    type Setting: Setting;

    /// The call it makes.
    fn call(&self) -> Call;

    /// What it may do to others. Where a repair may stop somebody, its control asks, whatever is written.
    fn harm(&self) -> Harm {
        Harm::None
    }

    /// The way from one setting to another.
    fn route(from: &Self::Setting, to: &Self::Setting) -> Route<Self>;
}

/// A setting that one call brings about, whatever was there.
pub trait Put: Setting {
    /// The call.
    fn call(&self) -> Call;

    /// The parts that the way from one to another cannot restore, each named.
    fn lost(_from: &Self, _to: &Self) -> Vec<String> {
        Vec::new()
    }
}

/// What one call sets, and another takes away altogether: `Option` of it is a setting, merged member by member.
pub trait Optional: Debug + Clone + PartialEq + Serialize + DeserializeOwned {
    /// What it is called where somebody else changed it.
    const NAME: &'static str;
    /// The members that count where there is none.
    const BLANK: Self;
    /// The call that sets it.
    const SET: Call;
    /// The call that takes it away.
    const CLEAR: Call;
}

impl<T: Optional> Setting for Option<T> {
    const NAME: &'static str = T::NAME;

    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        merge_optional(T::NAME, &T::BLANK, before.as_ref(), after.as_ref(), now.as_ref())
    }
}

impl<T: Optional> Put for Option<T> {
    fn call(&self) -> Call {
        if self.is_some() { T::SET } else { T::CLEAR }
    }
}

/// The one step of a setting that one call brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<S>(pub S);

impl<S: Put> Step for Whole<S> {
    type Setting = S;

    fn call(&self) -> Call {
        self.0.call()
    }

    fn route(from: &S, to: &S) -> Route<Self> {
        let steps = if from.agrees(to) { vec![] } else { vec![Self(to.clone())] };
        Route { steps, lost: S::lost(from, to) }
    }
}

/// The steps of a control that writes nothing: there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoStep {}

impl Step for NoStep {
    type Setting = ();

    fn call(&self) -> Call {
        match *self {}
    }

    fn route((): &(), (): &()) -> Route<Self> {
        Route::of(vec![])
    }
}

/// The way from one setting to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route<S> {
    /// The writes, in order.
    pub steps: Vec<S>,
    /// The parts that this plan cannot restore, each named.
    pub lost: Vec<String>,
}

impl<S> Route<S> {
    /// A way that loses nothing.
    #[must_use]
    pub fn of(steps: Vec<S>) -> Self {
        Self { steps, lost: Vec::new() }
    }
}

impl<S: Step> Route<S> {
    /// The worst that any step may do.
    #[must_use]
    pub fn harm(&self) -> Harm {
        self.steps.iter().map(Step::harm).max().unwrap_or(Harm::None)
    }
}

/// Merges two settings of several members, each member by itself: only those that `before` and `after` differ in are
/// changed, and one that somebody else changed since is named in the conflict, after `name`.
///
/// The members are those of the setting's JSON, at one level. What is no object is merged as a whole.
pub fn merge_members<T>(name: &str, before: &T, after: &T, now: &T) -> Result<T, Conflict>
where
    T: Serialize + DeserializeOwned,
{
    let failed = |_| Conflict { element: name.to_owned() };
    let json = |setting| serde_json::to_value(setting).map_err(failed);
    serde_json::from_value(merged(name, &json(before)?, &json(after)?, &json(now)?)?).map_err(failed)
}

/// Merges two settings that may be missing altogether, each member by itself. What is missing has the members of `blank`; if
/// nothing but those are left where one end or the present has none, there is none again.
pub fn merge_optional<T>(
    name: &str,
    blank: &T,
    before: Option<&T>,
    after: Option<&T>,
    now: Option<&T>,
) -> Result<Option<T>, Conflict>
where
    T: Serialize + DeserializeOwned + PartialEq + Clone,
{
    if let Ok(whole) = merge(name, &before, &after, &now) {
        return Ok(whole.cloned());
    }
    let [was, wanted, is] = [before, after, now].map(|setting| setting.unwrap_or(blank));
    let merged = merge_members(name, was, wanted, is)?;
    let is_nothing = merged == *blank && (after.is_none() || now.is_none());
    Ok((!is_nothing).then_some(merged))
}

fn merged(name: &str, before: &Value, after: &Value, now: &Value) -> Result<Value, Conflict> {
    let (Value::Object(was), Value::Object(wanted), Value::Object(is)) = (before, after, now) else {
        return merge(name, before, after, now);
    };
    let keys: BTreeSet<_> = was.keys().chain(wanted.keys()).chain(is.keys()).collect();
    let members = keys.into_iter().map(|key| {
        let [was, wanted, is] = [was, wanted, is].map(|object| object.get(key));
        let member = merge(&format!("{name}: {}", key.replace('_', " ")), &was, &wanted, &is)?;
        Ok(member.map(|value| (key.clone(), value.clone())))
    });
    Ok(Value::Object(members.filter_map(Result::transpose).collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    struct Lock {
        shut: bool,
        days_left: Option<u32>,
    }

    const SHUT: Lock = Lock { shut: true, days_left: None };
    const OPEN: Lock = Lock { shut: false, days_left: None };

    #[test]
    fn each_member_is_merged_by_itself() {
        let now = Lock { days_left: Some(3), ..OPEN };
        assert_eq!(merge_members("the lock", &OPEN, &SHUT, &now), Ok(Lock { shut: true, ..now }));
        let conflict = merge_members("the lock", &now, &Lock { days_left: Some(9), ..now }, &OPEN).unwrap_err();
        assert_eq!(conflict.element, "the lock: days left");
        assert_eq!(merge_members("a number", &1, &2, &1), Ok(2), "what has no members is merged as a whole");
    }

    #[test]
    fn what_was_missing_is_missing_again() {
        let merge = |before, after, now| merge_optional("the lock", &OPEN, before, after, now);
        assert_eq!(merge(Some(&SHUT), None, Some(&SHUT)), Ok(None));
        assert_eq!(merge(Some(&SHUT), None, None), Ok(None));
        let theirs = Lock { days_left: Some(1), ..SHUT };
        assert_eq!(merge(Some(&SHUT), None, Some(&theirs)), Ok(Some(Lock { shut: false, ..theirs })));
        assert_eq!(merge(Some(&SHUT), None, Some(&OPEN)), Ok(None), "they had it off already");
        assert_eq!(merge(None, Some(&SHUT), Some(&OPEN)), Ok(Some(SHUT)));
    }

    #[test]
    fn one_call_brings_a_whole_setting_about() {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        struct Switch(String);
        impl Setting for Switch {
            const NAME: &'static str = "the switch";
            fn agrees(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }
        impl Put for Switch {
            fn call(&self) -> Call {
                Call::same(if self.0 == "on" { "x:Enable" } else { "x:Disable" })
            }
        }
        let [on, again, off] = ["on", "ON", "off"].map(|text| Switch(text.to_owned()));
        assert!(Whole::route(&on, &again).steps.is_empty());
        let route = Whole::route(&on, &off);
        assert_eq!((route.steps.as_slice(), route.harm()), (&[Whole(off)][..], Harm::None));
        assert_eq!(route.steps[0].call().operation, "x:Disable");
        assert!(NoStep::route(&(), &()).steps.is_empty());
    }
}
