//! The principals of an account and their permissions: who is an effective administrator.
//!
//! A principal counts if all its policies together permit everything, and somebody can act as it: a user with a
//! password or an active access key, a role that such a user, an identity provider or another account may assume. If
//! something is not known, a principal counts as one that may be lost, and not as one that would be left: too few
//! administrators hold a plan back, too many would not. That also holds for policies that take too much work to
//! analyse.
//!
//! A principal that was made in the last days does not count as a remaining administrator: otherwise an attacker who
//! may make administrators could make two, which the guard would count instead of those who lose access. The creation
//! time is reported with the rest; the guard knows the time and the settings.

mod assuming;
mod known;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::{Administrator, Impact, Timestamp};
use remedy_policy::Answer;

pub(crate) use self::known::{Known, Purpose};
use remedy_iam::PrincipalKind;

/// Everything on everything: what `AdministratorAccess` says, and has always said.
pub(crate) const ADMINISTRATOR: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// The number of users that are checked: two that somebody can act as are enough.
const ASKED: usize = 20;

/// The account: its principals, their groups, and the documents of the policies they have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// The account's number.
    pub id: String,
    /// Users and roles by ARN.
    pub principals: BTreeMap<String, Principal>,
    /// Groups by name.
    pub groups: BTreeMap<String, Held>,
    /// The default documents of managed policies by ARN.
    pub policies: BTreeMap<String, String>,
    /// The results of analysing the documents.
    pub(crate) known: Known,
}

/// A user or a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Which of the two.
    pub kind: PrincipalKind,
    /// Its name.
    pub name: String,
    /// Its own policies.
    pub held: Held,
    /// The groups it is in.
    pub groups: BTreeSet<String>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Who may assume it; a user has none.
    pub trust: Option<String>,
    /// Whether somebody can sign in as it.
    pub access: Access,
    /// Its creation time.
    pub since: Option<Timestamp>,
}

/// The policies of a principal or a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    /// The documents of its inline policies.
    pub inline: Vec<String>,
    /// The ARNs of the managed policies attached to it.
    pub attached: BTreeSet<String>,
}

/// Whether somebody can sign in as a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// With a password or an active access key.
    Possible,
    /// Nobody can.
    None,
    /// Nobody looked.
    Unknown,
}

/// The assumption about documents that nobody read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    /// Policies forbid nothing, and somebody can sign in.
    Harmless,
    /// Policies may forbid everything, and nobody can sign in.
    Harmful,
}

impl Account {
    /// The ARNs of the effective administrators that are known to be some.
    #[must_use]
    pub fn administrators(&self) -> BTreeSet<String> {
        self.counted(Unread::Harmful)
    }

    fn counted(&self, unread: Unread) -> BTreeSet<String> {
        let is_somebody = |arn: &&str| self.can_be_somebody(arn, unread, &mut BTreeSet::new());
        self.able(unread).into_iter().filter(is_somebody).map(str::to_owned).collect()
    }

    /// The policies of likely administrators of which no document was read.
    #[must_use]
    pub fn unread(&self) -> BTreeSet<String> {
        let held = self.able(Unread::Harmless).into_iter().filter_map(|arn| self.principals.get(arn));
        let attached = held.flat_map(|principal| self.attached(principal).chain(principal.boundary.as_deref()));
        attached.filter(|arn| self.document(arn).is_none()).map(str::to_owned).collect()
    }

