//! `iam-policy-unapproved`: a customer-managed policy that was changed without a stored approval.
//!
//! **What drifts.** The default version's document differs from that when the policy was last compliant, and its digest
//! is not among `approved_policies`: a new version, one made long ago and made the default today, or an old one that is
//! the default again. If a policy was never seen compliant: its default version is younger than `policy_change_days`.
//!
//! **Why it matters.** Access is to be authorised, and its changes recorded: 45 CFR 164.308(a)(4)(ii)(C) (access
//! establishment and modification), 164.308(a)(5)(ii)(C), 164.316(b)(1) (documentation).
//!
//! **What we read.** The policy's versions and the document of the default one; in the state bucket, the default when
//! the policy was last compliant: IAM says when a version was made, and not since when it is the default.
//!
//! **What we change.** Nothing: the change is reported, once for each version.
//!
//! **What we never touch.** Everything.
//!
//! **What may break.** Nothing: nothing is changed.
//!
//! **Way back.** There is nothing to revert.
//!
//! **When a person decides.** Always: to approve the document, by its digest in the settings, or to set the former
//! version as default again.

use jiff::Timestamp;
use remedy_domain::canonical;
use remedy_engine::{Recall, prelude::*};
use remedy_iam::{CustomerPolicy, Iam};
use serde_json::Value;

use crate::{
    calls::{VERSION, VERSIONS},
    policy,
};

/// The control `iam-policy-unapproved`.
#[derive(Debug)]
pub struct PolicyUnapproved;

/// The default version of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its id.
    pub version: String,
    /// Since when it is there.
    pub since: Timestamp,
    /// The digest of its document.
    pub digest: String,
    /// The default when the policy was last compliant, if it ever was.
    pub last: Option<Counted>,
}

/// A stored default version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The version's id.
    pub version: String,
    /// The digest of its document.
    pub digest: String,
}

impl Remediation for PolicyUnapproved {
    const CONTROL: Control = Control {
        id: ControlId("iam-policy-unapproved"),
        title: "Customer-managed policy changed without approval",
        hipaa: "164.308(a)(4)(ii)(C), (5)(ii)(C); 164.316(b)(1)",
        events: &["CreatePolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion"],
        reads: &[&[VERSION, VERSIONS]],
        deviates: &["default-version"],
        reasons: &["approve-or-restore"],
        ..Control::of(Self::KIND)
    };
    const RECALL: Recall = Recall::Last;
    type On = CustomerPolicy;
    type Facts = Change;
    type Setting = ();
    type Step = NoStep;

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<Change, ()>, Fault> {
        let versions = policy::versions(&client.client, target.arn.as_deref().unwrap_or_default()).await?;
        let Some(versions) = versions else { return Ok(Observed::Absent) };
        let (version, text) = versions.default;
        let facts = Change { version, since: versions.since, digest: digest(&text), last: None };
        Ok(Observed::Present { facts, setting: () })
    }

    fn memo(change: &Change) -> Option<Value> {
        let counts = Counted { version: change.version.clone(), digest: change.digest.clone() };
        if change.last.as_ref() == Some(&counts) { None } else { serde_json::to_value(counts).ok() }
    }

    fn recalled(change: Change, last: Option<Value>) -> Change {
        Change { last: last.and_then(|last| serde_json::from_value(last).ok()), ..change }
    }

    fn judge(change: &Change, (): &(), context: &Context<'_>) -> Verdict<()> {
        let approved = &context.parameters.approved_policies;
        if change.is_known(context) || approved.iter().any(|digest| digest.eq_ignore_ascii_case(&change.digest)) {
            return Verdict::Compliant;
        }
        let Change { version, since, digest, last } = change;
        let instead = last.as_ref().map(|last| format!(" and counts instead of {}", last.version)).unwrap_or_default();
        let words = format!("default version {version} of {since} has no approval on file{instead}");
        Verdict::NeedsHuman {
            violations: vec![Violation::new("default-version", words)],
            reason: Reason::new(
                "approve-or-restore",
                format!("put {digest} on `approved_policies` in the settings, or set the former version as default"),
            ),
        }
    }
}

impl Change {
    /// Whether the default is the stored one, or, if none is stored, was made before changes are reported.
    fn is_known(&self, context: &Context<'_>) -> bool {
        let days = context.now.duration_since(self.since).as_hours() / 24;
        match &self.last {
            Some(last) => last.digest == self.digest,
            None => days >= i64::from(context.parameters.policy_change_days),
        }
    }
}

/// The digest of a document's canonical JSON; of its bytes where it has none.
fn digest(text: &str) -> String {
    let value = serde_json::from_str::<Value>(text).ok();
    value.and_then(|value| canonical::digest(&value).ok()).unwrap_or_else(|| canonical::sha256_hex(text.as_bytes()))
}
