//! A service of the fake as data: its dialect, its kinds of resources, and a row for each of its calls.
//!
//! What a service answers is said beside its room, `shared/services/<service>/testing`; how rows are carried out, here. Where
//! no row says what AWS does, [`Row::call`] takes a function, and [`Row::refused_by`] a rule.

use remedy_domain::Timestamp;
use serde_json::{Map, Value};

use super::{
    answer::{Answered, Refusal},
    call::Call,
    dialect::Dialect,
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

    /// The same, where requests are signed for another name and are told by a header.
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

/// A kind of resource.
#[derive(Debug)]
pub struct Kind {
    /// Its service: `rds`.
    pub service: &'static str,
    /// How its part of an ARN begins: `db:`, `key/`.
    pub arn: &'static str,
    /// The member of a request that names one of it, by its id or its ARN.
    pub named_by: &'static str,
    /// The member of an answer that holds its id.
    pub id: &'static str,
    /// How ids are spelled.
    pub spelling: Spelling,
    /// The element that holds it in the answer to its creation and modification; nothing: the answer is empty.
    pub shown_as: &'static str,
    /// Where its ids are unique.
    pub scope: Scope,
    /// The refusal where there is none of this id.
    pub missing: Refused,
    /// The refusal where there is one already.
    pub exists: Refused,
    /// What requests may set.
    pub members: &'static [Member],
    /// What waits for a maintenance window, where something does.
    pub window: Option<Window>,
    /// A new one before the members of the request are set. Its id is what the request says, unless it stands here.
    pub fresh: Fresh,
}

/// A new resource of a request.
pub type Fresh = fn(&mut Request<'_>) -> Result<Map<String, Value>, Refusal>;

/// Where the ids of a kind are unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In an account and Region.
    Region,
    /// In an account.
    Account,
    /// Among all accounts.
    World,
}

/// How the ids of a kind are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// As they were given.
    Exact,
    /// In small letters, however they were given.
    Small,
}

/// Status, code and message of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub u16, pub &'static str, pub &'static str);

impl From<Refused> for Refusal {
    fn from(Refused(status, code, message): Refused) -> Self {
        Self::new(status, code, message)
    }
}

/// How changes wait for a maintenance window.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// The flag of a request that does not wait. It carries out, too, whatever waits already.
    pub at_once: &'static str,
    /// The attribute that holds what waits.
    pub pending: &'static str,
}

/// A member of requests that sets an attribute.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    pub(super) asked: &'static str,
    pub(super) shown: &'static str,
    pub(super) made: Make,
    pub(super) waits: Waits,
}

/// The new value of an attribute, from the present one and the one that is asked for.
pub type Make = fn(&Value, &Value) -> Result<Value, Refusal>;

#[derive(Debug, Clone, Copy)]
pub(super) enum Waits {
    Never,
    Always,
    If(fn(&Value, &Value) -> bool),
}

impl Member {
    /// A member that is made by a function.
    #[must_use]
    pub const fn of(asked: &'static str, made: Make) -> Self {
        Self { asked, shown: asked, made, waits: Waits::Never }
    }

    /// `true` or `false`.
    #[must_use]
    pub const fn flag(asked: &'static str) -> Self {
        Self::of(asked, flag)
    }

    /// A number.
    #[must_use]
    pub const fn number(asked: &'static str) -> Self {
        Self::of(asked, number)
    }

    /// A text, a list or an object, as it is asked for.
    #[must_use]
    pub const fn any(asked: &'static str) -> Self {
        Self::of(asked, any)
    }

    /// The same, where answers call it otherwise.
    #[must_use]
    pub const fn shown(self, shown: &'static str) -> Self {
        Self { shown, ..self }
    }

    /// The same, where it waits for the window unless it is asked for at once.
    #[must_use]
    pub const fn waits(self) -> Self {
        Self { waits: Waits::Always, ..self }
    }

    /// The same, where it waits in some changes, from a value to another.
    #[must_use]
    pub const fn waits_if(self, waits: fn(&Value, &Value) -> bool) -> Self {
        Self { waits: Waits::If(waits), ..self }
    }
}

fn flag(_: &Value, asked: &Value) -> Result<Value, Refusal> {
    match asked {
        Value::Bool(_) => Ok(asked.clone()),
        Value::String(text) => text.parse::<bool>().map(Value::from).map_err(|_| malformed(asked)),
        _ => Err(malformed(asked)),
    }
}

fn number(_: &Value, asked: &Value) -> Result<Value, Refusal> {
    match asked {
        Value::Number(_) => Ok(asked.clone()),
        Value::String(text) => text.parse::<i64>().map(Value::from).map_err(|_| malformed(asked)),
        _ => Err(malformed(asked)),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "members are made by functions of one type")]
fn any(_: &Value, asked: &Value) -> Result<Value, Refusal> {
    Ok(asked.clone())
}

fn malformed(asked: &Value) -> Refusal {
    Refusal::new(400, "MalformedInput", format!("{asked} has another form"))
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

/// What a call does that no row can say.
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
    /// Where the page begins.
    pub from: &'static str,
    /// How many a page may hold.
    pub size: &'static str,
    /// Where the next one begins.
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
    /// Where it stands in the answer.
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
