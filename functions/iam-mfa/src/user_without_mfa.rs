//! `iam-user-without-mfa`: a user who signs in to the console with a password alone.
//!
//! **What drifts.** The user has a console password and no MFA device; or has a device now, and Remedy's fence is still up.
//!
//! **Why it matters.** A guessed password is then enough to reach PHI: 45 CFR 164.312(d) (authentication),
//! 164.308(a)(3)(ii)(A), 164.308(a)(4)(ii)(B), 164.312(a)(1).
//!
//! **What we read.** The user, its MFA devices and the fence; without a device also whether it has a console password,
//! active access keys, SSH keys and service-specific credentials.
//!
//! **What we change.** One inline policy, `RemedyDenyWithoutMfa`: without MFA the user can only enrol a device. It is
//! removed once a device is active. While it is up, the user is contained, not compliant.
//!
//! **What we never touch.** Passwords, keys, devices, other policies, users without a console password.
//!
//! **Way back.** The inline policy is removed, or gets its old text.
//!
//! **When a person decides.** The user has credentials that programs use: the fence would stop them. The password must be
//! changed at the next sign-in: the fence would stop that. The console password is older than the notice period
//! (`mfa_new_user_days`): give the person notice first.

use aws_sdk_iam::{Client, types::StatusType};
use futures_util::future::join3;
use remedy_aws::{absent, fault};
use remedy_domain::{
    Call, Conflict, Consent, Context, Control, ControlId, Drift, Fault, Harm, Observed, Route, Scope, StopsDestruction,
    Target, Timestamp, Verdict, Violation, canonical, control::ApiEvent, merge,
};
use remedy_engine::{Page, Place, Remediation, Writer};
use serde_json::{Value, json};

use crate::{clients::Iam, fence};

const TYPE: &str = "AWS::IAM::User";
const IAM: &str = "iam.amazonaws.com";
const LIST: Call = Call::same("iam:ListUsers");
const USER: Call = Call::same("iam:GetUser");
const DEVICES: Call = Call::same("iam:ListMFADevices");
const FENCE: Call = Call::same("iam:GetUserPolicy");
const PROFILE: Call = Call::same("iam:GetLoginProfile");
const ACCESS_KEYS: Call = Call::same("iam:ListAccessKeys");
const SSH_KEYS: Call = Call::same("iam:ListSSHPublicKeys");
const SERVICE: Call = Call::same("iam:ListServiceSpecificCredentials");
const PUT: Call = Call::same("iam:PutUserPolicy");
const DELETE: Call = Call::same("iam:DeleteUserPolicy");
const NO_SUCH: [&str; 2] = ["NoSuchEntity", "NoSuchEntityException"];

/// The control `iam-user-without-mfa`.
#[derive(Debug)]
pub struct UserWithoutMfa;

/// What bears on fencing a user.
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
        /// What a fence would stop, besides the person.
        stops: Vec<&'static str>,
    },
}

/// The fence: the text of the inline policy, or none.
pub(crate) type Fence = Option<String>;