    /// The users whose ability to sign in matters if these principals are to lose something: ARNs, the oldest first.
    #[must_use]
    pub fn undecided(&self, affected: &[String]) -> Vec<String> {
        let (mut users, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let able = self.able(Unread::Harmless);
        for arn in able.into_iter().filter(|arn| !affected.iter().any(|lost| lost == arn)) {
            self.ask_about(arn, &mut users, &mut seen);
        }
        let mut users: Vec<_> = users.into_iter().collect();
        users.sort_by_key(|arn| self.age_of(arn));
        users.truncate(ASKED);
        users
    }

    /// The creation time of a principal. One without a known time comes after all others.
    pub(crate) fn age_of(&self, arn: &str) -> Timestamp {
        self.principals.get(arn).and_then(|principal| principal.since).unwrap_or(Timestamp::MAX)
    }

    /// The access that is removed on the way from this account to that one.
    #[must_use]
    pub fn impact(&self, after: &Self, affected: Vec<String>) -> Impact {
        let lost = |unread| &self.counted(unread) - &after.counted(unread);
        let mut lost = &lost(Unread::Harmless) | &lost(Unread::Harmful);
        let unsure = after.unsure(self);
        lost.extend(self.counted(Unread::Harmless).into_iter().filter(|arn| unsure.contains(arn.as_str())));
        let left = after.administrators().into_iter().map(|arn| {
            let since = self.principals.get(&arn).and_then(|principal| principal.since);
            Administrator { arn, since }
        });
        Impact { affected, administrators_lost: lost.len(), administrators_left: left.collect() }
    }

    /// Those whose permissions are not known, and who had other policies before.
    fn unsure(&self, before: &Self) -> BTreeSet<&str> {
        let likely = self.likely(Unread::Harmless).into_iter();
        let unknown = likely.filter(|likely| likely.is_admin(&self.known) == Answer::Unknown);
        let was = |arn: &str| before.principals.get(arn).and_then(|who| before.policies_of(who, Unread::Harmless));
        unknown.filter(|likely| was(likely.arn).as_ref() != Some(&likely.policies)).map(|likely| likely.arn).collect()
    }

    /// Everybody who has a managed policy, by a group or directly.
    #[must_use]
    pub fn holders(&self, policy: &str) -> Vec<String> {
        let holds = |principal: &Principal| self.attached(principal).any(|arn| arn == policy);
        self.principals.iter().filter(|(_, principal)| holds(principal)).map(|(arn, _)| arn.clone()).collect()
    }

    /// Everybody who has what a group, a user or a role of this name has.
    #[must_use]
    pub fn members(&self, kind: PrincipalKind, name: &str) -> Vec<String> {
        let is_meant = |principal: &Principal| match kind {
            PrincipalKind::Group => principal.groups.contains(name),
            PrincipalKind::User | PrincipalKind::Role => principal.kind == kind && principal.name == name,
        };
        self.principals.iter().filter(|(_, principal)| is_meant(principal)).map(|(arn, _)| arn.clone()).collect()
    }

    /// The same account, with other attachments of one group, user or role.
    #[must_use]
    pub fn with_attached(&self, kind: PrincipalKind, name: &str, attached: &BTreeSet<String>) -> Self {
        let mut other = self.clone();
        if let Some(held) = other.held(kind, name) {
            held.attached.clone_from(attached);
        }
        other
    }

    /// The policies of one group, user or role.
    pub(crate) fn held(&mut self, kind: PrincipalKind, name: &str) -> Option<&mut Held> {
        if kind == PrincipalKind::Group {
            return self.groups.get_mut(name);
        }
        let mut principals = self.principals.values_mut();
        principals.find(|known| known.kind == kind && known.name == name).map(|principal| &mut principal.held)
    }

    /// The principals whose policies permit everything.
    fn able(&self, unread: Unread) -> Vec<&str> {
        let is_able = |likely: &Likely<'_>| match likely.is_admin(&self.known) {
            Answer::Yes => true,
            Answer::No => false,
            Answer::Unknown => unread == Unread::Harmless,
        };
        let mut able: Vec<_> = self.likely(unread).into_iter().filter(is_able).map(|likely| likely.arn).collect();
        able.sort_unstable();
        able
    }

    /// The principals that may be able to do everything, those with the shortest policies first. Most have no wide
    /// policy, and need no closer look.
    fn likely(&self, unread: Unread) -> Vec<Likely<'_>> {
        let wide = self.policies.iter().filter(|(_, text)| self.known.read(text).wide).map(|(arn, _)| arn.as_str());
        let wide: BTreeSet<&str> = wide.collect();
        let may_be = |principal: &Principal| {
            self.attached(principal).any(|arn| wide.contains(arn) || is_administrator_access(arn))
                || self.inline(principal).any(|text| self.known.read(text).wide)
        };
        let principals = self.principals.iter().filter(|(_, principal)| may_be(principal));
        let with_policies = principals
            .filter_map(|(arn, principal)| Some(Likely { arn, policies: self.policies_of(principal, unread)? }));
        let mut likely: Vec<_> = with_policies.collect();
        likely.sort_by_key(Likely::size);
        likely
    }

    /// None: a document is missing that may matter.
    fn policies_of<'a>(&'a self, principal: &'a Principal, unread: Unread) -> Option<Policies<'a>> {
        let boundary = match &principal.boundary {
            Some(arn) => Some(self.document(arn)?),
            None => None,
        };
        let mut policies = Vec::new();
        for document in self.documents(principal) {
            match document {
                Some(text) => policies.push(text),
                None if unread == Unread::Harmful => return None,
                None => {}
            }
        }
        Some(Policies { boundary, policies })
    }

    fn document(&self, arn: &str) -> Option<&str> {
        let known = self.policies.get(arn).map(String::as_str);
        known.or_else(|| is_administrator_access(arn).then_some(ADMINISTRATOR))
    }

    fn attached<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a str> {
        self.all_held(principal).flat_map(|held| held.attached.iter().map(String::as_str))
    }

    fn inline<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a str> {
        self.all_held(principal).flat_map(|held| held.inline.iter().map(String::as_str))
    }

    /// The policies of a principal, by its groups and directly.
    fn all_held<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a Held> {
        let by_groups = principal.groups.iter().filter_map(|name| self.groups.get(name));
        by_groups.chain(std::iter::once(&principal.held))
    }

    fn documents<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = Option<&'a str>> {
        self.inline(principal).map(Some).chain(self.attached(principal).map(|arn| self.document(arn)))
    }
}

/// A principal that may be able to do everything.
struct Likely<'a> {
    arn: &'a str,
    policies: Policies<'a>,
}

/// The documents that a principal has.
#[derive(PartialEq, Eq)]
struct Policies<'a> {
    boundary: Option<&'a str>,
    policies: Vec<&'a str>,
}

impl Likely<'_> {
    fn size(&self) -> usize {
        self.policies.policies.iter().copied().chain(self.policies.boundary).map(str::len).sum()
    }

    fn is_admin(&self, known: &Known) -> Answer {
        known.is_admin(self.policies.boundary, &self.policies.policies)
    }
}

/// Whether an ARN is that of `AdministratorAccess`, in any partition.
pub(crate) fn is_administrator_access(arn: &str) -> bool {
    arn.ends_with(":iam::aws:policy/AdministratorAccess")
}
