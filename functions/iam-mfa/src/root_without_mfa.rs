//! `iam-root-without-mfa`: a root user who signs in without a second factor.
//!
//! **What drifts.** The account's root user has no MFA device.
//!
//! **Why it matters.** Root can do everything, and no policy stops it: 45 CFR 164.312(d), 164.308(a)(3)(ii)(A).
//!
//! **What we read.** The account summary.
//!
//! **What we change.** Nothing: no API call gives root an MFA device.
//!
//! **What we never touch.** The root user.
//!
//! **What may break.** Nothing: nothing is changed.
//!
//! **Way back.** There is nothing to revert.
//!
//! **When a person decides.** Always. They enrol a device as root, or, in an organisation with centralised root access,
//! delete the account's root credentials.

use remedy_aws::Reading as _;
use remedy_engine::prelude::*;
use remedy_iam::{Account, Iam};

use crate::user::SUMMARY;

/// The control `iam-root-without-mfa`.
#[derive(Debug)]
pub struct RootWithoutMfa;

/// Whether root has an MFA device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// It has.
    WithMfa,
    /// It has not.
    WithoutMfa,
}

impl Remediation for RootWithoutMfa {
    const CONTROL: Control = Control {
        id: ControlId("iam-root-without-mfa"),
        title: "Root user without MFA",
        hipaa: "164.308(a)(3)(ii)(A); 164.312(d)",
        config_rules: &["ROOT_ACCOUNT_MFA_ENABLED"],
        events: &["DeactivateMFADevice", "DeleteVirtualMFADevice", "EnableMFADevice"],
        reads: &[&[SUMMARY]],
        deviates: &["mfa"],
        reasons: &["enrol-device"],
        ..Control::of(Self::KIND)
    };
    type On = Account;
    type Facts = Root;
    type Setting = ();
    type Step = NoStep;

    async fn observe(iam: &Iam, _: &Target) -> Result<Observed<Root, ()>, Fault> {
        let answer = SUMMARY.answer(iam.client.get_account_summary().send().await)?;
        let enabled = answer.summary_map().and_then(|map| map.get(&"AccountMFAEnabled".into()));
        let facts = if enabled == Some(&1) { Root::WithMfa } else { Root::WithoutMfa };
        Ok(Observed::Present { facts, setting: () })
    }

    fn judge(root: &Root, (): &(), _: &Context<'_>) -> Verdict<()> {
        match root {
            Root::WithMfa => Verdict::Compliant,
            Root::WithoutMfa => Verdict::NeedsHuman {
                violations: vec![Violation::new("mfa", "the root user has no MFA device")],
                reason: Reason::new(
                    "enrol-device",
                    "sign in as root and enrol an MFA device, or delete the root credentials where the organisation manages root access centrally",
                ),
            },
        }
    }
}
