//! `iam-inline-policy`: a user, group or role with policies written into it.
//!
//! **What drifts.** There is an inline policy, other than the MFA-deny policy of `iam-mfa`, which is identified by its
//! content. One under another name that Remedy reserves for itself pages somebody.
//!
//! **Why it matters.** No review of policies sees inline policies, and they have no versions to return to: 45 CFR
//! 164.308(a)(3)(i) and (ii), 164.308(a)(4)(i) and (ii) (access is authorised and reviewed), 164.312(a)(1).
//!
//! **What we read.** The principal's inline policies and the managed ones attached to it; on drift, whether a managed
//! policy already exists in place of an inline one, and the principal's tags.
//!
//! **What we change.** Each becomes a customer-managed policy of the same document, `RemedyInline-…`, attached to the
//! same principal; then the inline one is deleted. Permissions stay exactly as before.
//!
//! **What we never touch.** The contents of the documents; other attached policies; the MFA-deny policy.
//!
//! **What may break.** Nothing is permitted or denied anew. Templates and scripts that manage the inline policy by its
//! name no longer find it, and may write it again.
//!
//! **Way back.** The inline policies are written again, and the managed ones detached and deleted.
//!
//! **When a person decides.** Always, unless `identity_repairs` is `auto`. If a document is longer than a managed
//! policy may be, or ten policies are attached, a person must make room; likewise if our name is taken.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, try_join_all};
use remedy_aws::{Reading as _, absent};
use remedy_domain::fence;
use remedy_engine::prelude::*;
use remedy_iam::{Iam, NO_SUCH, Principal, PrincipalKind};
use remedy_policy::{Kind as Document, edit};

use crate::{
    calls::{
        ATTACH, CREATE_POLICY, DELETE_INLINE, DELETE_POLICY, DETACH, GET_INLINE, LIST_ATTACHED, LIST_INLINE,
        PUT_INLINE, VERSION, VERSIONS,
    },
    consent,
    inline_setting::{InlinePolicies, Managed, PREFIX, Step, managed_arn},
    policy, principal,
};

/// The managed policies that a principal may have attached, by default.
const ATTACHED: usize = 10;

/// The control `iam-inline-policy`.
#[derive(Debug)]
pub struct InlinePolicy;

/// Facts that affect the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The principal's ARN.
    pub arn: String,
    /// How many managed policies are attached to it.
    pub attached: usize,
}

impl Remediation for InlinePolicy {
    const CONTROL: Control = Control {
        id: ControlId("iam-inline-policy"),
        title: "Policies written into a user, group or role",
        hipaa: "164.308(a)(1)(ii)(B), (3)(i), (ii)(A), (B), (4)(i), (ii)(A), (B), (C); 164.312(a)(1)",
        config_rules: &["IAM_NO_INLINE_POLICY_CHECK"],
        events: &["PutGroupPolicy", "PutRolePolicy", "PutUserPolicy"],
        reads: &[&LIST_INLINE, &GET_INLINE, &LIST_ATTACHED, &[VERSION, VERSIONS]],
        writes: &[&ATTACH, &DELETE_INLINE, &DETACH, &PUT_INLINE, &[CREATE_POLICY, DELETE_POLICY]],
        elements: &["inline policies other than the fence", "policies named RemedyInline- and their attachments"],
        deviates: &["inline-policies", "managed-policy"],
        reasons: &["policy-too-long", "no-room", "name-taken", "identities"],
        ..Control::of(Self::KIND)
    };
    type On = Principal;
    type Facts = Facts;
    type Setting = InlinePolicies;
    type Step = Step;

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<Facts, InlinePolicies>, Fault> {
        let (kind, name) = (PrincipalKind::of(target), target.id.as_str());
        let (inline, attached) =
            join(principal::inline(&client.client, target), principal::attached(&client.client, kind, name)).await;
        let (Some(inline), Some(attached)) = (inline?, attached?) else { return Ok(Observed::Absent) };
        let facts = Facts { arn: target.arn.clone().unwrap_or_default(), attached: attached.len() };
        let managed = managed(client, &facts.arn, &inline, &attached).await?;
        Ok(Observed::Present { facts, setting: InlinePolicies { kind, inline, managed } })
    }

