//! Security Hub: findings as they are imported, and findings that a person chose for a custom action.
//! <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-integration-types.html>

use serde::Deserialize;
use serde_json::value::RawValue;

use super::asff::Finding;
use super::bus::Envelope;
use super::refusal::Refusal;
use super::shape::{Few, object};
use super::{Cause, Scope, Trigger};

/// The most findings in one event; AWS sends one, or the up to 20 that a person selected.
const MOST: usize = 100;

#[derive(Deserialize)]
struct Detail<'a> {
    #[serde(borrow)]
    findings: Few<&'a RawValue, MOST>,
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

/// Each finding for itself: one that cannot be read does not hold up the others.
fn read(envelope: &Envelope<'_>, cause: Cause) -> Result<Vec<Trigger>, Refusal> {
    let detail: Detail<'_> = envelope.detail()?;
    let (mut triggers, mut refused) = (Vec::new(), Vec::new());
    for (number, finding) in detail.findings.0.into_iter().enumerate() {
        match one(envelope, cause, finding) {
            Ok(more) => triggers.extend(more),
            Err(refusal) => refused.push(refusal.within(&format!("finding {number}"))),
        }
    }
    if triggers.is_empty() {
        return Err(refused.into_iter().next().unwrap_or_else(|| Refusal::shape("detail: no findings")));
    }
    triggers.extend(refused.into_iter().map(|refusal| envelope.trigger(cause, Scope::Refused(refusal), None)));
    Ok(triggers)
}

fn one(envelope: &Envelope<'_>, cause: Cause, finding: &RawValue) -> Result<Vec<Trigger>, Refusal> {
    let finding: Finding = object("detail", finding.get())?;
    // A delegated administrator sees the findings of its members: each is of the account that it names.
    let account = finding.aws_account_id.clone();
    let scopes = finding.scopes()?.into_iter();
    Ok(scopes.map(|(scope, region)| envelope.trigger_in(&account, cause, scope, region)).collect())
}
