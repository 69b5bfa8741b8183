//! Verdicts on what a principal may do.

use std::{collections::BTreeSet, fmt::Write as _, sync::LazyLock};

use crate::{
    catalogue::Catalogue,
    document::{Effect, Policy, Statement},
    escalation::{self, Method},
    explain::{Clue, Finding},
    glob,
    reach::{Conditions, Holder, Reach, is_about_nothing, unconditional},
    variable,
    work::{self, TooMuchWork},
};

/// The share of all actions that makes a principal nearly an administrator, if it has them on nearly all resources:
/// nine in ten.
const NEARLY: usize = 9;

/// The number of places shown for one service or one way. There are some 500 of those, and a policy may name each in
/// every line.
const CLUES: usize = 20;

/// The methods, with the places of their actions.
static WAYS: LazyLock<Vec<Way>> = LazyLock::new(|| {
    let catalogue = Catalogue::get();
    let way = |method: &'static Method| {
        // Every action of the table has a place; one that had none would count as permitted.
        Way { method, places: method.actions.iter().filter_map(|action| catalogue.place(action)).collect() }
    };
    escalation::methods().iter().map(way).collect()
});

struct Way {
    method: &'static Method,
    places: Vec<usize>,
}

/// The verdicts on a principal, or on one identity policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "verdicts are yes or no, each by itself")]
pub struct Identity {
    /// Every action on every resource, without condition.
    pub admin: bool,
    /// AWS Config's `iam-policy-no-statements-with-admin-access`: a statement that allows action `*` on resource `*`,
    /// spelled so; conditions and denies are not looked at.
    pub admin_literal: bool,
    /// Every action on every resource, if conditions are met.
    pub admin_under_condition: bool,
    /// Nine in ten actions on all resources but a few, and not [`Self::admin`].
    pub near_admin: bool,
    /// The services whose every action is allowed on every resource, without condition.
    pub full_service_access: Vec<String>,
    /// Rhino's ways to more permissions that are open on some resource, without condition.
    pub privilege_escalation: Vec<&'static Method>,
    /// Later ways, likewise.
    pub later_escalation: Vec<&'static Method>,
}

impl Identity {
    /// The verdicts on a principal; an error if they take more work than [`work::allowance`] gives to policies of that
    /// size.
    pub fn of(holder: &Holder<'_>) -> Result<Self, TooMuchWork> {
        work::within(work::allowance(holder.size()), || Self::found(holder))
    }

    /// Whether a principal is an administrator, as in [`Self::admin`], and nothing else.
    pub fn is_admin(holder: &Holder<'_>) -> Result<bool, TooMuchWork> {
        let everywhere = || Reach::everywhere(holder, Conditions::Unmet);
        work::within(work::allowance(holder.size()), || Catalogue::get().all_known_in(&everywhere()))
    }

    fn found(holder: &Holder<'_>) -> Self {
        let catalogue = Catalogue::get();
        let reach = Reach::of(holder, Conditions::Unmet);
        let admin = catalogue.all_known_in(&reach.everywhere);
        let has_conditions = holder.policies.iter().any(|policy| conditional(policy));
        let admin_under_condition =
            !admin && has_conditions && catalogue.all_known_in(&Reach::everywhere(holder, Conditions::Met));
        let near_admin = !admin && {
            let mut reached = reach.nearly_everywhere.clone();
            reached.unite(&reach.everywhere);
            catalogue.count(&reached) * 10 >= catalogue.size().1 * NEARLY
        };
        let mut full_service_access: Vec<String> = Vec::new();
        if !reach.everywhere.is_empty() {
            full_service_access.extend(catalogue.full_services(&reach.everywhere).map(str::to_owned));
        }
        let unlisted = unlisted_services(holder);
        if !unlisted.is_empty() {
            full_service_access.extend(unlisted);
            full_service_access.sort_unstable();
            full_service_access.dedup();
        }
        let open = WAYS.iter().filter(|way| way.places.iter().all(|place| reach.somewhere.has(*place)));
        let (privilege_escalation, later_escalation) = open.map(|way| way.method).partition(|method| method.is_first());
        Self {
            admin,
            admin_literal: holder.policies.iter().any(|policy| !literal_admin(policy).is_empty()),
            admin_under_condition,
            near_admin,
            full_service_access,
            privilege_escalation,
            later_escalation,
        }
    }

    /// Why: the statements that grant what was found.
    #[must_use]
    pub fn findings(&self, holder: &Holder<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.admin {
            findings.push(Finding::new("admin", "every action on every resource", granting(holder, &|_, wide| wide)));
        } else if self.admin_under_condition {
            let note = "every action on every resource, under a condition";
            findings.push(Finding::new("admin-under-condition", note, granting(holder, &|_, wide| wide)));
        } else if self.near_admin {
            let note = "nearly every action on nearly every resource";
            findings.push(Finding::new("near-admin", note, granting(holder, &|actions, _| actions > 1_000)));
        }
        if self.admin_literal && !self.admin {
            let clues = holder.policies.iter().enumerate().flat_map(|(index, policy)| literal_clues(index, policy));
            let note = "a statement allows action * on resource *, as AWS Config counts it";
            findings.push(Finding::new("admin-literal", note, clues.collect()));
        }
        if !self.admin {
            for service in &self.full_service_access {
                let pattern = format!("{service}:");
                let clues = clues_for(holder, &|action| touches(action, &pattern));
                findings.push(Finding::new(
                    "full-service-access",
                    format!("every action of {service} on every resource"),
                    clues,
                ));
            }
            for method in self.privilege_escalation.iter().chain(&self.later_escalation) {
                let clues =
                    clues_for(holder, &|action| method.actions.iter().any(|needed| glob::matches(action, needed)));
                let mut note = format!("{}: {}", method.name, method.actions.join(" + "));
                if let Some(needs) = method.needs {
                    let _infallible = write!(note, " (if there is {needs})");
                }
                findings.push(Finding::new("privilege-escalation", note, clues));
            }
        }
        findings
    }
}

