//! What `iam-inline-policy` may write: a principal's inline policies, and the managed ones that they become.

use std::collections::{BTreeMap, BTreeSet};

use remedy_domain::{Call, Conflict, Route, Setting, canonical, merge};
use remedy_iam::PrincipalKind;
use remedy_policy::edit;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    calls::{CREATE_POLICY, DELETE_POLICY},
    write::Write,
};

/// How the policies are called that inline ones become.
pub(crate) const PREFIX: &str = "RemedyInline-";

/// The policies written into a principal, and those that such ones became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InlinePolicies {
    /// What kind of principal it is.
    pub kind: PrincipalKind,
    /// The inline policies by name.
    pub inline: BTreeMap<String, String>,
    /// The managed policies that inline ones became or would become, by ARN.
    pub managed: BTreeMap<String, Managed>,
}

/// A managed policy of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Managed {
    /// What it says.
    pub document: String,
    /// Whether the principal has it. If not, a crashed worker left it, or somebody else put it there.
    pub attached: bool,
}

/// The writes of this control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Makes a customer-managed policy: its ARN and its document.
    CreatePolicy(String, String),
    /// Deletes it.
    DeletePolicy(String),
    /// Writes to the principal.
    Principal(PrincipalKind, Write),
}

impl remedy_domain::Step for Step {
    type Setting = InlinePolicies;

    fn call(&self) -> Call {
        match self {
            Self::CreatePolicy(..) => CREATE_POLICY,
            Self::DeletePolicy(_) => DELETE_POLICY,
            Self::Principal(kind, write) => write.call(*kind),
        }
    }

    /// What comes is there before what goes: the principal may do the same all the time.
    fn route(from: &InlinePolicies, to: &InlinePolicies) -> Route<Self> {
        let kind = from.kind;
        let reworded = |(arn, one): (&String, &Managed)| {
            from.managed.get(arn).is_some_and(|known| !edit::same(&known.document, &one.document))
        };
        if kind != to.kind || to.managed.iter().any(reworded) {
            return Route { steps: vec![], lost: vec!["what Remedy's own policies say".to_owned()] };
        }
        let mut steps = Vec::new();
        for (arn, one) in &to.managed {
            let known = from.managed.get(arn);
            if known.is_none() {
                steps.push(Step::CreatePolicy(arn.clone(), one.document.clone()));
            }
            if one.attached && !known.is_some_and(|known| known.attached) {
                steps.push(Step::Principal(kind, Write::Attach(arn.clone())));
            }
        }
        let changed = to.inline.iter().filter(|(name, text)| !is_same(from.inline.get(*name), text));
        steps.extend(changed.map(|(name, text)| Step::Principal(kind, Write::PutInline(name.clone(), text.clone()))));
        let gone = from.inline.keys().filter(|name| !to.inline.contains_key(*name));
        steps.extend(gone.map(|name| Step::Principal(kind, Write::DeleteInline(name.clone()))));
        for (arn, one) in &from.managed {
            let kept = to.managed.get(arn);
            if one.attached && !kept.is_some_and(|kept| kept.attached) {
                steps.push(Step::Principal(kind, Write::Detach(arn.clone())));
            }
            if kept.is_none() {
                steps.push(Step::DeletePolicy(arn.clone()));
            }
        }
        Route::of(steps)
    }
}

impl Setting for InlinePolicies {
    const NAME: &'static str = "the inline policies";

    /// Whether a policy of ours is there, and whether it is attached, are two things: an undo that was cut short between the
    /// two is gone to its end.
    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        let all = [before, after, now];
        let inline = rebased("inline policy", all.map(|setting| setting.inline.clone()))?;
        let texts = |setting: &InlinePolicies| {
            setting.managed.iter().map(|(arn, one)| (arn.clone(), one.document.clone())).collect()
        };
        let attached = |setting: &InlinePolicies| {
            let attached = setting.managed.iter().filter(|(_, one)| one.attached);
            attached.map(|(arn, _)| (arn.clone(), String::new())).collect()
        };
        let (texts, attached) = (rebased("policy", all.map(texts))?, rebased("attachment of", all.map(attached))?);
        let managed = texts.into_iter().map(|(arn, document)| {
            let attached = attached.contains_key(&arn);
            (arn, Managed { document, attached })
        });
        Ok(InlinePolicies { kind: now.kind, inline, managed: managed.collect() })
    }

    fn agrees(&self, other: &Self) -> bool {
        let same = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| {
            a.len() == b.len() && a.iter().all(|(name, text)| is_same(b.get(name), text))
        };
        let texts =
            |setting: &Self| setting.managed.iter().map(|(arn, one)| (arn.clone(), one.document.clone())).collect();
        let attached = |setting: &Self| setting.managed.values().map(|one| one.attached).collect::<Vec<_>>();
        let managed = same(&texts(self), &texts(other)) && attached(self) == attached(other);
        self.kind == other.kind && managed && same(&self.inline, &other.inline)
    }

    fn show(&self) -> Value {
        let Self { kind, inline, managed } = self;
        let digest = |text: &str| canonical::sha256_hex(text.as_bytes());
        let inline: BTreeMap<_, _> = inline.iter().map(|(name, text)| (name, digest(text))).collect();
        let managed: BTreeMap<_, _> = managed
            .iter()
            .map(|(arn, one)| (arn, json!({"sha256": digest(&one.document), "attached": one.attached})))
            .collect();
        json!({"kind": kind, "inline": inline, "managed": managed})
    }
}

