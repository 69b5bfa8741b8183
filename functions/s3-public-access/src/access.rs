//! The parts that open a bucket or keep it closed: its flags, its policy and its ACL, and the steps from one to
//! another.

use remedy_domain::{Call, Conflict, Route, Setting, canonical};
use remedy_policy::{Answer, Kind, edit};
use remedy_s3::policy::{DELETE as DELETE_POLICY, PUT as PUT_POLICY};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    acl::Acl,
    block::{Flags, PublicAccessBlock},
    policy::{alike, may_be_public},
};

pub(crate) const PUT_BLOCK: Call = Call::new("s3:PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock");
pub(crate) const DELETE_BLOCK: Call = Call::new("s3:DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock");
pub(crate) const PUT_ACL: Call = Call::same("s3:PutBucketAcl");

/// The parts that open a bucket or keep it closed, mirrored whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Access {
    /// The flags, or no configuration at all.
    pub block: Option<PublicAccessBlock>,
    /// The text of the policy.
    pub policy: Option<String>,
    /// The access control list.
    pub acl: Acl,
}

/// Plans of earlier versions hold the flags alone. They say nothing of policy and ACL, so undoing them changes neither.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Stored {
    Whole { block: Option<PublicAccessBlock>, policy: Option<String>, acl: Acl },
    Flags(Option<PublicAccessBlock>),
}

impl From<Stored> for Access {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Whole { block, policy, acl } => Self { block, policy, acl },
            Stored::Flags(block) => Self { block, ..Self::default() },
        }
    }
}

/// The writes of the control `s3-bucket-public`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The flags are set, or their configuration is deleted.
    Block(Flags),
    /// The whole policy, with what lets nobody in as it was, or the policy is deleted.
    Policy(Option<String>),
    /// The whole list, with what lets nobody in as it was.
    Acl(Acl),
}

impl remedy_domain::Step for Step {
    type Setting = Access;

    fn call(&self) -> Call {
        match self {
            Self::Block(Some(_)) => PUT_BLOCK,
            Self::Block(None) => DELETE_BLOCK,
            Self::Policy(Some(_)) => PUT_POLICY,
            Self::Policy(None) => DELETE_POLICY,
            Self::Acl(_) => PUT_ACL,
        }
    }

    /// While the documents are written, only those flags are on that are on at both ends and do not have S3 refuse them; so
    /// what is closed is closed last, and what is opened is opened first.
    fn route(from: &Access, to: &Access) -> Route<Self> {
        let mut documents = documents(from, to);
        let meanwhile = meanwhile(from, to, &documents);
        if meanwhile != from.block {
            // An undo goes the other way round.
            documents.reverse();
        }
        let flags = |from: Flags, to: Flags| (from != to).then_some(Self::Block(to));
        Route::of(flags(from.block, meanwhile).into_iter().chain(documents).chain(flags(meanwhile, to.block)).collect())
    }
}

impl Setting for Access {
    const NAME: &'static str = "the access to the bucket";

    /// Flag by flag, statement by statement, grant by grant.
    fn rebase(before: &Self, after: &Self, now: &Self) -> Result<Self, Conflict> {
        let [was, wanted, is] = [before, after, now].map(|access| access.policy.as_deref());
        let policy = edit::rebase(Kind::Bucket, was, wanted, is);
        let block = if now.is_between(before, after) {
            after.block
        } else {
            Flags::rebase(&before.block, &after.block, &now.block)?
        };
        Ok(Self {
            block,
            policy: policy.map_err(|error| Conflict { element: error.to_string() })?,
            acl: Acl::rebase(&before.acl, &after.acl, &now.acl),
        })
    }

    /// Whether two are equal but for how S3 spells a policy.
    fn agrees(&self, other: &Self) -> bool {
        self.block == other.block && self.acl == other.acl && alike(self.policy.as_deref(), other.policy.as_deref())
    }

    /// The flags, a digest of the policy, and the number of grants.
    fn show(&self) -> Value {
        let policy = self.policy.as_ref().map(|text| canonical::sha256_hex(text.as_bytes()));
        let acl = json!({"grants": self.acl.grants.len(), "public": self.acl.public()});
        json!({"block": self.block, "policy": policy, "acl": acl})
    }
}

impl Access {
    /// Whether the bucket may be public, given this verdict on the policy: by the policy or by the ACL, as far as flags
    /// permit.
    pub(crate) fn is_open_to(&self, strangers: Answer) -> bool {
        let flags = self.block.unwrap_or_default();
        let by_policy = strangers != Answer::No && !flags.restrict_public_buckets;
        by_policy || (!flags.ignore_public_acls && !self.acl.public().is_empty())
    }

    /// Whether this is what stands while the way from one to the other is gone: a way that was cut short is gone to its
    /// end. Else a flag that only had to be off meanwhile would stay off, as if somebody else had taken it off.
    fn is_between(&self, from: &Self, to: &Self) -> bool {
        let meanwhile = meanwhile(from, to, &documents(from, to));
        let there = |a: &Self| alike(a.policy.as_deref(), self.policy.as_deref());
        self.block == meanwhile
            && ![from.block, to.block].contains(&meanwhile)
            && (there(from) || there(to))
            && [&from.acl, &to.acl].contains(&&self.acl)
    }
}

