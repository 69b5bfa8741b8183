//! A kind of resource of a service: how it is named, what requests may set of it, and what waits for a maintenance window.

use serde_json::{Map, Value};

use super::{answer::Refusal, request::Request};

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
    /// The range in which its ids are unique.
    pub scope: Scope,
    /// The refusal where there is none of this id.
    pub missing: Refused,
    /// The refusal where there is one already.
    pub exists: Refused,
    /// The members that requests may set.
    pub members: &'static [Member],
    /// The maintenance window, if some changes wait for one.
    pub window: Option<Window>,
    /// A new one before the members of the request are set. Its id is what the request says, unless it stands here.
    pub fresh: Fresh,
}

/// A new resource of a request.
pub type Fresh = fn(&mut Request<'_>) -> Result<Map<String, Value>, Refusal>;

/// The range in which the ids of a kind are unique.
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
