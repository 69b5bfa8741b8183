//! The principals of an account and what they may do: who is an effective administrator.
//!
//! Counted are principals that may do everything, all their policies together, and that somebody can be: a user with a
//! password or an active access key, a role that such a user, an identity provider or another account may assume. Where
//! something is not known, a principal counts as one that may be lost, and not as one that would be left: too few
//! administrators hold a plan back, too many would not.

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::Impact;
use remedy_policy::{
    Holder, Identity, Kind as Document, Policy,
    document::{Effect, Item, Principal as Named, PrincipalKind, Statement},
    evaluate::{Caller, Decision, Policies, Request, decide},
    glob,
};

use crate::principal::Kind;

/// How many users are asked about: two that somebody can be are enough.
const ASKED: usize = 20;
/// Everything on everything: what `AdministratorAccess` says, and has always said.
pub(crate) const ADMINISTRATOR: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

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
}

/// A user or a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Which of the two.
    pub kind: Kind,
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

/// What is taken for granted of what nobody looked at.
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
        self.able(unread).filter(is_somebody).map(str::to_owned).collect()
    }

    /// The policies of likely administrators of which no document was read.
    #[must_use]
    pub fn unread(&self) -> BTreeSet<String> {
        let held = self.able(Unread::Harmless).filter_map(|arn| self.principals.get(arn));
        let attached = held.flat_map(|principal| self.attached(principal).chain(principal.boundary.as_deref()));
        attached.filter(|arn| self.document(arn).is_none()).map(str::to_owned).collect()
    }

    /// The users of whom it matters whether somebody can sign in as them, where these are to lose something: ARNs.
    #[must_use]
    pub fn undecided(&self, affected: &[String]) -> BTreeSet<String> {
        let (mut users, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let others = self.able(Unread::Harmless).filter(|arn| !affected.iter().any(|lost| lost == arn));
        for arn in others {
            self.ask_about(arn, &mut users, &mut seen);
        }
        users
    }

    /// What is taken away on the way from this account to that one.
    #[must_use]
    pub fn impact(&self, after: &Self, affected: Vec<String>) -> Impact {
        let lost = |unread| &self.counted(unread) - &after.counted(unread);
        let administrators_lost = (&lost(Unread::Harmless) | &lost(Unread::Harmful)).len();
        Impact { affected, administrators_lost, administrators_left: after.administrators().len() }
    }

    /// Everybody who has a managed policy, by a group or directly.
    #[must_use]
    pub fn holders(&self, policy: &str) -> Vec<String> {
        let holds = |principal: &Principal| self.attached(principal).any(|arn| arn == policy);
        self.principals.iter().filter(|(_, principal)| holds(principal)).map(|(arn, _)| arn.clone()).collect()
    }

    /// Everybody who has what a group, a user or a role of this name has.
    #[must_use]
    pub fn members(&self, kind: Kind, name: &str) -> Vec<String> {
        let is_meant = |principal: &Principal| match kind {
            Kind::Group => principal.groups.contains(name),
            Kind::User | Kind::Role => principal.kind == kind && principal.name == name,
        };
        self.principals.iter().filter(|(_, principal)| is_meant(principal)).map(|(arn, _)| arn.clone()).collect()
    }

    /// The same account, with other attachments of one group, user or role.
    #[must_use]
    pub fn with_attached(&self, kind: Kind, name: &str, attached: &BTreeSet<String>) -> Self {
        let mut other = self.clone();
        if let Some(held) = other.held(kind, name) {
            held.attached.clone_from(attached);
        }
        other
    }

    /// The policies of one group, user or role.
    pub(crate) fn held(&mut self, kind: Kind, name: &str) -> Option<&mut Held> {
        if kind == Kind::Group {
            return self.groups.get_mut(name);
        }
        let mut principals = self.principals.values_mut();
        principals.find(|known| known.kind == kind && known.name == name).map(|principal| &mut principal.held)
    }

    /// The principals whose policies permit everything. Most have no wide policy, and need no closer look.
    fn able(&self, unread: Unread) -> impl Iterator<Item = &str> {
        let wide = self.policies.iter().filter(|(_, text)| is_wide(text)).map(|(arn, _)| arn.as_str());
        let wide: BTreeSet<&str> = wide.collect();
        let may_be = move |principal: &Principal| {
            self.attached(principal).any(|arn| wide.contains(arn) || is_administrator_access(arn))
                || self.inline(principal).any(is_wide)
        };
        let able = move |principal: &Principal| may_be(principal) && self.is_able(principal, unread).unwrap_or(false);
        self.principals.iter().filter(move |(_, principal)| able(principal)).map(|(arn, _)| arn.as_str())
    }

    /// None: a document is missing or none that can be read.
    fn is_able(&self, principal: &Principal, unread: Unread) -> Option<bool> {
        let boundary = match &principal.boundary {
            Some(arn) => Some(Policy::parse(Document::Identity, self.document(arn)?).ok()?),
            None => None,
        };
        let mut policies = Vec::new();
        for document in self.documents(principal) {
            match document {
                Some(text) => policies.push(Policy::parse(Document::Identity, text).ok()?),
                None if unread == Unread::Harmful => return None,
                None => {}
            }
        }
        let policies = policies.iter().collect();
        let holder = Holder { policies, boundary: boundary.as_ref(), service_control: Vec::new() };
        Some(Identity::of(&holder).admin)
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

    /// What a principal has by its groups and directly.
    fn all_held<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a Held> {
        let by_groups = principal.groups.iter().filter_map(|name| self.groups.get(name));
        by_groups.chain(std::iter::once(&principal.held))
    }

    fn documents<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = Option<&'a str>> {
        self.inline(principal).map(Some).chain(self.attached(principal).map(|arn| self.document(arn)))
    }

    /// Whether there is a way for somebody to be this principal.
    fn can_be_somebody<'a>(&'a self, arn: &'a str, unread: Unread, seen: &mut BTreeSet<&'a str>) -> bool {
        let Some(principal) = self.principals.get(arn).filter(|_| seen.insert(arn)) else { return false };
        let Some(trust) = &principal.trust else {
            return match principal.access {
                Access::Possible => true,
                Access::None => false,
                Access::Unknown => unread == Unread::Harmless,
            };
        };
        let Ok(trust) = Policy::parse(Document::Trust, trust) else { return false };
        if trust.statements.iter().any(is_closed) {
            return false;
        }
        let outsiders = trust.statements.iter().any(|statement| self.lets_outsiders_in(statement));
        outsiders
            || self.principals.iter().any(|(caller, who)| {
                self.may_assume(caller, who, arn, &trust) && self.can_be_somebody(caller, unread, seen)
            })
    }

    /// Adds the users who could be this principal.
    fn ask_about<'a>(&'a self, arn: &'a str, users: &mut BTreeSet<String>, seen: &mut BTreeSet<&'a str>) {
        let Some(principal) = self.principals.get(arn).filter(|_| seen.insert(arn)) else { return };
        let Some(trust) = &principal.trust else {
            if users.len() < ASKED && principal.access == Access::Unknown {
                users.insert(arn.to_owned());
            }
            return;
        };
        let Ok(trust) = Policy::parse(Document::Trust, trust) else { return };
        let callers = self.principals.iter().filter(|(caller, who)| self.may_assume(caller, who, arn, &trust));
        for (caller, _) in callers.take(ASKED) {
            self.ask_about(caller, users, seen);
        }
    }

    /// An identity provider or another account.
    fn lets_outsiders_in(&self, statement: &Statement<'_>) -> bool {
        let is_outside = |named: &Named<'_>| match named.kind {
            PrincipalKind::Federated => true,
            PrincipalKind::Aws => account_of(&named.text).is_some_and(|account| account != self.id),
            PrincipalKind::Service | PrincipalKind::CanonicalUser => false,
        };
        let named = statement.principals.as_ref().filter(|principals| !principals.negated);
        statement.effect == Effect::Allow && named.is_some_and(|named| named.entries.iter().any(is_outside))
    }

    fn may_assume(&self, caller: &str, who: &Principal, role: &str, trust: &Policy<'_>) -> bool {
        let texts = self.documents(who).flatten();
        let policies: Vec<_> = texts.filter_map(|text| Policy::parse(Document::Identity, text).ok()).collect();
        let boundary = who.boundary.as_deref().and_then(|arn| self.document(arn));
        let boundary = boundary.and_then(|text| Policy::parse(Document::Identity, text).ok());
        let known = Policies {
            identity: policies.iter().collect(),
            boundary: boundary.as_ref(),
            resource: Some(trust),
            ..Policies::default()
        };
        let request = Request {
            caller: who.as_caller(caller, &self.id),
            action: "sts:AssumeRole".to_owned(),
            resource: role.to_owned(),
            resource_account: self.id.clone(),
            context: with_mfa(caller, &self.id),
        };
        decide(&known, &request) == Decision::Allowed
    }
}

