//! `iam-user-without-mfa`: a user who signs in to the console with a password alone.
//!
//! **What drifts.** The user has a console password and no MFA device; or has one now, and the MFA-deny policy is still
//! there.
//!
//! **Why it matters.** A guessed password is then enough to reach PHI: 45 CFR 164.312(d) (authentication),
//! 164.308(a)(3)(ii)(A), 164.308(a)(4)(ii)(B), 164.312(a)(1).
//!
//! **What we read.** The user's MFA devices, its attached policies, the names of its inline policies, and the inline MFA-deny
//! policy of earlier versions, if there is one; without a device also the user itself, whether it has a console password,
//! active access keys, SSH keys and service-specific credentials, and the default version of the MFA-deny policy; if ten
//! policies are attached to the user, the account's quota; on drift, its tags.
//!
//! **What we change.** The managed policy `<stack>-iam-mfa-deny`, which the template makes, is attached to the user: without
//! MFA the user can only enrol a device. It is detached once a device is active, and so is the inline policy
//! `RemedyDenyWithoutMfa` with the same content, which earlier versions wrote, deleted. Until then, the user is contained,
//! not compliant.
//!
//! **What we never touch.** Passwords, keys, devices, other policies, the MFA-deny policy itself, users without a console
//! password. An inline policy under the name `RemedyDenyWithoutMfa` that says something else is left to
//! `iam-inline-policy`.
//!
//! **What may break.** The user's console session and programs with the user's own credentials are denied everything
//! until a device is enrolled and they sign in with it. Roles that the user has assumed before last as long as their
//! sessions.
//!
//! **Way back.** The managed policy is detached, or attached again. The inline policy of earlier versions is not written
//! again: the managed one is attached in its place.
//!
//! **When a person decides.** The user has credentials that programs use: the MFA-deny policy would stop them. The
//! password must be changed at the next sign-in: the policy would stop that. The console password is older than the
//! notice period (`mfa_new_user_days`): give the person notice first. The MFA-deny policy is missing or does not say
//! exactly what the template says, or the user has no room for another managed policy: nothing is attached.

use remedy_aws::Reading as _;
use remedy_domain::Timestamp;
use remedy_engine::prelude::*;
use remedy_iam::{NO_SUCH, User};

use crate::{
    clients::IamAndDeny,
    fence::{self, ATTACH, DELETE, DETACH, Fence, Step},
    policy,
    user::{self, Facts},
};

/// The control `iam-user-without-mfa`.
#[derive(Debug)]
pub struct UserWithoutMfa;

impl Remediation for UserWithoutMfa {
    const CONTROL: Control = Control {
        id: ControlId("iam-user-without-mfa"),
        title: "Console user without MFA",
        hipaa: "164.308(a)(3)(ii)(A), (4)(ii)(B); 164.312(a)(1), (d)",
        config_rules: &["IAM_USER_MFA_ENABLED", "MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS"],
        events: &[
            "AttachUserPolicy",
            "CreateLoginProfile",
            "DeactivateMFADevice",
            "DeleteUserPolicy",
            "DetachUserPolicy",
            "EnableMFADevice",
            "PutUserPolicy",
        ],
        reads: &[&user::READS],
        writes: &[&[ATTACH, DELETE, DETACH]],
        elements: &["attachment of the MFA-deny policy to a user", "inline policy RemedyDenyWithoutMfa of a user"],
        deviates: &["mfa", "deny-policy"],
        reasons: &[
            "no-console-password",
            "deny-policy-missing",
            "deny-policy-changed",
            "no-room",
            "stops-programs",
            "old-password",
            "can-only-enrol",
            "enrolled",
        ],
        ..Control::of(Self::KIND)
    };
    type On = User<IamAndDeny>;
    type Facts = Facts;
    type Setting = Fence;
    type Step = Step;

    async fn observe(client: &IamAndDeny, target: &Target) -> Result<Observed<Facts, Fence>, Fault> {
        Box::pin(user::observe(client, target)).await
    }

    fn judge(facts: &Facts, fence: &Fence, context: &Context<'_>) -> Verdict<Fence> {
        match facts {
            Facts::WithMfa if !fence.is_up() => Verdict::Compliant,
            Facts::WithMfa => Verdict::Drifted(Drift {
                violations: vec![Violation::new("deny-policy", "an MFA device is active and the fence is still up")],
                desired: Fence::DOWN,
                consent: Consent::Auto,
                note: Some(Reason::new("enrolled", "an MFA device is active, the fence is down")),
            }),
            Facts::WithoutConsole => {
                Verdict::OutOfScope(Reason::new("no-console-password", "the user has no console password"))
            }
            Facts::PasswordAlone { since, stops, hindrance } => {
                let violations = vec![Violation::new("mfa", "the user signs in with a password alone")];
                if fence.inline.is_some() || (fence.attached && hindrance.is_none()) {
                    return Verdict::Contained(violations);
                }
                if let Some(reason) = hindrance {
                    return Verdict::NeedsHuman { violations, reason: reason.clone() };
                }
                let note = "the user can only enrol an MFA device until one is active";
                let note = Some(Reason::new("can-only-enrol", note));
                let consent = consent(*since, stops, context);
                Verdict::Drifted(Drift { violations, desired: Fence::ATTACHED, consent, note })
            }
        }
    }

    /// An undo attaches only what a repair would attach.
    async fn hindrance(
        client: &IamAndDeny,
        target: &Target,
        from: &Fence,
        to: &Fence,
    ) -> Result<Option<Reason>, Fault> {
        if from.is_up() || !to.is_up() { Ok(None) } else { Box::pin(user::hindrance(client, target)).await }
    }

    async fn perform(writer: &Writer<IamAndDeny>, target: &Target, step: &Step) -> Result<(), Fault> {
        let iam = writer.client();
        let (client, name, user_arn) = (&iam.client, target.id.as_str(), target.arn.as_deref().unwrap_or_default());
        let deny = fence::arn_beside(user_arn, &iam.policy);
        let deny = deny.ok_or_else(|| Fault::defect(ATTACH.operation, "arn-of-no-user"))?;
        match step {
            Step::Attach => {
                if !iam.is_deployed {
                    policy::make(iam, user_arn).await?;
                }
                ATTACH.done(client.attach_user_policy().user_name(name).policy_arn(deny).send().await)
            }
            Step::Detach => {
                let sent = client.detach_user_policy().user_name(name).policy_arn(deny).send().await;
                DETACH.found(&NO_SUCH, sent).map(|_| ())
            }
            Step::DeleteInline => {
                let sent = client.delete_user_policy().user_name(name).policy_name(fence::NAME).send().await;
                DELETE.found(&NO_SUCH, sent).map(|_| ())
            }
        }
    }
}

/// If the MFA-deny policy would stop more than the person, it asks; a password that is no longer new asks, too.
fn consent(since: Timestamp, stops: &[&'static str], context: &Context<'_>) -> Consent {
    if !stops.is_empty() {
        return Consent::ask("stops-programs", format!("the fence would also stop: {}", stops.join(", ")));
    }
    let days = context.now.duration_since(since).as_hours() / 24;
    if days < i64::from(context.parameters.mfa_new_user_days) {
        return Consent::Auto;
    }
    Consent::ask("old-password", format!("the user has had this password for {days} days: give notice first"))
}
