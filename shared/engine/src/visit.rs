//! What is true for all runs of one delivery.

use remedy_domain::{
    Context, Mode, Settings, Target, Timestamp,
    guard::{Exemption, Means},
};

/// What is true for all runs of one delivery.
#[derive(Debug, Clone)]
pub struct Visit<'a> {
    /// The organisation's settings.
    pub settings: &'a Settings,
    /// Their digest, for the records.
    pub digest: &'a str,
    /// What `REMEDY_MODE` says.
    pub environment: Mode,
    /// What the delivery lowers the mode to, if it does. It can never raise it.
    pub ceiling: Option<Mode>,
    /// Ids and ARNs of Remedy's own resources.
    pub own: &'a [String],
    /// Whether a write role is configured.
    pub means: Means,
    /// What brought the delivery about.
    pub cause: &'a str,
    /// The Lambda request.
    pub invocation: &'a str,
}

impl Visit<'_> {
    /// How far Remedy may go with this control and target.
    #[must_use]
    pub fn mode(&self, control: &str, target: &Target) -> Mode {
        let allowed = self.settings.mode(control, &target.account, self.environment);
        self.ceiling.map_or(allowed, |ceiling| ceiling.min(allowed))
    }

    pub(crate) fn context<'b>(&'b self, target: &'b Target, now: Timestamp) -> Context<'b> {
        Context { now, account: &target.account, parameters: &self.settings.parameters }
    }

    pub(crate) fn exemption_of(&self, control: &str, target: &Target, why: &str, now: Timestamp) -> Exemption {
        let hours = i64::from(self.settings.parameters.revert_exemption_days) * 24;
        let until = now + jiff_hours(hours);
        Exemption {
            format: remedy_domain::evidence::FORMAT,
            control: control.to_owned(),
            account: target.account.clone(),
            resource: target.id.clone(),
            reason: why.to_owned(),
            since: now,
            until,
        }
    }
}

fn jiff_hours(hours: i64) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(hours).unwrap_or_default().saturating_mul(3600))
}
