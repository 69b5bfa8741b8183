//! What a run of a control says, as results have it.

use remedy_aws::is_throttled;
use remedy_domain::{Call, Control, Fault, FaultKind, Outcome, Stops, Target, ask::Forecast, redact};
use remedy_engine::{Place, Report};
use remedy_scan::{About, Cell, Exempted, Finding, Repair, State, Unread, Would};
use serde_json::Value;

/// Codes of AWS for credentials that are no longer good: no permission is missing.
const EXPIRED: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "SignatureDoesNotMatch"];
/// Codes of AWS for credentials that a Region does not know, as in one that the account has not enabled.
const STRANGE: [&str; 4] = ["InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired"];

/// What a control says of itself.
pub(super) fn about(control: &Control) -> About {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    About {
        id: control.id.0.to_owned(),
        title: control.title.to_owned(),
        requirements: control.paragraphs(),
        config_rules: owned(control.config_rules),
        resource_types: owned(control.kind.types),
        reversible: control.stops != Stops::Destruction,
    }
}

/// A control in a place, before it was looked at.
pub(super) fn cell(control: &Control, place: &Place) -> Cell {
    let Place { account, region } = place.clone();
    Cell { control: control.id.0.to_owned(), account, region, targets: 0, looked: 0, unread: None }
}

/// Of a fault while somebody was looking by these calls.
pub(super) fn unread(fault: &Fault, reads: impl IntoIterator<Item = Call>) -> Unread {
    let code = fault.code.as_str();
    let (state, detail) = match fault.kind {
        _ if STRANGE.contains(&code) => (State::UnsupportedRegion, code.to_owned()),
        FaultKind::Denied if !EXPIRED.contains(&code) => {
            let call = reads.into_iter().find(|call| call.operation == fault.doing);
            (State::Denied, call.map_or(fault.doing.as_str(), |call| call.action).to_owned())
        }
        _ if is_throttled(fault) => (State::Throttled, fault.doing.clone()),
        _ => (State::Failed, format!("{} ({code})", fault.doing)),
    };
    Unread { state, detail }
}

/// A resource under a control.
pub(super) fn finding(
    control: &Control,
    target: &Target,
    run: Result<Report, Unread>,
    exempted: Option<Exempted>,
) -> Finding {
    let mut finding = Finding {
        control: control.id.0.to_owned(),
        account: target.account.clone(),
        region: target.region.clone(),
        resource_type: target.resource_type.clone(),
        resource: redact::text(target.arn.as_deref().unwrap_or(&target.id)),
        id: redact::text(&target.id),
        hash: target.hash(),
        outcome: None,
        unread: None,
        violations: Vec::new(),
        elements: Vec::new(),
        reason: None,
        reason_code: None,
        repair: None,
        exempted: None,
        seen: None,
    };
    match run {
        Ok(report) => {
            finding.outcome = Some(report.outcome);
            finding.repair = repair(&report);
            finding.violations = report.wrongs();
            finding.elements = report.elements().into_iter().map(str::to_owned).collect();
            finding.reason_code = report.code().map(str::to_owned);
            finding.reason = report.reason.map(|reason| reason.to_string());
        }
        Err(unread) => finding.unread = Some(unread),
    }
    if finding.is_drift() && exempted.is_some() {
        finding.outcome = Some(Outcome::Exempt);
        finding.exempted = exempted;
    }
    finding
}

fn repair(report: &Report) -> Option<Repair> {
    let would = match report.forecast? {
        Forecast::Write => Would::Auto,
        Forecast::Approval => Would::Ask,
        Forecast::Withheld => Would::Withhold,
    };
    let value = |value: &Option<Value>| value.clone().unwrap_or_default();
    let calls = report.calls.iter().map(|call| (*call).to_owned()).collect();
    Some(Repair { would, calls, before: value(&report.before), after: value(&report.after) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const READS: [Call; 1] = [Call::new("s3:GetBucketEncryption", "s3:GetEncryptionConfiguration")];

    #[test]
    fn what_was_not_read_says_why_and_which_action_it_needs() {
        let denied = Fault::new(FaultKind::Denied, "s3:GetBucketEncryption", "AccessDenied", "");
        assert_eq!(unread(&denied, READS).words(), "needs s3:GetEncryptionConfiguration");
        for (fault, state) in [
            (
                Fault::new(FaultKind::Denied, "kms:ListKeys", "UnrecognizedClientException", ""),
                State::UnsupportedRegion,
            ),
            (Fault::new(FaultKind::Denied, "sts:AssumeRole", "AccessDenied", ""), State::Denied),
            (Fault::transient("iam:ListUsers", "Throttling"), State::Throttled),
            (Fault::transient("iam:ListUsers", "timeout"), State::Failed),
            (Fault::new(FaultKind::Denied, "iam:ListUsers", "ExpiredToken", ""), State::Failed),
            (Fault::rejected("s3:GetBucketAcl", "InvalidRequest", ""), State::Failed),
        ] {
            assert_eq!(unread(&fault, READS).state, state, "{fault:?}");
        }
    }
}
