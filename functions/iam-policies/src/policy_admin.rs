//! `iam-policy-admin`: a customer-managed policy that makes administrators.
//!
//! **What drifts.** The default version permits every action on every resource: by one statement as AWS Config's rule counts
//! it, or by all its statements together (`NotAction`, several statements, `*:*`).
//!
//! **Why it matters.** Its holders can read all PHI and switch every safeguard off: 45 CFR 164.308(a)(3)(i) and
//! 164.308(a)(4)(i) and (ii) (minimum necessary access), 164.312(a)(1) (access control).
//!
//! **What we read.** The policy's versions and the document of the default one; on drift, the account's principals, who
//! can sign in, the policy's tags, and the document of the oldest version if it must make room.
//!
//! **What we change.** As `admin_policy_repair` says: a new default version without the offending grant (`narrow`), or
//! the policy is detached from everybody (`detach`, also if nothing would be left of it), or everybody who has it is
//! bounded by `permissions_boundary` (`boundary`).
//!
//! **What we never touch.** Every other statement, byte for byte; other policies; the last two effective administrators;
//! root, reserved and protected principals; Remedy itself.
//!
//! **What may break.** From the next call on, principals that relied on the grant are denied everything that nothing
//! else permits them: deployments, scripts, people on call.
//!
//! **Way back.** The old version becomes the default again and ours is deleted; attachments and boundaries are
//! restored. A version that had to make room is made again from its document.
//!
//! **When a person decides.** Always, unless `identity_repairs` is `auto`; then still if the policy bounds principals,
//! or grants only under a condition. If no single statement is at fault, a person must write what is needed.

use aws_sdk_iam::config::{Builder, retry::RetryConfig};
use remedy_aws::Reading as _;
use remedy_domain::Impact;
use remedy_engine::prelude::*;
use remedy_iam::{CustomerPolicy, Iam, NO_SUCH};
use remedy_policy::TooMuchWork;

use crate::{
    account::Account,
    admin_grant::{Grant, consent, desired, grant},
    admin_setting::{Holders, PolicyAndHolders, Step, Version},
    authorization,
    calls::{
        ATTACH, AUTHORIZATIONS, CREATE_VERSION, DELETE_BOUNDARY, DELETE_VERSION, DETACH, KEYS, PROFILE, PUT_BOUNDARY,
        SET_DEFAULT, VERSION, VERSIONS,
    },
    policy,
    write::Write,
};

/// The control `iam-policy-admin`.
#[derive(Debug)]
pub struct PolicyAdmin;

/// Facts that affect the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The policy's ARN.
    pub arn: String,
    /// The account; read only on drift.
    pub account: Option<Account>,
}

impl Remediation for PolicyAdmin {
    const CONTROL: Control = Control {
        id: ControlId("iam-policy-admin"),
        title: "Customer-managed policy that makes administrators",
        hipaa: "164.308(a)(1)(ii)(B), (3)(i), (ii)(A), (B), (4)(i), (ii)(A), (B), (C); 164.312(a)(1)",
        config_rules: &["IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS"],
        events: &[
            "AttachGroupPolicy",
            "AttachRolePolicy",
            "AttachUserPolicy",
            "CreatePolicy",
            "CreatePolicyVersion",
            "SetDefaultPolicyVersion",
        ],
        reads: &[&[AUTHORIZATIONS, KEYS, PROFILE, VERSION, VERSIONS]],
        writes: &[&ATTACH, &DETACH, &PUT_BOUNDARY, &DELETE_BOUNDARY, &[CREATE_VERSION, DELETE_VERSION, SET_DEFAULT]],
        elements: &[
            "versions of a customer-managed policy that makes administrators",
            "attachments of such a policy",
            "permissions boundaries of its holders",
        ],
        deviates: &["grant", "document"],
        reasons: &[
            "policy-unreadable",
            "too-much-work",
            "identities",
            "conditional-grant",
            "is-boundary",
            "no-boundary",
            "group-has-it",
        ],
        ..Control::of(Self::KIND)
    };
    type On = CustomerPolicy;
    type Facts = Facts;
    type Setting = PolicyAndHolders;
    type Step = Step;

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<Facts, PolicyAndHolders>, Fault> {
        let arn = target.arn.clone().unwrap_or_default();
        let Some(versions) = policy::versions(&client.client, &arn).await? else { return Ok(Observed::Absent) };
        let (id, text) = versions.default;
        let unread = |id: &String| Version { id: Some(id.clone()), document: None };
        let mut setting = PolicyAndHolders {
            default: Version { id: Some(id), document: Some(text) },
            others: versions.others.iter().map(unread).collect(),
            holders: None,
        };
        if grant(setting.document()) == Grant::None {
            return Ok(Observed::Present { facts: Facts { arn, account: None }, setting });
        }
        if let [oldest, _, _, _, ..] = setting.others.as_mut_slice() {
            oldest.document = policy::document(&client.client, &arn, oldest.id.as_deref().unwrap_or_default()).await?;
        }
        let account = authorization::account(client, target, |account| account.holders(&arn)).await?;
        setting.holders = Some(Holders::of(&account, &arn));
        Ok(Observed::Present { facts: Facts { arn, account: Some(account) }, setting })
    }

