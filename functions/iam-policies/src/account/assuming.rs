//! Who can act as a principal: sign in as a user, or assume a role.

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::Timestamp;
use remedy_policy::{
    Kind as Document, Policy,
    document::{Effect, Principal as Named, PrincipalKind as NamedKind, Statement},
    evaluate::{Caller, Decision, Policies, Request, allows, decide},
};

use super::{ASKED, Access, Account, Principal, Purpose, Unread};
use remedy_iam::PrincipalKind;

impl Account {
    /// Whether there is a way for somebody to be this principal.
    pub(super) fn can_be_somebody<'a>(&'a self, arn: &'a str, unread: Unread, seen: &mut BTreeSet<&'a str>) -> bool {
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
                self.may_assume(caller, who, arn, &trust, unread) && self.can_be_somebody(caller, unread, seen)
            })
    }

    /// Adds the users who could be this principal.
    pub(super) fn ask_about<'a>(&'a self, arn: &'a str, users: &mut BTreeSet<String>, seen: &mut BTreeSet<&'a str>) {
        let Some(principal) = self.principals.get(arn).filter(|_| seen.insert(arn)) else { return };
        let Some(trust) = &principal.trust else {
            if principal.access == Access::Unknown {
                users.insert(arn.to_owned());
            }
            return;
        };
        let Ok(trust) = Policy::parse(Document::Trust, trust) else { return };
        // The newest cannot take the places of those who were there before.
        let mut everybody: Vec<_> = self.principals.iter().collect();
        everybody.sort_by_key(|(_, who)| who.since.unwrap_or(Timestamp::MAX));
        let callers =
            everybody.into_iter().filter(|(caller, who)| self.may_assume(caller, who, arn, &trust, Unread::Harmful));
        for (caller, _) in callers.take(ASKED) {
            self.ask_about(caller, users, seen);
        }
    }

    /// An identity provider or another account.
    fn lets_outsiders_in(&self, statement: &Statement<'_>) -> bool {
        let is_outside = |named: &Named<'_>| match named.kind {
            NamedKind::Federated => true,
            NamedKind::Aws => account_of(&named.text).is_some_and(|account| account != self.id),
            NamedKind::Service | NamedKind::CanonicalUser => false,
        };
        let named = statement.principals.as_ref().filter(|principals| !principals.negated);
        statement.effect == Effect::Allow && named.is_some_and(|named| named.entries.iter().any(is_outside))
    }

    /// Whether a caller may assume a role. The trust policy is checked first: it does not name most callers.
    fn may_assume(&self, caller: &str, who: &Principal, role: &str, trust: &Policy<'_>, unread: Unread) -> bool {
        if !trust.statements.iter().any(|statement| self.may_name(statement, caller, who)) {
            return false;
        }
        let request = Request {
            caller: who.as_caller(caller, &self.id),
            action: "sts:AssumeRole".to_owned(),
            resource: role.to_owned(),
            resource_account: self.id.clone(),
            context: with_mfa(caller, &self.id),
        };
        let decided =
            self.known.spend(Purpose::Assuming, || allows(trust, &request) && self.is_allowed(who, trust, &request));
        decided.unwrap_or(unread == Unread::Harmless)
    }

    /// Whether a statement may apply to a caller of this account, by the names in it.
    fn may_name(&self, statement: &Statement<'_>, caller: &str, who: &Principal) -> bool {
        statement.principals.iter().any(|named| {
            let mut entries = named.entries.iter().filter(|entry| entry.kind == NamedKind::Aws);
            let by_name = |entry: &Named<'_>| {
                let text = &*entry.text;
                text == "*" || text == caller || text == self.id || text.ends_with(":root") || text.contains(&who.name)
            };
            named.negated || entries.any(by_name)
        })
    }

    fn is_allowed(&self, who: &Principal, trust: &Policy<'_>, request: &Request) -> bool {
        let texts = self.documents(who).flatten().filter(|text| self.known.read(text).assumes);
        let policies: Vec<_> = texts.filter_map(|text| Policy::parse(Document::Identity, text).ok()).collect();
        let boundary = who.boundary.as_deref().and_then(|arn| self.document(arn));
        let boundary = boundary.and_then(|text| Policy::parse(Document::Identity, text).ok());
        let known = Policies {
            identity: policies.iter().collect(),
            boundary: boundary.as_ref(),
            resource: Some(trust),
            ..Policies::default()
        };
        decide(&known, request) == Decision::Allowed
    }
}

impl Principal {
    fn as_caller(&self, arn: &str, account: &str) -> Caller {
        match self.kind {
            PrincipalKind::Role => Caller::Session {
                role: arn.to_owned(),
                session: format!(
                    "arn:{}:sts::{account}:assumed-role/{}/session",
                    arn.split(':').nth(1).unwrap_or("aws"),
                    self.name
                ),
            },
            PrincipalKind::User | PrincipalKind::Group => Caller::User { arn: arn.to_owned() },
        }
    }
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
