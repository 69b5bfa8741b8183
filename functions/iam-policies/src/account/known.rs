//! The results of analysing documents: each is read once in a run, however often the account is used.
//!
//! The author of a policy decides how much work its analysis takes, and the analysis runs for the repair of somebody
//! else. So there is an allowance for each principal and one for all of them, and the shortest policies come first: the
//! author of long ones makes only their own ability unknown.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use remedy_policy::{
    Answer, Holder, Identity, Kind as Document, Policy, TooMuchWork,
    document::{Effect, Item, Statement},
    glob,
    work::{self, within},
};

/// The steps that all principals of an account may take together in one run, for each of the two purposes.
const ALLOWANCE: u64 = 5 * work::MOST;

/// The purpose of steps. Steps for one purpose do not use up those for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The permissions of principals.
    Ability,
    /// Who may assume which role.
    Assuming,
}

/// The results about documents, shared by all copies of an account. They are no part of the account's state.
#[derive(Debug, Clone)]
pub(crate) struct Known(Arc<Mutex<Found>>);

impl Default for Known {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Found {
            documents: BTreeMap::new(),
            abilities: BTreeMap::new(),
            for_abilities: ALLOWANCE,
            for_assuming: ALLOWANCE,
        })))
    }
}

impl PartialEq for Known {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Known {}

#[derive(Debug)]
struct Found {
    documents: BTreeMap<String, Read>,
    abilities: BTreeMap<Vec<usize>, Answer>,
    /// The steps left for analysing permissions of principals.
    for_abilities: u64,
    /// The steps left for analysing who may assume roles.
    for_assuming: u64,
}

impl Found {
    const fn left(&mut self, purpose: Purpose) -> &mut u64 {
        match purpose {
            Purpose::Ability => &mut self.for_abilities,
            Purpose::Assuming => &mut self.for_assuming,
        }
    }
}

/// The content of a document, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Read {
    /// Its number.
    pub(crate) number: usize,
    /// Whether a statement permits actions of services that it does not name. Without one, permitting everything takes a
    /// list of some 450 services.
    pub(crate) wide: bool,
    /// Whether a statement may permit assuming roles.
    pub(crate) assumes: bool,
    /// Its bytes.
    pub(crate) size: usize,
}

impl Known {
    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a document.
    pub(crate) fn read(&self, text: &str) -> Read {
        let mut found = self.found();
        if let Some(read) = found.documents.get(text) {
            return *read;
        }
        let read = Read::of(found.documents.len(), text);
        found.documents.insert(text.to_owned(), read);
        read
    }

    /// Whether a principal with these policies, the first of which may be its boundary, is an administrator. Unknown if
    /// one of them cannot be read or all take too much work.
    pub(crate) fn is_admin(&self, boundary: Option<&str>, policies: &[&str]) -> Answer {
        let mut numbers: Vec<_> = policies.iter().map(|text| self.read(text).number + 1).collect();
        numbers.sort_unstable();
        numbers.insert(0, boundary.map_or(0, |text| self.read(text).number + 1));
        if let Some(answer) = self.found().abilities.get(&numbers) {
            return *answer;
        }
        let answer = self.spend(Purpose::Ability, || is_admin(boundary, policies)).unwrap_or(Answer::Unknown);
        self.found().abilities.insert(numbers, answer);
        answer
    }

    /// Does some work as far as there are steps left for it.
    pub(crate) fn spend<T>(&self, purpose: Purpose, work: impl FnOnce() -> T) -> Result<T, TooMuchWork> {
        let (allowed, before) = (*self.found().left(purpose), work::steps());
        let done = within(allowed, work);
        let mut found = self.found();
        let left = found.left(purpose);
        *left = left.saturating_sub(work::steps() - before);
        done
    }
}

fn is_admin(boundary: Option<&str>, policies: &[&str]) -> Answer {
    let Some(policies) = policies.iter().map(|text| parse(text)).collect::<Option<Vec<_>>>() else {
        return Answer::Unknown;
    };
    let boundary = match boundary.map(parse) {
        Some(None) => return Answer::Unknown,
        Some(boundary) => boundary,
        None => None,
    };
    let holder =
        Holder { policies: policies.iter().collect(), boundary: boundary.as_ref(), service_control: Vec::new() };
    Identity::is_admin(&holder).map_or(Answer::Unknown, Answer::from)
}

fn parse(text: &str) -> Option<Policy<'_>> {
    Policy::parse(Document::Identity, text).ok()
}

impl Read {
    /// A document that cannot be read permits nothing of the kind.
    fn of(number: usize, text: &str) -> Self {
        let (mut wide, mut assumes) = (false, false);
        if let Ok(policy) = Policy::parse(Document::Identity, text) {
            wide = policy.statements.iter().any(|one| one.effect == Effect::Allow && is_wide(one));
            assumes = policy.statements.iter().any(may_assume);
        }
        Self { number, wide, assumes, size: text.len() }
    }
}

fn is_wide(statement: &Statement<'_>) -> bool {
    let unnamed = |item: &Item<'_>| item.text.split(':').next().is_some_and(glob::wild);
    statement.actions.negated || statement.actions.items.iter().any(unnamed)
}

fn may_assume(statement: &Statement<'_>) -> bool {
    statement.actions.negated || statement.actions.items.iter().any(|item| glob::matches(&item.text, "sts:assumerole"))
}
