//! The permissions of a principal's policies, whatever the request: on every resource, and on some.
//!
//! Sources: IAM User Guide, "Policy evaluation logic"; "Evaluating identity-based policies with boundaries"; "SCP
//! evaluation". Allows unite over statements and policies, unconditional denies subtract, boundaries and service
//! control policies intersect. A conditional deny subtracts nothing: the request may be one that it does not match.

use crate::{
    catalogue::{ActionSet, Catalogue},
    condition::{self, Requests},
    denies::{Denies, Granted},
    document::{Effect, Element, Item, Policy, Statement, Version},
    glob, resources,
    variable::{self, Wild},
    work,
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

/// The unconditional permissions.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// On every resource.
    pub(crate) everywhere: ActionSet,
    /// On all resources but a few: `NotResource`, or an ARN of nothing but wildcards.
    pub(crate) nearly_everywhere: ActionSet,
    /// On at least one resource.
    pub(crate) somewhere: ActionSet,
}

/// How allows with conditions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conditions {
    /// As if the request met them.
    Met,
    /// Not at all.
    Unmet,
}

impl Holder<'_> {
    /// The bytes of all its policies.
    #[must_use]
    pub fn size(&self) -> usize {
        let levels = self.service_control.iter().flatten().copied();
        let all = self.policies.iter().copied().chain(self.boundary).chain(levels);
        all.map(|policy| policy.span.end - policy.span.start).sum()
    }

    /// The policies that must allow, each level by itself: its own, the boundary, the service control policies.
    fn levels(&self) -> impl Iterator<Item = Vec<&Policy<'_>>> {
        let own = std::iter::once(self.policies.clone());
        own.chain(self.boundary.map(|boundary| vec![boundary])).chain(self.service_control.iter().cloned())
    }
}

impl Reach {
    /// Of a principal.
    pub(crate) fn of(holder: &Holder<'_>, conditions: Conditions) -> Self {
        let mut levels = holder.levels().map(|level| Ready::of(&level, conditions).reach());
        let every = || Catalogue::get().every();
        let own = levels.next();
        let unlimited = || Self { everywhere: every(), nearly_everywhere: every(), somewhere: every() };
        let mut reach = own.unwrap_or_else(unlimited);
        for limit in levels {
            reach.everywhere.intersect(&limit.everywhere);
            reach.nearly_everywhere.intersect(&limit.nearly_everywhere);
            reach.somewhere.intersect(&limit.somewhere);
        }
        reach
    }

    /// The actions of a principal on every resource, and nothing else.
    pub(crate) fn everywhere(holder: &Holder<'_>, conditions: Conditions) -> ActionSet {
        let mut everywhere = Catalogue::get().every();
        for level in holder.levels() {
            everywhere.intersect(&Ready::of(&level, conditions).everywhere());
        }
        everywhere
    }
}

/// The statements of one level that count.
struct Ready<'p> {
    allows: Vec<Part<'p>>,
    denies: Vec<Part<'p>>,
}

impl<'p> Ready<'p> {
    fn of(policies: &[&'p Policy<'p>], conditions: Conditions) -> Self {
        let mut ready = Self { allows: Vec::new(), denies: Vec::new() };
        for policy in policies {
            for statement in &policy.statements {
                let is_allow = statement.effect == Effect::Allow;
                let met = conditions == Conditions::Met && is_allow && !policy.is_over(statement);
                if !work::is_over() && (met || unconditional(policy, statement)) {
                    let allows = statement.effect == Effect::Allow;
                    let list = if allows { &mut ready.allows } else { &mut ready.denies };
                    list.push(Part::of(policy.version, statement));
                }
            }
        }
        ready
    }

    fn reach(self) -> Reach {
        let (everywhere, nearly_everywhere) = (self.everywhere(), self.nearly_everywhere());
        let denies = Denies::of(self.denies);
        let asked = denies.all();
        let mut somewhere = Catalogue::get().none();
        for mut allow in self.allows {
            resources::fit(&mut allow);
            Granted::of(allow).left_by(&asked, &mut somewhere);
        }
        Reach { everywhere, nearly_everywhere, somewhere }
    }

    fn everywhere(&self) -> ActionSet {
        let mut everywhere = Catalogue::get().none();
        for allow in self.allows.iter().filter(|allow| allow.everywhere()) {
            everywhere.unite(&allow.actions);
        }
        for allow in self.allows.iter().filter(|allow| allow.negated) {
            if !work::is_over() && !allow.actions.within(&everywhere) {
                everywhere.unite(&self.filled_up(allow));
            }
        }
        for deny in self.denies.iter().filter(|deny| !deny.nowhere()) {
            everywhere.subtract(&deny.actions);
        }
        everywhere
    }

