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

use remedy_domain::{
    Conflict, Context, Control, ControlId, Drift, Fault, Identities, Impact, Observed, Route, Scope, Stops, Target,
    Verdict, Violation, control::ApiEvent,
};
use remedy_engine::{Page, Place, Remediation, Tags, Writer};

use crate::{
    account::{Account, is_administrator_access},
    attachments::{self, Attachments, Step},
    authorization,
    calls::{ATTACH, AUTHORIZATIONS, DETACH, GET, KEYS, LIST, LIST_ATTACHED, PROFILE, TAGS, VERSION, VERSIONS},
    clients::Iam,
    consent,
    principal::{self, Kind},
    tags,
};

const IAM: &str = "iam.amazonaws.com";

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
        hipaa: &[
            "164.308(a)(1)(ii)(B)",
            "164.308(a)(3)(i)",
            "164.308(a)(3)(ii)(B)",
            "164.308(a)(4)(i)",
            "164.308(a)(4)(ii)(B)",
            "164.308(a)(4)(ii)(C)",
            "164.312(a)(1)",
        ],
        config_rules: &["IAM_POLICY_BLACKLISTED_CHECK"],
        resource_types: principal::TYPES,
        scope: Scope::Global,
        api_events: &[
            ApiEvent::new(IAM, "AttachGroupPolicy"),
            ApiEvent::new(IAM, "AttachRolePolicy"),
            ApiEvent::new(IAM, "AttachUserPolicy"),
        ],
        reads: &[
            AUTHORIZATIONS,
            KEYS,
            LIST_ATTACHED[0],
            LIST_ATTACHED[1],
            LIST_ATTACHED[2],
            GET[0],
            GET[1],
            GET[2],
            LIST[0],
            LIST[1],
            LIST[2],
            PROFILE,
            TAGS[0],
            TAGS[1],
            VERSION,
            VERSIONS,
        ],
        writes: &[ATTACH[0], ATTACH[1], ATTACH[2], DETACH[0], DETACH[1], DETACH[2]],
        elements: &["attachments of AdministratorAccess"],
        stops: Stops::Nothing,
        identities: Identities::Touched,
    };
    type Facts = Facts;
    type Setting = Attachments;
    type Step = Step;
    type Client = Iam;

    async fn discover(client: &Iam, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        principal::discover(client, place, &Kind::ALL, from).await
    }

    async fn find(client: &Iam, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        principal::find(client, place, &Kind::ALL, id).await
    }

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<Facts, Attachments>, Fault> {
        let kind = Kind::of(target);
        let Some(policies) = principal::attached(&client.client, kind, &target.id).await? else {
            return Ok(Observed::Absent);
        };
        let setting = Attachments { kind, policies };
        let affected = |account: &Account| account.members(kind, &target.id);
        let account =
            if is_admin(&setting) { Some(authorization::account(client, target, affected).await?) } else { None };
        Ok(Observed::Present { facts: Facts { name: target.id.clone(), account }, setting })
    }

    async fn tags(client: &Iam, target: &Target) -> Result<Tags, Fault> {
        tags::of(client, target).await
    }

    fn judge(_: &Facts, setting: &Attachments, context: &Context<'_>) -> Verdict<Attachments> {
        if !is_admin(setting) {
            return Verdict::Compliant;
        }
        Verdict::Drifted(Drift {
            violations: vec![Violation::new("AdministratorAccess is attached")],
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

    fn steps(from: &Attachments, to: &Attachments) -> Route<Step> {
        attachments::steps(from, to)
    }

    fn rebase(before: &Attachments, after: &Attachments, now: &Attachments) -> Result<Attachments, Conflict> {
        Ok(attachments::rebase(before, after, now))
    }

    async fn perform(writer: &Writer<Iam>, target: &Target, step: &Step) -> Result<(), Fault> {
        step.write.perform(&writer.client().client, step.kind, &target.id).await
    }
}

fn is_admin(setting: &Attachments) -> bool {
    setting.policies.iter().any(|arn| is_administrator_access(arn))
}
