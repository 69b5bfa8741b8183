//! Whether denies cover all that an allow of the same policy grants.

use std::cell::OnceCell;

use crate::{
    catalogue::Catalogue,
    denies::{Denies, Granted},
    document::{Effect, Item, Kind, Policy, Statement},
    glob,
    reach::Part,
    work,
};

/// Tagging a session that nobody can start grants nobody access.
pub(crate) const ASIDE: [&str; 3] = ["sts:tagsession", "sts:setsourceidentity", "sts:setcontext"];

/// The statements of a policy, each prepared once, when first used.
#[derive(Debug)]
pub(crate) struct Statements<'p> {
    policy: &'p Policy<'p>,
    /// The denies, and the places of their statements.
    denies: OnceCell<(Denies<'p>, Vec<usize>)>,
    grants: OnceCell<Vec<OnceCell<Grant<'p>>>>,
}

/// The grant of an allow.
#[derive(Debug)]
struct Grant<'p> {
    granted: Granted<'p>,
    /// Its actions that the table does not know.
    unknown: OnceCell<Vec<&'p Item<'p>>>,
}

impl<'p> Statements<'p> {
    pub(crate) const fn of(policy: &'p Policy<'p>) -> Self {
        Self { policy, denies: OnceCell::new(), grants: OnceCell::new() }
    }

    /// Whether the denies together cover every action on every resource of the allow.
    pub(crate) fn covered(&self, allow: &Statement<'_>, denies: &[&Statement<'_>]) -> bool {
        let Some(grant) = self.grant(allow.index) else { return false };
        let (all, places) = self.denies();
        let asked = all.some(denies.iter().filter_map(|deny| places.binary_search(&deny.index).ok()));
        let mut left = Catalogue::get().none();
        grant.granted.left_by(&asked, &mut left);
        if !left.is_empty() {
            return false;
        }
        if allow.actions.negated {
            return true;
        }
        // An action that the table does not know is denied by its name only.
        let unknown = grant.unknown(allow.index, self.policy);
        if unknown.is_empty() {
            return true;
        }
        let whole = grant.granted.denied_whole(&asked);
        let statement = |place: usize| self.policy.statements.get(*places.get(place)?);
        let whole: Vec<_> = whole.into_iter().filter_map(statement).collect();
        unknown.iter().all(|item| !work::is_over() && whole.iter().any(|deny| names(deny, item)))
    }

    fn denies(&self) -> &(Denies<'p>, Vec<usize>) {
        self.denies.get_or_init(|| {
            let denies = || self.policy.statements.iter().filter(|statement| statement.effect == Effect::Deny);
            let parts = denies().map(|deny| Part::of(self.policy.version, deny)).collect();
            (Denies::of(parts), denies().map(|deny| deny.index).collect())
        })
    }

    fn grant(&self, index: usize) -> Option<&Grant<'p>> {
        let statement = self.policy.statements.get(index)?;
        let grants = self
            .grants
            .get_or_init(|| std::iter::repeat_with(OnceCell::new).take(self.policy.statements.len()).collect());
        let grant = || Grant { granted: Granted::of(self.part(statement)), unknown: OnceCell::new() };
        grants.get(index).map(|cell| cell.get_or_init(grant))
    }

    /// The grant of an allow for the service that such a policy is about.
    fn part(&self, allow: &'p Statement<'p>) -> Part<'p> {
        let catalogue = Catalogue::get();
        let mut granted = Part::of(self.policy.version, allow);
        if let Some(service) = self.policy.kind.service() {
            granted.actions.intersect(&catalogue.matching([format!("{service}:*").as_str()]));
        }
        if self.policy.kind == Kind::Trust {
            granted.actions.subtract(&catalogue.matching(ASIDE));
        }
        granted
    }
}

impl<'p> Grant<'p> {
    fn unknown(&self, index: usize, policy: &'p Policy<'p>) -> &[&'p Item<'p>] {
        self.unknown.get_or_init(|| {
            let items = policy.statements.get(index).map(|allow| allow.actions.items.as_slice()).unwrap_or_default();
            items.iter().filter(|item| Catalogue::get().matching([&*item.text]).is_empty()).collect()
        })
    }
}

/// Whether a deny covers an action that the table does not know.
fn names(deny: &Statement<'_>, item: &Item<'_>) -> bool {
    let covers = |denied: &Item<'_>| glob::covers(&denied.text, &item.text);
    let apart = |excepted: &Item<'_>| !glob::intersect(&excepted.text, &item.text);
    let mut items = deny.actions.items.iter();
    if deny.actions.negated { items.all(apart) } else { items.any(covers) }
}