    fn nearly_everywhere(&self) -> ActionSet {
        let mut nearly_everywhere = Catalogue::get().none();
        for allow in self.allows.iter().filter(|allow| allow.nearly_everywhere()) {
            nearly_everywhere.unite(&allow.actions);
        }
        for deny in self.denies.iter().filter(|deny| deny.everywhere()) {
            nearly_everywhere.subtract(&deny.actions);
        }
        nearly_everywhere
    }

    /// The actions that an allow with `NotResource` has everywhere because others have them on its exceptions.
    fn filled_up(&self, allow: &Part<'_>) -> ActionSet {
        let mut actions = allow.actions.clone();
        for excepted in &allow.resources {
            if work::is_over() || actions.is_empty() {
                break;
            }
            let mut elsewhere = Catalogue::get().none();
            for other in self.allows.iter().filter(|other| other.covers(excepted)) {
                elsewhere.unite(&other.actions);
            }
            actions.intersect(&elsewhere);
        }
        actions
    }
}

/// Whether a statement counts for every request: an allow if its conditions always hold. A deny must have none at all,
/// for nobody may be taken for harmless because of a condition.
pub(crate) fn unconditional(policy: &Policy<'_>, statement: &Statement<'_>) -> bool {
    match statement.effect {
        Effect::Allow => statement.clauses.iter().all(|clause| condition::always_in(policy, clause, Requests::Signed)),
        Effect::Deny => statement.clauses.is_empty(),
    }
}

/// The actions of an `Action` or `NotAction`.
pub(crate) fn actions_of(element: &Element<'_>) -> ActionSet {
    let listed = Catalogue::get().matching(element.items.iter().map(|item| &*item.text));
    if element.negated { listed.complement() } else { listed }
}

/// A statement, made ready.
#[derive(Debug, Clone)]
pub(crate) struct Part<'p> {
    pub(crate) actions: ActionSet,
    /// Whether `resources` are those it is not about.
    pub(crate) negated: bool,
    /// In the normal form of patterns.
    pub(crate) resources: Vec<Wild<'p>>,
}

impl<'p> Part<'p> {
    pub(crate) fn of(version: Version, statement: &'p Statement<'p>) -> Self {
        // A policy that names no resource is about the one that it is attached to.
        let resources = statement.resources.as_ref().map_or_else(
            || vec![variable::widened(version, "*")],
            |element| element.items.iter().map(|item| variable::widened(version, &item.text).normal()).collect(),
        );
        Self {
            actions: actions_of(&statement.actions),
            negated: statement.resources.as_ref().is_some_and(|element| element.negated),
            resources,
        }
    }

    /// The actions of a pattern, in lower case, on these resources.
    pub(crate) fn of_actions(pattern: &str, resources: &[&'p str]) -> Self {
        Self {
            actions: Catalogue::get().matching([pattern]),
            negated: false,
            resources: resources.iter().map(|text| variable::widened(Version::V2008, text).normal()).collect(),
        }
    }

    /// Whether it covers every action of the other on each of its resources, by its lists.
    pub(crate) fn is_about_all_of(&self, other: &Self) -> bool {
        let listed = !self.negated && !other.negated;
        listed && other.actions.within(&self.actions) && other.resources.iter().all(|resource| self.covers(resource))
    }

    pub(crate) fn everywhere(&self) -> bool {
        !self.negated && self.resources.iter().any(Wild::is_everything)
    }

    /// All but everything.
    pub(crate) fn nowhere(&self) -> bool {
        self.negated && self.resources.iter().any(Wild::is_everything)
    }

    pub(crate) fn nearly_everywhere(&self) -> bool {
        // An account is in one partition, and a policy does not say in which: a pattern is wide where it is about all of one of them, an
        // exception leaves nothing only where it is about all of each.
        const SOME_ARNS: [&str; 3] = [
            "arn:aws:remedy:remedy:000000000000:remedy",
            "arn:aws-cn:remedy:remedy:000000000000:remedy",
            "arn:aws-us-gov:remedy:remedy:000000000000:remedy",
        ];
        let covered =
            |arn: &&str| self.resources.iter().any(|resource| resource.exact && glob::matches(&resource.text, arn));
        if self.negated { !SOME_ARNS.iter().all(covered) } else { SOME_ARNS.iter().any(covered) }
    }

    /// Whether it is about all of what the pattern matches.
    pub(crate) fn covers(&self, resource: &Wild<'_>) -> bool {
        if self.negated {
            return self.resources.iter().all(|excepted| !glob::intersect(&excepted.text, &resource.text));
        }
        self.resources.iter().any(|own| own.covers(resource))
    }
}

/// Whether a statement is about nothing.
pub(crate) fn is_about_nothing(statement: &Statement<'_>) -> bool {
    let everything = |item: &Item<'_>| variable::widened(Version::V2008, &item.text).is_everything();
    statement.resources.as_ref().is_some_and(|element| element.negated && element.items.iter().any(everything))
}