fn documents(from: &Access, to: &Access) -> Vec<Step> {
    let policy = !alike(from.policy.as_deref(), to.policy.as_deref());
    let policy = policy.then(|| Step::Policy(to.policy.clone()));
    let acl = (from.acl != to.acl).then(|| Step::Acl(to.acl.clone()));
    policy.into_iter().chain(acl).collect()
}

/// The flags while documents are written; where there are none, all is one step.
fn meanwhile(from: &Access, to: &Access, documents: &[Step]) -> Flags {
    if documents.is_empty() {
        return from.block;
    }
    let (before, after) = (from.block.unwrap_or_default(), to.block.unwrap_or_default());
    let mut flags = before.and(after);
    for step in documents {
        match step {
            Step::Policy(Some(text)) if may_be_public(text) => flags.block_public_policy = false,
            Step::Acl(acl) if !acl.public().is_empty() => flags.block_public_acls = false,
            _ => {}
        }
    }
    if flags == before {
        from.block
    } else if flags == after {
        to.block
    } else {
        Some(flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::{
        Grantee,
        tests::{acl, grant},
    };
    use remedy_domain::Step as _;

    const ALL: Option<PublicAccessBlock> = Some(PublicAccessBlock::ALL);
    const OPEN: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}"#;

    fn open(block: Option<PublicAccessBlock>) -> Access {
        let everyone = grant(Grantee::Group(remedy_policy::acl::ALL_USERS.to_owned()), "READ");
        Access { block, policy: Some(OPEN.to_owned()), acl: acl([everyone]) }
    }

    fn closed(block: Option<PublicAccessBlock>) -> Access {
        Access { block, policy: None, acl: acl([]) }
    }

    fn calls(from: &Access, to: &Access) -> Vec<&'static str> {
        Step::route(from, to).steps.iter().map(|step| step.call().operation.trim_start_matches("s3:")).collect()
    }

    #[test]
    fn closed_last_and_opened_first() {
        let repair = ["DeleteBucketPolicy", "PutBucketAcl", "PutPublicAccessBlock"];
        assert_eq!(calls(&open(None), &closed(ALL)), repair);
        assert_eq!(calls(&closed(ALL), &open(None)), ["DeletePublicAccessBlock", "PutBucketAcl", "PutBucketPolicy"]);
    }

    #[test]
    fn a_flag_that_would_refuse_a_document_is_off_meanwhile() {
        let flags = PublicAccessBlock { restrict_public_buckets: false, ..PublicAccessBlock::ALL };
        let half = Some(flags);
        let undo = Step::route(&closed(ALL), &open(half)).steps;
        let [Step::Block(first), .., Step::Block(last)] = undo.as_slice() else { panic!("{undo:?}") };
        let meanwhile = PublicAccessBlock { ignore_public_acls: true, ..PublicAccessBlock::default() };
        assert_eq!(*first, Some(meanwhile));
        assert_eq!(*last, Some(flags));
        let policy_only = Access { acl: closed(ALL).acl, ..open(ALL) };
        assert_eq!(
            calls(&closed(half), &policy_only),
            ["PutPublicAccessBlock", "PutBucketPolicy", "PutPublicAccessBlock"]
        );
        assert_eq!(
            calls(&open(half), &closed(half)),
            ["DeleteBucketPolicy", "PutBucketAcl"],
            "taking out is never refused"
        );
    }

    #[test]
    fn an_undo_that_was_cut_short_is_not_taken_for_somebody_elses() {
        let half = Some(PublicAccessBlock { restrict_public_buckets: false, ..PublicAccessBlock::ALL });
        let (ours, wanted) = (closed(ALL), open(half));
        let meanwhile = Some(PublicAccessBlock { ignore_public_acls: true, ..PublicAccessBlock::default() });
        for now in [closed(meanwhile), Access { acl: open(None).acl, ..closed(meanwhile) }, open(meanwhile)] {
            assert_eq!(Access::rebase(&ours, &wanted, &now), Ok(wanted.clone()));
        }
        let theirs = closed(Some(PublicAccessBlock::default()));
        assert_eq!(Access::rebase(&ours, &wanted, &theirs).unwrap().block, theirs.block);
    }

    #[test]
    fn plans_of_earlier_versions_still_load() {
        let flags = r#"{"block_public_acls":true,"ignore_public_acls":true,"block_public_policy":false,"restrict_public_buckets":false}"#;
        let old: Access = serde_json::from_str(flags).unwrap();
        let half =
            PublicAccessBlock { ignore_public_acls: true, block_public_acls: true, ..PublicAccessBlock::default() };
        assert_eq!(old, Access { block: Some(half), ..Access::default() });
        assert_eq!(serde_json::from_str::<Access>("null").unwrap(), Access::default());
        let ours = Access { block: ALL, ..Access::default() };
        let undone = Access::rebase(&ours, &old, &open(ALL)).unwrap();
        assert_eq!(undone, open(Some(half)), "policy and ACL are none of an old plan's business");
        for strange in
            ["{}", r#"{"block":null}"#, r#"{"block":null,"policy":null,"acl":{"owner":"","grants":[]},"x":1}"#]
        {
            assert!(serde_json::from_str::<Access>(strange).is_err(), "{strange}");
        }
        let whole = serde_json::to_string(&open(None)).unwrap();
        assert_eq!(serde_json::from_str::<Access>(&whole).unwrap(), open(None));
    }

    #[test]
    fn no_text_of_a_policy_is_shown() {
        let shown = open(ALL).show().to_string();
        assert!(!shown.contains("Allow") && shown.contains("READ to everyone"), "{shown}");
    }
}
