//! `iam-user-without-mfa`: a user who signs in to the console with a password alone.
//!
//! **What drifts.** The user has a console password and no MFA device; or has one now, and the MFA-deny policy is still
//! there.
//!
//! **Why it matters.** A guessed password is then enough to reach PHI: 45 CFR 164.312(d) (authentication),
//! 164.308(a)(3)(ii)(A), 164.308(a)(4)(ii)(B), 164.312(a)(1).
//!
//! **What we read.** The user, its MFA devices, its attached policies and the inline MFA-deny policy of earlier versions;
//! without a device also whether it has a console password, active access keys, SSH keys and service-specific
//! credentials, and the default version of the MFA-deny policy; if ten policies are attached to the user, the account's
//! quota; on drift, its tags.
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

use remedy_aws::{absent, fault};
use remedy_domain::{
    Call, Conflict, Consent, Context, Control, ControlId, Drift, Fault, Harm, Identities, Observed, Route, Scope,
    Stops, Target, Timestamp, Verdict, Violation, control::ApiEvent,
};
use remedy_engine::{Page, Place, Remediation, Tags, Writer};
use serde_json::Value;

use crate::{
    clients::Iam,
    fence::{self, Fence},
    policy,
    user::{self, NO_SUCH},
};

const IAM: &str = "iam.amazonaws.com";
const ATTACH: Call = Call::same("iam:AttachUserPolicy");
const DETACH: Call = Call::same("iam:DetachUserPolicy");
const DELETE: Call = Call::same("iam:DeleteUserPolicy");

/// The control `iam-user-without-mfa`.
#[derive(Debug)]
pub struct UserWithoutMfa;

/// Facts that affect the MFA-deny policy of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Facts {
    /// An MFA device is active. Nothing else matters.
    WithMfa,
    /// The user has no console password. Nothing else matters.
    WithoutConsole,
    /// The user signs in with a password alone.
    PasswordAlone {
        /// Since when it has the password.
        since: Timestamp,
        /// The things, besides the person, that the MFA-deny policy would stop.
        stops: Vec<&'static str>,
        /// Why the managed MFA-deny policy does not protect the user, or could not be attached.
        hindrance: Option<String>,
    },
}

/// The writes of this control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Attaches the MFA-deny policy.
    Attach,
    /// Takes it off.
    Detach,
    /// Deletes the inline MFA-deny policy of earlier versions.
    DeleteInline,
}

impl remedy_domain::Step for Step {
    fn call(&self) -> Call {
        match self {
            Self::Attach => ATTACH,
            Self::Detach => DETACH,
            Self::DeleteInline => DELETE,
        }
    }

    fn harm(&self) -> Harm {
        Harm::None
    }
}

impl Remediation for UserWithoutMfa {
    const CONTROL: Control = Control {
        id: ControlId("iam-user-without-mfa"),
        title: "Console user without MFA",
        hipaa: &["164.308(a)(3)(ii)(A)", "164.308(a)(4)(ii)(B)", "164.312(a)(1)", "164.312(d)"],
        config_rules: &["IAM_USER_MFA_ENABLED", "MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS"],
        resource_types: &[user::TYPE],
        scope: Scope::Global,
        api_events: &[
            ApiEvent::new(IAM, "AttachUserPolicy"),
            ApiEvent::new(IAM, "CreateLoginProfile"),
            ApiEvent::new(IAM, "DeactivateMFADevice"),
            ApiEvent::new(IAM, "DeleteUserPolicy"),
            ApiEvent::new(IAM, "DetachUserPolicy"),
            ApiEvent::new(IAM, "EnableMFADevice"),
            ApiEvent::new(IAM, "PutUserPolicy"),
        ],
        reads: &user::READS,
        writes: &[ATTACH, DELETE, DETACH],
        elements: &["attachment of the MFA-deny policy to a user", "inline policy RemedyDenyWithoutMfa of a user"],
        stops: Stops::Nothing,
        identities: Identities::Touched,
    };
    type Facts = Facts;
    type Setting = Fence;
    type Step = Step;
    type Client = Iam;

