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
use remedy_aws::Reading as _;
use remedy_engine::prelude::*;
use remedy_kms::{GONE, Key, Keys, describe};

const STATUS: Call = Call::same("kms:GetKeyRotationStatus");
const ENABLE: Call = Call::same("kms:EnableKeyRotation");
const DISABLE: Call = Call::same("kms:DisableKeyRotation");
/// The period where none is given.
const DEFAULT_PERIOD: u32 = 365;

/// The control `kms-key-unrotated`.
#[derive(Debug)]
pub struct KeyUnrotated;

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

impl Setting for Rotation {
    const NAME: &'static str = "automatic rotation";
}

impl Put for Rotation {
    fn call(&self) -> Call {
        match self {
            Self::Off => DISABLE,
            Self::Every { .. } => ENABLE,
        }
    }
}

impl Remediation for KeyUnrotated {
    const CONTROL: Control = Control {
        id: ControlId("kms-key-unrotated"),
        title: "Customer-managed key does not rotate every year",
        hipaa: "164.312(a)(2)(iv)",
        config_rules: &["CMK_BACKING_KEY_ROTATION_ENABLED"],
        events: &["CreateKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation"],
        reads: &[&[STATUS]],
        writes: &[&[DISABLE, ENABLE]],
        deviates: &["rotation"],
        reasons: &[
            "managed-by-aws",
            "not-symmetric",
            "imported-material",
            "custom-key-store",
            "replica",
            "not-enabled",
        ],
        ..Control::of(Self::KIND)
    };
    type On = Key;
    type Facts = Option<Reason>;
    type Setting = Rotation;
    type Step = Whole<Rotation>;

    async fn observe(keys: &Keys, key: &Target) -> Result<Observed<Self::Facts, Rotation>, Fault> {
        let status = keys.get_key_rotation_status().key_id(&key.id).send();
        // Side by side: each answer takes as long as a round trip.
        let (metadata, status) = join(describe(keys, &key.id), status).await;
        let Some(metadata) = metadata? else { return Ok(Observed::Absent) };
        let obstacle = obstacle(&metadata);
        if obstacle.is_some() {
            // KMS may refuse to return the rotation of such a key, and it does not matter.
            return Ok(Observed::Present { facts: obstacle, setting: Rotation::Off });
        }
        let Some(answer) = STATUS.found(&GONE, status)? else { return Ok(Observed::Absent) };
        let period = answer.rotation_period_in_days().and_then(|days| u32::try_from(days).ok());
        let on = Rotation::Every { days: period.unwrap_or(DEFAULT_PERIOD) };
        let setting = if answer.key_rotation_enabled() { on } else { Rotation::Off };
        Ok(Observed::Present { facts: None, setting })
    }

    /// The facts say why KMS cannot rotate the key, if it cannot.
    fn judge(obstacle: &Self::Facts, rotation: &Rotation, context: &Context<'_>) -> Verdict<Rotation> {
        if let Some(obstacle) = obstacle {
            return Verdict::OutOfScope(obstacle.clone());
        }
        let allowed = context.parameters.kms_rotation_days;
        let violation = match rotation {
            Rotation::Every { days } if *days <= allowed => return Verdict::Compliant,
            Rotation::Every { days } => format!("the key rotates every {days} days, {allowed} are allowed"),
            Rotation::Off => "automatic rotation is off".to_owned(),
        };
        Verdict::Drifted(Drift {
            violations: vec![Violation::new("rotation", violation)],
            desired: Rotation::Every { days: allowed },
            consent: Consent::Auto,
            note: None,
        })
    }

    async fn perform(writer: &Writer<Keys>, key: &Target, Whole(rotation): &Whole<Rotation>) -> Result<(), Fault> {
        let keys = writer.client();
        match rotation {
            Rotation::Every { days } => {
                let days = i32::try_from(*days).map_err(|_| Fault::defect(ENABLE.operation, "period-out-of-range"))?;
                ENABLE.done(keys.enable_key_rotation().key_id(&key.id).rotation_period_in_days(days).send().await)
            }
            Rotation::Off => DISABLE.done(keys.disable_key_rotation().key_id(&key.id).send().await),
        }
    }
}

/// Why KMS cannot rotate this key, if it cannot.
fn obstacle(key: &KeyMetadata) -> Option<Reason> {
    let primary = key
        .multi_region_configuration()
        .is_none_or(|multi| multi.multi_region_key_type() != Some(&MultiRegionKeyType::Replica));
    let checks = [
        (
            key.key_manager() == Some(&KeyManagerType::Customer),
            Reason::new("managed-by-aws", "AWS manages this key and rotates it"),
        ),
        (
            key.key_spec() == Some(&KeySpec::SymmetricDefault),
            Reason::new("not-symmetric", "KMS rotates symmetric encryption keys only"),
        ),
        (
            key.origin() == Some(&OriginType::AwsKms),
            Reason::new("imported-material", "KMS rotates only material that it made itself"),
        ),
        (
            key.custom_key_store_id().is_none(),
            Reason::new("custom-key-store", "KMS does not rotate keys in a custom key store"),
        ),
        (primary, Reason::new("replica", "a replica follows its primary key")),
        (key.key_state() == Some(&KeyState::Enabled), Reason::new("not-enabled", "the key is not enabled")),
    ];
    checks.into_iter().find(|(fits, _)| !fits).map(|(_, obstacle)| obstacle)
}
