//! The context of all runs of one delivery.

use remedy_domain::{Context, Mode, Settings, Target, Timestamp, guard::WriteAccess, trigger::Carried};

/// How far a deployment reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Its own account.
    Account,
    /// Every account that has its roles.
    Organization,
}

/// The context of all runs of one delivery.
#[derive(Debug, Clone)]
pub struct RunContext<'a> {
    /// The function that runs.
    pub function: &'a str,
    /// The organisation's settings.
    pub settings: &'a Settings,
    /// Their digest, for the records.
    pub digest: &'a str,
    /// The mode in `REMEDY_MODE`.
    pub environment: Mode,
    /// The mode that the delivery lowers it to, if it does. It can never raise it.
    pub ceiling: Option<Mode>,
    /// Ids and ARNs of Remedy's own resources.
    pub own: &'a [String],
    /// Whether a write role is configured.
    pub means: WriteAccess,
    /// Whether the function acts in other accounts, too.
    pub reach: Reach,
    /// Whether an earlier delivery of the same may have had an effect.
    pub carried: Carried,
    /// The cause of the delivery.
    pub cause: &'a str,
    /// The Lambda request.
    pub invocation: &'a str,
}

impl RunContext<'_> {
    /// How far Remedy may go with this control and target.
    #[must_use]
    pub fn mode(&self, control: &str, target: &Target) -> Mode {
        let allowed = self.settings.mode(control, &target.account, self.environment);
        self.ceiling.map_or(allowed, |ceiling| ceiling.min(allowed))
    }

    pub(crate) fn judging<'b>(&'b self, target: &'b Target, now: Timestamp) -> Context<'b> {
        Context { now, account: &target.account, parameters: &self.settings.parameters }
    }
}