impl Principal {
    fn as_caller(&self, arn: &str, account: &str) -> Caller {
        match self.kind {
            Kind::Role => Caller::Session {
                role: arn.to_owned(),
                session: format!("arn:aws:sts::{account}:assumed-role/{}/session", self.name),
            },
            Kind::User | Kind::Group => Caller::User { arn: arn.to_owned() },
        }
    }
}

/// Whether a statement permits actions of services that it does not name. Without one, permitting everything takes a list of
/// some 450 services.
fn is_wide(text: &str) -> bool {
    let unnamed = |item: &Item<'_>| item.text.split(':').next().is_some_and(glob::wild);
    let wide = |statement: &Statement<'_>| statement.actions.negated || statement.actions.items.iter().any(unnamed);
    let parsed = Policy::parse(Document::Identity, text);
    parsed.is_ok_and(|policy| policy.statements.iter().any(|one| one.effect == Effect::Allow && wide(one)))
}

/// Whether an ARN is that of `AdministratorAccess`, in any partition.
pub(crate) fn is_administrator_access(arn: &str) -> bool {
    arn.ends_with(":iam::aws:policy/AdministratorAccess")
}

/// Whether a statement of a trust policy keeps everybody out.
fn is_closed(statement: &Statement<'_>) -> bool {
    let named = statement.principals.as_ref().filter(|principals| !principals.negated);
    let everybody = named.is_some_and(|named| named.entries.iter().any(|entry| entry.text == "*"));
    let assuming = statement.actions.items.iter().any(|item| matches!(&*item.text, "*" | "sts:*" | "sts:assumerole*"));
    statement.effect == Effect::Deny && everybody && assuming && statement.clauses.is_empty()
}

/// The account that a principal of a policy is in.
fn account_of(principal: &str) -> Option<&str> {
    let is_account = |text: &&str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    Some(principal.split(':').nth(4).unwrap_or(principal)).filter(is_account)
}

#[cfg(test)]
mod tests;

/// A request of somebody who signed in with MFA just now.
fn with_mfa(caller: &str, account: &str) -> BTreeMap<String, Vec<String>> {
    let keys = [
        ("aws:multifactorauthpresent", "true"),
        ("aws:multifactorauthage", "0"),
        ("aws:securetransport", "true"),
        ("aws:principalarn", caller),
        ("aws:principalaccount", account),
    ];
    keys.into_iter().map(|(key, value)| (key.to_owned(), vec![value.to_owned()])).collect()
}
