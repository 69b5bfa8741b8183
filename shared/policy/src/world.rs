//! Facts about a request that are settled before its conditions are read.

use jiff::Timestamp;

use crate::{
    condition::Key,
    document::{Clause, Kind, Operator, Policy},
    time, work,
};

/// The settled facts of an external caller's request: which of the policy's keys are there, and whether it comes over
/// TLS. The policy is public if it is in any world.
#[derive(Debug, Clone, Default)]
pub(crate) struct World<'p> {
    present: Vec<(&'p str, bool)>,
    secure: Option<bool>,
    now: Option<Timestamp>,
}

/// The worlds that the question of TLS makes, and of whether keys are there that `Null` asks for, that several clauses are
/// about, or that exclude each other: at most two to the fifth.
pub(crate) fn worlds<'p>(policy: &'p Policy<'_>) -> Vec<World<'p>> {
    let clauses = || policy.statements.iter().flat_map(|statement| &statement.clauses);
    let mut worlds = vec![World::of(policy)];
    for key in keys_in_question(policy) {
        let both = |world: &World<'p>| [(key, true), (key, false)].map(|known| world.with(known));
        worlds = worlds.iter().flat_map(both).collect();
    }
    if clauses().any(|clause| clause.key == SECURE) {
        let both = |world: &World<'p>| [true, false].map(|secure| World { secure: Some(secure), ..world.clone() });
        worlds = worlds.iter().flat_map(both).collect();
    }
    worlds.retain(|world| !world.is_impossible());
    worlds
}

/// A key that is absent may meet one clause, and one that is there another; no request is both.
fn keys_in_question<'p>(policy: &'p Policy<'_>) -> Vec<&'p str> {
    const MOST: usize = 4;
    let clauses = || policy.statements.iter().flat_map(|statement| &statement.clauses);
    let asked = |clause: &&Clause<'_>| clause.operator == Operator::Null && clause.null_holds(None).is_none();
    let by_key = Shared::of(policy);
    let shared = |clause: &&Clause<'_>| by_key.has(&clause.key);
    let by_address = clauses().any(|clause| clause.key == ADDRESS);
    let by_endpoint = clauses().any(|clause| ENDPOINT.contains(&&*clause.key));
    let exclusive =
        |clause: &&Clause<'_>| by_address && by_endpoint && (clause.key == ADDRESS || ENDPOINT.contains(&&*clause.key));
    let mut keys: Vec<&str> = Vec::new();
    let in_question = clauses().filter(asked).chain(clauses().filter(shared)).chain(clauses().filter(exclusive));
    for clause in in_question.filter(|clause| clause.key != SECURE) {
        if !keys.contains(&&*clause.key) && keys.len() < MOST {
            keys.push(&clause.key);
        }
    }
    keys
}

/// The keys of several clauses, of which one holds if the key is absent.
struct Shared<'p>(Vec<&'p str>);

impl<'p> Shared<'p> {
    fn of(policy: &'p Policy<'_>) -> Self {
        let clauses = policy.statements.iter().flat_map(|statement| &statement.clauses);
        let compared = clauses.filter(|clause| clause.operator != Operator::Null);
        let mut keys: Vec<_> = compared.map(|clause| (&*clause.key, clause.holds_without_key())).collect();
        work::count_all(16 * keys.len());
        keys.sort_unstable();
        // Those that hold without the key are the last of their key.
        let shared = keys.windows(2).filter_map(|pair| match pair {
            [(a, _), (b, true)] if a == b => Some(*b),
            _ => None,
        });
        Self(shared.collect())
    }

    fn has(&self, key: &str) -> bool {
        self.0.binary_search(&key).is_ok()
    }
}

const SECURE: &str = "aws:securetransport";
const ADDRESS: &str = "aws:sourceip";
const ENDPOINT: [&str; 2] = ["aws:sourcevpce", "aws:sourcevpc"];

impl<'p> World<'p> {
    /// A request of which nothing but its time is known.
    pub(crate) const fn of(policy: &Policy<'_>) -> Self {
        Self { present: Vec::new(), secure: None, now: policy.now }
    }

    /// A request without TLS.
    pub(crate) fn plaintext(policy: &Policy<'_>) -> Self {
        Self { secure: Some(false), ..Self::of(policy) }
    }

    fn with(&self, known: (&'p str, bool)) -> Self {
        let mut world = self.clone();
        world.present.push(known);
        world
    }

    /// Whether the key is there, if that is settled.
    pub(crate) fn has(&self, key: &str) -> Option<bool> {
        self.present.iter().find(|(known, _)| *known == key).map(|(_, present)| *present)
    }

    /// Whether an unknown key must be there: then it is unknown, too, whether an external caller can have it.
    pub(crate) fn needs_unknown(&self, kind: Kind) -> bool {
        self.present.iter().any(|(key, present)| *present && Key::of(kind, key) == Key::Unknown)
    }

    /// A request through a VPC endpoint has no public address.
    fn is_impossible(&self) -> bool {
        let has = |key: &str| self.has(key) == Some(true);
        has(ADDRESS) && ENDPOINT.into_iter().any(has)
    }

    /// Whether a clause holds, if this world settles it.
    pub(crate) fn settles(&self, clause: &Clause<'_>) -> Option<bool> {
        if clause.operator == Operator::Null {
            let present = if clause.key == SECURE { Some(true) } else { self.has(&clause.key) };
            return clause.null_holds(present);
        }
        if let Some(holds) = self.now.and_then(|now| time::from_now_on(clause, now)) {
            return Some(holds);
        }
        if clause.key == SECURE {
            let says = |word: &str| clause.values.iter().any(|value| value.text.eq_ignore_ascii_case(word));
            if !says("true") && !says("false") {
                return None;
            }
            let word = if self.secure? { "true" } else { "false" };
            return match clause.operator {
                Operator::Bool | Operator::StringEquals | Operator::StringEqualsIgnoreCase => {
                    Some(says(word) != clause.negated)
                }
                _ => None,
            };
        }
        if self.has(&clause.key)? { None } else { Some(clause.holds_without_key()) }
    }
}
