//! `iam-user-direct-policy`: a user who has policies of its own, instead of by its groups.
//!
//! **What drifts.** A managed policy is attached to the user, or an inline policy is written into it. Two attachments are other
//! matters: `AdministratorAccess` (`iam-admin-attached` finds it) and the MFA-deny policy of `iam-mfa`.
//!
//! **Why it matters.** Access that depends on a person is not reviewed with the person's role, and stays when the role
//! changes: 45 CFR 164.308(a)(3)(i) and (ii), 164.308(a)(4)(i) and (ii) (access by role), 164.312(a)(1).
//!
//! **What we read.** The policies attached to the user and the names of its inline ones, and the policies under the names
//! of the MFA-deny policy; on drift, the user's groups and their policies, and the user's tags.
//!
//! **What we change.** Policies that one of the user's groups gives as well are detached from the user: it loses nothing.
//!
//! **What we never touch.** Policies that no group gives; inline policies (`iam-inline-policy` converts them);
//! `AdministratorAccess` (`iam-admin-attached`); the MFA-deny policy of `iam-mfa`, identified by its content.
//!
//! **What may break.** Nothing, while the groups of the user permit the same; if somebody removes the user from the
//! group later, the permissions go with it.
//!
//! **Way back.** They are attached again. Policies that others attached or detached since stay so.
//!
//! **When a person decides.** Always, unless `identity_repairs` is `auto`. If no group gives a policy, a person must
//! put the user into one that does.

use std::collections::BTreeSet;

use futures_util::future::{join, try_join_all};
use remedy_aws::Reading as _;
use remedy_engine::prelude::*;
use remedy_iam::{Iam, NO_SUCH, PrincipalKind, User};

use crate::{
    account::is_administrator_access,
    attachments::{Attachments, Step},
    calls::{ATTACH, DETACH, GET_INLINE, GROUPS_OF, LIST_ATTACHED, LIST_INLINE, VERSION, VERSIONS},
    consent, principal,
};

/// The control `iam-user-direct-policy`.
#[derive(Debug)]
pub struct UserDirectPolicy;

/// Facts that affect the decision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// How many inline policies the user has.
    pub inline: usize,
    /// Those of the attached policies that are the MFA-deny policy.
    pub fences: BTreeSet<String>,
    /// The managed policies that the user's groups give it; read only on drift.
    pub by_groups: BTreeSet<String>,
}

impl Remediation for UserDirectPolicy {
    const CONTROL: Control = Control {
        id: ControlId("iam-user-direct-policy"),
        title: "User with policies of its own",
        hipaa: "164.308(a)(3)(i), (ii)(A), (B), (4)(i), (ii)(A), (B), (C); 164.312(a)(1)",
        config_rules: &["IAM_USER_NO_POLICIES_CHECK"],
        events: &["AttachUserPolicy", "PutUserPolicy"],
        reads: &[&[LIST_ATTACHED[0], LIST_ATTACHED[1], LIST_INLINE[0], GET_INLINE[0], GROUPS_OF, VERSION, VERSIONS]],
        writes: &[&[ATTACH[0], DETACH[0]]],
        elements: &["attachments to a user that its groups repeat, other than of the MFA-deny policy"],
        deviates: &["attached-policies", "inline-policies"],
        reasons: &["give-by-group", "identities"],
        ..Control::of(Self::KIND)
    };
    type On = User;
    type Facts = Facts;
    type Setting = Attachments;
    type Step = Step;

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<Facts, Attachments>, Fault> {
        let (policies, inline) = join(
            principal::attached(&client.client, PrincipalKind::User, &target.id),
            principal::count_inline(&client.client, target),
        )
        .await;
        let (Some(policies), Some(inline)) = (policies?, inline?) else { return Ok(Observed::Absent) };
        let fences = principal::fences(&client.client, &policies).await?;
        let is_fenced_only = policies.is_subset(&fences);
        let by_groups = if is_fenced_only { BTreeSet::new() } else { by_groups(client, &target.id).await? };
        let setting = Attachments { kind: PrincipalKind::User, policies };
        Ok(Observed::Present { facts: Facts { inline, fences, by_groups }, setting })
    }

    fn judge(facts: &Facts, setting: &Attachments, context: &Context<'_>) -> Verdict<Attachments> {
        let is_direct = |arn: &str| !is_administrator_access(arn) && !facts.fences.contains(arn);
        let direct = setting.policies.iter().filter(|arn| is_direct(arn)).count();
        let mut violations = Vec::new();
        if direct > 0 {
            let words = format!("policies are attached to the user: {direct}");
            violations.push(Violation::new("attached-policies", words));
        }
        if facts.inline > 0 {
            let words = format!("policies are written into the user: {}", facts.inline);
            violations.push(Violation::new("inline-policies", words));
        }
        if violations.is_empty() {
            return Verdict::Compliant;
        }
        let desired = setting.without(|arn| is_direct(arn) && facts.by_groups.contains(arn));
        let is_left = facts.inline > 0 || desired.policies.iter().any(|arn| is_direct(arn));
        if is_left {
            let by_group = "give the user these policies by a group, then take them off the user";
            let reason = Reason::new("give-by-group", by_group);
            return Verdict::NeedsHuman { violations, reason };
        }
        Verdict::Drifted(Drift { violations, desired, consent: consent::of_identities(context), note: None })
    }

    async fn perform(writer: &Writer<Iam>, target: &Target, step: &Step) -> Result<(), Fault> {
        step.write.perform(&writer.client().client, step.kind, &target.id).await
    }
}

/// The managed policies that a user's groups give it. A user is in ten groups at most.
async fn by_groups(client: &Iam, name: &str) -> Result<BTreeSet<String>, Fault> {
    let groups = client.client.list_groups_for_user().user_name(name).send().await;
    let groups = GROUPS_OF.found(&NO_SUCH, groups)?.map(|answer| answer.groups).unwrap_or_default();
    let lists =
        groups.iter().map(|group| principal::attached(&client.client, PrincipalKind::Group, group.group_name()));
    Ok(try_join_all(lists).await?.into_iter().flatten().flatten().collect())
}
