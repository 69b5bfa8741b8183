//! The resources: a row for each in violation, the others by type.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    finding::{anchor, name, what},
    state::{Does, State},
    survey::{Resource, Survey},
    text::{Text, count, grouped, kind, listed},
};
use crate::Finding;

/// More names than these are not listed one by one.
const NAMED: usize = 300;

/// The resources.
#[derive(Debug, Default)]
pub(crate) struct Resources {
    pub(crate) rows: Vec<Line>,
    /// The types that occur, each with the value of its filter.
    pub(crate) kinds: Vec<(String, Text)>,
    pub(crate) unread: Rest,
    pub(crate) no_drift: Rest,
}

/// Resources that are not in violation.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    pub(crate) number: usize,
    pub(crate) head: String,
    pub(crate) kinds: Text,
    pub(crate) names: Vec<Text>,
    /// How many names are left out.
    pub(crate) more: String,
}

/// A resource in violation.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: Text,
    pub(crate) account: Text,
    pub(crate) kind: Text,
    pub(crate) region: Text,
    pub(crate) states: String,
    pub(crate) woulds: String,
    pub(crate) kind_key: String,
    pub(crate) drift: usize,
    pub(crate) findings: Vec<Link>,
    pub(crate) unread: String,
    pub(crate) unread_class: &'static str,
}

/// A finding of a resource.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) anchor: String,
    pub(crate) state: State,
    pub(crate) what: Text,
    pub(crate) does: Option<Does>,
}

pub(super) fn resources(survey: &Survey<'_>) -> Resources {
    let mut keys: BTreeMap<Text, String> = BTreeMap::new();
    let mut resources = Resources::default();
    let (mut unread, mut no_drift) = (Gathered::default(), Gathered::default());
    for (resource, places) in &survey.resources {
        let findings: Vec<_> =
            places.iter().filter_map(|place| Some((*place, survey.scan.findings.get(*place)?))).collect();
        let states: BTreeSet<_> = findings.iter().map(|(_, finding)| State::of(finding)).collect();
        if states.iter().any(|state| state.is_violation()) {
            let next = format!("k{}", keys.len());
            let key = keys.entry(kind(resource.2)).or_insert(next).clone();
            resources.rows.push(line(survey, resource, &findings, key));
        } else if let Some((_, finding)) = findings.first() {
            if states.contains(&State::Unread) {
                unread.add(finding);
            } else if states.contains(&State::NoDrift) {
                no_drift.add(finding);
            }
        }
    }
    resources.rows.sort_by(|a, b| b.drift.cmp(&a.drift).then_with(|| a.name.cmp(&b.name)));
    resources.kinds = keys.into_iter().map(|(kind, key)| (key, kind)).collect();
    resources.unread = unread.rest("not read, or only in part");
    resources.no_drift = no_drift.rest("without drift");
    resources
}

fn line(survey: &Survey<'_>, resource: &Resource<'_>, findings: &[(usize, &Finding)], kind_key: String) -> Line {
    let (account, region, resource_type, _) = *resource;
    let words = |some: BTreeSet<&'static str>| some.into_iter().collect::<Vec<_>>().join(" ");
    let states = || findings.iter().map(|(_, finding)| State::of(finding));
    let mut links: Vec<_> = findings.iter().filter_map(|(place, finding)| link(*place, finding)).collect();
    links.sort_by_key(|link| link.state);
    let unread = states().filter(|state| *state == State::Unread).count();
    Line {
        name: findings.first().map(|(_, finding)| name(finding)).unwrap_or_default(),
        account: Text::of(if survey.scan.accounts.len() > 1 { account } else { "" }),
        kind: kind(resource_type),
        region: Text::of(region),
        states: words(states().map(State::class).collect()),
        woulds: words(findings.iter().filter_map(|(_, finding)| Does::of(finding)).map(Does::key).collect()),
        kind_key,
        drift: states().filter(|state| *state == State::Drift).count(),
        findings: links,
        unread: grouped(unread),
        unread_class: if unread == 0 { " z" } else { "" },
    }
}

fn link(place: usize, finding: &Finding) -> Option<Link> {
    let state = State::of(finding);
    state.is_violation().then(|| Link { anchor: anchor(place), state, what: what(finding), does: Does::of(finding) })
}

/// Resources of one state, by type.
#[derive(Default)]
struct Gathered {
    kinds: BTreeMap<Text, usize>,
    names: Vec<Text>,
}

impl Gathered {
    fn add(&mut self, finding: &Finding) {
        *self.kinds.entry(kind(&finding.resource_type)).or_default() += 1;
        if self.names.len() < NAMED {
            self.names.push(name(finding));
        }
    }

    fn rest(mut self, state: &str) -> Rest {
        let number = self.kinds.values().sum();
        self.names.sort();
        let kinds: Vec<_> = self.kinds.iter().map(|(kind, some)| count(*some, kind.as_str())).collect();
        let more = number - self.names.len();
        // A part of thousands of names says nothing that the numbers by type do not say.
        let names = if more > 0 { Vec::new() } else { self.names };
        let more = if more > 0 { "The names are in scan.json, beside this page." } else { "" };
        Rest {
            number,
            head: format!("{} {state}", count(number, "resource")),
            kinds: Text::of(&listed(&kinds)),
            names,
            more: more.to_owned(),
        }
    }
}
