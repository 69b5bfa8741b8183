//! A request to a service of rows, as rules and functions see it.

use remedy_domain::Timestamp;
use serde_json::{Map, Value};

use super::{
    answer::Refusal,
    kind::{Kind, Spelling},
    state::Cloud,
    store::{Address, Attributes},
};

/// A request while it is carried out.
#[derive(Debug)]
pub struct Request<'a> {
    pub(super) cloud: &'a mut Cloud,
    /// The members of the request.
    pub input: &'a Value,
    /// The account of the caller.
    pub account: &'a str,
    /// The Region in which it is asked.
    pub region: &'a str,
    /// When.
    pub now: Timestamp,
    /// The resource that it is about.
    pub(super) about: Option<Address>,
}

impl Request<'_> {
    /// A text of the request; empty where it is left out.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.input[name].as_str().unwrap_or_default()
    }

    /// An attribute of the resource that the request is about.
    #[must_use]
    pub fn attribute(&self, name: &str) -> &Value {
        let attributes = self.about.as_ref().and_then(|at| self.cloud.store.get(at));
        attributes.and_then(|attributes| attributes.get(name)).unwrap_or(&Value::Null)
    }

    /// Sets an attribute of the resource that the request is about.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Some(at) = &self.about {
            self.cloud.store.plant(at.clone()).insert(name.to_owned(), value);
        }
    }

    /// All attributes of the resource that the request is about.
    #[must_use]
    pub fn attributes(&self) -> Map<String, Value> {
        self.about.as_ref().and_then(|at| self.cloud.store.get(at)).cloned().unwrap_or_default()
    }

    /// Makes a resource in a Region of the caller's account.
    pub fn put(&mut self, kind: &Kind, region: &str, id: &str, attributes: Map<String, Value>) {
        self.cloud.store.put(Address::of(kind, self.account, region, id), attributes);
    }

    /// In how many Regions of the caller's account there is a resource that is named so.
    #[must_use]
    pub fn regions(&self, kind: &Kind, name: &str) -> usize {
        let id = self.id_of(kind, name).unwrap_or_default();
        self.cloud.store.regions(&Address::of(kind, self.account, self.region, &id))
    }

    /// Another resource of the caller's account and Region.
    #[must_use]
    pub fn other(&self, kind: &Kind, id: &str) -> Option<&Map<String, Value>> {
        self.cloud.store.get(&Address::of(kind, self.account, self.region, id))
    }

    /// The same, to change it.
    pub fn other_mut(&mut self, kind: &Kind, id: &str) -> Option<&mut Map<String, Value>> {
        self.cloud.store.get_mut(&Address::of(kind, self.account, self.region, id))
    }

    /// A number that was never given before.
    pub fn serial(&mut self) -> u64 {
        self.cloud.serial()
    }

    /// The ARN of a resource of the caller's account and Region.
    #[must_use]
    pub fn arn(&self, kind: &Kind, id: &str) -> String {
        format!("{}{id}", self.arn_before(kind))
    }

    fn arn_before(&self, kind: &Kind) -> String {
        format!("arn:aws:{}:{}:{}:{}", kind.service, self.region, self.account, kind.arn)
    }

    /// The id that a name means: itself, or the end of an ARN of this place.
    pub(super) fn id_of(&self, kind: &Kind, name: &str) -> Option<String> {
        let id = if name.starts_with("arn:") { name.strip_prefix(&self.arn_before(kind))? } else { name };
        Some(match kind.spelling {
            Spelling::Exact => id.to_owned(),
            Spelling::Small => id.to_lowercase(),
        })
    }

    /// The resource of a kind that a name means.
    pub(super) fn find(&self, kind: &Kind, name: &str) -> Option<Address> {
        let at = Address::of(kind, self.account, self.region, &self.id_of(kind, name)?);
        self.cloud.store.get(&at).map(|_| at)
    }

    /// The resource that the request is about, to change it.
    pub(super) fn subject(&mut self) -> &mut Attributes {
        let at = self.about.clone().expect("the row has found its resource");
        self.cloud.store.plant(at)
    }

    /// The names that a member of the request says: none, one, or a list.
    pub(super) fn names(&self, member: &str) -> Vec<String> {
        match &self.input[member] {
            Value::String(name) => vec![name.clone()],
            Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => vec![],
        }
    }
}

/// An object's members, for [`Kind::fresh`].
///
/// # Panics
///
/// For a value that is no object.
#[must_use]
pub fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

/// Refuses where a condition does not hold.
///
/// # Errors
///
/// The refusal.
pub fn refuse_unless(holds: bool, refusal: impl Into<Refusal>) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal.into()) }
}
