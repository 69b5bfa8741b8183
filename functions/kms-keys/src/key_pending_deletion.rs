//! `kms-key-pending-deletion`: a key that is scheduled for deletion.
//!
//! **What drifts.** The key is pending deletion. When the waiting period ends (7 to 30 days), everything it encrypted is
//! unreadable for ever.
//!
//! **Why it matters.** 45 CFR 164.308(a)(7)(i) (contingency plan), 164.312(a)(2)(ii) (emergency access): PHI that
//! nobody can read is lost.
//!
//! **What we read.** The key's description from KMS; on drift, its tags.
//!
//! **What we change.** `CancelKeyDeletion`. The key is disabled afterwards, as KMS leaves it; a person is notified.
//!
//! **What we never touch.** Whether the key is enabled; keys that AWS manages.
//!
//! **What may break.** Nothing. The key stays disabled, as it was: its users fail until a person enables it.
//!
//! **Way back.** None: scheduling the deletion again would destroy data, so such an undo is refused.
//!
//! **When a person decides.** Never before: it stops destruction, and waiting would be the harm. After: whether to enable
//! the key again, or to retire it for good.
//!
//! Source: AWS KMS Developer Guide, "Deleting AWS KMS keys".

use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeyState};
use remedy_aws::Reading as _;
use remedy_engine::prelude::*;
use remedy_kms::{Key, Keys, describe};

const CANCEL: Call = Call::same("kms:CancelKeyDeletion");
const SCHEDULE: Call = Call::same("kms:ScheduleKeyDeletion");

/// The control `kms-key-pending-deletion`.
#[derive(Debug)]
pub struct KeyPendingDeletion;

/// The manager of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// AWS.
    Aws,
    /// The customer.
    Customer,
}

/// The wanted state of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    /// It is in use.
    Enabled,
    /// It exists, but cannot be used.
    Disabled,
    /// It will be deleted.
    PendingDeletion,
    /// Something else: being made, waiting for material, unavailable.
    Other,
}

/// The writes of this control. There is one: what would schedule a deletion is derived only to be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Keeps the key. It is disabled afterwards.
    CancelKeyDeletion,
    /// Would schedule its deletion again. Never carried out: its harm is data loss.
    ScheduleKeyDeletion,
}

impl Setting for Life {
    const NAME: &'static str = "the state of the key";
}

impl remedy_domain::Step for Step {
    type Setting = Life;

    fn call(&self) -> Call {
        match self {
            Self::CancelKeyDeletion => CANCEL,
            Self::ScheduleKeyDeletion => SCHEDULE,
        }
    }

    fn harm(&self) -> Harm {
        match self {
            Self::CancelKeyDeletion => Harm::None,
            Self::ScheduleKeyDeletion => Harm::DataLoss,
        }
    }

    fn route(from: &Life, to: &Life) -> Route<Self> {
        let beyond = |what: &str| Route { steps: vec![], lost: vec![what.to_owned()] };
        match (from, to) {
            _ if from == to => Route::of(vec![]),
            (Life::PendingDeletion, Life::Disabled) => Route::of(vec![Self::CancelKeyDeletion]),
            (_, Life::PendingDeletion) => Route::of(vec![Self::ScheduleKeyDeletion]),
            _ => beyond("whether the key is enabled"),
        }
    }
}

impl Remediation for KeyPendingDeletion {
    const CONTROL: Control = Control {
        id: ControlId("kms-key-pending-deletion"),
        title: "Key scheduled for deletion",
        hipaa: "164.308(a)(1)(ii)(B), (7)(i); 164.312(a)(2)(ii)",
        config_rules: &["KMS_CMK_NOT_SCHEDULED_FOR_DELETION"],
        events: &["ScheduleKeyDeletion"],
        writes: &[&[CANCEL]],
        deviates: &["deletion"],
        reasons: &["managed-by-aws", "stays-disabled"],
        stops: Stops::Destruction,
        ..Control::of(Self::KIND)
    };
    type On = Key;
    type Facts = Manager;
    type Setting = Life;
    type Step = Step;

    async fn observe(client: &Keys, target: &Target) -> Result<Observed<Manager, Life>, Fault> {
        let Some(metadata) = describe(client, &target.id).await? else { return Ok(Observed::Absent) };
        let is_aws = metadata.key_manager() == Some(&KeyManagerType::Aws);
        let facts = if is_aws { Manager::Aws } else { Manager::Customer };
        Ok(Observed::Present { facts, setting: life(&metadata) })
    }

    fn judge(manager: &Manager, life: &Life, _: &Context<'_>) -> Verdict<Life> {
        match (manager, life) {
            (Manager::Aws, _) => Verdict::OutOfScope(Reason::new("managed-by-aws", "AWS manages this key")),
            (Manager::Customer, Life::PendingDeletion) => Verdict::Drifted(Drift {
                violations: vec![Violation::new("deletion", "the key is scheduled for deletion")],
                desired: Life::Disabled,
                consent: Consent::Auto,
                note: Some(Reason::new(
                    "stays-disabled",
                    "the key stays disabled; a person decides whether to enable or to retire it",
                )),
            }),
            (Manager::Customer, Life::Enabled | Life::Disabled | Life::Other) => Verdict::Compliant,
        }
    }

    async fn perform(writer: &Writer<Keys>, target: &Target, step: &Step) -> Result<(), Fault> {
        match step {
            Step::CancelKeyDeletion => {
                CANCEL.done(writer.client().cancel_key_deletion().key_id(&target.id).send().await)
            }
            Step::ScheduleKeyDeletion => Err(Fault::defect(SCHEDULE.operation, "never-carried-out")),
        }
    }
}

/// A primary key whose deletion waits for its replicas is dying as well.
fn life(key: &KeyMetadata) -> Life {
    match key.key_state() {
        Some(KeyState::Enabled) => Life::Enabled,
        Some(KeyState::Disabled) => Life::Disabled,
        Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion) => Life::PendingDeletion,
        _ => Life::Other,
    }
}
