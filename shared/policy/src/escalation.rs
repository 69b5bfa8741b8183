//! Ways from a few permissions to those of somebody else.
//!
//! The table `catalogue/escalation.tsv` has them, with their sources and the years in which they were published: the first
//! 21 by Rhino Security Labs, under the names that are in use for them, and those published since.

use std::sync::LazyLock;

const TABLE: &str = include_str!("catalogue/escalation.tsv");
/// The source of the first 21.
const RHINO: &str = "rhino";

static METHODS: LazyLock<Vec<Method>> = LazyLock::new(|| rows().filter_map(Method::read).collect());

/// A set of actions that, together, give their holder the permissions of somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// The actions that it takes, in lower case.
    pub actions: Vec<String>,
    /// What must be there already: an instance with a role, a function, a project. None: nothing but a role that is
    /// passed, if it passes one.
    pub needs: Option<&'static str>,
    /// Who published it: the table's header has the sources in full.
    pub source: &'static str,
    /// The year in which it was published, as far as its source says.
    pub since: Option<u16>,
}

/// All of them, the first 21 first.
#[must_use]
pub fn methods() -> &'static [Method] {
    &METHODS
}

/// The rows of the table, without its header.
fn rows() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter(|line| !line.starts_with('#'))
}

impl Method {
    fn read(row: &'static str) -> Option<Self> {
        let mut cells = row.split('\t');
        let (name, actions, needs) = (cells.next()?, cells.next()?, cells.next()?);
        let (source, since) = (cells.next()?, cells.next()?);
        let actions = actions.split(" + ").map(str::to_ascii_lowercase).collect();
        Some(Self {
            name,
            actions,
            needs: Some(needs).filter(|needs| *needs != "-"),
            source,
            since: since.parse().ok(),
        })
    }

    /// Whether it is one of the 21 of Rhino Security Labs.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.source == RHINO
    }
}

/// Every action that a method names.
pub(crate) fn every_action() -> impl Iterator<Item = &'static str> {
    methods().iter().flat_map(|method| method.actions.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalogue::{ACTIONS, Catalogue};

    #[test]
    fn every_row_is_read_and_every_action_is_one_of_aws() {
        assert_eq!(methods().len(), rows().count());
        assert_eq!(methods().iter().filter(|method| method.is_first()).count(), 21);
        let listed: BTreeSet<_> = ACTIONS.lines().filter_map(|line| line.split_once('\t')).collect();
        for action in every_action() {
            assert!(Catalogue::get().place(action).is_some(), "{action}");
            let (prefix, name) = action.split_once(':').unwrap();
            let known = listed.iter().any(|(service, names)| {
                *service == prefix && names.split(' ').any(|known| known.eq_ignore_ascii_case(name))
            });
            assert!(known, "{action} is no action that AWS documents");
        }
    }

    #[test]
    fn names_are_told_apart_and_sources_are_those_of_the_header() {
        let names: BTreeSet<_> = methods().iter().map(|method| method.name).collect();
        assert_eq!(names.len(), methods().len());
        let header: Vec<_> = TABLE.lines().filter_map(|line| line.strip_prefix("# ")).collect();
        for method in methods() {
            let key = method.source.split(' ').next().unwrap();
            assert!(header.iter().any(|line| line.starts_with(&format!("{key}: "))), "{}", method.source);
            assert!(method.since.is_none_or(|year| (2016..=2026).contains(&year)), "{}", method.name);
        }
    }
}