fn conditional(policy: &Policy<'_>) -> bool {
    policy.statements.iter().any(|statement| statement.effect == Effect::Allow && !statement.clauses.is_empty())
}

/// Whether a pattern may match actions of the service, given with its colon.
fn touches(pattern: &str, service: &str) -> bool {
    match pattern.split_once(':') {
        Some((prefix, _)) => glob::matches(prefix, service.trim_end_matches(':')),
        None => true,
    }
}

/// The statements that AWS Config's rule counts.
pub(crate) fn literal_admin(policy: &Policy<'_>) -> Vec<usize> {
    let star =
        |element: &crate::document::Element<'_>| !element.negated && element.items.iter().any(|item| item.text == "*");
    let counts = |statement: &&crate::document::Statement<'_>| {
        statement.effect == Effect::Allow && star(&statement.actions) && statement.resources.as_ref().is_some_and(star)
    };
    policy.statements.iter().filter(counts).map(|statement| statement.index).collect()
}

fn literal_clues(index: usize, policy: &Policy<'_>) -> Vec<Clue> {
    let found = literal_admin(policy);
    let statements = policy.statements.iter().filter(|statement| found.contains(&statement.index));
    statements
        .map(|statement| Clue::at(index, statement, statement.actions.span, "a list of the actions that are needed"))
        .collect()
}

/// Services of which the table knows nothing and that a policy allows as `service:*` on every resource.
fn unlisted_services(holder: &Holder<'_>) -> BTreeSet<String> {
    let catalogue = Catalogue::get();
    let mut found = BTreeSet::new();
    if work::is_over() || holder.boundary.is_some() || !holder.service_control.is_empty() {
        return found;
    }
    let statements = || {
        holder.policies.iter().flat_map(|policy| policy.statements.iter().map(move |statement| (*policy, statement)))
    };
    for (policy, statement) in statements() {
        let wide = statement.resources.as_ref().is_some_and(|element| {
            let all = |item: &crate::document::Item<'_>| variable::widened(policy.version, &item.text).is_everything();
            !element.negated && element.items.iter().any(all)
        });
        if statement.effect != Effect::Allow || !wide || statement.actions.negated || !unconditional(policy, statement)
        {
            continue;
        }
        for item in &statement.actions.items {
            let Some((prefix, name)) = item.text.split_once(':') else { continue };
            if glob::everything(name) && !glob::wild(prefix) && catalogue.actions_of(prefix).is_none() {
                found.insert(prefix.to_owned());
            }
        }
    }
    found.retain(|service| {
        !work::is_over()
            && !statements().any(|(policy, statement)| {
                work::count(1);
                statement.effect == Effect::Deny
                    && unconditional(policy, statement)
                    && denies_all_of(statement, service)
            })
    });
    found
}

/// Whether a deny is about a whole service whose actions nobody knows: one that is about some of them may be about none.
fn denies_all_of(deny: &Statement<'_>, service: &str) -> bool {
    let whole = |item: &str| item.split_once(':').is_none_or(|(_, name)| glob::everything(name));
    let named = deny.actions.items.iter().any(|item| whole(&item.text) && touches(&item.text, service));
    named != deny.actions.negated && !is_about_nothing(deny)
}

/// The allowing statements for which `wanted` is true, given the number of their actions and whether on everything.
fn granting(holder: &Holder<'_>, wanted: &dyn Fn(usize, bool) -> bool) -> Vec<Clue> {
    let catalogue = Catalogue::get();
    let mut clues = Vec::new();
    for (index, policy) in holder.policies.iter().enumerate() {
        for statement in policy.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            let actions = catalogue.count(&crate::reach::actions_of(&statement.actions));
            let wide = statement.resources.as_ref().is_some_and(|element| {
                element.negated || element.items.iter().any(|item| glob::everything(&item.text))
            });
            if wanted(actions, wide) {
                let missing = "a list of the actions and resources that are needed";
                clues.push(Clue::at(index, statement, statement.actions.span, missing));
            }
        }
    }
    clues
}

fn clues_for(holder: &Holder<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Clue> {
    let mut clues = Vec::new();
    for (index, policy) in holder.policies.iter().enumerate() {
        for statement in policy.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            if clues.len() >= CLUES {
                break;
            }
            let missing = "only the actions that are needed, on the resources that are needed";
            if statement.actions.negated {
                clues.push(Clue::at(index, statement, statement.actions.span, missing));
                continue;
            }
            let items = statement.actions.items.iter().filter(|item| wanted(&item.text));
            clues.extend(items.take(CLUES).map(|item| Clue::at(index, statement, item.span, missing)));
        }
    }
    clues.truncate(CLUES);
    clues
}
