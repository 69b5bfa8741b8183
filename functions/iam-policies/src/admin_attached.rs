//! `iam-admin-attached`: a user, group or role that has `AdministratorAccess` attached.
//!
//! **What drifts.** The AWS-managed policy `AdministratorAccess` is attached to it.
//!
//! **Why it matters.** Its holder can read all PHI and switch every safeguard off: 45 CFR 164.308(a)(3)(i) and
//! 164.308(a)(4)(i) and (ii) (minimum necessary access), 164.312(a)(1) (access control).
//!
//! **What we read.** The managed policies attached to it; on drift, the account's principals, who can sign in, and
//! its tags.
//!
//! **What we change.** `AdministratorAccess` is detached.
//!
//! **What we never touch.** Its other policies; the last two effective administrators; root, reserved and protected
//! principals; Remedy itself.
//!
//! **What may break.** From the next call on, the principal is denied everything that none of its other policies
//! permits: deployments, scripts, people on call.
//!
//! **Way back.** It is attached again. Policies that others attached or detached since stay so.
//!
//! **When a person decides.** Always, unless `identity_repairs` is `auto`.

use remedy_domain::Impact;
use remedy_engine::prelude::*;
use remedy_iam::{Iam, Principal, PrincipalKind};

use crate::{
    account::{Account, is_administrator_access},
    attachments::{Attachments, Step},
    authorization,
    calls::{ATTACH, AUTHORIZATIONS, DETACH, KEYS, LIST_ATTACHED, PROFILE, VERSION, VERSIONS},
    consent, principal,
};

/// The control `iam-admin-attached`.
#[derive(Debug)]
pub struct AdminAttached;

/// Facts that affect the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The principal's name.
    pub name: String,
    /// The account; read only on drift.
    pub account: Option<Account>,
}

impl Remediation for AdminAttached {
    const CONTROL: Control = Control {
        id: ControlId("iam-admin-attached"),
        title: "Principal with AdministratorAccess attached",
        hipaa: "164.308(a)(1)(ii)(B), (3)(i), (ii)(B), (4)(i), (ii)(B), (C); 164.312(a)(1)",
        config_rules: &["IAM_POLICY_BLACKLISTED_CHECK"],
        events: &["AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy"],
        reads: &[&LIST_ATTACHED, &[AUTHORIZATIONS, KEYS, PROFILE, VERSION, VERSIONS]],
        writes: &[&ATTACH, &DETACH],
        elements: &["attachments of AdministratorAccess"],
        deviates: &["administrator-access"],
        reasons: &["identities"],
        ..Control::of(Self::KIND)
    };
    type On = Principal;
    type Facts = Facts;
    type Setting = Attachments;
    type Step = Step;

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<Facts, Attachments>, Fault> {
        let kind = PrincipalKind::of(target);
        let Some(policies) = principal::attached(&client.client, kind, &target.id).await? else {
            return Ok(Observed::Absent);
        };
        let setting = Attachments { kind, policies };
        let affected = |account: &Account| account.members(kind, &target.id);
        let account =
            if is_admin(&setting) { Some(authorization::account(client, target, affected).await?) } else { None };
        Ok(Observed::Present { facts: Facts { name: target.id.clone(), account }, setting })
    }

    fn judge(_: &Facts, setting: &Attachments, context: &Context<'_>) -> Verdict<Attachments> {
        if !is_admin(setting) {
            return Verdict::Compliant;
        }
        Verdict::Drifted(Drift {
            violations: vec![Violation::new("administrator-access", "AdministratorAccess is attached")],
            desired: setting.without(is_administrator_access),
            consent: consent::of_identities(context),
            note: None,
        })
    }

    fn impact(facts: &Facts, from: &Attachments, to: &Attachments) -> Option<Impact> {
        let account = facts.account.as_ref()?;
        let after = account.with_attached(to.kind, &facts.name, &to.policies);
        let loses = !from.policies.is_subset(&to.policies);
        let affected = if loses { account.members(to.kind, &facts.name) } else { Vec::new() };
        Some(account.impact(&after, affected))
    }

    async fn perform(writer: &Writer<Iam>, target: &Target, step: &Step) -> Result<(), Fault> {
        step.write.perform(&writer.client().client, step.kind, &target.id).await
    }
}

fn is_admin(setting: &Attachments) -> bool {
    setting.policies.iter().any(|arn| is_administrator_access(arn))
}
