//! `kms-key-unrotated`: a key whose material does not rotate every year.
//!
//! **What drifts.** Automatic rotation is off, or its period is longer than the organisation allows (365 days).
//!
//! **Why it matters.** 45 CFR 164.312(a)(2)(iv) (encryption and decryption): old key material protects ever more PHI.
//!
//! **What we read.** What kind of key it is, whether it rotates and how often; on drift, its tags.
//!
//! **What we change.** `EnableKeyRotation` with the allowed period. Old key material is kept by KMS: nothing becomes
//! unreadable.
//!
//! **What we never touch.** Keys that AWS manages, asymmetric and HMAC keys, imported material, custom key stores,
//! replicas, keys that are not enabled: KMS cannot rotate them, so they are out of scope, never an error. A shorter
//! period stays.
//!
//! **What may break.** Nothing: KMS keeps old key material and decrypts with it. Each of the first two rotations costs
//! a dollar a month more.
//!
//! **Way back.** Rotation is disabled again, or gets its old period.
//!
//! **When a person decides.** Never: nothing is disrupted.
//!
//! Source: AWS KMS Developer Guide, "Rotate AWS KMS keys": symmetric encryption keys with material that KMS made; the
//! period is 90 to 2560 days, 365 where none is given; of a multi-Region key the primary is set.

use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeySpec, KeyState, MultiRegionKeyType, OriginType};
use futures_util::future::join;
use remedy_aws::{fault, found};
use remedy_domain::{
    Call, Conflict, Consent, Context, Control, ControlId, Drift, Fault, Harm, Identities, Observed, Route, Scope,
    Stops, Target, Verdict, Violation, control::ApiEvent, merge,
};
use remedy_engine::{Page, Place, Remediation, Tags, Writer};
use serde::{Deserialize, Serialize};

use crate::{
    clients::Keys,
    key::{self, DESCRIBE, LIST, TAGS},
};

const STATUS: Call = Call::same("kms:GetKeyRotationStatus");
const ENABLE: Call = Call::same("kms:EnableKeyRotation");
const DISABLE: Call = Call::same("kms:DisableKeyRotation");
const KMS: &str = "kms.amazonaws.com";
/// The period where none is given.
const DEFAULT_PERIOD: u32 = 365;

/// The control `kms-key-unrotated`.
#[derive(Debug)]
pub struct KeyUnrotated;

/// Why KMS cannot rotate the key, if it cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind(pub Option<&'static str>);

/// Automatic rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rotation {
    /// It is off.
    Off,
    /// It is on.
    Every {
        /// How often.
        days: u32,
    },
}

/// The writes of this control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Turns rotation on, with a period.
    EnableKeyRotation {
        /// The period.
        days: u32,
    },
    /// Turns rotation off.
    DisableKeyRotation,
}

impl remedy_domain::Step for Step {
    fn call(&self) -> Call {
        match self {
            Self::EnableKeyRotation { .. } => ENABLE,
            Self::DisableKeyRotation => DISABLE,
        }
    }

    fn harm(&self) -> Harm {
        Harm::None
    }
}

impl Remediation for KeyUnrotated {
    const CONTROL: Control = Control {
        id: ControlId("kms-key-unrotated"),
        title: "Customer-managed key does not rotate every year",
        hipaa: &["164.312(a)(2)(iv)"],
        config_rules: &["CMK_BACKING_KEY_ROTATION_ENABLED"],
        resource_types: &[key::TYPE],
        scope: Scope::Regional,
        api_events: &[
            ApiEvent::new(KMS, "CreateKey"),
            ApiEvent::new(KMS, "DisableKeyRotation"),
            ApiEvent::new(KMS, "EnableKey"),
            ApiEvent::new(KMS, "EnableKeyRotation"),
        ],
        reads: &[DESCRIBE, STATUS, LIST, TAGS],
        writes: &[DISABLE, ENABLE],
        elements: &[],
        stops: Stops::Nothing,
        identities: Identities::Untouched,
    };
    type Facts = Kind;
    type Setting = Rotation;
    type Step = Step;
    type Client = Keys;

    async fn discover(client: &Keys, place: &Place, from: Option<String>) -> Result<Page, Fault> {
        key::discover(client, place, from).await
    }

    async fn find(client: &Keys, place: &Place, id: &str) -> Result<Vec<Target>, Fault> {
        key::find(client, place, id).await
    }

