//! Everything the fake remembers.

use std::{collections::BTreeMap, fmt::Debug};

use super::{
    iam::{Managed, Principal, Role, User},
    password_policy::Policy,
    s3::{acl::Grant, encryption::Encryption},
    store::Store,
};

/// The four flags of Block Public Access, in the order in which AWS lists them.
pub(super) type Flags = [bool; 4];

/// Tags: values by key.
pub(super) type Tags = BTreeMap<String, String>;

/// All accounts.
#[derive(Debug, Clone, Default)]
pub(super) struct Cloud {
    pub(super) buckets: BTreeMap<String, Bucket>,
    pub(super) accounts: BTreeMap<String, Account>,
    /// The resources of services that are tables.
    pub(super) store: Store,
    /// Sessions of assumed roles by access key: account and session name.
    pub(super) sessions: BTreeMap<String, (String, String)>,
    /// The most a page may hold.
    pub(super) page_size: Option<usize>,
    serial: u64,
}

/// A bucket. Its name is unique in the world.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pub(super) owner: String,
    pub(super) region: String,
    pub(super) block: Option<Flags>,
    pub(super) website: Option<String>,
    pub(super) policy: Option<String>,
    /// None: ACLs are off.
    pub(super) acl: Option<Vec<Grant>>,
    pub(super) encryption: Encryption,
    pub(super) tags: Tags,
}

/// One account.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    pub(super) block: Option<Flags>,
    pub(super) users: BTreeMap<String, User>,
    pub(super) groups: BTreeMap<String, Principal>,
    pub(super) roles: BTreeMap<String, Role>,
    /// Managed policies by name.
    pub(super) policies: BTreeMap<String, Managed>,
    pub(super) password_policy: Option<Policy>,
    pub(super) root_mfa: bool,
}

impl Cloud {
    /// A number that was never given before.
    pub(super) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(super) fn account(&mut self, id: &str) -> &mut Account {
        self.accounts.entry(id.to_owned()).or_default()
    }

    /// How many items a page holds when `asked` for so many.
    pub(super) fn page_size(&self, asked: Option<usize>, otherwise: usize) -> usize {
        let asked = asked.unwrap_or(otherwise);
        self.page_size.map_or(asked, |most| most.min(asked))
    }

    /// Every attribute under a path, to tell what has changed.
    pub(super) fn dump(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        self.store.dump(&mut all);
        for (name, bucket) in &self.buckets {
            put(&mut all, format!("s3/{name}/public-access-block"), &bucket.block);
            put(&mut all, format!("s3/{name}/website"), &bucket.website);
            put(&mut all, format!("s3/{name}/policy"), &bucket.policy);
            put(&mut all, format!("s3/{name}/acl"), &bucket.acl);
            put(&mut all, format!("s3/{name}/encryption"), &bucket.encryption);
            put(&mut all, format!("s3/{name}/tags"), &bucket.tags);
        }
        for (id, account) in &self.accounts {
            account.dump(id, &mut all);
        }
        all
    }
}

impl Account {
    fn dump(&self, id: &str, all: &mut BTreeMap<String, String>) {
        put(all, format!("s3control/{id}/public-access-block"), &self.block);
        put(all, format!("iam/{id}/password-policy"), &self.password_policy);
        put(all, format!("iam/{id}/root-mfa"), &self.root_mfa);
        for (name, user) in &self.users {
            let place = format!("iam/{id}/users/{name}");
            put(all, format!("{place}/login"), &user.login);
            put(all, format!("{place}/mfa"), &user.mfa);
            put(all, format!("{place}/credentials"), &user.credentials);
            put(all, format!("{place}/boundary"), &user.principal.boundary);
            user.groups.iter().for_each(|group| put(all, format!("{place}/groups/{group}"), &()));
            dump_principal(&user.principal, &place, all);
        }
        for (name, group) in &self.groups {
            dump_principal(group, &format!("iam/{id}/groups/{name}"), all);
        }
        for (name, role) in &self.roles {
            let place = format!("iam/{id}/roles/{name}");
            put(all, format!("{place}/trust"), &role.trust);
            put(all, format!("{place}/boundary"), &role.principal.boundary);
            dump_principal(&role.principal, &place, all);
        }
        for policy in self.policies.values() {
            let place = format!("iam/{id}/policies/{}", policy.arn);
            put(all, format!("{place}/tags"), &policy.tags);
            put(all, format!("{place}/default-version"), &format!("v{}", policy.default));
            for (number, version) in &policy.versions {
                put(all, format!("{place}/versions/v{number}"), &version.document);
            }
        }
    }
}

/// The tags of a principal and its policies, one by one: which of them a repair has touched is to be told.
fn dump_principal(principal: &Principal, place: &str, all: &mut BTreeMap<String, String>) {
    put(all, format!("{place}/tags"), &principal.tags);
    for (name, document) in &principal.inline {
        put(all, format!("{place}/policies/{name}"), document);
    }
    for arn in &principal.attached {
        put(all, format!("{place}/attached/{arn}"), &());
    }
}

fn put(all: &mut BTreeMap<String, String>, path: String, value: &impl Debug) {
    all.insert(path, format!("{value:?}"));
}