    async fn discover(client: &Iam, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        user::discover(client, place, from).await
    }

    async fn find(client: &Iam, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        user::find(client, place, id).await
    }

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<Facts, Fence>, Fault> {
        Box::pin(user::observe(client, target)).await
    }

    async fn tags(client: &Iam, target: &Target) -> Result<Tags, Fault> {
        user::tags(&client.client, target).await
    }

    fn judge(facts: &Facts, fence: &Fence, context: &Context<'_>) -> Verdict<Fence> {
        match facts {
            Facts::WithMfa if !fence.is_up() => Verdict::Compliant,
            Facts::WithMfa => Verdict::Drifted(Drift {
                violations: vec![Violation::new("an MFA device is active and the fence is still up")],
                desired: Fence::DOWN,
                consent: Consent::Auto,
                note: Some("an MFA device is active, the fence is down".to_owned()),
            }),
            Facts::WithoutConsole => Verdict::OutOfScope("the user has no console password".to_owned()),
            Facts::PasswordAlone { since, stops, hindrance } => {
                let violations = vec![Violation::new("the user signs in with a password alone")];
                if fence.inline.is_some() || (fence.attached && hindrance.is_none()) {
                    return Verdict::Contained(violations);
                }
                if let Some(reason) = hindrance {
                    return Verdict::NeedsHuman { violations, reason: reason.clone() };
                }
                let note = Some("the user can only enrol an MFA device until one is active".to_owned());
                let consent = consent(*since, stops, context);
                Verdict::Drifted(Drift { violations, desired: Fence::ATTACHED, consent, note })
            }
        }
    }

    fn steps(from: &Fence, to: &Fence) -> Route<Step> {
        from.steps_to(to)
    }

    fn rebase(before: &Fence, after: &Fence, now: &Fence) -> Result<Fence, Conflict> {
        now.rebased(before, after)
    }

    /// An undo attaches only what a repair would attach.
    async fn hindrance(client: &Iam, target: &Target, from: &Fence, to: &Fence) -> Result<Option<String>, Fault> {
        if from.is_up() || !to.is_up() { Ok(None) } else { Box::pin(user::hindrance(client, target)).await }
    }

    fn agrees(a: &Fence, b: &Fence) -> bool {
        a.agrees(b)
    }

    fn show(fence: &Fence) -> Value {
        fence.show()
    }

    async fn perform(writer: &Writer<Iam>, target: &Target, step: &Step) -> Result<(), Fault> {
        let iam @ Iam { client, policy: deny, .. } = writer.client();
        let (name, user_arn) = (target.id.as_str(), target.arn.as_deref().unwrap_or_default());
        let arn = || fence::arn_beside(user_arn, deny).ok_or_else(|| Fault::defect(ATTACH.operation, "arn-of-no-user"));
        match step {
            Step::Attach => {
                if !iam.is_deployed {
                    policy::make(iam, user_arn).await?;
                }
                let sent = client.attach_user_policy().user_name(name).policy_arn(arn()?).send().await;
                sent.map(|_| ()).map_err(|error| fault(ATTACH.operation, &error))
            }
            Step::Detach => match client.detach_user_policy().user_name(name).policy_arn(arn()?).send().await {
                Err(error) if !absent(&error, &NO_SUCH) => Err(fault(DETACH.operation, &error)),
                _ => Ok(()),
            },
            Step::DeleteInline => {
                match client.delete_user_policy().user_name(name).policy_name(fence::NAME).send().await {
                    Err(error) if !absent(&error, &NO_SUCH) => Err(fault(DELETE.operation, &error)),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// If the MFA-deny policy would stop more than the person, it asks; a password that is no longer new asks, too.
fn consent(since: Timestamp, stops: &[&'static str], context: &Context<'_>) -> Consent {
    if !stops.is_empty() {
        return Consent::Ask(format!("the fence would also stop: {}", stops.join(", ")));
    }
    let days = context.now.duration_since(since).as_hours() / 24;
    if days < i64::from(context.parameters.mfa_new_user_days) {
        return Consent::Auto;
    }
    Consent::Ask(format!("the user has had this password for {days} days: give notice first"))
}