    fn judge(facts: &Facts, setting: &PolicyAndHolders, context: &Context<'_>) -> Verdict<PolicyAndHolders> {
        let grant = grant(setting.document());
        let words = match grant {
            Grant::None => return Verdict::Compliant,
            Grant::Plain => "the policy permits every action on every resource",
            Grant::Literal => "a statement permits every action on every resource, as AWS Config counts it",
            Grant::Unreadable => {
                let violations = vec![Violation::new("document", "the policy is none that Remedy understands")];
                let reason = Reason::new("policy-unreadable", "write a policy that can be read");
                return Verdict::NeedsHuman { violations, reason };
            }
            Grant::TooMuchWork => {
                let words = "whether the policy makes administrators takes too much work to tell";
                let reason = Reason::new("too-much-work", TooMuchWork.to_string());
                return Verdict::NeedsHuman { violations: vec![Violation::new("document", words)], reason };
            }
        };
        let violations = vec![Violation::new("grant", words)];
        let consent = consent(facts, grant, context);
        match desired(facts, setting, context) {
            Ok(Some(desired)) => Verdict::Drifted(Drift { violations, desired, consent, note: None }),
            Ok(None) if setting.is_attached() => Verdict::Contained(violations),
            Ok(None) => Verdict::Dormant(violations),
            Err(reason) => Verdict::NeedsHuman { violations, reason },
        }
    }

    fn impact(facts: &Facts, from: &PolicyAndHolders, to: &PolicyAndHolders) -> Option<Impact> {
        let account = facts.account.as_ref()?;
        let mut after = match &to.holders {
            Some(holders) => holders.applied_to(account, &facts.arn),
            None => account.clone(),
        };
        after.policies.insert(facts.arn.clone(), to.document().to_owned());
        let reduced = grant(to.document()) != Grant::Plain || from.holders != to.holders;
        let affected = if reduced { account.holders(&facts.arn) } else { Vec::new() };
        Some(account.impact(&after, affected))
    }

    async fn perform(writer: &Writer<Iam>, target: &Target, step: &Step) -> Result<(), Fault> {
        let (client, arn) = (&writer.client().client, target.arn.as_deref().unwrap_or_default());
        match step {
            Step::CreateDefault(document) => create(client, arn, document, Becomes::Default).await,
            Step::CreateVersion(document) => create(client, arn, document, Becomes::Kept).await,
            Step::SetDefaultPolicyVersion(id) => {
                let sent = client.set_default_policy_version().policy_arn(arn).version_id(id).send().await;
                SET_DEFAULT.done(sent)
            }
            Step::DeletePolicyVersion(id) => {
                let sent = client.delete_policy_version().policy_arn(arn).version_id(id).send().await;
                DELETE_VERSION.found(&NO_SUCH, sent).map(|_| ())
            }
            Step::Attach(kind, name) => Write::Attach(arn.to_owned()).perform(client, *kind, name).await,
            Step::Detach(kind, name) => Write::Detach(arn.to_owned()).perform(client, *kind, name).await,
            Step::Bound(kind, name, bound) => Write::bound(bound.as_deref()).perform(client, *kind, name).await,
        }
    }
}

/// The effect of a new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    Default,
    Kept,
}

/// Makes a version, in one try: a second one after a lost answer would make two.
async fn create(client: &aws_sdk_iam::Client, arn: &str, document: &str, becomes: Becomes) -> Result<(), Fault> {
    let once = Builder::new().retry_config(RetryConfig::disabled());
    let request = client.create_policy_version().policy_arn(arn).policy_document(document);
    let request = request.set_as_default(becomes == Becomes::Default).customize().config_override(once);
    CREATE_VERSION.done(request.send().await)
}