    fn judge(facts: &Facts, setting: &InlinePolicies, context: &Context<'_>) -> Verdict<InlinePolicies> {
        let count = setting.inline.len();
        if count == 0 {
            return Verdict::Compliant;
        }
        let mut violations =
            vec![Violation::new("inline-policies", format!("policies are written into the principal: {count}"))];
        let imitated = setting.inline.keys().filter(|name| fence::is_reserved(name)).count();
        if imitated > 0 {
            let words =
                format!("policies are written into the principal under names that it keeps for itself: {imitated}");
            violations.push(Violation::imitation("inline-policies", words));
        }
        if let Some(obstacle) = obstacle(facts, setting) {
            return Verdict::NeedsHuman { violations, reason: obstacle };
        }
        let Some(desired) = setting.converted(&facts.arn) else {
            violations.push(Violation::imitation(
                "managed-policy",
                "a managed policy under a name that it keeps for itself says something else",
            ));
            let taken = "a policy under a name that Remedy reserves says something else: delete it";
            let reason = Reason::new("name-taken", taken);
            return Verdict::NeedsHuman { violations, reason };
        };
        Verdict::Drifted(Drift { violations, desired, consent: consent::of_identities(context), note: None })
    }

    async fn perform(writer: &Writer<Iam>, target: &Target, step: &Step) -> Result<(), Fault> {
        let client = &writer.client().client;
        match step {
            Step::CreatePolicy(arn, text) => {
                let name = arn.rsplit('/').next().unwrap_or_default();
                match client.create_policy().policy_name(name).policy_document(text).send().await {
                    // Our own first try, or somebody else's: the next run looks what it says before it attaches it.
                    Err(error) if absent(&error, &["EntityAlreadyExists", "EntityAlreadyExistsException"]) => {
                        Err(Fault::transient(CREATE_POLICY.operation, "policy-exists"))
                    }
                    sent => CREATE_POLICY.done(sent),
                }
            }
            Step::DeletePolicy(arn) => {
                let sent = client.delete_policy().policy_arn(arn).send().await;
                DELETE_POLICY.found(&NO_SUCH, sent).map(|_| ())
            }
            Step::Principal(kind, write) => write.perform(client, *kind, &target.id).await,
        }
    }
}

/// The managed policies that inline ones became, and those that stand where the inline ones would go.
async fn managed(
    client: &Iam,
    principal: &str,
    inline: &BTreeMap<String, String>,
    attached: &BTreeSet<String>,
) -> Result<BTreeMap<String, Managed>, Fault> {
    let became = attached.iter().filter(|arn| arn.contains(&format!(":policy/{PREFIX}"))).cloned();
    let would = inline.keys().map(|name| managed_arn(principal, name));
    let arns: BTreeSet<String> = became.chain(would).collect();
    let documents = try_join_all(arns.iter().map(|arn| policy::default_document(&client.client, arn))).await?;
    let found = arns.into_iter().zip(documents).filter_map(|(arn, document)| {
        let attached = attached.contains(&arn);
        Some((arn, Managed { document: document?, attached }))
    });
    Ok(found.collect())
}

fn obstacle(facts: &Facts, setting: &InlinePolicies) -> Option<Reason> {
    let is_long = |text: &String| edit::length(Document::Identity, text) > Document::Identity.limit();
    if setting.inline.values().any(is_long) {
        let long = "an inline policy is longer than a managed policy may be: split it";
        return Some(Reason::new("policy-too-long", long));
    }
    let is_full = facts.attached + setting.inline.len() > ATTACHED;
    let full = "ten managed policies may be attached to a principal: make room first";
    is_full.then(|| Reason::new("no-room", full))
}
