//! The managed policies that are attached to one user, group or role.

use std::collections::BTreeSet;

use remedy_domain::{Call, Harm, Route};
use serde::{Deserialize, Serialize};

use crate::{principal::Kind, write::Write};

/// The managed policies that are attached to a principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachments {
    /// What kind of principal it is.
    pub kind: Kind,
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
    pub kind: Kind,
    /// What is written.
    pub write: Write,
}

impl remedy_domain::Step for Step {
    fn call(&self) -> Call {
        self.write.call(self.kind)
    }

    /// Whom a repair would stop, the control asks about itself.
    fn harm(&self) -> Harm {
        Harm::None
    }
}

/// The writes from some attachments to others. New ones come first: nothing is missing in between.
pub(crate) fn writes(from: &BTreeSet<String>, to: &BTreeSet<String>) -> Vec<Write> {
    let attach = to.difference(from).map(|arn| Write::Attach(arn.clone()));
    let detach = from.difference(to).map(|arn| Write::Detach(arn.clone()));
    attach.chain(detach).collect()
}

/// The way from some attachments to others.
pub(crate) fn steps(from: &Attachments, to: &Attachments) -> Route<Step> {
    let kind = from.kind;
    if kind != to.kind {
        return Route { steps: vec![], lost: vec!["the kind of the principal".to_owned()] };
    }
    Route::of(writes(&from.policies, &to.policies).into_iter().map(|write| Step { kind, write }).collect())
}

/// Each attachment by itself: what others attached or detached meanwhile stays so.
pub(crate) fn rebase(before: &Attachments, after: &Attachments, now: &Attachments) -> Attachments {
    Attachments { kind: now.kind, policies: rebased(&before.policies, &after.policies, &now.policies) }
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
