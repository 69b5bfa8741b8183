//! `iam-user-without-mfa`: a user who signs in to the console with a password alone.
//!
//! **What drifts.** The user has a console password and no MFA device; or has one now, and the MFA-deny policy is still
//! there.
//!
//! **Why it matters.** A guessed password is then enough to reach PHI: 45 CFR 164.312(d) (authentication),
//! 164.308(a)(3)(ii)(A), 164.308(a)(4)(ii)(B), 164.312(a)(1).
//!
//! **What we read.** The user, its MFA devices and the MFA-deny policy; without a device also whether it has a console
//! password, active access keys, SSH keys and service-specific credentials; on drift, its tags.
//!
//! **What we change.** One inline policy, `RemedyDenyWithoutMfa`: without MFA the user can only enrol a device. It is
//! removed once a device is active. Until then, the user is contained, not compliant.
//!
//! **What we never touch.** Passwords, keys, devices, other policies, users without a console password.
//!
//! **What may break.** The user's console session and programs with the user's own credentials are denied everything
//! until a device is enrolled and they sign in with it. Roles that the user has assumed before last as long as their
//! sessions.
//!
//! **Way back.** The inline policy is removed, or gets its old text.
//!
//! **When a person decides.** The user has credentials that programs use: the MFA-deny policy would stop them. The
//! password must be changed at the next sign-in: the policy would stop that. The console password is older than the
//! notice period (`mfa_new_user_days`): give the person notice first.

use remedy_aws::{absent, fault};
use remedy_domain::{
    Call, Conflict, Consent, Context, Control, ControlId, Drift, Fault, Harm, Identities, Observed, Route, Scope,
    Stops, Target, Timestamp, Verdict, Violation, canonical, control::ApiEvent, merge,
};
use remedy_engine::{Page, Place, Remediation, Tags, Writer};
use serde_json::{Value, json};

use crate::{
    clients::Iam,
    fence,
    user::{self, NO_SUCH},
};

const IAM: &str = "iam.amazonaws.com";
const PUT: Call = Call::same("iam:PutUserPolicy");
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
        /// The user's ARN.
        arn: String,
        /// The user's name.
        name: String,
        /// Since when it has the password.
        since: Timestamp,
        /// The things, besides the person, that the MFA-deny policy would stop.
        stops: Vec<&'static str>,
    },
}

/// The MFA-deny policy: the text of the inline policy, or none.
pub(crate) type Fence = Option<String>;

/// The writes of this control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Puts the MFA-deny policy.
    PutUserPolicy(String),
    /// Takes it down.
    DeleteUserPolicy,
}

impl remedy_domain::Step for Step {
    fn call(&self) -> Call {
        match self {
            Self::PutUserPolicy(_) => PUT,
            Self::DeleteUserPolicy => DELETE,
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
            ApiEvent::new(IAM, "CreateLoginProfile"),
            ApiEvent::new(IAM, "DeactivateMFADevice"),
            ApiEvent::new(IAM, "DeleteUserPolicy"),
            ApiEvent::new(IAM, "EnableMFADevice"),
            ApiEvent::new(IAM, "PutUserPolicy"),
        ],
        reads: &user::READS,
        writes: &[DELETE, PUT],
        elements: &["inline policy RemedyDenyWithoutMfa of a user"],
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
        user::observe(&client.0, target).await
    }

    async fn tags(client: &Iam, target: &Target) -> Result<Tags, Fault> {
        user::tags(&client.0, target).await
    }

    fn judge(facts: &Facts, fence: &Fence, context: &Context<'_>) -> Verdict<Fence> {
        match facts {
            Facts::WithMfa if fence.is_none() => Verdict::Compliant,
            Facts::WithMfa => Verdict::Drifted(Drift {
                violations: vec![Violation::new("an MFA device is active and the fence is still up")],
                desired: None,
                consent: Consent::Auto,
                note: Some("an MFA device is active, the fence is down".to_owned()),
            }),
            Facts::WithoutConsole => Verdict::OutOfScope("the user has no console password".to_owned()),
            Facts::PasswordAlone { arn, name, since, stops } => {
                let wanted = fence::document(arn, name);
                let violations = vec![Violation::new("the user signs in with a password alone")];
                if fence.as_deref().is_some_and(|standing| fence::same(standing, &wanted)) {
                    return Verdict::Contained(violations);
                }
                let note = Some("the user can only enrol an MFA device until one is active".to_owned());
                let consent = consent(*since, stops, context);
                Verdict::Drifted(Drift { violations, desired: Some(wanted), consent, note })
            }
        }
    }

    fn steps(from: &Fence, to: &Fence) -> Route<Step> {
        Route::of(match to {
            _ if Self::agrees(from, to) => vec![],
            Some(document) => vec![Step::PutUserPolicy(document.clone())],
            None => vec![Step::DeleteUserPolicy],
        })
    }

    fn rebase(before: &Fence, after: &Fence, now: &Fence) -> Result<Fence, Conflict> {
        let as_before = if Self::agrees(now, before) { before } else { now };
        merge("the inline policy RemedyDenyWithoutMfa", before, after, as_before)
    }

    fn agrees(a: &Fence, b: &Fence) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => fence::same(a, b),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    fn show(fence: &Fence) -> Value {
        fence.as_ref().map_or(
            Value::Null,
            |document| json!({"inline_policy": fence::NAME, "sha256": canonical::sha256_hex(document.as_bytes())}),
        )
    }

    async fn perform(writer: &Writer<Iam>, target: &Target, step: &Step) -> Result<(), Fault> {
        let client = &writer.client().0;
        match step {
            Step::PutUserPolicy(document) => {
                let request = client.put_user_policy().user_name(&target.id).policy_name(fence::NAME);
                let sent = request.policy_document(document).send().await;
                sent.map(|_| ()).map_err(|error| fault(PUT.operation, &error))
            }
            Step::DeleteUserPolicy => {
                match client.delete_user_policy().user_name(&target.id).policy_name(fence::NAME).send().await {
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
