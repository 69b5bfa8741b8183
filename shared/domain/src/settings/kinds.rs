//! Kinds of parameters: each knows its values, its default, and what a change of it means.
//!
//! A kind is a type without values: the settings hold plain ones. `AtMost<90, 365, 365>` is a whole number from 90 to 365, 365
//! where nothing is said, and more of it is looser. A kind without the ways of its changes does not compile.

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    change::Way::{self, Looser, Stricter, Weaker},
    texts::{self, Text},
};

/// The effect of a change of a member.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Modes: the effective mode of each control and account decides.
    Mode,
    /// A number: the ways of more of it, and of less.
    Number(Way, Way),
    /// A word, from the most careful one on: the ways of a later one, and of an earlier one.
    Word(&'static [&'static str], &'static [Way], &'static [Way]),
    /// A list: the ways of an added item, and of a removed one.
    List(&'static [Way], &'static [Way]),
    /// A list of these words, which decides nothing.
    Shown(&'static [&'static str]),
    /// The list whose first entry lets controls of identities write.
    BreakGlass,
    /// Any change.
    Any(&'static [Way]),
}

/// A kind of parameter.
pub trait Kind {
    /// Its values, as the settings hold them.
    type Value: Serialize;
    /// The effect of a change.
    const RULE: Rule;

    /// The value where nothing is said.
    fn absent() -> Self::Value;

    /// The allowed values in words, if this one is not allowed.
    fn refusal(_value: &Self::Value) -> Option<String> {
        None
    }

    /// Its values as JSON Schema.
    fn schema() -> Value;
}

/// Which way more of something goes, and less.
pub trait Direction {
    /// The way of more.
    const MORE: Way;
    /// The way of less.
    const LESS: Way;
}

/// More asks less of the account.
#[derive(Debug)]
pub enum Slack {}

impl Direction for Slack {
    const MORE: Way = Looser;
    const LESS: Way = Stricter;
}

/// More asks more of the account.
#[derive(Debug)]
pub enum Demand {}

impl Direction for Demand {
    const MORE: Way = Stricter;
    const LESS: Way = Looser;
}

/// More lets Remedy do more.
#[derive(Debug)]
pub enum Rights {}

impl Direction for Rights {
    const MORE: Way = Looser;
    const LESS: Way = Weaker;
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug)]
pub struct Number<D, const MIN: u32, const MAX: u32, const DEFAULT: u32>(PhantomData<D>);

/// A maximum for the account: raising it is looser, lowering it stricter.
pub type AtMost<const MIN: u32, const MAX: u32, const DEFAULT: u32> = Number<Slack, MIN, MAX, DEFAULT>;
/// A minimum for the account: raising it is stricter, lowering it looser.
pub type AtLeast<const MIN: u32, const MAX: u32, const DEFAULT: u32> = Number<Demand, MIN, MAX, DEFAULT>;
/// A maximum for Remedy: raising it is looser, lowering it weaker.
pub type Allowance<const MIN: u32, const MAX: u32, const DEFAULT: u32> = Number<Rights, MIN, MAX, DEFAULT>;

impl<D: Direction, const MIN: u32, const MAX: u32, const DEFAULT: u32> Kind for Number<D, MIN, MAX, DEFAULT> {
    type Value = u32;
    const RULE: Rule = Rule::Number(D::MORE, D::LESS);

    fn absent() -> u32 {
        const { assert!(MIN <= DEFAULT && DEFAULT <= MAX, "a default is within its range") }
        DEFAULT
    }

    fn refusal(value: &u32) -> Option<String> {
        (!(MIN..=MAX).contains(value)).then(|| format!("{MIN} to {MAX}"))
    }

    fn schema() -> Value {
        json!({"type": "integer", "minimum": MIN, "maximum": MAX, "default": DEFAULT})
    }
}

/// A choice of words.
pub trait Choice: Copy + Default + Serialize {
    /// The words, from the most careful one on.
    const WORDS: &'static [&'static str];
    /// The ways of a later word.
    const LATER: &'static [Way];
    /// The ways of an earlier one.
    const EARLIER: &'static [Way];
}

/// One word of a choice.
#[derive(Debug)]
pub struct OneOf<C>(PhantomData<C>);

impl<C: Choice> Kind for OneOf<C> {
    type Value = C;
    const RULE: Rule = Rule::Word(C::WORDS, C::LATER, C::EARLIER);

    fn absent() -> C {
        C::default()
    }

    fn schema() -> Value {
        json!({"enum": C::WORDS, "default": C::default()})
    }
}

/// The effect of an entry of a list.
pub trait Effect {
    /// The ways of an added entry.
    const ADDED: &'static [Way];
    /// The ways of a removed one.
    const REMOVED: &'static [Way];
}

/// An entry permits something.
#[derive(Debug)]
pub enum Permits {}

impl Effect for Permits {
    const ADDED: &'static [Way] = &[Looser];
    const REMOVED: &'static [Way] = &[Stricter];
}

/// An entry is spared: less is asked of the account there, and Remedy does less.
#[derive(Debug)]
pub enum Spared {}

impl Effect for Spared {
    const ADDED: &'static [Way] = &[Looser, Weaker];
    const REMOVED: &'static [Way] = &[Stricter];
}

/// An entry holds Remedy back.
#[derive(Debug)]
pub enum HoldsBack {}

impl Effect for HoldsBack {
    const ADDED: &'static [Way] = &[Weaker];
    const REMOVED: &'static [Way] = &[Looser];
}

/// A list of texts.
#[derive(Debug)]
pub struct List<E, T>(PhantomData<(E, T)>);

/// A list that loosens as it grows.
pub type Grows<T> = List<Permits, T>;
/// A list of exceptions, which loosens and weakens as it grows.
pub type Spares<T> = List<Spared, T>;
/// A list that loosens as it shrinks.
pub type Shrinks<T> = List<HoldsBack, T>;

impl<E: Effect, T: Text> Kind for List<E, T> {
    type Value = Vec<T::Value>;
    const RULE: Rule = Rule::List(E::ADDED, E::REMOVED);

    fn absent() -> Vec<T::Value> {
        Vec::new()
    }

    fn refusal(value: &Vec<T::Value>) -> Option<String> {
        (!value.iter().all(T::is_one)).then(|| T::WHAT.to_owned())
    }

    fn schema() -> Value {
        json!({"type": "array", "items": texts::schema::<T>(), "default": []})
    }
}

/// A text, or none: any change of it goes these ways.
#[derive(Debug)]
pub struct Maybe<W, T>(PhantomData<(W, T)>);

/// The ways of any change.
pub trait Change {
    /// The ways.
    const WAYS: &'static [Way];
}

/// Another value may ask less of the account, or more.
#[derive(Debug)]
pub enum Replaces {}

impl Change for Replaces {
    const WAYS: &'static [Way] = &[Looser, Stricter];
}

/// With another value, people may be notified of less.
#[derive(Debug)]
pub enum Notifies {}

impl Change for Notifies {
    const WAYS: &'static [Way] = &[Weaker];
}

impl<W: Change, T: Text> Kind for Maybe<W, T> {
    type Value = Option<T::Value>;
    const RULE: Rule = Rule::Any(W::WAYS);

    fn absent() -> Option<T::Value> {
        None
    }

    fn refusal(value: &Option<T::Value>) -> Option<String> {
        (!value.iter().all(T::is_one)).then(|| T::WHAT.to_owned())
    }

    fn schema() -> Value {
        texts::schema::<T>()
    }
}