impl InlinePolicies {
    /// The same with every inline policy made a managed one. None: a policy of that name says something else, and to attach
    /// it would give the principal whatever its maker likes.
    pub(crate) fn converted(&self, principal: &str) -> Option<Self> {
        let mut managed = self.managed.clone();
        for (name, text) in &self.inline {
            let ours = Managed { document: text.clone(), attached: true };
            let there = managed.insert(managed_arn(principal, name), ours);
            if there.is_some_and(|there| !edit::same(&there.document, text)) {
                return None;
            }
        }
        Some(Self { kind: self.kind, inline: BTreeMap::new(), managed })
    }
}

/// The ARN of the policy that an inline one becomes: always the same for the same principal and name.
pub(crate) fn managed_arn(principal: &str, inline: &str) -> String {
    let account = principal.split(':').take(5).collect::<Vec<_>>().join(":");
    let digest = canonical::sha256_hex(format!("{principal}\n{inline}").as_bytes());
    let (name, digest): (String, String) = (inline.chars().take(64).collect(), digest.chars().take(16).collect());
    format!("{account}:policy/{PREFIX}{name}-{digest}")
}

fn is_same(known: Option<&String>, text: &str) -> bool {
    known.is_some_and(|known| edit::same(known, text))
}

type Texts = BTreeMap<String, String>;

fn rebased(what: &str, [before, after, now]: [Texts; 3]) -> Result<Texts, Conflict> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).chain(now.keys()).collect();
    let mut merged = BTreeMap::new();
    for name in names {
        let text = merge(&format!("the {what} {name}"), &before.get(name), &after.get(name), &now.get(name))?;
        merged.extend(text.map(|text| (name.clone(), text.clone())));
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use remedy_domain::Step as _;

    use super::*;

    const ANN: &str = "arn:aws:iam::111122223333:user/ann";
    const TEXT: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

    fn setting(managed: &[(&str, bool)]) -> InlinePolicies {
        let of = |(document, attached): &(&str, bool)| {
            let managed = Managed { document: (*document).to_owned(), attached: *attached };
            (managed_arn(ANN, "night"), managed)
        };
        let inline = BTreeMap::from([("night".to_owned(), TEXT.to_owned())]);
        InlinePolicies { kind: PrincipalKind::User, inline, managed: managed.iter().map(of).collect() }
    }

    #[test]
    fn a_policy_that_somebody_else_put_under_our_name_is_never_attached() {
        let wide = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        assert_eq!(setting(&[(wide, false)]).converted(ANN), None);
    }

    #[test]
    fn one_that_a_lost_worker_left_is_attached_and_not_made_again() {
        let left = setting(&[(TEXT, false)]);
        let wanted = left.converted(ANN).unwrap();
        let arn = managed_arn(ANN, "night");
        let of = |write| Step::Principal(PrincipalKind::User, write);
        assert_eq!(
            Step::route(&left, &wanted).steps,
            [of(Write::Attach(arn)), of(Write::DeleteInline("night".into()))]
        );
    }

    #[test]
    fn names_do_not_run_into_each_other() {
        let bob = "arn:aws:iam::111122223333:user/bob";
        assert_ne!(managed_arn(ANN, "night"), managed_arn(bob, "night"));
        assert_ne!(managed_arn(ANN, &"n".repeat(64)), managed_arn(ANN, &"n".repeat(65)));
        let name = managed_arn(ANN, &"n".repeat(128));
        assert!(name.rsplit('/').next().unwrap().len() <= 128);
    }
}