    async fn observe(client: &Keys, target: &Target) -> Result<Observed<Kind, Rotation>, Fault> {
        let status = client.0.get_key_rotation_status().key_id(&target.id).send();
        // Side by side: each answer takes as long as a round trip.
        let (metadata, status) = join(key::describe(client, &target.id), status).await;
        let Some(metadata) = metadata? else { return Ok(Observed::Absent) };
        let obstacle = obstacle(&metadata);
        if obstacle.is_some() {
            // KMS may refuse to return the rotation of such a key, and it does not matter.
            return Ok(Observed::Present { facts: Kind(obstacle), setting: Rotation::Off });
        }
        let Some(answer) = found(STATUS.operation, &key::GONE, status)? else { return Ok(Observed::Absent) };
        let period = answer.rotation_period_in_days().and_then(|days| u32::try_from(days).ok());
        let on = Rotation::Every { days: period.unwrap_or(DEFAULT_PERIOD) };
        let setting = if answer.key_rotation_enabled() { on } else { Rotation::Off };
        Ok(Observed::Present { facts: Kind(None), setting })
    }

    async fn tags(client: &Keys, target: &Target) -> Result<Tags, Fault> {
        key::tags(client, &target.id).await
    }

    fn judge(Kind(obstacle): &Kind, rotation: &Rotation, context: &Context<'_>) -> Verdict<Rotation> {
        if let Some(obstacle) = obstacle {
            return Verdict::OutOfScope((*obstacle).to_owned());
        }
        let allowed = context.parameters.kms_rotation_days;
        let violation = match rotation {
            Rotation::Every { days } if *days <= allowed => return Verdict::Compliant,
            Rotation::Every { days } => format!("the key rotates every {days} days, {allowed} are allowed"),
            Rotation::Off => "automatic rotation is off".to_owned(),
        };
        Verdict::Drifted(Drift {
            violations: vec![Violation::new(violation)],
            desired: Rotation::Every { days: allowed },
            consent: Consent::Auto,
            note: None,
        })
    }

    fn steps(from: &Rotation, to: &Rotation) -> Route<Step> {
        Route::of(match to {
            _ if from == to => vec![],
            Rotation::Every { days } => vec![Step::EnableKeyRotation { days: *days }],
            Rotation::Off => vec![Step::DisableKeyRotation],
        })
    }

    fn rebase(before: &Rotation, after: &Rotation, now: &Rotation) -> Result<Rotation, Conflict> {
        merge("automatic rotation", before, after, now)
    }

    async fn perform(writer: &Writer<Keys>, target: &Target, step: &Step) -> Result<(), Fault> {
        let client = &writer.client().0;
        match step {
            Step::EnableKeyRotation { days } => {
                let period =
                    i32::try_from(*days).map_err(|_| Fault::defect(ENABLE.operation, "period-out-of-range"))?;
                let request = client.enable_key_rotation().key_id(&target.id).rotation_period_in_days(period);
                request.send().await.map(|_| ()).map_err(|error| fault(ENABLE.operation, &error))
            }
            Step::DisableKeyRotation => {
                let sent = client.disable_key_rotation().key_id(&target.id).send().await;
                sent.map(|_| ()).map_err(|error| fault(DISABLE.operation, &error))
            }
        }
    }
}

/// Why KMS cannot rotate this key, if it cannot.
fn obstacle(key: &KeyMetadata) -> Option<&'static str> {
    let primary = key
        .multi_region_configuration()
        .is_none_or(|multi| multi.multi_region_key_type() != Some(&MultiRegionKeyType::Replica));
    let checks = [
        (key.key_manager() == Some(&KeyManagerType::Customer), "AWS manages this key and rotates it"),
        (key.key_spec() == Some(&KeySpec::SymmetricDefault), "KMS rotates symmetric encryption keys only"),
        (key.origin() == Some(&OriginType::AwsKms), "KMS rotates only material that it made itself"),
        (key.custom_key_store_id().is_none(), "KMS does not rotate keys in a custom key store"),
        (primary, "a replica follows its primary key"),
        (key.key_state() == Some(&KeyState::Enabled), "the key is not enabled"),
    ];
    checks.iter().find(|(fits, _)| !fits).map(|(_, obstacle)| *obstacle)
}
