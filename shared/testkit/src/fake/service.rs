//! A service of the fake as data: its dialect, its kinds of resources, and a row for each of its calls.
//!
//! The tables stand beside the rooms, in `shared/services/<service>/testing`; this module carries their rows out. If no row can
//! express a call of AWS, [`Row::call`] takes a function, and [`Row::refused_by`] a rule.

use remedy_domain::Timestamp;
use serde_json::Value;

use super::{
    answer::{Answered, Refusal},
    call::Call,
    dialect::Dialect,
    kind::Kind,
    request::Request,
    state::Cloud,
};

/// A service.
#[derive(Debug)]
pub struct Service {
    /// Its name before the names of its operations: `rds`.
    pub name: &'static str,
    /// The name for which its requests are signed.
    pub(super) scope: &'static str,
    /// A header that only its requests have, of those that are signed for the same name.
    pub(super) header: Option<&'static str>,
    pub(super) dialect: Dialect,
    pub(super) answers: Answers,
}

/// How a service finds what it answers.
#[derive(Debug)]
pub(super) enum Answers {
    Rows(&'static [Row]),
    ByHand(Hand),
}

/// A service that is written by hand.
pub(super) type Hand = fn(&mut Cloud, &Call, &str, Timestamp) -> Answered;

impl Service {
    /// A service whose calls are rows.
    #[must_use]
    pub const fn of(name: &'static str, dialect: Dialect, rows: &'static [Row]) -> Self {
        Self { name, scope: name, header: None, dialect, answers: Answers::Rows(rows) }
    }

    /// A service whose meaning no table can say.
    pub(super) const fn by_hand(name: &'static str, dialect: Dialect, hand: Hand) -> Self {
        Self { name, scope: name, header: None, dialect, answers: Answers::ByHand(hand) }
    }

    /// The same service, if its requests are signed for another service's name and only a header distinguishes them.
    #[must_use]
    pub const fn signed_for(self, scope: &'static str, header: &'static str) -> Self {
        Self { scope, header: Some(header), ..self }
    }

    pub(super) fn row(&self, operation: &str) -> Option<&'static Row> {
        match &self.answers {
            Answers::Rows(rows) => rows.iter().find(|row| row.operation == operation),
            Answers::ByHand(_) => None,
        }
    }
}

/// A call of a service.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub(super) operation: &'static str,
    pub(super) kind: Option<&'static Kind>,
    pub(super) does: Does,
    pub(super) rules: &'static [Rule],
}

/// When AWS refuses a call. The request knows the resource that it is about.
pub type Rule = fn(&Request<'_>) -> Result<(), Refusal>;

#[derive(Debug, Clone, Copy)]
pub(super) enum Does {
    Create,
    Modify,
    Delete,
    List(List),
    Items(List),
    Catalogue(Catalogue),
    Tag(Tagging),
    Untag(Tagging),
    ListTags(Tagging),
    Call(Act),
}

/// The effect of a call that no row can express.
pub type Act = fn(&mut Request<'_>) -> Result<Value, Refusal>;

/// A list of resources, or of what a resource holds.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// The element that holds it.
    pub shown: &'static str,
    /// Names of filters, and the attributes that they look at: a path with dots, which goes through lists.
    pub filters: &'static [(&'static str, &'static str)],
    /// How it is paged.
    pub pages: Pages,
}

/// How a list is paged: by which members of request and answer.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    /// The token of the page.
    pub from: &'static str,
    /// How many a page may hold.
    pub size: &'static str,
    /// The token of the next page.
    pub next: &'static str,
    /// How many it holds where nobody says.
    pub usual: usize,
}

impl Pages {
    /// `Marker` and `MaxRecords`, as RDS has it.
    pub const RECORDS: Self = Self { from: "Marker", size: "MaxRecords", next: "Marker", usual: 100 };
    /// `NextToken` and `MaxResults`, as EC2 has it.
    pub const RESULTS: Self = Self { from: "NextToken", size: "MaxResults", next: "nextToken", usual: 1000 };
}

/// A list that is the same in all accounts.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue {
    /// Its place in the answer.
    pub list: List,
    /// Its entries.
    pub entries: fn() -> Vec<Value>,
    /// The members of a request that pick entries, by the same names.
    pub picked_by: &'static [&'static str],
}

/// How a service writes tags.
#[derive(Debug, Clone, Copy)]
pub struct Tagging {
    /// The kinds that a request may name by ARN; the row's own kind is named in its own way.
    pub kinds: &'static [&'static Kind],
    /// The member of a request that names the resource.
    pub named_by: &'static str,
    /// The attribute that holds the tags.
    pub attribute: &'static str,
    /// The member of a request that holds the tags to set.
    pub tags: &'static str,
    /// The member of a request that holds the keys to take away.
    pub keys: &'static str,
    /// The names of a tag's key and value.
    pub names: [&'static str; 2],
}

impl Row {
    const fn new(operation: &'static str, kind: Option<&'static Kind>, does: Does) -> Self {
        Self { operation, kind, does, rules: &[] }
    }

    /// Creates a resource.
    #[must_use]
    pub const fn create(operation: &'static str, kind: &'static Kind) -> Self {
        Self::new(operation, Some(kind), Does::Create)
    }

    /// Sets members of a resource.
    #[must_use]
    pub const fn modify(operation: &'static str, kind: &'static Kind) -> Self {
        Self::new(operation, Some(kind), Does::Modify)
    }

    /// Deletes a resource.
    #[must_use]
    pub const fn delete(operation: &'static str, kind: &'static Kind) -> Self {
        Self::new(operation, Some(kind), Does::Delete)
    }

    /// Lists resources: the one that is named, or all that the filters leave.
    #[must_use]
    pub const fn list(operation: &'static str, kind: &'static Kind, list: List) -> Self {
        Self::new(operation, Some(kind), Does::List(list))
    }

    /// Lists what a resource holds in the attribute of the list's name.
    #[must_use]
    pub const fn items(operation: &'static str, kind: &'static Kind, list: List) -> Self {
        Self::new(operation, Some(kind), Does::Items(list))
    }

    /// Lists what is the same in all accounts.
    #[must_use]
    pub const fn catalogue(operation: &'static str, catalogue: Catalogue) -> Self {
        Self::new(operation, None, Does::Catalogue(catalogue))
    }

    /// Sets tags.
    #[must_use]
    pub const fn tag(operation: &'static str, tagging: Tagging) -> Self {
        Self::new(operation, None, Does::Tag(tagging))
    }

    /// Takes tags away.
    #[must_use]
    pub const fn untag(operation: &'static str, tagging: Tagging) -> Self {
        Self::new(operation, None, Does::Untag(tagging))
    }

    /// Lists tags.
    #[must_use]
    pub const fn list_tags(operation: &'static str, tagging: Tagging) -> Self {
        Self::new(operation, None, Does::ListTags(tagging))
    }

    /// Does what a function says; about a resource of a kind, if there is one.
    #[must_use]
    pub const fn call(operation: &'static str, kind: Option<&'static Kind>, does: Act) -> Self {
        Self::new(operation, kind, Does::Call(does))
    }

    /// The same, unless one of these rules refuses it.
    #[must_use]
    pub const fn refused_by(self, rules: &'static [Rule]) -> Self {
        Self { rules, ..self }
    }
}
