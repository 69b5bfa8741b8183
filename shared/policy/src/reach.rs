//! What the policies of a principal permit, whatever the request says: on every resource, and on some.
//!
//! Sources: IAM User Guide, "Policy evaluation logic"; "Evaluating identity-based policies with boundaries"; "SCP
//! evaluation". Allows unite over statements and policies, unconditional denies take away, boundaries and service control
//! policies intersect. A conditional deny takes nothing away: the request may be one that it does not meet.

use crate::{
    catalogue::{ActionSet, Catalogue},
    condition,
    document::{Effect, Element, Policy, Statement, Version},
    glob,
    variable::{self, Wild},
};

/// Everything that says what a principal may do.
#[derive(Debug, Clone, Default)]
pub struct Holder<'p> {
    /// Its policies: inline, attached, and those of its groups.
    pub policies: Vec<&'p Policy<'p>>,
    /// Its permissions boundary.
    pub boundary: Option<&'p Policy<'p>>,
    /// The service control policies of each level: root, organizational units, account. Each level must allow.
    pub service_control: Vec<Vec<&'p Policy<'p>>>,
}

impl<'p> Holder<'p> {
    /// A principal of which one policy is all there is.
    #[must_use]
    pub fn of(policy: &'p Policy<'p>) -> Self {
        Self { policies: vec![policy], ..Self::default() }
    }
}

/// What is permitted without condition.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// On every resource.
    pub(crate) everywhere: ActionSet,
    /// On all resources but a few: `NotResource`, or an ARN of nothing but wildcards.
    pub(crate) nearly_everywhere: ActionSet,
    /// On at least one resource.
    pub(crate) somewhere: ActionSet,
}

impl Reach {
    /// Of a principal. With `conditions`, allows that have some count as if they were met.
    pub(crate) fn of(holder: &Holder<'_>, conditions: bool) -> Self {
        let mut reach = Self::united(&holder.policies, conditions);
        let boundary = holder.boundary.map(|boundary| vec![boundary]);
        for level in boundary.iter().chain(&holder.service_control) {
            let limit = Self::united(level, conditions);
            reach.everywhere.intersect(&limit.everywhere);
            reach.nearly_everywhere.intersect(&limit.nearly_everywhere);
            reach.somewhere.intersect(&limit.somewhere);
        }
        reach
    }

    fn united(policies: &[&Policy<'_>], conditions: bool) -> Self {
        let catalogue = Catalogue::get();
        let (mut allows, mut denies) = (Vec::new(), Vec::new());
        for policy in policies {
            for statement in &policy.statements {
                let part = || Part::of(policy.version, statement);
                match statement.effect {
                    Effect::Allow if conditions || unconditional(policy.version, statement) => allows.push(part()),
                    Effect::Deny if unconditional(policy.version, statement) => denies.push(part()),
                    Effect::Allow | Effect::Deny => {}
                }
            }
        }
        let mut everywhere = catalogue.none();
        for allow in &allows {
            if allow.everywhere() {
                everywhere.unite(&allow.actions);
            } else if allow.negated {
                everywhere.unite(&filled_up(allow, &allows));
            }
        }
        let mut nearly_everywhere = catalogue.none();
        for allow in allows.iter().filter(|allow| allow.nearly_everywhere()) {
            nearly_everywhere.unite(&allow.actions);
        }
        for deny in denies.iter().filter(|deny| !deny.nowhere()) {
            everywhere.subtract(&deny.actions);
            if deny.everywhere() {
                nearly_everywhere.subtract(&deny.actions);
            }
        }
        let mut somewhere = catalogue.none();
        for allow in &allows {
            allow.left_by(&denies, &mut somewhere);
        }
        Self { everywhere, nearly_everywhere, somewhere }
    }
}

/// Whether a statement's conditions hold for every request.
pub(crate) fn unconditional(version: Version, statement: &Statement<'_>) -> bool {
    statement.clauses.iter().all(|clause| condition::always(version, clause))
}

/// The actions of an `Action` or `NotAction`.
pub(crate) fn actions_of(element: &Element<'_>) -> ActionSet {
    let listed = Catalogue::get().matching(element.items.iter().map(|item| &*item.text));
    if element.negated { listed.complement() } else { listed }
}

/// A statement, made ready.
struct Part<'p> {
    actions: ActionSet,
    /// Whether `resources` are those it is not about.
    negated: bool,
    resources: Vec<Wild<'p>>,
}

impl<'p> Part<'p> {
    fn of(version: Version, statement: &'p Statement<'p>) -> Self {
        let element = statement.resources.as_ref();
        let items = element.map(|element| element.items.as_slice()).unwrap_or_default();
        Self {
            actions: actions_of(&statement.actions),
            negated: element.is_some_and(|element| element.negated),
            resources: items.iter().map(|item| variable::widened(version, &item.text)).collect(),
        }
    }

    fn everywhere(&self) -> bool {
        !self.negated && self.resources.iter().any(Wild::is_everything)
    }

    /// All but everything.
    fn nowhere(&self) -> bool {
        self.negated && self.resources.iter().any(Wild::is_everything)
    }

    fn nearly_everywhere(&self) -> bool {
        const SOME_ARN: &str = "arn:aws:remedy:remedy:000000000000:remedy";
        let wide = |resource: &Wild<'_>| resource.exact && glob::matches(&resource.text, SOME_ARN);
        if self.negated { !self.resources.iter().any(wide) } else { self.resources.iter().any(wide) }
    }

    /// Whether it is about all of what the pattern matches.
    fn covers(&self, resource: &Wild<'_>) -> bool {
        if self.negated {
            return self.resources.iter().all(|excepted| !glob::intersect(&excepted.text, &resource.text));
        }
        self.resources.iter().any(|own| own.covers(resource))
    }

    /// Whether it is about everything but these.
    fn covers_all_but(&self, excepted: &[Wild<'_>]) -> bool {
        if self.negated {
            return self.resources.iter().all(|own| excepted.iter().any(|other| other.covers(own)));
        }
        self.everywhere()
    }

    /// Adds the actions that the denies leave to it on some resource.
    fn left_by(&self, denies: &[Self], left: &mut ActionSet) {
        if self.nowhere() {
            return;
        }
        if denies.is_empty() {
            left.unite(&self.actions);
            return;
        }
        let mut take = |covers: &dyn Fn(&Self) -> bool| {
            let mut actions = self.actions.clone();
            for deny in denies.iter().filter(|deny| covers(deny)) {
                actions.subtract(&deny.actions);
            }
            left.unite(&actions);
        };
        if self.negated {
            take(&|deny| deny.covers_all_but(&self.resources));
        } else {
            for resource in &self.resources {
                take(&|deny| deny.covers(resource));
            }
        }
    }
}

/// The actions that a statement with `NotResource` has on every resource because others allow them on what it excepts.
fn filled_up(allow: &Part<'_>, allows: &[Part<'_>]) -> ActionSet {
    let mut actions = allow.actions.clone();
    for excepted in &allow.resources {
        let mut elsewhere = Catalogue::get().none();
        for other in allows.iter().filter(|other| other.covers(excepted)) {
            elsewhere.unite(&other.actions);
        }
        actions.intersect(&elsewhere);
    }
    actions
}
