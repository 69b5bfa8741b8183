//! What `iam-policy-admin` may write: a policy's versions, who has it attached, and who of them is bounded.

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::{Call, Conflict, Route, Setting, canonical, merge};
use remedy_iam::PrincipalKind;
use remedy_policy::{Kind as Document, edit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    account::Account,
    calls::{ATTACH, CREATE_VERSION, DELETE_VERSION, DETACH, SET_DEFAULT},
    policy,
    write::Write,
};

/// IAM keeps this many versions of a policy.
const VERSIONS: usize = 5;

/// A policy as this control sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyAndHolders {
    /// The version that counts.
    pub default: Version,
    /// The other versions, oldest first.
    pub others: Vec<Version>,
    /// Who has the policy attached. Read only while the policy makes administrators.
    pub holders: Option<Holders>,
}

/// A version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Its id; IAM gives the next one to a version that is yet to be made.
    pub id: Option<String>,
    /// Its document, where it was read.
    pub document: Option<String>,
}

/// Who has a policy attached.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holders {
    /// Users by name, each with the ARN of its permissions boundary.
    pub users: BTreeMap<String, Option<String>>,
    /// Roles, likewise.
    pub roles: BTreeMap<String, Option<String>>,
    /// Groups, which cannot be bounded.
    pub groups: BTreeSet<String>,
}

/// The writes of this control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Makes a version that counts from now on.
    CreateDefault(String),
    /// Brings back a version that does not count.
    CreateVersion(String),
    /// Lets an older version count.
    SetDefaultPolicyVersion(String),
    /// Deletes one that does not count.
    DeletePolicyVersion(String),
    /// Attaches the policy to somebody.
    Attach(PrincipalKind, String),
    /// Detaches it.
    Detach(PrincipalKind, String),
    /// Bounds a user or a role by the policy of this ARN, or no more.
    Bound(PrincipalKind, String, Option<String>),
}

/// Whom a repair would stop, the control asks about itself.
impl remedy_domain::Step for Step {
    type Setting = PolicyAndHolders;

    fn call(&self) -> Call {
        match self {
            Self::CreateDefault(_) | Self::CreateVersion(_) => CREATE_VERSION,
            Self::SetDefaultPolicyVersion(_) => SET_DEFAULT,
            Self::DeletePolicyVersion(_) => DELETE_VERSION,
            Self::Attach(kind, _) => kind.pick(&ATTACH),
            Self::Detach(kind, _) => kind.pick(&DETACH),
            Self::Bound(kind, _, bound) => Write::bound(bound.as_deref()).call(*kind),
        }
    }

    /// Versions that go make room first; the one that counts changes before its predecessor goes.
    fn route(from: &PolicyAndHolders, to: &PolicyAndHolders) -> Route<Self> {
        let stays = |id: &String| to.ids().any(|kept| kept == id);
        let has = |id: &String| from.ids().any(|known| known == id);
        let delete = |version: &Version| version.id.clone().filter(|id| !stays(id)).map(Step::DeletePolicyVersion);
        let mut steps: Vec<_> = from.others.iter().filter_map(delete).collect();
        if !edit::same(from.document(), to.document()) {
            steps.push(match to.default.id.as_ref().filter(|id| has(id)) {
                Some(id) => Step::SetDefaultPolicyVersion(id.clone()),
                None => Step::CreateDefault(to.document().to_owned()),
            });
            steps.extend(delete(&from.default));
        }
        let mut lost = Vec::new();
        for version in to.others.iter().filter(|version| version.id.as_ref().is_some_and(|id| !has(id))) {
            match &version.document {
                Some(document) => steps.push(Step::CreateVersion(document.clone())),
                None => lost.push("an old version of the policy".to_owned()),
            }
        }
        if let (Some(from), Some(to)) = (&from.holders, &to.holders) {
            steps.extend(of_holders(from, to));
        }
        Route { steps, lost }
    }
}

impl Setting for PolicyAndHolders {
    const NAME: &'static str = "the policy";

    /// Statement by statement in the document, holder by holder among those who have it.
    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        let texts = [before, after, now].map(|setting| Some(setting.document()));
        let [old, new, current] = texts;
        let document = edit::rebase(Document::Identity, old, new, current)
            .map_err(|error| Conflict { element: error.to_string() })?
            .ok_or_else(|| Conflict { element: "the policy, of which no statement would be left,".to_owned() })?;
        let holders = match (&before.holders, &after.holders, &now.holders) {
            (Some(before), Some(after), Some(now)) => Some(rebase_holders(before, after, now)?),
            (Some(before), Some(after), None) if before != after => {
                return Err(Conflict { element: "the policy, which makes no administrators now,".to_owned() });
            }
            _ => now.holders.clone(),
        };
        if edit::same(&document, now.document()) {
            // An undo that was cut short has left the version that the repair made.
            let is_left = |version: &&Version| {
                version.id.is_some()
                    && version.id == before.default.id
                    && !after.ids().any(|id| Some(id) == version.id.as_ref())
            };
            let others = now.others.iter().filter(|version| !is_left(version)).cloned().collect();
            return Ok(PolicyAndHolders { others, holders, ..now.clone() });
        }
        let known = |version: &&Version| version.document.as_deref().is_some_and(|text| edit::same(text, &document));
        let there = |version: &&Version| now.others.iter().any(|other| other.id == version.id);
        let Some(old) = [&after.default].into_iter().filter(known).find(there) else {
            return Ok(PolicyAndHolders { holders, ..now.with_document(document) });
        };
        let ours = |version: &&Version| before.default.id == version.id;
        let dropped = after.others.iter().filter(|version| !before.others.iter().any(|kept| kept.id == version.id));
        let others = now.others.iter().chain([&now.default]).filter(|version| version.id != old.id && !ours(version));
        let mut others: Vec<_> = others.chain(dropped).cloned().collect();
        others.sort_by_key(|version| version.id.as_deref().map(policy::number));
        Ok(PolicyAndHolders { default: old.clone(), others, holders })
    }

    fn agrees(&self, other: &Self) -> bool {
        let holders = self.holders.is_none() || other.holders.is_none() || self.holders == other.holders;
        edit::same(self.document(), other.document()) && holders
    }

    fn show(&self) -> Value {
        let Self { default, others, holders } = self;
        let digest = canonical::sha256_hex(self.document().as_bytes());
        json!({"default_version": default.id, "document": digest, "other_versions": others.len(), "holders": holders})
    }
}

