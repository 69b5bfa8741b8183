//! Security Hub: findings as they are imported, and findings that a person chose for a custom action.
//! <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-integration-types.html>

use serde::Deserialize;

use super::asff::Finding;
use super::bus::Envelope;
use super::refusal::Refusal;
use super::shape::{Few, Object};
use super::{Cause, Trigger};

/// The most findings in one event; AWS sends one, or the up to 20 that a person selected.
const MOST: usize = 100;

#[derive(Deserialize)]
struct Detail {
    findings: Few<Object<Finding>, MOST>,
}

/// Reads `Security Hub Findings - Imported`.
pub(super) fn imported(envelope: &Envelope<'_>) -> Result<Vec<Trigger>, Refusal> {
    read(envelope, Cause::SecurityHubImported)
}

/// Reads `Security Hub Findings - Custom Action`. That a person chose the finding is not an approval: who it was is not
/// in the event.
pub(super) fn custom_action(envelope: &Envelope<'_>) -> Result<Vec<Trigger>, Refusal> {
    read(envelope, Cause::SecurityHubCustomAction)
}

fn read(envelope: &Envelope<'_>, cause: Cause) -> Result<Vec<Trigger>, Refusal> {
    let detail: Detail = envelope.detail()?;
    let mut triggers = Vec::new();
    for Object(finding) in detail.findings.0 {
        // A delegated administrator sees the findings of its members: each is of the account that it names.
        let account = finding.aws_account_id.clone();
        let scopes = finding.scopes()?;
        triggers.extend(scopes.into_iter().map(|(scope, region)| envelope.trigger_in(&account, cause, scope, region)));
    }
    if triggers.is_empty() { Err(Refusal::shape("detail: no findings")) } else { Ok(triggers) }
}
