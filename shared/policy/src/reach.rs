//! What the policies of a principal permit, whatever the request says: on every resource, and on some.
//!
//! Sources: IAM User Guide, "Policy evaluation logic"; "Evaluating identity-based policies with boundaries"; "SCP
//! evaluation". Allows unite over statements and policies, unconditional denies take away, boundaries and service control
//! policies intersect. A conditional deny takes nothing away: the request may be one that it does not meet.

use crate::{
    catalogue::{ActionSet, Catalogue},
    condition::{self, Requests},
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

/// How allows with conditions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conditions {
    /// As if the request met them.
    Met,
    /// Not at all.
    Unmet,
}

impl Reach {
    /// Of a principal.
    pub(crate) fn of(holder: &Holder<'_>, conditions: Conditions) -> Self {
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

    fn united(policies: &[&Policy<'_>], conditions: Conditions) -> Self {
        let catalogue = Catalogue::get();
        let (mut allows, mut denies) = (Vec::new(), Vec::new());
        for policy in policies {
            for statement in &policy.statements {
                let met = conditions == Conditions::Met && statement.effect == Effect::Allow;
                if met || unconditional(policy.version, statement) {
                    let list = if statement.effect == Effect::Allow { &mut allows } else { &mut denies };
                    list.push(Part::of(policy.version, statement));
                }
            }
        }
        let mut everywhere = catalogue.none();
        for allow in &allows {
            if allow.everywhere() {
                everywhere.unite(&allow.actions);
            } else if allow.negated {
                everywhere.unite(&filled_up(allow, &allows, |_| true));
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

/// Whether a statement counts for every request: an allow if its conditions always hold. A deny must have none at all,
/// for nobody may be taken for harmless because of a condition.
pub(crate) fn unconditional(version: Version, statement: &Statement<'_>) -> bool {
    match statement.effect {
        Effect::Allow => statement.clauses.iter().all(|clause| condition::always(version, clause, Requests::Signed)),
        Effect::Deny => statement.clauses.is_empty(),
    }
}

/// The actions of an `Action` or `NotAction`.
pub(crate) fn actions_of(element: &Element<'_>) -> ActionSet {
    let listed = Catalogue::get().matching(element.items.iter().map(|item| &*item.text));
    if element.negated { listed.complement() } else { listed }
}

/// A statement, made ready.
pub(crate) struct Part<'p> {
    pub(crate) actions: ActionSet,
    /// Whether `resources` are those it is not about.
    negated: bool,
    resources: Vec<Wild<'p>>,
}

impl<'p> Part<'p> {
    pub(crate) fn of(version: Version, statement: &'p Statement<'p>) -> Self {
        // A trust policy names no resource: it is about its role.
        let resources = statement.resources.as_ref().map_or_else(
            || vec![variable::widened(version, "*")],
            |element| element.items.iter().map(|item| variable::widened(version, &item.text)).collect(),
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
            resources: resources.iter().map(|text| variable::widened(Version::V2008, text)).collect(),
        }
    }

    /// Whether it is about all that the other is about.
    pub(crate) fn covers_all_of(&self, other: &Self) -> bool {
        if other.negated {
            return self.covers_all_but(&other.resources);
        }
        other.resources.iter().all(|resource| self.covers(resource))
    }

    fn everywhere(&self) -> bool {
        !self.negated && self.resources.iter().any(Wild::is_everything)
    }

    /// All but everything.
    pub(crate) fn nowhere(&self) -> bool {
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
    pub(crate) fn left_by(&self, denies: &[Self], left: &mut ActionSet) {
        if self.nowhere() {
            return;
        }
        if denies.is_empty() {
            left.unite(&self.actions);
            return;
        }
        let mut take = |denied: ActionSet| {
            let mut actions = self.actions.clone();
            actions.subtract(&denied);
            left.unite(&actions);
        };
        if self.negated {
            let spared = |own: &Wild<'_>| self.resources.iter().any(|other| other.covers(own));
            take(denied(denies, |deny| deny.covers_all_but(&self.resources), |own| !spared(own)));
        } else {
            for resource in &self.resources {
                let met = |own: &Wild<'_>| glob::intersect(&own.text, &resource.text);
                take(denied(denies, |deny| deny.covers(resource), met));
            }
        }
    }
}

/// The actions denied on all of some resources: by statements about all of them, and by statements with `NotResource`
/// of which others deny what they except. `excepted` says which exceptions matter here.
fn denied(denies: &[Part<'_>], covers: impl Fn(&Part<'_>) -> bool, excepted: impl Fn(&Wild<'_>) -> bool) -> ActionSet {
    let mut actions = Catalogue::get().none();
    for deny in denies {
        if covers(deny) {
            actions.unite(&deny.actions);
        } else if deny.negated {
            actions.unite(&filled_up(deny, denies, &excepted));
        }
    }
    actions
}

/// The actions that a statement with `NotResource` has everywhere because others have them on what it excepts.
fn filled_up(part: &Part<'_>, others: &[Part<'_>], matters: impl Fn(&Wild<'_>) -> bool) -> ActionSet {
    let mut actions = part.actions.clone();
    for excepted in part.resources.iter().filter(|excepted| matters(excepted)) {
        let mut elsewhere = Catalogue::get().none();
        for other in others.iter().filter(|other| other.covers(excepted)) {
            elsewhere.unite(&other.actions);
        }
        actions.intersect(&elsewhere);
    }
    actions
}
