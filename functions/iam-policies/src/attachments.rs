//! The managed policies that are attached to one user, group or role.

use std::collections::BTreeSet;

use remedy_domain::{Call, Conflict, Route, Setting};
use remedy_iam::PrincipalKind;
use serde::{Deserialize, Serialize};

use crate::write::Write;

/// The managed policies that are attached to a principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachments {
    /// What kind of principal it is.
    pub kind: PrincipalKind,
    /// Their ARNs.
    pub policies: BTreeSet<String>,
}

impl Attachments {
    /// The same but for some.
    pub(crate) fn without(&self, gone: impl Fn(&str) -> bool) -> Self {
        let policies = self.policies.iter().filter(|arn| !gone(arn)).cloned().collect();
        Self { kind: self.kind, policies }
    }
}

/// One write to a principal of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The kind of the principal.
    pub kind: PrincipalKind,
    /// What is written.
    pub write: Write,
}

/// Whom a repair would stop, the control asks about itself.
impl remedy_domain::Step for Step {
    type Setting = Attachments;

    fn call(&self) -> Call {
        self.write.call(self.kind)
    }

    fn route(from: &Attachments, to: &Attachments) -> Route<Self> {
        let kind = from.kind;
        if kind != to.kind {
            return Route { steps: vec![], lost: vec!["the kind of the principal".to_owned()] };
        }
        Route::of(writes(&from.policies, &to.policies).into_iter().map(|write| Self { kind, write }).collect())
    }
}

impl Setting for Attachments {
    const NAME: &'static str = "the attached policies";

    /// Each attachment by itself: what others attached or detached meanwhile stays so.
    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        Ok(Self { kind: now.kind, policies: rebased(&before.policies, &after.policies, &now.policies) })
    }
}

/// The writes from some attachments to others. New ones come first: nothing is missing in between.
pub(crate) fn writes(from: &BTreeSet<String>, to: &BTreeSet<String>) -> Vec<Write> {
    let attach = to.difference(from).map(|arn| Write::Attach(arn.clone()));
    let detach = from.difference(to).map(|arn| Write::Detach(arn.clone()));
    attach.chain(detach).collect()
}

fn rebased(before: &BTreeSet<String>, after: &BTreeSet<String>, now: &BTreeSet<String>) -> BTreeSet<String> {
    let taken: BTreeSet<_> = before.difference(after).collect();
    let added = after.difference(before);
    now.iter().filter(|arn| !taken.contains(arn)).chain(added).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_difference_is_applied() {
        let set = |arns: &[&str]| arns.iter().map(|arn| (*arn).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(rebased(&set(&["b"]), &set(&["a", "b"]), &set(&["b", "c"])), set(&["a", "b", "c"]));
        assert_eq!(rebased(&set(&["a", "b"]), &set(&["b"]), &set(&["a", "c"])), set(&["c"]));
        let [attach, detach] = [Write::Attach("new".into()), Write::Detach("old".into())];
        assert_eq!(writes(&set(&["old", "kept"]), &set(&["kept", "new"])), [attach, detach]);
    }
}
