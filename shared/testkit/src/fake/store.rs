//! The state of services that are tables: attributes of resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::kind::{Kind, Scope};

/// Which resource: service, account, Region, kind and id. What is not the account's or the Region's alone has none there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) service: &'static str,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) kind: &'static str,
    pub(super) id: String,
}

impl Address {
    pub(super) fn of(kind: &Kind, account: &str, region: &str, id: &str) -> Self {
        let (account, region) = match kind.scope {
            Scope::Region => (account, region),
            Scope::Account => (account, ""),
            Scope::World => ("", ""),
        };
        let name = kind.arn.trim_end_matches([':', '/']);
        Self { service: kind.service, account: account.into(), region: region.into(), kind: name, id: id.into() }
    }

    fn path(&self) -> String {
        let Self { service, account, region, kind, id } = self;
        let parts = [service, account.as_str(), region, kind, id];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    fn is_beside(&self, other: &Self) -> bool {
        let place = |at: &Self| (at.service, at.account.clone(), at.region.clone(), at.kind);
        place(self) == place(other)
    }
}

/// Attributes by name.
pub(super) type Attributes = Map<String, Value>;

/// All resources.
#[derive(Debug, Clone, Default)]
pub(super) struct Store(BTreeMap<Address, Attributes>);

impl Store {
    pub(super) fn get(&self, at: &Address) -> Option<&Attributes> {
        self.0.get(at)
    }

    pub(super) fn get_mut(&mut self, at: &Address) -> Option<&mut Attributes> {
        self.0.get_mut(at)
    }

    pub(super) fn put(&mut self, at: Address, attributes: Attributes) {
        self.0.insert(at, attributes);
    }

    /// The attributes of a resource, which is there from now on.
    pub(super) fn plant(&mut self, at: Address) -> &mut Attributes {
        self.0.entry(at).or_default()
    }

    pub(super) fn take(&mut self, at: &Address) -> Option<Attributes> {
        self.0.remove(at)
    }

    /// The resources beside `first`, by id, from its id on.
    pub(super) fn beside(&self, first: &Address) -> impl Iterator<Item = (&str, &Attributes)> {
        let after = self.0.range(first.clone()..).take_while(|(at, _)| at.is_beside(first));
        after.map(|(at, attributes)| (at.id.as_str(), attributes))
    }

    /// In how many Regions of an account there is a resource of this kind and id.
    pub(super) fn regions(&self, like: &Address) -> usize {
        let is_like = |at: &&Address| Address { region: like.region.clone(), ..(*at).clone() } == *like;
        self.0.keys().filter(is_like).count()
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = (&Address, &mut Attributes)> {
        self.0.iter_mut()
    }

    /// Every attribute under its path, down to what is no object.
    pub(super) fn dump(&self, all: &mut BTreeMap<String, String>) {
        for (at, attributes) in &self.0 {
            dump(all, &at.path(), attributes);
        }
    }
}

fn dump(all: &mut BTreeMap<String, String>, path: &str, attributes: &Attributes) {
    for (name, value) in attributes {
        let path = format!("{path}/{name}");
        match value {
            Value::Object(inner) => dump(all, &path, inner),
            other => {
                all.insert(path, other.to_string());
            }
        }
    }
}