/// The writes of this control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Puts the fence up.
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
        resource_types: &[TYPE],
        scope: Scope::Global,
        api_events: &[
            ApiEvent::new(IAM, "CreateLoginProfile"),
            ApiEvent::new(IAM, "DeactivateMFADevice"),
            ApiEvent::new(IAM, "DeleteUserPolicy"),
            ApiEvent::new(IAM, "EnableMFADevice"),
            ApiEvent::new(IAM, "PutUserPolicy"),
        ],
        reads: &[LIST, USER, DEVICES, FENCE, PROFILE, ACCESS_KEYS, SSH_KEYS, SERVICE],
        writes: &[DELETE, PUT],
        elements: &["inline policy RemedyDenyWithoutMfa of a user"],
        stops_destruction: StopsDestruction::No,
    };
    type Facts = Facts;
    type Setting = Fence;
    type Step = Step;
    type Client = Iam;

    async fn discover(client: &Iam, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        let answer = client.0.list_users().max_items(1000).set_marker(from).send().await;
        let page = answer.map_err(|error| fault(LIST.operation, &error))?;
        let targets = page.users().iter().map(|user| target(place, user)).collect();
        let next = if page.is_truncated() { page.marker().map(str::to_owned) } else { None };
        Ok(Page { targets, next })
    }

    /// By unique id, name or ARN. A user may be named like another's id, so all are looked at.
    async fn find(client: &Iam, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let page = Self::discover(client, place, from).await?;
            let called = |target: &Target| {
                [Some(&target.id), target.unique_id.as_ref(), target.arn.as_ref()].contains(&Some(&id.to_owned()))
            };
            found.extend(page.targets.into_iter().filter(called));
            from = page.next;
            if from.is_none() {
                return Ok(found);
            }
        }
    }

    async fn observe(client: &Iam, target: &Target) -> Result<Observed<Facts, Fence>, Fault> {
        // Side by side: each answer takes as long as a round trip.
        let (user, fence, enrolled) = join3(
            client.0.get_user().user_name(&target.id).send(),
            standing_fence(&client.0, &target.id),
            has_device(&client.0, &target.id),
        )
        .await;
        let user = match user {
            Ok(answer) => answer.user,
            Err(error) if absent(&error, &NO_SUCH) => None,
            Err(error) => return Err(fault(USER.operation, &error)),
        };
        let same_user = user.filter(|user| target.unique_id.as_deref().is_none_or(|id| id == user.user_id()));
        let Some(user) = same_user else { return Ok(Observed::Absent) };
        let setting = fence?;
        let facts = if enrolled? { Facts::WithMfa } else { facts(&client.0, &user).await? };
        Ok(Observed::Present { facts, setting })
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

/// What a fence would stop besides the person asks for one; so does a password that is no longer new.
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

fn target(place: &Place, user: &aws_sdk_iam::types::User) -> Target {
    Target {
        account: place.account.clone(),
        region: place.region.clone(),
        resource_type: TYPE.to_owned(),
        id: user.user_name().to_owned(),
        unique_id: Some(user.user_id().to_owned()),
        arn: Some(user.arn().to_owned()),
    }
}

async fn standing_fence(client: &Client, name: &str) -> Result<Fence, Fault> {
    match client.get_user_policy().user_name(name).policy_name(fence::NAME).send().await {
        Ok(answer) => Ok(Some(fence::decoded(answer.policy_document()))),
        Err(error) if absent(&error, &NO_SUCH) => Ok(None),
        Err(error) => Err(fault(FENCE.operation, &error)),
    }
}

async fn has_device(client: &Client, name: &str) -> Result<bool, Fault> {
    let devices = client.list_mfa_devices().user_name(name).send().await;
    devices.map(|answer| !answer.mfa_devices().is_empty()).map_err(|error| fault(DEVICES.operation, &error))
}

/// What bears on fencing a user without a device.
async fn facts(client: &Client, user: &aws_sdk_iam::types::User) -> Result<Facts, Fault> {
    let name = user.user_name();
    let profile = match client.get_login_profile().user_name(name).send().await {
        Ok(answer) => answer.login_profile,
        Err(error) if absent(&error, &NO_SUCH) => None,
        Err(error) => return Err(fault(PROFILE.operation, &error)),
    };
    let Some(profile) = profile else { return Ok(Facts::WithoutConsole) };
    let mut stops = programs(client, name).await?;
    if profile.password_reset_required() {
        stops.push("the password change that is due at the next sign-in");
    }
    let since = Timestamp::from_second(profile.create_date().secs()).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Facts::PasswordAlone { arn: user.arn().to_owned(), name: name.to_owned(), since, stops })
}

/// The credentials that programs use. A user has a handful of each: the first page holds them all.
async fn programs(client: &Client, name: &str) -> Result<Vec<&'static str>, Fault> {
    let (keys, ssh, service) = join3(
        client.list_access_keys().user_name(name).send(),
        client.list_ssh_public_keys().user_name(name).send(),
        client.list_service_specific_credentials().user_name(name).send(),
    )
    .await;
    let keys = keys.map_err(|error| fault(ACCESS_KEYS.operation, &error))?;
    let ssh = ssh.map_err(|error| fault(SSH_KEYS.operation, &error))?;
    let service = service.map_err(|error| fault(SERVICE.operation, &error))?;
    let found = [
        (keys.access_key_metadata().iter().any(|key| key.status() == Some(&StatusType::Active)), "active access keys"),
        (ssh.ssh_public_keys().iter().any(|key| key.status() == &StatusType::Active), "SSH keys"),
        (
            service.service_specific_credentials().iter().any(|credential| credential.status() == &StatusType::Active),
            "service-specific credentials",
        ),
    ];
    Ok(found.iter().filter(|(active, _)| *active).map(|(_, what)| *what).collect())
}