impl PolicyAndHolders {
    /// The document that counts.
    #[must_use]
    pub fn document(&self) -> &str {
        self.default.document.as_deref().unwrap_or_default()
    }

    /// The same policy with another document: a new version, the old one kept as the way back. Where there is no room, the
    /// oldest of the others goes; its document was read before.
    #[must_use]
    pub fn with_document(&self, document: String) -> Self {
        let default = Version { id: None, document: Some(document) };
        let mut others: Vec<_> = self.others.iter().chain([&self.default]).cloned().collect();
        if others.len() >= VERSIONS {
            others.remove(0);
        }
        Self { default, others, holders: self.holders.clone() }
    }

    /// The same policy, attached to nobody.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self { holders: Some(Holders::default()), ..self.clone() }
    }

    /// Whether somebody has it attached, as far as that was read.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.holders.as_ref().is_some_and(|holders| !holders.is_empty())
    }

    fn ids(&self) -> impl Iterator<Item = &String> {
        self.others.iter().chain([&self.default]).filter_map(|version| version.id.as_ref())
    }
}

impl Holders {
    /// Those of a policy.
    #[must_use]
    pub fn of(account: &Account, policy: &str) -> Self {
        let mut holders = Self::default();
        for principal in account.principals.values().filter(|principal| principal.held.attached.contains(policy)) {
            let list = if principal.kind == PrincipalKind::Role { &mut holders.roles } else { &mut holders.users };
            list.insert(principal.name.clone(), principal.boundary.clone());
        }
        let groups = account.groups.iter().filter(|(_, held)| held.attached.contains(policy));
        holders.groups.extend(groups.map(|(name, _)| name.clone()));
        holders
    }

    /// Whether nobody has it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.roles.is_empty() && self.groups.is_empty()
    }

    /// The account in which these, and nobody else, have the policy.
    #[must_use]
    pub fn applied_to(&self, account: &Account, policy: &str) -> Account {
        let mut account = account.clone();
        for principal in account.principals.values_mut() {
            let list = if principal.kind == PrincipalKind::Role { &self.roles } else { &self.users };
            match list.get(&principal.name) {
                Some(boundary) => {
                    principal.held.attached.insert(policy.to_owned());
                    principal.boundary.clone_from(boundary);
                }
                None => drop(principal.held.attached.remove(policy)),
            }
        }
        for (name, held) in &mut account.groups {
            if !self.groups.contains(name) {
                held.attached.remove(policy);
            }
        }
        account
    }
}

fn of_holders(from: &Holders, to: &Holders) -> Vec<Step> {
    let mut steps = Vec::new();
    for (kind, from, to) in
        [(PrincipalKind::User, &from.users, &to.users), (PrincipalKind::Role, &from.roles, &to.roles)]
    {
        let changed = to.iter().filter(|(name, bound)| from.get(*name).is_some_and(|known| known != *bound));
        steps.extend(changed.map(|(name, bound)| Step::Bound(kind, name.clone(), bound.clone())));
        let gone = from.keys().filter(|name| !to.contains_key(*name));
        steps.extend(gone.map(|name| Step::Detach(kind, name.clone())));
        let new = to.keys().filter(|name| !from.contains_key(*name));
        steps.extend(new.map(|name| Step::Attach(kind, name.clone())));
    }
    steps.extend(from.groups.difference(&to.groups).map(|name| Step::Detach(PrincipalKind::Group, name.clone())));
    steps.extend(to.groups.difference(&from.groups).map(|name| Step::Attach(PrincipalKind::Group, name.clone())));
    steps
}

fn rebase_holders(before: &Holders, after: &Holders, now: &Holders) -> Result<Holders, Conflict> {
    let bounds = |before: &BTreeMap<_, _>, after: &BTreeMap<_, _>, now: &BTreeMap<String, Option<String>>| {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).chain(now.keys()).collect();
        let mut merged = BTreeMap::new();
        for name in names {
            let element = format!("how {name} has the policy");
            let bound = merge(&element, &before.get(name), &after.get(name), &now.get(name))?;
            merged.extend(bound.map(|bound: &Option<String>| (name.clone(), bound.clone())));
        }
        Ok::<_, Conflict>(merged)
    };
    let mut groups: BTreeSet<_> = now.groups.difference(&before.groups).cloned().collect();
    groups.extend(now.groups.intersection(&after.groups).cloned());
    groups.extend(after.groups.difference(&before.groups).cloned());
    Ok(Holders {
        users: bounds(&before.users, &after.users, &now.users)?,
        roles: bounds(&before.roles, &after.roles, &now.roles)?,
        groups,
    })
}
